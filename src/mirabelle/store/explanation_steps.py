"""The steps of explanations: the facts that an admission would look at, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from mirabelle.calls import explanation, number
from mirabelle.calls.call import Call, CallState, Priority
from mirabelle.calls.campaign import CampaignState
from mirabelle.calls.explanation import MOST_BEFORE, CallFacts, CampaignFacts, Explanation, Place
from mirabelle.calls.room import TrunkRoom, campaign_limits, trunk_limits
from mirabelle.calls.trunk import Trunk
from mirabelle.store import gate_steps, rows, statements
from mirabelle.store.admission_steps import room_of
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.gate_steps import Asking
from mirabelle.store.hot import HotPaths
from mirabelle.store.rows import micros

_AFTER_ALL = 2**31 - 1


def explain(hot: HotPaths, call_id: int, trunks: Sequence[Trunk], now: datetime) -> Steps[Explanation | None]:
    """See `Gatehouse.explain`."""
    if not rows.is_key(call_id):
        return None
    found = yield Ask(statements.CALL, {"call_id": call_id})
    if not found:
        return None
    call = rows.call_of(found[0])
    tried = yield Ask(statements.ATTEMPTS_OF, {"call_id": call_id})
    last = rows.attempt_of(tried[-1]) if tried else None
    if call.state is not CallState.QUEUED:
        return explanation.of_settled(call, last)
    campaign = yield from _facts(hot, call.campaign_id, trunks, now)
    assert campaign is not None
    asking = Asking(call, number.e164_of(call.phone_number), campaign.dialing, campaign.settings)
    entries = yield from gate_steps.entries_of(hot, [asking])
    reached: gate_steps.Reached = {}
    if campaign.settings.frequency_cap is not None:
        reached = yield from gate_steps.reached(hot, [asking], now)
    facts = CallFacts(
        call=call,
        campaign=campaign,
        entries=entries.get(call_id, ()),
        reached=reached.get((call.account_id, asking.e164), ()),
        last=last,
    )
    return explanation.of_call(facts, now, (yield from _place(hot, call, now)))


def explain_campaign(
    hot: HotPaths, campaign_id: int, trunks: Sequence[Trunk], now: datetime
) -> Steps[Explanation | None]:
    """See `Gatehouse.explain_campaign`."""
    if not rows.is_key(campaign_id):
        return None
    facts = yield from _facts(hot, campaign_id, trunks, now)
    return None if facts is None else explanation.of_campaign(facts, now)


def trunk_rooms(hot: HotPaths, trunks: Sequence[Trunk], now: datetime) -> Steps[tuple[TrunkRoom, ...]]:
    """See `Gatehouse.trunk_rooms`."""
    room = yield from room_of(hot, trunk_limits(trunks), now)
    return tuple(map(room.trunk, trunks))


def _facts(hot: HotPaths, campaign_id: int, trunks: Sequence[Trunk], now: datetime) -> Steps[CampaignFacts | None]:
    found = yield Ask(hot.admission.facts, {"campaigns": json.dumps([campaign_id])})
    if not found:
        return None
    [row] = found
    rules, settings = rows.campaign_rules_of(row["schedules"], row["profiles"]), rows.settings_of(row["settings"])
    limits = trunk_limits(trunks) | campaign_limits(row["account_id"], settings, campaign_id, rules.profiles)
    room = yield from room_of(hot, limits, now)
    due: list[datetime] = []
    for priority in Priority:
        first = yield Ask(hot.admission.earliest, {"campaign_id": campaign_id, "priority": priority.value})
        due += [rows.instant(each["due_at"]) for each in first if each["due_at"] is not None]
    return CampaignFacts(
        campaign_id=campaign_id,
        account_id=row["account_id"],
        name=row["name"],
        state=CampaignState(row["state"]),
        dialing=rows.dialing_of(row["dialing"]),
        settings=settings,
        schedules=rules.schedules,
        profiles=rules.profiles,
        room=room,
        trunks=trunks,
        first_due=min(due, default=None),
    )


def _place(hot: HotPaths, call: Call, now: datetime) -> Steps[Place]:
    waiting = yield Ask(hot.admission.waiting)
    sharing = {row["campaign_id"] for row in waiting if row["due_at"] is not None and row["due_at"] <= micros(now)}
    before = 0
    for priority in sorted((each for each in Priority if each >= call.priority), reverse=True):
        own = priority == call.priority
        values = {
            "campaign_id": call.campaign_id,
            "priority": priority.value,
            "due": micros(min(call.due_at, now) if own else now),
            "call_id": call.call_id if own else _AFTER_ALL,
            "most": MOST_BEFORE - before,
        }
        [row] = yield Ask(hot.admission.before, values)
        before += row["calls"]
        if before >= MOST_BEFORE:
            break
    return Place(len(sharing), before)
