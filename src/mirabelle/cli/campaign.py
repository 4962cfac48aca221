"""`mirabelle campaign`: calls that belong together."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from mirabelle.cli import dialing, terminal, upload
from mirabelle.cli.options import Config, Json, Login, example, settings_from
from mirabelle.cli.owner import LOCAL_LOGIN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from mirabelle.calls.call import CallState
    from mirabelle.calls.campaign import Campaign
    from mirabelle.store.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="Upload, pause, resume, cancel and retry many calls at once.")
app.command(
    epilog=example("mirabelle campaign upload numbers.csv --name autumn --start-url http://example.com/start.vxml")
)(upload.upload)
app.command(epilog=example("mirabelle campaign dialing autumn --weight 5 --retry reminder"))(dialing.dialing)

Named = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="The campaign's name, or its number.", show_default=False)
]

T = TypeVar("T")

_BAR: Final = 40
_PAGE: Final = 100


@app.callback()
def campaign() -> None:
    """Upload, pause, resume, cancel and retry many calls at once."""


@app.command(epilog=example("mirabelle campaign add autumn --parameters season=autumn"))
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="No other of the account has it.", show_default=False)],
    parameters: Annotated[
        str, typer.Option(metavar="TEXT", help="Any text for the application.", show_default=False)
    ] = "",
    login: Login = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Add a campaign without calls.

    `mirabelle call --campaign` fills it.
    """
    settings = settings_from(config)
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.owner import account_for_calls

    now = SystemClock().now()

    async def make(ledger: Ledger) -> Campaign:
        account = await account_for_calls(ledger, login or LOCAL_LOGIN, now)
        return await ledger.add_campaign(account.account_id, name, parameters, now)

    made = ask(settings, make)
    _tell(made, f"Campaign {made.campaign_id} '{made.name}' was added.", as_json=as_json)


@app.command("list", epilog=example("mirabelle campaign list --login demo"))
def list_(login: Login = None, config: Config = None, as_json: Json = False) -> None:
    """List the campaigns of an account."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    found = ask(settings, lambda ledger: _every(ledger, login))
    terminal.print_rows(
        [_row(each) for each in found],
        {"campaign": "campaign_id", "name": "name", "state": "state", "made": "created_at"},
        as_json=as_json,
        title=f"Campaigns of '{login or LOCAL_LOGIN}' (times are UTC)",
        empty="There are no campaigns yet; `mirabelle campaign upload` makes one.",
        folded={"name"},
    )


@app.command(epilog=example("mirabelle campaign show autumn"))
def show(named: Named, login: Login = None, config: Config = None, as_json: Json = False) -> None:
    """Count the calls of a campaign in each state."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.owner import campaign_of

    async def look(ledger: Ledger) -> tuple[Campaign, Mapping[CallState, int]]:
        found = await campaign_of(ledger, login, named)
        return found, await ledger.campaign_counts(found.campaign_id)

    found, counts = ask(settings, look)
    total = sum(counts.values())
    if as_json:
        calls = {state.value: count for state, count in counts.items()}
        terminal.print_json({**_row(found), "calls": {**calls, "total": total}})
    elif sys.stdout.isatty():
        title = f"Campaign {found.campaign_id} '{found.name}' is {found.state.value}"
        rows = [{"state": state.value, "calls": count, "": bar(count, total)} for state, count in counts.items()]
        terminal.print_table(terminal.harmless(title), [*rows, {"state": "total", "calls": total, "": ""}])
    else:
        calls = {state.value: count for state, count in counts.items()}
        terminal.print_record({**_row(found), **{f"calls.{name}": count for name, count in calls.items()}}, title="")


@app.command(epilog=example("mirabelle campaign pause autumn"))
def pause(named: Named, login: Login = None, config: Config = None, as_json: Json = False) -> None:
    """Let no call of a campaign be dialled any more. Those that are ringing or connected go on."""
    changed = _change(lambda ledger, it, now: ledger.pause_campaign(it.campaign_id, now), named, login, config)
    _tell(changed, f"Campaign '{changed.name}' is paused: no attempt begins.", as_json=as_json)


@app.command(epilog=example("mirabelle campaign resume autumn"))
def resume(named: Named, login: Login = None, config: Config = None, as_json: Json = False) -> None:
    """Let the calls of a campaign be dialled again."""
    changed = _change(lambda ledger, it, now: ledger.resume_campaign(it.campaign_id, now), named, login, config)
    _tell(changed, f"Campaign '{changed.name}' is active: its calls are dialled when they are due.", as_json=as_json)


@app.command(epilog=example("mirabelle campaign cancel autumn"))
def cancel(named: Named, login: Login = None, config: Config = None, as_json: Json = False) -> None:
    """Withdraw all queued calls of a campaign. Those that are being dialled go on: pause it first."""
    count = _change(lambda ledger, it, now: ledger.cancel_campaign(it.campaign_id, now), named, login, config)
    if as_json:
        terminal.print_json({"canceled": count})
    else:
        print(f"{_calls(count)} cancelled.")


@app.command(epilog=example("mirabelle campaign retry autumn --expiration-time '+1 day'"))
def retry(
    named: Named,
    expiration_time: Annotated[
        str,
        typer.Option(
            metavar="WORDS",
            help="The new expiration of calls whose own has passed, such as '+2 days'; without it those stay as they"
            " are.",
            show_default=False,
        ),
    ] = "",
    login: Login = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Queue failed and expired calls once more.

    They have all their retries again. One that was answered is never called again.
    """
    from mirabelle.calls.when import parse

    def again(ledger: Ledger, it: Campaign, now: datetime) -> Awaitable[int]:
        expires_at = parse(expiration_time, now=now) if expiration_time else None
        return ledger.retry_failed(it.campaign_id, now, expires_at=expires_at)

    count = _change(again, named, login, config)
    if as_json:
        terminal.print_json({"queued": count})
    else:
        print(f"{_calls(count)} queued again.")


def bar(part: int, whole: int) -> str:
    """A bar as long as the part of the whole; never empty where there is any, never full where some is missing."""
    if not part or not whole:
        return ""
    length = min(max(1, part * _BAR // whole), _BAR if part == whole else _BAR - 1)
    return "█" * length


def _change(
    change: Callable[[Ledger, Campaign, datetime], Awaitable[T]], named: str, login: str | None, config: Any
) -> T:
    settings = settings_from(config)
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.owner import campaign_of

    async def do(ledger: Ledger) -> T:
        return await change(ledger, await campaign_of(ledger, login, named), SystemClock().now())

    return ask(settings, do)


async def _every(ledger: Ledger, login: str | None) -> Sequence[Campaign]:
    from mirabelle.cli.owner import account_of

    account = await (ledger.account_by_login(LOCAL_LOGIN) if login is None else account_of(ledger, login))
    found: list[Campaign] = []
    while account and (
        page := await ledger.campaigns(account.account_id, after=found[-1].campaign_id if found else 0, limit=_PAGE)
    ):
        found += page
    return found


def _row(campaign: Campaign) -> dict[str, Any]:
    return {
        "campaign_id": campaign.campaign_id,
        "name": campaign.name,
        "state": campaign.state.value,
        "parameters": campaign.parameters,
        "created_at": campaign.created_at,
    }


def _tell(campaign: Campaign, sentence: str, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(_row(campaign))
    else:
        print(terminal.harmless(sentence))


def _calls(count: int) -> str:
    return "1 call was" if count == 1 else f"{count} calls were"
