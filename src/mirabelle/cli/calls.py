"""`mirabelle calls`: what became of calls, and of one of them in full."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mirabelle.calls.call import CallState
from mirabelle.cli import terminal
from mirabelle.cli.options import AnyLogin, Config, Json, ShowNumbers, example, settings_from

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mirabelle.calls.attempt import Attempt
    from mirabelle.calls.call import Call
    from mirabelle.store.ledger import Ledger
    from mirabelle.store.records import StoredResult

app = typer.Typer(invoke_without_command=True)

_COLUMNS: Final = {
    "call": "call_id",
    "state": "state",
    "number": "number",
    "reference": "reference",
    "tries": "attempts",
    "queued": "queued_at",
    "why": "detail",
}
_ATTEMPT_COLUMNS: Final = {
    "try": "number",
    "outcome": "outcome",
    "SIP": "sip_status",
    "trunk": "trunk",
    "began": "started_at",
    "rang": "rang",
    "talked": "talked",
    "why": "detail",
}
_RESULT_COLUMNS: Final = {
    "result": "result_id",
    "state": "state",
    "posts": "attempts",
    "made": "created_at",
    "done": "ended_at",
    "why": "reason",
}


@app.callback(epilog=example("mirabelle calls --state failed --limit 5"))
def calls(
    context: typer.Context,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many, the newest first.")] = 20,
    state: Annotated[
        CallState | None,
        typer.Option(metavar="STATE", help=f"Only those: {', '.join(CallState)}.", show_default=False),
    ] = None,
    campaign: Annotated[
        str, typer.Option(metavar="NAME", help="Of this campaign only, by name or number.", show_default=False)
    ] = "",
    reference: Annotated[
        str, typer.Option(metavar="TEXT", help="With this message_reference only.", show_default=False)
    ] = "",
    login: AnyLogin = None,
    show_numbers: ShowNumbers = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show the last calls, or one of them in full.

    A campaign is one of the account of --login; without it, of calls from the shell.
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    found = ask(settings, lambda ledger: _newest(ledger, limit, state, campaign, reference, login))
    terminal.print_rows(
        [_row(each, show_numbers=show_numbers) for each in found],
        _COLUMNS,
        as_json=as_json,
        title="The last calls, the newest first (times are UTC)",
        empty="There are no such calls." if state or campaign or reference or login else "There are no calls yet.",
        folded={"reference", "why"},
    )


@app.command(epilog=example("mirabelle calls show 4711"))
def show(
    call_id: Annotated[int, typer.Argument(metavar="CALL_ID", help="The call's number.", show_default=False)],
    show_numbers: ShowNumbers = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show one call with its attempts and results.

    Of each attempt it tells the SIP status and the times, of each result where it stands.
    """
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    call, attempts, results = ask(settings, lambda ledger: _whole(ledger, call_id))
    record = _record(call, show_numbers=show_numbers)
    tried = [_attempt_row(each) for each in attempts]
    posted = [_result_row(each) for each in results]
    if as_json:
        terminal.print_json({**record, "tries": tried, "results": posted})
    elif sys.stdout.isatty():
        terminal.print_record(record, title=f"Call {call_id} (times are UTC)")
        told = [row | _spans(attempt) for row, attempt in zip(tried, attempts, strict=True)]
        for rows, columns, title in ((told, _ATTEMPT_COLUMNS, "Attempts"), (posted, _RESULT_COLUMNS, "Results")):
            shown = [{name: row[key] for name, key in columns.items()} for row in rows]
            terminal.print_table(title if rows else f"{title}: none", shown, folded={"why"})
    else:
        terminal.print_record(record, title="")
        terminal.print_lines([{"kind": "attempt", **row} for row in tried])
        terminal.print_lines([{"kind": "result", **row} for row in posted])


async def _newest(
    ledger: Ledger, limit: int, state: CallState | None, campaign: str, reference: str, login: str | None
) -> Sequence[Call]:
    from mirabelle.cli.owner import accounts_of, campaign_of

    if campaign:
        of = await campaign_of(ledger, login, campaign)
        return await ledger.newest_calls(
            of.account_id, campaign_id=of.campaign_id, state=state, message_reference=reference, limit=limit
        )
    if login is None and state is None and not reference:
        return await ledger.recent_calls(limit)
    found: list[Call] = []
    async for account in accounts_of(ledger, login):
        found += await ledger.newest_calls(account.account_id, state=state, message_reference=reference, limit=limit)
        found = sorted(found, key=lambda call: call.call_id, reverse=True)[:limit]
    return found


async def _whole(ledger: Ledger, call_id: int) -> tuple[Call, tuple[Attempt, ...], tuple[StoredResult, ...]]:
    from mirabelle.cli.owner import NotThere

    call = await ledger.call(call_id)
    if call is None:
        raise NotThere(f"There is no call {call_id} in the ledger; `mirabelle calls` shows the last ones.")
    return call, await ledger.attempts(call_id), await ledger.results_of_call(call_id)


def _number(call: Call, *, show_numbers: bool) -> str:
    return call.phone_number if show_numbers else terminal.masked(call.phone_number)


def _row(call: Call, *, show_numbers: bool) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "state": call.state.value,
        "number": _number(call, show_numbers=show_numbers),
        "reference": call.message_reference,
        "attempts": call.attempts,
        "duration": call.duration,
        "queued_at": call.queued_at,
        "due_at": call.due_at,
        "ended_at": call.ended_at,
        "detail": call.detail,
        "campaign_id": call.campaign_id,
    }


def _record(call: Call, *, show_numbers: bool) -> dict[str, Any]:
    return {
        **_row(call, show_numbers=show_numbers),
        "account_id": call.account_id,
        "start_url": call.start_url,
        "result_url": call.result_url,
        "call_parameters": call.call_parameters,
        "campaign_parameters": call.campaign_parameters,
        "priority": call.priority.word,
        "zone": call.zone,
        "max_retries": call.max_retries,
        "retry_interval": call.retry_interval,
        "callee_type": call.callee_type,
        "expires_at": call.expires_at,
        "last_attempt_at": call.last_attempt_at,
    }


def _attempt_row(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "state": attempt.state.value,
        "outcome": None if attempt.outcome is None else attempt.outcome.value,
        "sip_status": attempt.sip_status,
        "trunk": attempt.trunk,
        "started_at": attempt.started_at,
        "answered_at": attempt.answered_at,
        "ended_at": attempt.ended_at,
        "detail": attempt.detail,
        "sip_call_id": attempt.sip_call_id,
    }


def _spans(attempt: Attempt) -> dict[str, str]:
    """How long it rang and how long the two talked, where both ends are known."""
    rang = _span(attempt.started_at, attempt.answered_at or attempt.ended_at)
    return {"rang": rang, "talked": _span(attempt.answered_at, attempt.ended_at)}


def _span(begin: datetime | None, end: datetime | None) -> str:
    return "" if begin is None or end is None else f"{(end - begin).total_seconds():.1f} s"


def _result_row(result: StoredResult) -> dict[str, Any]:
    return {
        "result_id": result.delivery_id,
        "sequence": result.sequence,
        "state": result.state.value,
        "attempts": result.attempts,
        "created_at": result.created_at,
        "ended_at": result.ended_at,
        "reason": result.reason,
    }
