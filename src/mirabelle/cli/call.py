"""`mirabelle call` and `mirabelle calls`: one call from the shell, and what became of the last ones."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Config, Json, ShowNumbers, settings_from
from mirabelle.errors import MirabelleError

if TYPE_CHECKING:
    from datetime import datetime

    from mirabelle.api.queuecall import Order
    from mirabelle.calls.account import Account
    from mirabelle.calls.call import Call
    from mirabelle.store.ledger import Ledger

LOCAL_LOGIN = "local"
"""The account of calls from the shell; nobody knows its PIN."""


class CallRefused(MirabelleError):
    """A call that cannot be queued as it was asked for."""


def call(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="With + and the country code.", show_default=False)],
    start_url: Annotated[
        str, typer.Option(metavar="URL", help="Where the VoiceXML application is.", show_default=False)
    ],
    result_url: Annotated[
        str, typer.Option(metavar="URL", help="Where the result is posted.", show_default=False)
    ] = "",
    message_reference: Annotated[
        str, typer.Option(metavar="TEXT", help="Your own id of the call.", show_default=False)
    ] = "",
    call_parameters: Annotated[
        str, typer.Option(metavar="TEXT", help="Any text for the application.", show_default=False)
    ] = "",
    max_retries: Annotated[int, typer.Option(metavar="N", min=0, max=10, help="Attempts after failed ones, 0-10.")] = 0,
    retry_interval: Annotated[
        int, typer.Option(metavar="SECONDS", min=60, max=172_800, help="From an attempt to the next, 60-172800.")
    ] = 300,
    login: Annotated[str, typer.Option(metavar="LOGIN", help="The account that the call belongs to.")] = LOCAL_LOGIN,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Queue one call; a server on the same store makes it."""
    settings = settings_from(config)
    from mirabelle.api import queuecall
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask

    values = {
        "phone_number": number,
        "start_url": start_url,
        "result_url": result_url,
        "message_reference": message_reference,
        "call_parameters": call_parameters,
        "max_retries": str(max_retries),
        "retry_interval": str(retry_interval),
    }
    now = SystemClock().now()
    order = queuecall.check(
        values,
        now=now,
        allow_private=settings.http.allow_private,
        bad_ani=settings.compat.bad_ani,
        fields=queuecall.CALL_FIELDS,
    )
    if not isinstance(order, queuecall.Order):
        raise CallRefused("\n".join(f"{fault.field}: {fault.reason}" for fault in order))
    queued = ask(settings, lambda ledger: _queue(ledger, login, order, now))
    if as_json:
        terminal.print_json({"call_id": queued.call_id, "state": queued.state.value})
    else:
        print(f"Call {queued.call_id} is queued. `mirabelle calls` shows what becomes of it.")


async def _queue(ledger: Ledger, login: str, order: Order, now: datetime) -> Call:
    account = await ledger.account_by_login(login)
    if account is None and login == LOCAL_LOGIN:
        account = await _add_local(ledger, now)
    if account is None:
        raise CallRefused(f"There is no account '{login}'; `mirabelle account add {login}` makes it.")
    return await ledger.queue_call(order.new_call(account), now)


async def _add_local(ledger: Ledger, now: datetime) -> Account | None:
    from mirabelle.api.login import hash_pin
    from mirabelle.callbacks.signature import new_signing_secret
    from mirabelle.store.ledger import AccountExists

    try:
        pin_hash = hash_pin(secrets.token_urlsafe())
        return await ledger.add_account(LOCAL_LOGIN, pin_hash, now, signing_secret=new_signing_secret())
    except AccountExists:
        return await ledger.account_by_login(LOCAL_LOGIN)


def calls(
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many, the newest first.")] = 20,
    show_numbers: ShowNumbers = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show the last calls and where they stand."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    found = ask(settings, lambda ledger: ledger.recent_calls(limit))
    rows = [_row(each, show_numbers=show_numbers) for each in found]
    if as_json:
        terminal.print_json(rows)
    elif sys.stdout.isatty():
        shown = [{title: row[name] for title, name in _COLUMNS.items()} for row in rows]
        title = "The last calls, the newest first (times are UTC)" if rows else "There are no calls yet."
        terminal.print_table(title, shown, folded={"reference", "why"})
    else:
        terminal.print_lines(rows)


_COLUMNS = {
    "call": "call_id",
    "state": "state",
    "number": "number",
    "reference": "reference",
    "tries": "attempts",
    "queued": "queued_at",
    "why": "detail",
}
"""What a person sees of each call: the column's title, and what it holds."""


def _row(call: Call, *, show_numbers: bool) -> dict[str, Any]:
    number = call.phone_number if show_numbers else terminal.masked(call.phone_number)
    return {
        "call_id": call.call_id,
        "state": call.state.value,
        "number": number,
        "reference": call.message_reference,
        "attempts": call.attempts,
        "duration": call.duration,
        "queued_at": call.queued_at,
        "due_at": call.due_at,
        "ended_at": call.ended_at,
        "detail": call.detail,
    }
