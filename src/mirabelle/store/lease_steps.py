"""The steps of leases: kept, taken over from a dialer that died, and the answers that come for it afterwards.

See `mirabelle.store.leases`; what steps are says `mirabelle.store.steps`.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Final

from mirabelle.calls.attempt import Attempt, AttemptState, call_of
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.lifecycle import require_call_change
from mirabelle.store import audit_steps, rows, statements
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.call_steps import report
from mirabelle.store.hot import HotPaths
from mirabelle.store.rows import micros

RECOVERED_AT_ONCE: Final = 500
"""Calls that one recovery takes over; the rest wait for the next."""

LATE: Final = "Somebody answered while no server was there to hear it."


def renew_leases(hot: HotPaths, owner: str, lease_until: datetime, calls: Collection[int]) -> Steps[int]:
    """See `Leases.renew_leases`."""
    values = {"owner": owner, "until": micros(lease_until), "calls": json.dumps(sorted(calls))}
    return len((yield Ask(hot.renew, values)))


def recover(
    hot: HotPaths, now: datetime, owner: str, lease_until: datetime
) -> Steps[tuple[tuple[Call, Attempt | None], ...]]:
    """See `Leases.recover`."""
    values = {
        "now": micros(now),
        "most": RECOVERED_AT_ONCE,
        "owner": rows.owner_name(owner),
        "until": micros(lease_until),
    }
    taken = yield Ask(hot.recover, values)
    found: list[tuple[Call, Attempt | None]] = []
    for lost in sorted(map(rows.call_of, taken), key=lambda call: call.call_id):
        unfinished = yield Ask(statements.UNFINISHED, {"call_id": lost.call_id})
        found.append((lost, rows.attempt_of(unfinished[0]) if unfinished else None))
    yield from audit_steps.recovered(found, now, owner)
    return tuple(found)


def answered_late(hot: HotPaths, sip_call_id: str, now: datetime) -> Steps[Call | None]:
    """See `Leases.answered_late`."""
    call_id = call_of(sip_call_id)
    if call_id is None or not rows.is_key(call_id):
        return None
    locked = yield Ask(statements.LOCK_CALL_ITSELF, {"call_id": call_id})
    if not locked:
        return None
    call = rows.call_of(locked[0])
    made = tuple(map(rows.attempt_of, (yield Ask(statements.ATTEMPTS_OF, {"call_id": call_id}))))
    attempt = next((each for each in made if each.sip_call_id == sip_call_id), None)
    if attempt is None:
        return None
    if attempt.state is not AttemptState.ENDED:
        return (yield from _connected(call, attempt, now))
    if attempt.answered_at is not None:
        return call
    yield Ask(statements.ANSWERED_AFTERWARDS, {"late": attempt.attempt_id, "now": micros(now)})
    ringing = any(each.state is not AttemptState.ENDED for each in made)
    if call.state.final or ringing:
        yield from audit_steps.answered_late(call, attempt, now)
        return call
    require_call_change(call.state, CallState.FAILED)
    [row] = yield Ask(statements.ANSWERED_ELSEWHERE, {"stepped": call_id, "now": micros(now), "reason": LATE})
    ended = rows.call_of(row)
    yield from audit_steps.answered_late(ended, attempt, now)
    yield from report(hot, (ended,), now)
    return ended


def _connected(call: Call, attempt: Attempt, now: datetime) -> Steps[Call | None]:
    """An answer to an attempt that nobody has decided about: whoever takes the call over finds it answered."""
    if attempt.answered_at is not None:
        return call
    if not (yield Ask(statements.CONNECT, {"answered": attempt.attempt_id})):
        return None
    yield Ask(statements.ANSWER, {"answered": attempt.attempt_id, "now": micros(now)})
    [row] = yield Ask(statements.CALL, {"call_id": call.call_id})
    return rows.call_of(row)
