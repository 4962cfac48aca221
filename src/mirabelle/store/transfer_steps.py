"""The steps of transfers: a second leg takes room of its trunk, and is in the audit like any dialling.

The row of the call comes first and then what keeps admissions apart, as where an attempt ends: so no two ever wait for
each other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from mirabelle.calls import routing
from mirabelle.calls.account import USUAL_SETTINGS
from mirabelle.calls.audit import Decision, Note
from mirabelle.calls.campaign import USUAL_DIALING
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.room import Room, trunk_limits
from mirabelle.calls.second_leg import LONGEST_WAIT, Declined, Granted, SecondLeg, Want
from mirabelle.calls.trunk import Trunk
from mirabelle.store import admission_steps, audit_steps, gate_steps, rows, statements
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.gate_steps import Asking
from mirabelle.store.hot import HotPaths
from mirabelle.store.ledger import LeaseLost

NO_ROOM: Final = "No trunk that carries calls to this number has room for a second leg."


def begin_transfer(
    hot: HotPaths, leg: SecondLeg, trunks: Sequence[Trunk], now: datetime, owner: str
) -> Steps[Granted | Declined]:
    """See `Transfers.begin_transfer`."""
    if not (yield Ask(statements.TRANSFER, {"moved": leg.call_id, "owner": owner, "second": ""})):
        raise LeaseLost(f"Call {leg.call_id} is not connected under a lease of {owner}; hang up.")
    decided = yield from _decided(hot, leg, trunks, now)
    if isinstance(decided, Declined):
        yield from refuse_transfer(leg, decided.reason, now, owner)
        return decided
    if decided.trunk:
        yield Ask(statements.TRANSFER, {"moved": leg.call_id, "owner": owner, "second": decided.trunk})
    detail = {"type": leg.kind, "trunk": decided.trunk, "sip_call_id": leg.sip_call_id}
    yield from audit_steps.note([Note(Decision.TRANSFER, leg.call_id, leg.attempt_id, detail=detail)], now, owner)
    return decided


def refuse_transfer(leg: SecondLeg, reason: str, now: datetime, owner: str) -> Steps[None]:
    """See `Transfers.refuse_transfer`."""
    refused = Note(Decision.TRANSFER_REFUSED, leg.call_id, leg.attempt_id, reason, {"type": leg.kind})
    yield from audit_steps.note([refused], now, owner)


def _decided(hot: HotPaths, leg: SecondLeg, trunks: Sequence[Trunk], now: datetime) -> Steps[Granted | Declined]:
    [found] = yield Ask(statements.CALL, {"call_id": leg.call_id})
    call = rows.call_of(found)
    if leg.e164:
        closed = yield from gate_steps.listed(hot, [Asking(call, leg.e164, USUAL_DIALING, USUAL_SETTINGS)])
        if closed:
            return Declined(Want.LEAVE, closed[call.call_id].reason)
    if not trunks:
        return Granted("", now)
    yield Ask(hot.admission.lock)
    room = yield from admission_steps.room_of(hot, trunk_limits(trunks), now)
    waits = {trunk.name: wait for trunk in trunks if (wait := room.turn(f"trunk:{trunk.name}")) is not None}
    chosen = _chosen(trunks, waits, leg)
    if chosen is None:
        return Declined(Want.ROOM, NO_ROOM)
    yield from _taken(hot, room, f"trunk:{chosen.name}")
    return Granted(chosen.name, now + timedelta(seconds=waits[chosen.name]))


def _chosen(trunks: Sequence[Trunk], waits: dict[str, float], leg: SecondLeg) -> Trunk | None:
    """One that may call at once, by weight; else the one whose turn comes first, if that is soon."""
    ready = {name: 1 for name, wait in waits.items() if wait <= 0.0}
    chosen = routing.choose(trunks, ready, leg.sip_call_id)
    if chosen is None and waits:
        soonest = min(waits, key=lambda name: waits[name])
        if waits[soonest] <= LONGEST_WAIT:
            chosen = next(trunk for trunk in trunks if trunk.name == soonest)
    return chosen


def _taken(hot: HotPaths, room: Room, name: str) -> Steps[None]:
    room.take((name,))
    yield Ask(hot.admission.save_paces, {"paces": json.dumps([rows.pace_row(name, room.after(name))])})


def end_transfer(
    hot: HotPaths,
    leg: SecondLeg,
    trunk: str,
    *,
    outcome: Outcome | None,
    now: datetime,
    owner: str,
    sip_status: int,
    duration: int,
    full: bool,
    retry_after: int | None,
) -> Steps[None]:
    """See `Transfers.end_transfer`."""
    yield Ask(statements.TRANSFER, {"moved": leg.call_id, "owner": owner, "second": ""})
    if full and trunk:
        yield from admission_steps.slow_down(hot, trunk, now, retry_after)
    detail: dict[str, object] = {
        "outcome": "" if outcome is None else outcome.value,
        "sip_status": sip_status,
        "seconds": duration,
    }
    note = Note(Decision.TRANSFER_ENDED, leg.call_id, leg.attempt_id, detail=detail)
    yield from audit_steps.note([note], now, owner)
