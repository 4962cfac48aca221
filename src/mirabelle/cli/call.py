"""`mirabelle call` and `mirabelle cancel`: one call from the shell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from mirabelle.calls.call import CallState
from mirabelle.cli import terminal
from mirabelle.cli.options import (
    CallPriority,
    Config,
    ExpirationTime,
    ExpirationTimestamp,
    Json,
    MaxRetries,
    ResultUrl,
    RetryInterval,
    ScheduledTime,
    ScheduledTimestamp,
    StartUrl,
    Zone,
    fields,
    settings_from,
)
from mirabelle.cli.owner import LOCAL_LOGIN
from mirabelle.cli.preflight import Unchecked, look
from mirabelle.errors import MirabelleError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mirabelle.calls.call import Call
    from mirabelle.settings import Settings
    from mirabelle.store.ledger import Ledger


class CallRefused(MirabelleError):
    """A call that cannot be queued as it was asked for."""


def call(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="With + and the country code.", show_default=False)],
    start_url: StartUrl,
    result_url: ResultUrl = "",
    message_reference: Annotated[
        str, typer.Option(metavar="TEXT", help="Your own id of the call.", show_default=False)
    ] = "",
    call_parameters: Annotated[
        str, typer.Option(metavar="TEXT", help="Any text for the application.", show_default=False)
    ] = "",
    max_retries: MaxRetries = 0,
    retry_interval: RetryInterval = 300,
    scheduled_time: ScheduledTime = "",
    scheduled_timestamp: ScheduledTimestamp = None,
    expiration_time: ExpirationTime = "",
    expiration_timestamp: ExpirationTimestamp = None,
    priority: CallPriority = "normal",
    zone: Zone = "",
    campaign: Annotated[
        str,
        typer.Option(metavar="NAME", help="The campaign, by name or number; else 'default'.", show_default=False),
    ] = "",
    login: Annotated[str, typer.Option(metavar="LOGIN", help="The account that the call belongs to.")] = LOCAL_LOGIN,
    unchecked: Unchecked = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Queue one call; a server on the same store makes it.

    Its addresses are asked first whether they answer, without the variables of a call.
    """
    settings = settings_from(config)
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask

    values = fields(
        phone_number=number,
        start_url=start_url,
        result_url=result_url,
        message_reference=message_reference,
        call_parameters=call_parameters,
        max_retries=max_retries,
        retry_interval=retry_interval,
        scheduled_time=scheduled_time,
        scheduled_timestamp=scheduled_timestamp,
        expiration_time=expiration_time,
        expiration_timestamp=expiration_timestamp,
        priority=priority,
        zone=zone,
    )
    now = SystemClock().now()
    queued = ask(settings, lambda ledger: _queue(ledger, settings, values, login, campaign, now, unchecked=unchecked))
    if as_json:
        terminal.print_json({"call_id": queued.call_id, "state": queued.state.value})
    else:
        wanted = scheduled_time or (scheduled_timestamp or 0) > 0
        due = _due(queued.due_at, now) if wanted else "is queued"
        print(f"Call {queued.call_id} {due}. `mirabelle calls show {queued.call_id}` shows what becomes of it.")


def _due(due: datetime, now: datetime) -> str:
    shown = f"{due:%Y-%m-%d %H:%M:%S} UTC"
    if due > now:
        return f"is queued, and due at {shown}"
    return "is queued, and due at once: its scheduled time is not in the future"


async def _queue(
    ledger: Ledger,
    settings: Settings,
    values: Mapping[str, str],
    login: str,
    campaign: str,
    now: datetime,
    *,
    unchecked: bool,
) -> Call:
    from mirabelle.api import queuecall
    from mirabelle.cli.owner import account_for_calls, campaign_of

    account = await account_for_calls(ledger, login, now)
    order = queuecall.check(
        values,
        now=now,
        allow_private=settings.http.allow_private,
        bad_ani=settings.compat.bad_ani,
        country=account.settings.country,
        fields=queuecall.CALL_FIELDS,
    )
    if not isinstance(order, queuecall.Order):
        raise CallRefused("\n".join(f"{fault.field}: {fault.reason}" for fault in order))
    new = order.new_call(account)
    if campaign:
        new = replace(new, campaign_id=(await campaign_of(ledger, login, campaign)).campaign_id)
    await look(settings, new.start_url, new.result_url, unchecked=unchecked)
    return await ledger.queue_call(new, now)


def cancel(
    call_id: Annotated[int, typer.Argument(metavar="CALL_ID", help="The call's number.", show_default=False)],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Withdraw a queued call.

    Its result is posted as for any other that ended. One that is being dialled or connected cannot be
    withdrawn; one that is over is left as it is.
    """
    settings = settings_from(config)
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask

    ended = ask(settings, lambda ledger: ledger.cancel_call(call_id, SystemClock().now()))
    if as_json:
        terminal.print_json({"call_id": ended.call_id, "state": ended.state.value})
    else:
        already = "" if ended.state is CallState.CANCELED else " already, and was not withdrawn"
        print(f"Call {ended.call_id} is {ended.state.value}{already}.")
