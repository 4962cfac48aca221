"""`mirabelle result`: what was posted to customers, what waits, and what could not be posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import AnyLogin, Config, Json, ShowNumbers, example, settings_from
from mirabelle.store.records import ResultState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mirabelle.store.ledger import Ledger
    from mirabelle.store.records import StoredResult

app = typer.Typer(no_args_is_help=True, help="What is posted to result_url: list, show, post again.")

_COLUMNS: Final = {
    "result": "result_id",
    "call": "call_id",
    "state": "state",
    "posts": "attempts",
    "made": "created_at",
    "url": "url",
    "why": "reason",
}
_PAGE: Final = 500


@app.callback()
def result() -> None:
    """What is posted to result_url: list, show, post again."""


@app.command("list", epilog=example("mirabelle result list --state dead"))
def list_(
    state: Annotated[
        ResultState | None,
        typer.Option(metavar="STATE", help=f"Only those: {', '.join(ResultState)}.", show_default=False),
    ] = None,
    after: Annotated[int, typer.Option(metavar="ID", min=0, help="From behind this result.")] = 0,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many, the oldest first.")] = 100,
    login: AnyLogin = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List results, the oldest first.

    A result is pending, done, or dead where it was given up.
    """
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    found = ask(settings, lambda ledger: _results(ledger, login, state, after, limit))
    terminal.print_rows(
        [_row(each) for each in found],
        _COLUMNS,
        as_json=as_json,
        title="Results, the oldest first (times are UTC)",
        empty="There are no such results.",
        folded={"url", "why"},
    )


@app.command(epilog=example("mirabelle result show 4711"))
def show(
    result_id: Annotated[int, typer.Argument(metavar="ID", help="As `list` shows it.", show_default=False)],
    show_numbers: ShowNumbers = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show a result with the form that is posted."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.owner import NotThere

    found = ask(settings, lambda ledger: ledger.result(result_id))
    if found is None:
        raise NotThere(f"There is no result {result_id}; `mirabelle result list` shows those there are.")
    form = {
        name: terminal.masked(value) if name == "phone_number" and not show_numbers else value
        for name, value in found.form
    }
    if as_json:
        terminal.print_json({**_row(found), "form": form})
    else:
        record = {**_row(found), **{f"form.{name}": value for name, value in form.items()}}
        terminal.print_record(record, title=f"Result {result_id} (times are UTC)")


@app.command(epilog=example("mirabelle result replay --dead --login demo"))
def replay(
    result_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="Which result; or else --dead.", show_default=False)
    ] = None,
    dead: Annotated[bool, typer.Option("--dead", help="All results that were given up.")] = False,
    login: AnyLogin = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Post a result again, or all dead ones.

    At once, and as long as a new one. One that is pending is left as it is.
    """
    if (result_id is None) != dead:
        raise typer.BadParameter("Give the number of a result, or --dead for all that were given up.")
    settings = settings_from(config)
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask

    now = SystemClock().now()
    count = ask(settings, lambda ledger: _replay(ledger, login, result_id, now))
    if as_json:
        terminal.print_json({"replayed": count})
    else:
        print(f"{'1 result is' if count == 1 else f'{count} results are'} posted again.")


async def _results(
    ledger: Ledger, login: str | None, state: ResultState | None, after: int, limit: int
) -> Sequence[StoredResult]:
    from mirabelle.cli.owner import accounts_of

    found: list[StoredResult] = []
    async for account in accounts_of(ledger, login):
        found += await ledger.results(account.account_id, state=state, after=after, limit=limit)
        found = sorted(found, key=lambda each: each.delivery_id)[:limit]
    return found


async def _replay(ledger: Ledger, login: str | None, result_id: int | None, now: datetime) -> int:
    from mirabelle.cli.owner import NotThere, account_of, accounts_of

    if result_id is not None:
        found = None if login is None else await ledger.result(result_id)
        if login is not None and (found is None or found.account_id != (await account_of(ledger, login)).account_id):
            raise NotThere(f"The account '{login}' has no result {result_id}.")
        await ledger.replay(result_id, now)
        return 1
    replayed = 0
    async for account in accounts_of(ledger, login):
        after = 0
        while page := await ledger.results(account.account_id, state=ResultState.DEAD, after=after, limit=_PAGE):
            for each in page:
                await ledger.replay(each.delivery_id, now)
            replayed += len(page)
            after = page[-1].delivery_id
    return replayed


def _row(result: StoredResult) -> dict[str, Any]:
    return {
        "result_id": result.delivery_id,
        "call_id": result.call_id,
        "state": result.state.value,
        "attempts": result.attempts,
        "created_at": result.created_at,
        "due_at": result.due_at,
        "ended_at": result.ended_at,
        "url": result.url,
        "reason": result.reason,
        "sequence": result.sequence,
    }
