"""What each method of the ledger does, as steps: a generator yields statements and is sent their rows.

The steps do no I/O, so one text serves SQLite's writer thread and PostgreSQL's connections. Each runs inside one
transaction. Whoever changes an attempt locks the row of its call first, so that no two ever wait for each other.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from mirabelle.calls import number, schedule
from mirabelle.calls.account import Account, AccountSettings
from mirabelle.calls.attempt import Attempt, AttemptState
from mirabelle.calls.audit import Decision
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.campaign import CampaignState
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.lifecycle import LifecycleError, require_call_change
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.result import Delivery
from mirabelle.calls.retry import MACHINE, NextStep
from mirabelle.store import admission_steps, audit_steps, gate_steps, rows, schema, statements
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.call_steps import report
from mirabelle.store.campaign_steps import add_campaign
from mirabelle.store.gate_steps import Asking
from mirabelle.store.hot import HotPaths
from mirabelle.store.ledger import AccountExists, CallHeld, CampaignPaused, LeaseLost, StoreError
from mirabelle.store.rows import Row, micros

EXPIRED: Final = "Its expiration came before it could be dialled."


def add_account(login: str, pin_hash: str, now: datetime, signing_secret: str = "") -> Steps[Account]:
    """See `Ledger.add_account`."""
    if not login:
        raise StoreError("An account needs a login.")
    values = {
        "login": rows.storable("login", login, schema.LOGIN),
        "pin_hash": rows.storable("pin_hash", pin_hash, schema.NAME),
        "signing_secret": rows.storable("signing_secret", signing_secret, schema.NAME),
        "now": micros(now),
    }
    added = yield Ask(statements.ADD_ACCOUNT, values)
    if not added:
        raise AccountExists(f"There is already an account '{login}'; choose another login.")
    account_id: int = added[0]["account_id"]
    campaign = yield from add_campaign(account_id, "default", "", now)
    return Account(account_id, login, pin_hash, campaign.campaign_id)


def account(account_id: int) -> Steps[Account | None]:
    """See `Ledger.account`."""
    found = yield Ask(statements.ACCOUNT, {"account_id": account_id})
    return rows.account_of(found[0]) if found else None


def account_by_login(login: str) -> Steps[Account | None]:
    """See `Ledger.account_by_login`."""
    if len(login) > schema.LOGIN or rows.shortened(login) != login:
        return None
    found = yield Ask(statements.ACCOUNT_BY_LOGIN, {"login": login})
    return rows.account_of(found[0]) if found else None


def accounts(after: int, limit: int) -> Steps[tuple[Account, ...]]:
    """See `Ledger.accounts`."""
    found = yield Ask(statements.ACCOUNTS_AFTER, {"after": rows.cursor(after), "most": limit})
    return tuple(rows.account_of(row) for row in found)


def change_pin(account_id: int, pin_hash: str) -> Steps[Account]:
    """See `Ledger.change_pin`."""
    kept = rows.storable("pin_hash", pin_hash, schema.NAME)
    return (yield from _changed(account_id, statements.CHANGE_PIN, kept))


def update_settings(account_id: int, settings: AccountSettings) -> Steps[Account]:
    """See `Ledger.update_settings`."""
    return (yield from _changed(account_id, statements.UPDATE_SETTINGS, rows.settings_text(settings)))


def _changed(account_id: int, statement: sa.Executable, chosen: str) -> Steps[Account]:
    changed = None
    if rows.is_key(account_id):
        yield Ask(statement, {"changed": account_id, "chosen": chosen})
        changed = yield from account(account_id)
    if changed is None:
        raise StoreError(f"There is no account {account_id} in the ledger.")
    return changed


def queue_call(new: NewCall, now: datetime) -> Steps[Call]:
    """See `Ledger.queue_call`."""
    [row] = yield Ask(statements.QUEUE_CALL, rows.new_call_row(new, now))
    return rows.call_of(row)


def call(call_id: int) -> Steps[Call | None]:
    """See `Ledger.call`."""
    if not rows.is_key(call_id):
        return None
    found = yield Ask(statements.CALL, {"call_id": call_id})
    return rows.call_of(found[0]) if found else None


def attempts(call_id: int) -> Steps[tuple[Attempt, ...]]:
    """See `Ledger.attempts`."""
    if not rows.is_key(call_id):
        return ()
    found = yield Ask(statements.ATTEMPTS_OF, {"call_id": call_id})
    return tuple(rows.attempt_of(row) for row in found)


def expire_due(hot: HotPaths, now: datetime, limit: int) -> Steps[tuple[Call, ...]]:
    """See `Ledger.expire_due`."""
    past = yield Ask(hot.expire, {"now": micros(now), "most": limit, "reason": EXPIRED})
    expired = tuple(sorted(map(rows.call_of, past), key=lambda call: call.call_id))
    yield from audit_steps.note_calls(Decision.EXPIRED, expired, now)
    yield from report(hot, expired, now)
    return expired


def next_expiry() -> Steps[datetime | None]:
    """See `Ledger.next_expiry`."""
    [row] = yield Ask(statements.NEXT_EXPIRY)
    return None if row["at"] is None else rows.instant(row["at"])


def release(call_id: int, due_at: datetime, owner: str) -> Steps[None]:
    """See `Ledger.release`."""
    released = yield Ask(statements.RELEASE, {"released": call_id, "due": micros(due_at), "owner": owner})
    if released and (yield Ask(statements.UNFINISHED, {"call_id": call_id})):
        raise LifecycleError(f"Call {call_id} has an unfinished attempt; end the attempt instead.")


def begin_attempt(
    hot: HotPaths, call_id: int, sip_call_id: str, trunk: str, now: datetime, owner: str, memory: VerdictMemory
) -> Steps[Attempt]:
    """See `Ledger.begin_attempt`."""
    values = {
        "dialled": call_id,
        "owner": rows.owner_name(owner),
        "sip_call_id": rows.storable("The Call-ID", sip_call_id, schema.NAME),
        "trunk": rows.storable("The trunk's name", trunk, schema.NAME),
        "started_at": micros(now),
    }
    held = yield Ask(statements.DIAL, {"dialled": call_id, "owner": owner, "now": micros(now)})
    if not held:
        raise LeaseLost(f"Call {call_id} is not leased to {owner} for an attempt; claim it again.")
    person = yield from _still_open(hot, rows.call_of(held[0]), now, memory)
    [row] = yield Ask(
        statements.BEGIN_ATTEMPT, {**values, "account_id": held[0]["account_id"], "person": person[: schema.NAME]}
    )
    attempt = rows.attempt_of(row)
    yield from audit_steps.dialled(attempt, now, owner)
    return attempt


def _still_open(hot: HotPaths, call: Call, now: datetime, memory: VerdictMemory) -> Steps[str]:
    """Ask every gate once more, at the moment of dialling, as the admission asks them; returns the person.

    Raises:
        CallHeld: a gate has closed.
    """
    if call.expires_at is not None and call.expires_at <= now:
        raise CallHeld(f"Call {call.call_id} has expired; release it.")
    [campaign] = yield Ask(hot.admission.dialled, {"call_id": call.call_id})
    if campaign["state"] == CampaignState.PAUSED:
        raise CampaignPaused(f"The campaign '{campaign['name']}' is paused; release call {call.call_id}.")
    schedules = rows.campaign_rules_of(campaign["schedules"], campaign["profiles"]).schedules
    window = memory.verdict(schedules, now, lambda: schedule.verdict(schedules, now))
    if not window.open:
        # In its place: admissions leave the campaign out until it opens.
        raise CallHeld(f"Call {call.call_id}: {window.reason} Release it.")
    settings = rows.settings_of(campaign["settings"])
    asking = Asking(call, number.e164_of(call.phone_number), rows.dialing_of(campaign["dialing"]), settings)
    if settings.frequency_cap is not None:
        yield Ask(hot.admission.person, {"person": f"{call.account_id}:{asking.e164}"})
    closed = yield from gate_steps.held(hot, [asking], now, memory)
    if closed:
        verdict = closed[call.call_id]
        raise CallHeld(f"Call {call.call_id}: {verdict.reason} Release it.", verdict.changes_at)
    return asking.e164


def attempt_ringing(attempt_id: int, now: datetime) -> Steps[None]:
    """See `Ledger.attempt_ringing`."""
    if not (yield Ask(statements.RING, {"rung": attempt_id, "now": micros(now)})):
        row = yield from _attempt(attempt_id)
        if row["state"] == AttemptState.ENDED:
            raise _already_ended(attempt_id)


def attempt_answered(attempt_id: int, now: datetime) -> Steps[None]:
    """See `Ledger.attempt_answered`."""
    connected = yield Ask(statements.CONNECT, {"answered": attempt_id})
    if connected:
        connected = yield Ask(statements.ANSWER, {"answered": attempt_id, "now": micros(now)})
    if not connected:
        if (yield Ask(statements.CONNECTED_ALREADY, {"answered": attempt_id})):
            return
        row = yield from _attempt(attempt_id)
        raise LeaseLost(f"Call {row['call_id']} was taken over while it rang, or has ended; hang up.")


def end_attempt(
    hot: HotPaths,
    attempt_id: int,
    *,
    outcome: Outcome,
    now: datetime,
    sip_status: int,
    detail: str,
    step: NextStep,
    duration: int,
    callee_type: str,
    full: bool = False,
    retry_after: int | None = None,
) -> Steps[Call]:
    """See `Ledger.end_attempt`."""
    if step.state is CallState.QUEUED and step.due_at is None:
        raise LifecycleError("A call that goes back to the queue needs the time of its next attempt.")
    if step.state is not CallState.QUEUED and not step.state.final:
        raise LifecycleError(f"A call whose attempt ended goes back or is final; it cannot be {step.state}.")
    locked = yield Ask(statements.LOCK_CALL, {"attempt_id": attempt_id})
    if not locked:
        raise _unknown(attempt_id)
    before = rows.call_of(locked[0])
    reason = rows.shortened(detail)
    ending = {"over": attempt_id, "now": micros(now), "came": outcome.value, "status": sip_status, "reason": reason}
    ended = yield Ask(statements.END_ATTEMPT, ending)
    if not ended:
        raise _already_ended(attempt_id)
    if full:
        yield from admission_steps.slow_down(hot, ended[0]["trunk"], now, retry_after)
    require_call_change(before.state, step.state)
    if before.state is CallState.CONNECTED and not step.state.final and callee_type != MACHINE:
        raise LifecycleError(f"Call {before.call_id} was answered, and not by a machine; it cannot be dialled again.")
    values = {
        "stepped": before.call_id,
        "after": step.state.value,
        "due": None if step.due_at is None else micros(step.due_at),
        "counted": int(step.counted),
        "seconds": duration,
        "callee": callee_type,
        "reason": reason,
        "ended": micros(now) if step.state.final else None,
        "tried": ",".join(step.tried),
    }
    [after] = yield Ask(statements.STEP, values)
    stepped = rows.call_of(after)
    yield from audit_steps.ended(attempt_id, stepped, outcome, sip_status, now, locked[0]["lease_owner"])
    if stepped.state.final:
        yield from report(hot, (stepped,), now)
    return stepped


def claim_deliveries(
    hot: HotPaths,
    now: datetime,
    limit: int,
    owner: str,
    lease_until: datetime,
    per_host: int,
    skip_hosts: Collection[str],
) -> Steps[tuple[Delivery, ...]]:
    """See `Ledger.claim_deliveries`."""
    values = {
        "now": micros(now),
        "most": limit,
        "owner": rows.owner_name(owner),
        "until": micros(lease_until),
        "per_host": per_host,
        "skip": json.dumps(sorted(skip_hosts)),
    }
    taken = yield Ask(hot.claim_deliveries, values)
    return tuple(sorted(map(rows.delivery_of, taken), key=lambda delivery: delivery.delivery_id))


def delivery_done(delivery_id: int, now: datetime) -> Steps[None]:
    """See `Ledger.delivery_done`."""
    yield Ask(statements.DELIVERY_OVER, {"posted": delivery_id, "after": "done", "now": micros(now), "why": ""})


def delivery_failed(delivery_id: int, *, now: datetime, next_at: datetime | None, reason: str) -> Steps[None]:
    """See `Ledger.delivery_failed`."""
    why = rows.shortened(reason)
    if next_at is None:
        yield Ask(statements.DELIVERY_OVER, {"posted": delivery_id, "after": "dead", "now": micros(now), "why": why})
    else:
        yield Ask(statements.DELIVERY_AGAIN, {"posted": delivery_id, "due": micros(next_at), "why": why})


def next_delivery() -> Steps[datetime | None]:
    """See `Ledger.next_delivery`."""
    [row] = yield Ask(statements.NEXT_DELIVERY)
    return None if row["at"] is None else rows.instant(row["at"])


def counts() -> Steps[Mapping[CallState, int]]:
    """See `Ledger.counts`."""
    return rows.counts_of((yield Ask(statements.COUNTS)))


def recent_calls(limit: int) -> Steps[tuple[Call, ...]]:
    """See `Ledger.recent_calls`."""
    found = yield Ask(statements.RECENT_CALLS, {"most": limit})
    return tuple(rows.call_of(row) for row in found)


def _attempt(attempt_id: int) -> Steps[Row]:
    found = yield Ask(statements.ATTEMPT, {"attempt_id": attempt_id})
    if not found:
        raise _unknown(attempt_id)
    return found[0]


def _unknown(attempt_id: int) -> StoreError:
    return StoreError(f"There is no attempt {attempt_id} in the ledger.")


def _already_ended(attempt_id: int) -> LeaseLost:
    return LeaseLost(f"Attempt {attempt_id} is already ended; whoever took the call over has decided about it.")
