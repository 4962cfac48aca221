"""Explanation: why a call does not leave, gate by gate, and when it could. Pure.

The verdicts come from the functions that an admission asks (`schedule`, `calling_window`, `do_not_call`, `frequency`,
`room` and `routing` beside this module), so that nothing else is told than what is done.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, TypeAlias

from mirabelle.calls import calling_window, do_not_call, frequency, number, routing, schedule
from mirabelle.calls.account import AccountSettings
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.campaign import CampaignState, Dialing
from mirabelle.calls.do_not_call import DoNotCallEntry
from mirabelle.calls.gate import Verdict, VerdictMemory
from mirabelle.calls.profile import Profile
from mirabelle.calls.room import Room, TrunkRoom
from mirabelle.calls.schedule import Schedule
from mirabelle.calls.trunk import Trunk

MOST_STEPS: Final = 200
"""How many openings are followed in the search for the first instant at which all gates are open."""
MOST_BEFORE: Final = 1_000
"""The most calls before one that are counted."""


class Gate(enum.StrEnum):
    """What may hold a call back, in the order in which it is told."""

    STATE = "state"
    DUE_TIME = "due_time"
    EXPIRATION = "expiration"
    PAUSE = "pause"
    SCHEDULE = "schedule"
    DO_NOT_CALL = "do_not_call"
    CALLEE_HOURS = "callee_hours"
    FREQUENCY = "frequency"
    ACCOUNT_RATE = "account_rate"
    ACCOUNT_CHANNELS = "account_channels"
    CAMPAIGN_RATE = "campaign_rate"
    CAMPAIGN_CHANNELS = "campaign_channels"
    TRUNK = "trunk"


Findings: TypeAlias = tuple[tuple[Gate, Verdict], ...]
"""Gates with what they say, in their order."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call stands among those that may leave.

    Attributes:
        campaigns: campaigns that have due calls now, and share the trunks.
        before: calls of its campaign that are due before it, at most `MOST_BEFORE`.
    """

    campaigns: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFacts:
    """What is known of a campaign.

    Attributes:
        campaign_id: which one.
        account_id: whose.
        name: how it is called.
        state: whether it is paused.
        dialing: how its calls are dialled.
        settings: of its account.
        schedules: those that it keeps.
        profiles: those that it keeps.
        room: what is left of rates and channels.
        trunks: the ways out.
        first_due: when the first of its queued calls is due; None where none waits.
    """

    campaign_id: int
    account_id: int
    name: str
    state: CampaignState
    dialing: Dialing
    settings: AccountSettings
    schedules: tuple[Schedule, ...]
    profiles: tuple[Profile, ...]
    room: Room
    trunks: Sequence[Trunk]
    first_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What is known of a call that waits.

    Attributes:
        call: itself.
        campaign: its campaign.
        entries: those of do-not-call lists that mean it.
        reached: when attempts to reach the person began, and whether they were answered.
        last: its last attempt.
    """

    call: Call
    campaign: CampaignFacts
    entries: Sequence[DoNotCallEntry] = ()
    reached: Sequence[tuple[datetime, bool]] = ()
    last: Attempt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a call, or the calls of a campaign, do not leave.

    Attributes:
        headline: the answer in a sentence or two.
        findings: what each gate says now.
        earliest: the first instant at which all gates are open if nobody changes anything; None where there is none.
        place: of a call that waits.
        trunks: of those whose prefix fits, or of all for a campaign.
    """

    headline: str
    findings: Findings
    earliest: datetime | None = None
    place: Place | None = None
    trunks: tuple[TrunkRoom, ...] = ()

    @property
    def open(self) -> bool:
        """Whether every gate is open."""
        return all(verdict.open for _, verdict in self.findings)

    @property
    def first_closed(self) -> Gate | None:
        """The first gate that is closed."""
        return next((gate for gate, verdict in self.findings if not verdict.open), None)


def of_call(facts: CallFacts, now: datetime, place: Place) -> Explanation:
    """Explain a call that waits.

    Args:
        facts: what is known.
        now: the present instant.
        place: where it stands.
    """
    memory = VerdictMemory()
    findings = _call_gates(facts, now, memory)
    earliest, blocker = _earliest(lambda at: _call_gates(_later(facts, at, now), at, memory), now)
    e164 = number.e164_of(facts.call.phone_number)
    fitting = routing.candidates(e164, facts.campaign.trunks)
    told = tuple(facts.campaign.room.trunk(each, tried=each.name in facts.call.tried) for each in fitting)
    return Explanation(
        headline=_call_headline(findings, earliest, blocker, place),
        findings=findings,
        earliest=earliest,
        place=place,
        trunks=told,
    )


def of_campaign(facts: CampaignFacts, now: datetime) -> Explanation:
    """Explain what the calls of a campaign have in common.

    Args:
        facts: what is known.
        now: the present instant.
    """
    memory = VerdictMemory()
    findings = _campaign_gates(facts, now, memory)
    later = lambda at: _campaign_gates(replace(facts, room=facts.room.later(at, now)), at, memory)  # noqa: E731
    earliest, blocker = _earliest(later, now)
    return Explanation(
        headline=_headline(findings, earliest, blocker, "Every gate that its calls have in common is open."),
        findings=findings,
        earliest=earliest,
        trunks=tuple(facts.room.trunk(each) for each in facts.trunks),
    )


def of_settled(call: Call, last: Attempt | None) -> Explanation:
    """Explain a call that does not wait: it is being dialled, connected, or over.

    Args:
        call: which does not wait.
        last: its last attempt.
    """
    if not call.state.final:
        since = f" since {_shown(last.started_at)}" if last is not None and last.ended_at is None else ""
        words = "is connected" if call.state is CallState.CONNECTED else "is being dialled"
        told = f"It {words}{since}, over trunk '{call.trunk}'."
    else:
        at = "" if call.ended_at is None else f" since {_shown(call.ended_at)}"
        tries = "after no attempt" if last is None else f"after {_count(last.number, 'attempt')}"
        ended = "" if last is None or last.outcome is None else f", the last of which ended as {last.outcome}"
        why = f" Why: {call.detail}" if call.detail else ""
        told = f"It is {call.state}{at}, {tries}{ended}.{why}"
    return Explanation(headline=told, findings=((Gate.STATE, Verdict(False, told)),))


def _call_gates(facts: CallFacts, now: datetime, memory: VerdictMemory) -> Findings:
    call, campaign = facts.call, facts.campaign
    e164 = number.e164_of(call.phone_number)
    return (
        (Gate.STATE, Verdict(True, "It waits in the queue.")),
        (Gate.DUE_TIME, _due(call, facts.last, now)),
        (Gate.EXPIRATION, _expiration(call, now)),
        (Gate.PAUSE, _pause(campaign)),
        (Gate.SCHEDULE, memory.verdict(campaign.schedules, now, lambda: schedule.verdict(campaign.schedules, now))),
        (Gate.DO_NOT_CALL, do_not_call.verdict(facts.entries)),
        (Gate.CALLEE_HOURS, calling_window.at_home(campaign.dialing.hours, e164, call.zone, now, memory)),
        (Gate.FREQUENCY, frequency.of_person(campaign.settings.frequency_cap, facts.reached, now)),
        *_paces(campaign),
        (Gate.TRUNK, _trunk_of(call, e164, campaign)),
    )


def _campaign_gates(facts: CampaignFacts, now: datetime, memory: VerdictMemory) -> Findings:
    return (
        (Gate.DUE_TIME, _first_due(facts.first_due, now)),
        (Gate.PAUSE, _pause(facts)),
        (Gate.SCHEDULE, memory.verdict(facts.schedules, now, lambda: schedule.verdict(facts.schedules, now))),
        *_paces(facts),
        (Gate.TRUNK, facts.room.over(facts.trunks)),
    )


def _paces(facts: CampaignFacts) -> Findings:
    account, campaign = f"account:{facts.account_id}", f"campaign:{facts.campaign_id}"
    room = facts.room
    return (
        (Gate.ACCOUNT_RATE, room.rate(account, "account")),
        (Gate.ACCOUNT_CHANNELS, room.channels(account, "account")),
        (Gate.CAMPAIGN_RATE, room.rate(campaign, "campaign")),
        (Gate.CAMPAIGN_CHANNELS, room.channels(campaign, "campaign")),
    )


def _trunk_of(call: Call, e164: str, facts: CampaignFacts) -> Verdict:
    if not facts.trunks:
        return facts.room.over(())
    offered = routing.candidates(e164, facts.trunks, call.tried)
    if not offered:
        return Verdict(False, routing.NO_TRUNK)
    verdict = facts.room.over(offered)
    if not call.tried:
        return verdict
    return replace(verdict, reason=f"{verdict.reason} Tried already: {', '.join(call.tried)}.")


def _due(call: Call, last: Attempt | None, now: datetime) -> Verdict:
    if call.due_at <= now:
        return Verdict(True, f"It is due since {_shown(call.due_at)}.")
    if last is not None and last.outcome is not None:
        why = f"its attempt {last.number} ended as {last.outcome} at {_shown(last.ended_at or last.started_at)}"
    else:
        why = "it was scheduled so, or a gate put it off until then"
    return Verdict(False, f"It is due at {_shown(call.due_at)}: {why}.", call.due_at)


def _first_due(first: datetime | None, now: datetime) -> Verdict:
    if first is None:
        return Verdict(False, "No call of it waits.")
    if first <= now:
        return Verdict(True, f"The first of its calls is due since {_shown(first)}.")
    return Verdict(False, f"The first of its calls is due at {_shown(first)}.", first)


def _expiration(call: Call, now: datetime) -> Verdict:
    if call.expires_at is None:
        return Verdict(True, "It never expires.")
    if now < call.expires_at:
        return Verdict(True, f"It expires at {_shown(call.expires_at)}.", call.expires_at)
    return Verdict(False, f"It expired at {_shown(call.expires_at)}, and will be ended.")


def _pause(facts: CampaignFacts) -> Verdict:
    if facts.state is CampaignState.PAUSED:
        return Verdict(False, f"The campaign '{facts.name}' is paused until somebody resumes it.")
    return Verdict(True, f"The campaign '{facts.name}' is active.")


def _later(facts: CallFacts, at: datetime, now: datetime) -> CallFacts:
    return replace(facts, campaign=replace(facts.campaign, room=facts.campaign.room.later(at, now)))


def _earliest(
    find: Callable[[datetime], Findings], now: datetime
) -> tuple[datetime | None, tuple[Gate, Verdict] | None]:
    """The first instant at which all gates are open, or the gate for which there is none.

    Args:
        find: what the gates say at an instant.
        now: where the search begins.
    """
    at = now
    for _ in range(MOST_STEPS):
        closed = [(gate, verdict) for gate, verdict in find(at) if not verdict.open]
        if not closed:
            return at, None
        for_good = next((each for each in closed if each[1].changes_at is None), None)
        following = max((each[1].changes_at for each in closed if each[1].changes_at is not None), default=at)
        if for_good is not None or following <= at:
            return None, for_good or closed[0]
        at = following
    return None, closed[0]


def _call_headline(
    findings: Findings, earliest: datetime | None, blocker: tuple[Gate, Verdict] | None, place: Place
) -> str:
    before = f"{place.before} or more" if place.before >= MOST_BEFORE else str(place.before)
    calls = "call of its campaign is" if place.before == 1 else "calls of its campaign are"
    turn = f"{before} {calls} due before it; campaigns with due calls: {place.campaigns}."
    return _headline(findings, earliest, blocker, f"Every gate is open: it is dialled when its turn comes. {turn}")


def _headline(
    findings: Findings, earliest: datetime | None, blocker: tuple[Gate, Verdict] | None, all_open: str
) -> str:
    closed = next(((gate, verdict) for gate, verdict in findings if not verdict.open), None)
    if closed is None:
        return all_open
    told = f"Closed: {in_words(closed[0])}. {closed[1].reason}"
    if earliest is not None:
        return f"{told} It would be dialled at {_shown(earliest)} at the earliest."
    if blocker is None or (blocker[0] in (Gate.PAUSE, Gate.DUE_TIME) and blocker == closed):
        return told
    if blocker[0] is Gate.PAUSE:
        return f"{told} {blocker[1].reason}"
    never = "As things are, it is never dialled"
    if blocker[0] is Gate.EXPIRATION:
        return f"{told} {never}: it expires first." if blocker[0] is not closed[0] else told
    return f"{told} {never}." if blocker[0] is closed[0] else f"{told} {never}: {blocker[1].reason}"


def in_words(gate: Gate) -> str:
    """How people call a gate."""
    return _WORDS[gate]


_WORDS: Final = {
    Gate.STATE: "state",
    Gate.DUE_TIME: "due time",
    Gate.EXPIRATION: "expiration",
    Gate.PAUSE: "pause",
    Gate.SCHEDULE: "schedule",
    Gate.DO_NOT_CALL: "do not call",
    Gate.CALLEE_HOURS: "callee's hours",
    Gate.FREQUENCY: "how often a person",
    Gate.ACCOUNT_RATE: "account's rate",
    Gate.ACCOUNT_CHANNELS: "account's channels",
    Gate.CAMPAIGN_RATE: "campaign's rate",
    Gate.CAMPAIGN_CHANNELS: "campaign's channels",
    Gate.TRUNK: "trunk",
}


def _shown(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _count(many: int, noun: str) -> str:
    return f"{many} {noun}{'' if many == 1 else 's'}"
