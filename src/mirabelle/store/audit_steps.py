"""The steps of the audit: entries are written with what they tell of, and sealed afterwards.

See `mirabelle.calls.audit`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from mirabelle.calls.attempt import Attempt, AttemptState
from mirabelle.calls.audit import FIRST, AuditEntry, Decision, Note, link
from mirabelle.calls.call import Call
from mirabelle.calls.campaign import CampaignState
from mirabelle.calls.outcome import Outcome
from mirabelle.store import audit_statements, rows, schema
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.hot import HotPaths
from mirabelle.store.records import Audited, Linked
from mirabelle.store.rows import Row, micros

_FIELDS: Final = tuple(each.name for each in fields(AuditEntry))

NOTHING_SENT: Final = "Its dialer died before an attempt began; it goes back to the queue."
IN_DOUBT: Final = "Its dialer died while it rang or was about to; the attempt ends as interrupted."
ANSWERED: Final = "Its dialer died after it was answered; it is final."
LATE: Final = "It was answered after its dialer had died or been given up; the call is not dialled again."
PAUSED: Final = "Its campaign is paused."


def note(notes: Iterable[Note], now: datetime, owner: str = "") -> Steps[None]:
    """Write entries into the audit, in the transaction of what they tell."""
    values = [_row(each, now, owner) for each in notes]
    if values:
        # One by itself saves a round trip.
        yield Ask(audit_statements.NOTE, values if len(values) > 1 else values[0])


def note_calls(decision: Decision, calls: Iterable[Call], now: datetime) -> Steps[None]:
    """Write that one thing was decided about many calls that waited."""
    yield from note((Note(decision, call.call_id, reason=call.detail) for call in calls), now)


def held(hot: HotPaths, waiting: Sequence[tuple[Call, datetime, str]], now: datetime, owner: str) -> Steps[None]:
    """Write that calls were put off until an instant for a reason, where that is news."""
    told = [(call.call_id, reason, {"until": until.isoformat()}) for call, until, reason in waiting]
    yield from _held(hot, told, now, owner)


def held_at_dial(hot: HotPaths, call_id: int, reason: str, now: datetime, owner: str) -> Steps[None]:
    """Write that a gate had closed when a call was about to be dialled, where that is news."""
    yield from _held(hot, [(call_id, reason, {"at": "dial"})], now, owner)


def _held(
    hot: HotPaths, told: Iterable[tuple[int, str, Mapping[str, object]]], now: datetime, owner: str
) -> Steps[None]:
    held_back = [
        {"call_id": call_id, "reason": rows.shortened(reason, schema.DETAIL), "detail": _text(detail)}
        for call_id, reason, detail in told
    ]
    yield Ask(hot.note_held, {"at": micros(now), "owner": owner, "held": json.dumps(held_back)})


def dialled(attempt: Attempt, now: datetime, owner: str) -> Steps[None]:
    """Write that an attempt begins."""
    detail = {"number": attempt.number, "trunk": attempt.trunk, "sip_call_id": attempt.sip_call_id}
    yield from note([Note(Decision.DIAL, attempt.call_id, attempt.attempt_id, detail=detail)], now, owner)


def ended(
    attempt_id: int, after: Call, outcome: Outcome, sip_status: int, now: datetime, owner: str | None
) -> Steps[None]:
    """Write what came of an attempt and what becomes of its call."""
    detail: dict[str, object] = {"outcome": outcome.value, "sip_status": sip_status, "state": after.state.value}
    if not after.state.final:
        detail["due"] = after.due_at.isoformat()
    yield from note([Note(Decision.ENDED, after.call_id, attempt_id, detail=detail)], now, owner or "")


def recovered(found: Sequence[tuple[Call, Attempt | None]], now: datetime, owner: str) -> Steps[None]:
    """Write what was found where a dialer died, and what follows from it."""
    yield from note((_recovered(call, attempt) for call, attempt in found), now, owner)


def _recovered(call: Call, attempt: Attempt | None) -> Note:
    if attempt is None:
        return Note(Decision.RECOVERED, call.call_id, reason=NOTHING_SENT, detail={"found": "nothing"})
    reason = ANSWERED if attempt.state is AttemptState.ANSWERED else IN_DOUBT
    return Note(Decision.RECOVERED, call.call_id, attempt.attempt_id, reason, {"found": attempt.state.value})


def answered_late(call: Call, attempt: Attempt, now: datetime) -> Steps[None]:
    """Write that an attempt was answered after it had been given up."""
    detail = {"state": call.state.value}
    yield from note([Note(Decision.ANSWERED_LATE, call.call_id, attempt.attempt_id, LATE, detail)], now)


def turned(campaign_id: int, state: CampaignState, now: datetime) -> Steps[None]:
    """Write that a campaign was paused or resumed."""
    decision = Decision.PAUSED if state is CampaignState.PAUSED else Decision.RESUMED
    yield from note([Note(decision, detail={"campaign_id": campaign_id})], now)


def seal(hot: HotPaths, limit: int) -> Steps[int]:
    """See `AuditTrail.seal_audit`."""
    [turn] = yield Ask(hot.seal_lock)
    if not turn["locked"]:
        return 0
    waiting = yield Ask(audit_statements.UNSEALED, {"after": 0, "most": limit})
    if not waiting:
        return 0
    head = yield Ask(audit_statements.HEAD)
    sequence, previous = (head[0]["sequence"], head[0]["hash"]) if head else (0, FIRST)
    sealed = []
    for entry in map(_entry_of, waiting):
        sequence += 1
        previous = link(previous, sequence, entry)
        sealed.append({"sealed": entry.audit_id, "sequence": sequence, "hash": previous})
    yield Ask(audit_statements.SEAL, sealed)
    return len(sealed)


def chain(after: int, limit: int) -> Steps[tuple[Linked, ...]]:
    """See `AuditTrail.audit_chain`."""
    found = yield Ask(audit_statements.CHAIN, {"after": rows.long_cursor(after), "most": limit})
    return tuple(Linked(_entry_of(row), _named_attempt(row)) for row in found)


def head() -> Steps[tuple[int, str]]:
    """See `AuditTrail.audit_head`."""
    found = yield Ask(audit_statements.HEAD)
    return (found[0]["sequence"], found[0]["hash"]) if found else (0, FIRST)


def unsealed(after: int, limit: int) -> Steps[tuple[AuditEntry, ...]]:
    """See `AuditTrail.audit_unsealed`."""
    found = yield Ask(audit_statements.UNSEALED, {"after": rows.long_cursor(after), "most": limit})
    return tuple(map(_entry_of, found))


def unsealed_count() -> Steps[int]:
    """See `AuditTrail.audit_unsealed_count`."""
    [row] = yield Ask(audit_statements.UNSEALED_COUNT)
    entries: int = row["entries"]
    return entries


def newest(call_id: int | None, limit: int) -> Steps[tuple[AuditEntry, ...]]:
    """See `AuditTrail.audit_newest`."""
    if call_id is None:
        found = yield Ask(audit_statements.NEWEST, {"most": limit})
    elif rows.is_key(call_id):
        found = yield Ask(audit_statements.OF_CALL, {"call_id": call_id, "most": limit})
    else:
        return ()
    return tuple(_entry_of(row) for row in reversed(found))


def attempts_audited(after: int, limit: int) -> Steps[tuple[Audited, ...]]:
    """See `AuditTrail.attempts_audited`."""
    found = yield Ask(audit_statements.ATTEMPTS_AUDITED, {"after": rows.long_cursor(after), "most": limit})
    return tuple(
        Audited(row["attempt_id"], row["call_id"], row["state"] == AttemptState.ENDED, row["begun"], row["ended"])
        for row in found
    )


def _row(noted: Note, now: datetime, owner: str) -> dict[str, object]:
    return {
        "at": micros(now),
        "owner": owner,
        "call_id": noted.call_id,
        "attempt_id": noted.attempt_id,
        "decision": noted.decision.value,
        "reason": rows.shortened(noted.reason, schema.DETAIL),
        "detail": _text(noted.detail),
    }


def _text(detail: Mapping[str, object]) -> str:
    return json.dumps(detail, ensure_ascii=False, separators=(",", ":"))


def _entry_of(row: Row) -> AuditEntry:
    return AuditEntry(**{name: row[name] for name in _FIELDS})


def _named_attempt(row: Row) -> Mapping[str, Any] | None:
    """The attempt beside an entry; None where there is none."""
    if row["dialled_call_id"] is None:
        return None
    told = {name: row[name] for name in ("number", "trunk", "sip_call_id", "outcome", "sip_status")}
    return {"call_id": row["dialled_call_id"], **told}
