"""The steps of listing, cancelling and retrying calls; see `mirabelle.store.steps`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from mirabelle.calls.audit import Decision, Note
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.lifecycle import RETRIED
from mirabelle.calls.result import needs_extras
from mirabelle.store import audit_steps, rows, schema, statements
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.campaign_steps import campaign
from mirabelle.store.hot import HotPaths
from mirabelle.store.ledger import CallBusy, StoreError
from mirabelle.store.rows import micros

AT_ONCE: Final = 500
"""Calls that one transaction cancels or takes back, so that nobody waits long for it."""

CANCELED: Final = "It was cancelled before it could be dialled."


def calls(
    account_id: int, campaign_id: int | None, state: CallState | None, after: int, limit: int
) -> Steps[tuple[Call, ...]]:
    """See `Ledger.calls`."""
    if not rows.is_key(account_id):
        return ()
    values: dict[str, object] = {"owner": account_id, "after": rows.cursor(after), "most": limit}
    if campaign_id is not None:
        found = yield from campaign(campaign_id)
        if found is None or found.account_id != account_id:
            return ()
        values["owner"] = campaign_id
    if state is None:
        page = statements.CALLS_OF_ACCOUNT if campaign_id is None else statements.CALLS_OF_CAMPAIGN
    else:
        values["wanted"] = state.value
        page = statements.CALLS_OF_ACCOUNT_IN if campaign_id is None else statements.CALLS_OF_CAMPAIGN_IN
    listed = yield Ask(page, values)
    return tuple(rows.call_of(row) for row in listed)


def calls_by_reference(
    account_id: int,
    campaign_id: int | None,
    state: CallState | None,
    message_reference: str,
    after: int,
    limit: int,
) -> Steps[tuple[Call, ...]]:
    """See `Ledger.calls`: those with one reference, of which there are few."""
    known = rows.is_key(account_id) and (campaign_id is None or rows.is_key(campaign_id))
    if not known or not message_reference or rows.shortened(message_reference, schema.NAME) != message_reference:
        return ()
    values: dict[str, object] = {
        "account_id": account_id,
        "reference": message_reference,
        "campaign_id": campaign_id,
        "wanted": None if state is None else state.value,
        "after": rows.cursor(after),
        "most": limit,
    }
    listed = yield Ask(statements.CALLS_BY_REFERENCE, values)
    return tuple(rows.call_of(row) for row in listed)


def newest_calls(
    account_id: int, campaign_id: int | None, state: CallState | None, message_reference: str, limit: int
) -> Steps[tuple[Call, ...]]:
    """See `Ledger.newest_calls`."""
    if not rows.is_key(account_id) or rows.shortened(message_reference, schema.NAME) != message_reference:
        return ()
    if campaign_id is not None:
        found = yield from campaign(campaign_id)
        if found is None or found.account_id != account_id:
            return ()
    values: dict[str, object] = {"most": limit, "wanted": None if state is None else state.value}
    if message_reference:
        page: sa.Executable = statements.NEWEST_BY_REFERENCE
        values |= {"account_id": account_id, "campaign_id": campaign_id, "reference": message_reference}
    elif campaign_id is None:
        page = statements.NEWEST_OF_ACCOUNT if state is None else statements.NEWEST_OF_ACCOUNT_IN
        values["owner"] = account_id
    else:
        page = statements.NEWEST_OF_CAMPAIGN if state is None else statements.NEWEST_OF_CAMPAIGN_IN
        values["owner"] = campaign_id
    listed = yield Ask(page, values)
    return tuple(rows.call_of(row) for row in listed)


def campaign_numbers(campaign_id: int, after: int, limit: int) -> Steps[tuple[tuple[int, str], ...]]:
    """See `Ledger.campaign_numbers`."""
    if not rows.is_key(campaign_id):
        return ()
    values = {"owner": campaign_id, "after": rows.cursor(after), "most": limit}
    found = yield Ask(statements.NUMBERS_OF_CAMPAIGN, values)
    return tuple((row["call_id"], row["phone_number"]) for row in found)


def waiting_numbers(account_id: int, after: int, limit: int) -> Steps[tuple[tuple[int, str], ...]]:
    """See `Ledger.waiting_numbers`."""
    if not rows.is_key(account_id):
        return ()
    values = {"owner": account_id, "after": rows.cursor(after), "most": limit}
    found = yield Ask(statements.WAITING_NUMBERS, values)
    return tuple((row["call_id"], row["phone_number"]) for row in found)


def campaign_counts(campaign_id: int) -> Steps[Mapping[CallState, int]]:
    """See `Ledger.campaign_counts`."""
    found: Sequence[rows.Row] = ()
    if rows.is_key(campaign_id):
        found = yield Ask(statements.CAMPAIGN_COUNTS, {"campaign_id": campaign_id})
    return rows.counts_of(found)


def cancel_call(hot: HotPaths, call_id: int, now: datetime) -> Steps[Call]:
    """See `Ledger.cancel_call`."""
    if not rows.is_key(call_id):
        raise _no_call(call_id)
    cancelled = yield Ask(statements.CANCEL_CALL, {"cancelled": call_id, "now": micros(now), "reason": CANCELED})
    if cancelled:
        call = rows.call_of(cancelled[0])
        yield from audit_steps.note_calls(Decision.CANCELED, (call,), now)
        yield from report(hot, (call,), now)
        return call
    found = yield Ask(statements.CALL, {"call_id": call_id})
    if not found:
        raise _no_call(call_id)
    call = rows.call_of(found[0])
    if not call.state.final:
        raise CallBusy(f"Call {call_id} is being dialled; it can be cancelled when it waits again.")
    return call


def cancel_some(hot: HotPaths, campaign_id: int, now: datetime) -> Steps[int]:
    """Cancel the next queued calls of a campaign; returns how many."""
    values = {"campaign_id": campaign_id, "now": micros(now), "reason": CANCELED, "most": AT_ONCE}
    cancelled = yield Ask(statements.CANCEL_SOME, values)
    withdrawn = sorted(map(rows.call_of, cancelled), key=lambda call: call.call_id)
    yield from audit_steps.note_calls(Decision.CANCELED, withdrawn, now)
    yield from report(hot, withdrawn, now)
    return len(withdrawn)


def retry_some(
    campaign_id: int, before: CallState, after: int, now: datetime, expires_at: datetime | None
) -> Steps[tuple[int, ...]]:
    """Take the next failed or expired calls of a campaign back into the queue; returns their keys."""
    assert before in RETRIED
    values = {
        "campaign_id": campaign_id,
        "before": before.value,
        "after": after,
        "now": micros(now),
        "expires": None if expires_at is None else micros(expires_at),
        "most": AT_ONCE,
    }
    taken = yield Ask(statements.RETRY_SOME, values)
    retried = tuple(sorted(row["call_id"] for row in taken))
    detail = {"state": before.value}
    yield from audit_steps.note((Note(Decision.TAKEN_BACK, call_id, detail=detail) for call_id in retried), now)
    return retried


def report(hot: HotPaths, ended: Sequence[Call], now: datetime) -> Steps[None]:
    """Put the results of calls that just became final into the outbox, as their accounts want them."""
    wanted = [call for call in ended if call.result_url]
    if not wanted:
        return
    accounts = yield Ask(hot.settings, {"accounts": json.dumps(sorted({call.account_id for call in wanted}))})
    wishes = {row["account_id"]: rows.settings_of(row["settings"]) for row in accounts}
    more = [call.call_id for call in wanted if needs_extras(wishes[call.account_id])]
    extras = {}
    if more:
        found = yield Ask(hot.extras, {"calls": json.dumps(more)})
        extras = {row["call_id"]: rows.extras_of(row) for row in found}
    told = [rows.delivery_row(call, now, wishes[call.account_id], extras.get(call.call_id)) for call in wanted]
    yield Ask(statements.ADD_DELIVERY, told)


def _no_call(call_id: int) -> StoreError:
    return StoreError(f"There is no call {call_id} in the ledger.")
