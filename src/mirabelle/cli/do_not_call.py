"""`mirabelle do-not-call`: numbers that are not called, by a whole account or by one campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Config, Json, Login, ShowNumbers, example, settings_from
from mirabelle.cli.owner import LOCAL_LOGIN
from mirabelle.errors import MirabelleError

if TYPE_CHECKING:
    from mirabelle.api.do_not_call_list import NumberLines
    from mirabelle.calls.account import Account
    from mirabelle.calls.do_not_call import DoNotCallEntry, ListedNumber
    from mirabelle.settings import Settings
    from mirabelle.store.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="Numbers that an account, or one campaign, does not call.")

OfCampaign = Annotated[
    str,
    typer.Option(
        "--campaign", metavar="NAME", help="The list of this campaign; else the whole account's.", show_default=False
    ),
]
Numbers = Annotated[
    list[str], typer.Argument(metavar="NUMBER...", help="With + and the country code; +1900* is all that begin so.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; told where a call is held back.", show_default=False)]

_PIECE: Final = 64 * 1024


class NumberRefused(MirabelleError):
    """A number that can be on no list."""


@app.callback()
def do_not_call() -> None:
    """Numbers that an account, or one campaign, does not call."""


@app.command(epilog=example("mirabelle do-not-call add +16175550123 --reason 'asked by letter'"))
def add(
    numbers: Numbers,
    reason: Reason = "",
    campaign: OfCampaign = "",
    login: Login = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Let numbers not be called any more. One that is on the list already stays as it is."""
    settings = settings_from(config)
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask

    async def change(ledger: Ledger) -> int:
        now = SystemClock().now()
        account, keeper = await _list_of(ledger, login, campaign, make=True)
        entries = [_entry(each, reason, account, keeper) for each in numbers]
        return await ledger.add_do_not_call(account.account_id, entries, now)

    added = ask(settings, change)
    if as_json:
        terminal.print_json({"added": added, "known": len(numbers) - added})
    else:
        print(f"{_numbers(added)} added, {len(numbers) - added} known before.")


@app.command(epilog=example("mirabelle do-not-call remove +16175550123"))
def remove(
    numbers: Numbers, campaign: OfCampaign = "", login: Login = None, config: Config = None, as_json: Json = False
) -> None:
    """Let numbers be called again. Calls that ended because of the list stay as they are."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    async def change(ledger: Ledger) -> int:
        account, keeper = await _list_of(ledger, login, campaign)
        keys = {_entry(each, "", account, keeper).key for each in numbers}
        return await ledger.remove_do_not_call(account.account_id, keys, campaign_id=keeper)

    removed = ask(settings, change)
    if as_json:
        terminal.print_json({"removed": removed})
    else:
        print(f"{_numbers(removed)} removed.")


@app.command(
    "list",
    short_help="Show what is on the lists.",
    epilog=example("mirabelle do-not-call list --limit 20 --show-numbers"),
)
def list_(
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many.")] = 100,
    after: Annotated[
        int, typer.Option(metavar="ENTRY", min=0, help="Those behind this entry.", show_default=False)
    ] = 0,
    campaign: OfCampaign = "",
    login: Login = None,
    show_numbers: ShowNumbers = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show what is on the lists of an account, in the order in which it was added."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    async def look(ledger: Ledger) -> tuple[int, tuple[ListedNumber, ...]]:
        account, keeper = await _list_of(ledger, login, campaign)
        total = await ledger.count_do_not_call(account.account_id, campaign_id=keeper)
        return total, await ledger.do_not_call(account.account_id, campaign_id=keeper, after=after, limit=limit)

    total, found = ask(settings, look)
    terminal.print_rows(
        [_row(each, show_numbers=show_numbers) for each in found],
        {"entry": "entry_id", "number": "number", "campaign": "campaign_id", "why": "reason", "added": "created_at"},
        as_json=as_json,
        title=f"Not called: {len(found)} of {total} (times are UTC)",
        empty="There are no such numbers.",
        folded={"why"},
    )


@app.command("import", epilog=example("mirabelle do-not-call import stop.csv --reason 'list of June'"))
def import_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The list; - for the standard input.", show_default=False)
    ],
    reason: Reason = "",
    campaign: OfCampaign = "",
    lines: Annotated[str, typer.Option(metavar="KIND", help="What a line is: csv or ndjson.")] = "csv",
    login: Login = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Add the numbers of a file.

    A line of CSV is a number, then perhaps a reason; a line of NDJSON an object with number and reason. What is wrong
    with a line is told, and the others are added. They are stored while the file is read; import it again after Ctrl-C.
    """
    from mirabelle.api.do_not_call_list import ListKind
    from mirabelle.cli.options import one_of

    kind = ListKind(one_of("--lines", lines, *ListKind))
    settings = settings_from(config)
    taken, added = _import(settings, file, kind, reason, campaign, login)
    counts = {"added": added, "known": taken.taken - added, "skipped": taken.skipped}
    bad = [{"line": each.line, "reason": each.reason} for each in taken.faults]
    if as_json:
        terminal.print_json({**counts, "bad_lines": bad})
        return
    for each in taken.faults:
        terminal.remark(terminal.harmless(terminal.without_numbers(f"line {each.line}: {each.reason}")))
    print(f"{_numbers(added)} added, {counts['known']} known before, {taken.skipped} lines passed over.")


def _import(
    settings: Settings, file: str, kind: Any, reason: str, campaign: str, login: str | None
) -> tuple[NumberLines, int]:
    """Read a file into a list; returns what became of its lines, and how many entries are new."""
    import asyncio

    from mirabelle.api.do_not_call_list import NumberLines
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.list_file import opened
    from mirabelle.cli.progress import progress

    with opened(file) as source, progress("adding", source.size, "bytes") as shown:

        async def store(ledger: Ledger) -> tuple[NumberLines, int]:
            account, keeper = await _list_of(ledger, login, campaign, make=True)
            taken = NumberLines(kind, country=account.settings.country, campaign_id=keeper, reason=reason)
            added = 0
            try:
                while data := await asyncio.to_thread(source.read, _PIECE):
                    added += await _add(ledger, account, taken.feed(data))
                    shown.advance(len(data))
            finally:
                source.stop()
            return taken, added + await _add(ledger, account, taken.finish())

        async def _add(ledger: Ledger, account: Account, entries: list[DoNotCallEntry]) -> int:
            from mirabelle.store.do_not_call_steps import MOST_AT_ONCE

            now, added = SystemClock().now(), 0
            for start in range(0, len(entries), MOST_AT_ONCE):
                piece = entries[start : start + MOST_AT_ONCE]
                added += await ledger.add_do_not_call(account.account_id, piece, now)
            return added

        return ask(settings, store)


async def _list_of(
    ledger: Ledger, login: str | None, campaign: str, *, make: bool = False
) -> tuple[Account, int | None]:
    """Whose list a command means: the account, and the campaign that keeps it."""
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.owner import account_for_calls, account_of, account_of_campaign, campaign_of

    if campaign:
        found = await campaign_of(ledger, login, campaign)
        return await account_of_campaign(ledger, found), found.campaign_id
    if make:
        return await account_for_calls(ledger, login or LOCAL_LOGIN, SystemClock().now()), None
    return await account_of(ledger, login or LOCAL_LOGIN), None


def _entry(text: str, reason: str, account: Account, keeper: int | None) -> DoNotCallEntry:
    from mirabelle.api.do_not_call_list import LineError, entry

    try:
        return entry(text, reason, account.settings.country, keeper)
    except LineError as error:
        raise NumberRefused(str(error)) from error


def _row(listed: ListedNumber, *, show_numbers: bool) -> dict[str, Any]:
    key = listed.entry.key
    return {
        "entry_id": listed.entry_id,
        "number": key if show_numbers or listed.entry.is_prefix else terminal.masked(key),
        "campaign_id": listed.entry.campaign_id,
        "reason": listed.entry.reason,
        "created_at": listed.created_at,
    }


def _numbers(count: int) -> str:
    return f"{count:,} number{'' if count == 1 else 's'}"
