"""An admission: which calls may be dialled now, over which trunk.

It looks at what the campaigns with due calls may do, shares the room of the trunks out among them, asks every gate for
each call, and takes those that pass. What it looks at and what it writes down is the business of its source: the tables
of a ledger, or the memory of a simulation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from mirabelle.calls import number, routing, schedule
from mirabelle.calls.account import AccountSettings
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.campaign import CampaignState, Dialing
from mirabelle.calls.fair_share import Contender, Shares, share
from mirabelle.calls.gate import Verdict, VerdictMemory
from mirabelle.calls.pace import Pace
from mirabelle.calls.room import Limit, Room, campaign_limits, trunk_limits
from mirabelle.calls.trunk import Trunk
from mirabelle.store.asking import Steps
from mirabelle.store.gate_steps import Asking
from mirabelle.store.records import Admitted, CampaignRules

MOST_ROUNDS: Final = 8
"""How often one admission looks for calls in the place of those that a gate held back."""
NO_ROUTE_WAIT: Final = timedelta(seconds=2)
"""How long a call waits whose trunks have no room, so that others behind it have their turn."""
NO_ROOM: Final = "No trunk that carries calls to this number has room."
"""Why such a call waits."""
FAIR: Final = "fair"
"""Where the virtual time of the sharing is kept."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and for what.

    Attributes:
        trunks: the ways out.
        now: the present instant.
        limit: the most calls.
        owner: who holds the leases.
        lease_until: when they run out unless they are renewed.
        memory: verdicts that cost much to find.
    """

    trunks: Sequence[Trunk]
    now: datetime
    limit: int
    owner: str
    lease_until: datetime
    memory: VerdictMemory


@dataclass(frozen=True, slots=True)
class Due:
    """What is due.

    Attributes:
        priorities: those of the due calls of each campaign that has any.
        later: instants at which more will be due.
    """

    priorities: Mapping[int, Sequence[int]]
    later: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What a campaign keeps, and what its account says.

    Attributes:
        campaign_id: which one.
        account_id: whose.
        state: whether its calls are dialled.
        dialing: how.
        settings: of its account.
        rules: what it keeps.
    """

    campaign_id: int
    account_id: int
    state: CampaignState
    dialing: Dialing
    settings: AccountSettings
    rules: CampaignRules


class AdmissionSource(Protocol):
    """Where an admission looks and writes, at the instant that it is for."""

    def due(self) -> Steps[Due]:
        """Which campaigns have due calls."""
        ...

    def facts(self, campaigns: Collection[int]) -> Steps[Sequence[CampaignFacts]]:
        """What campaigns keep, by their keys."""
        ...

    def room(self, limits: Mapping[str, Limit]) -> Steps[Room]:
        """What is left of rates and channels, across the fleet; of the sharing, too (`FAIR`)."""
        ...

    def calls(self, wanted: Sequence[tuple[int, int]], most: int) -> Steps[Iterable[Call]]:
        """The first due calls, in any order.

        Args:
            wanted: pairs of campaign and priority.
            most: calls of each.
        """
        ...

    def held(self, asking: Sequence[Asking]) -> Steps[Mapping[int, Verdict]]:
        """The verdicts that hold calls back, by the keys of the calls."""
        ...

    def take(self, taken: Sequence[Call]) -> Steps[None]:
        """Put calls under a lease that takes room of their trunk."""
        ...

    def defer(self, deferred: Sequence[tuple[Call, datetime, str]]) -> Steps[None]:
        """Put calls off until an instant, for a reason."""
        ...

    def refuse(self, refused: Sequence[Call]) -> Steps[None]:
        """End calls that may never be dialled; `detail` says why."""
        ...

    def save(self, paces: Mapping[str, Pace]) -> Steps[None]:
        """Keep the paces of what calls took room of."""
        ...


@dataclass(slots=True)
class Candidate:
    """A campaign that has due calls, and may call.

    Attributes:
        facts: what it keeps.
        priorities: those of its due calls, the most urgent first.
        passed: its virtual time.
    """

    facts: CampaignFacts
    priorities: Sequence[int]
    passed: float = 0.0

    @property
    def campaign_id(self) -> int:
        """Its key."""
        return self.facts.campaign_id

    @property
    def names(self) -> tuple[str, str]:
        """What its calls take room of, beside a trunk."""
        return f"account:{self.facts.account_id}", f"campaign:{self.facts.campaign_id}"


class Admission:
    """One admission.

    Args:
        source: where it looks and writes.
        asked: who asks, and for what.
    """

    def __init__(self, source: AdmissionSource, asked: Asked) -> None:
        self._source = source
        self._asked = asked
        self._again: list[datetime] = []
        self._taken: list[Call] = []
        self._refused: list[Call] = []
        self._room: Room
        self._virtual = 0.0
        self._wants_channel = False

    def run(self) -> Steps[Admitted]:
        """Admit what may leave now."""
        candidates = yield from self._candidates()
        if candidates:
            yield from self._look_at_room(candidates)
            yield from self._share_out(candidates)
            yield from self._save(candidates)
        taken = sorted(self._taken, key=lambda call: (call.due_at, call.call_id))
        return Admitted(tuple(taken), min(self._again, default=None), tuple(self._refused), self._wants_channel)

    def _candidates(self) -> Steps[list[Candidate]]:
        """The campaigns with due calls that may call now."""
        due = yield from self._source.due()
        self._again += due.later
        if not due.priorities:
            return []
        facts = yield from self._source.facts(due.priorities.keys())
        open_now = (self._candidate(each, due.priorities[each.campaign_id]) for each in facts)
        return [candidate for candidate in open_now if candidate is not None]

    def _candidate(self, facts: CampaignFacts, priorities: Iterable[int]) -> Candidate | None:
        """A campaign as it may call; None where it may not now, and then when that could change."""
        if facts.state is CampaignState.PAUSED:
            return None
        schedules = facts.rules.schedules
        verdict = self._asked.memory.verdict(
            schedules, self._asked.now, lambda: schedule.verdict(schedules, self._asked.now)
        )
        if not verdict.open:
            if verdict.changes_at is not None:
                self._again.append(verdict.changes_at)
            return None
        return Candidate(facts, sorted(priorities, reverse=True))

    def _look_at_room(self, candidates: Sequence[Candidate]) -> Steps[None]:
        limits = trunk_limits(self._asked.trunks)
        for each in candidates:
            limits |= campaign_limits(
                each.facts.account_id, each.facts.settings, each.campaign_id, each.facts.rules.profiles
            )
        self._room = yield from self._source.room(limits)
        paces = self._room.paces
        self._virtual = paces[FAIR].passed if FAIR in paces else 0.0
        for each in candidates:
            own = paces.get(each.names[1])
            each.passed = 0.0 if own is None else own.passed

    def _share_out(self, candidates: Sequence[Candidate]) -> Steps[None]:
        """Give the room to calls, round by round, until nobody can use what is left."""
        hungry = list(candidates)
        for _ in range(MOST_ROUNDS):
            rooms = {each.campaign_id: self._campaign_room(each) for each in hungry}
            self._foresee([each for each in hungry if rooms[each.campaign_id] <= 0])
            hungry = [each for each in hungry if rooms[each.campaign_id] > 0]
            slots = min(self._asked.limit - len(self._taken), self._trunk_room())
            if slots <= 0 or not hungry:
                break
            shares = share(
                slots,
                [
                    Contender(each.campaign_id, each.facts.dialing.weight, each.passed, rooms[each.campaign_id])
                    for each in hungry
                ],
                self._virtual,
            )
            hungry = yield from self._round(hungry, shares)
        self._foresee(hungry)

    def _round(self, hungry: Sequence[Candidate], shares: Shares) -> Steps[list[Candidate]]:
        """Look at the calls of those that have slots; returns the campaigns that may have more."""
        served = [each for each in hungry if each.campaign_id in shares.slots]
        most = max(shares.slots.values())
        wanted = [(each.campaign_id, priority) for each in served for priority in each.priorities]
        waiting: dict[int, list[Call]] = {each.campaign_id: [] for each in served}
        for call in (yield from self._source.calls(wanted, most)):
            waiting[call.campaign_id].append(call)
        chosen = {
            each.campaign_id: sorted(
                waiting[each.campaign_id], key=lambda call: (-call.priority, call.due_at, call.call_id)
            )[: shares.slots[each.campaign_id]]
            for each in served
        }
        asking = [
            Asking(call, number.e164_of(call.phone_number), each.facts.dialing, each.facts.settings)
            for each in served
            for call in chosen[each.campaign_id]
        ]
        closed = yield from self._source.held(asking)
        campaigns = {each.campaign_id: each for each in served}
        outcome = _Outcome()
        for one in asking:
            self._decide(one, campaigns[one.call.campaign_id], closed.get(one.call.call_id), outcome)
        given = Counter(call.campaign_id for call in outcome.taken)
        for each in served:
            each.passed = max(each.passed, self._virtual) + given[each.campaign_id] / each.facts.dialing.weight
        self._virtual = max(self._virtual, shares.now)
        yield from self._write(outcome)
        return [
            each
            for each in hungry
            if each.campaign_id not in shares.slots or len(chosen[each.campaign_id]) == shares.slots[each.campaign_id]
        ]

    def _decide(self, one: Asking, candidate: Candidate, closed: Verdict | None, outcome: _Outcome) -> None:
        """Let a call leave, put it off, or end it."""
        call = one.call
        if closed is not None and closed.changes_at is not None:
            outcome.deferred.append((call, closed.changes_at, closed.reason))
            return
        offered = routing.candidates(one.e164, self._asked.trunks, call.tried)
        if closed is not None or not offered:
            reason = routing.NO_TRUNK if closed is None else closed.reason
            outcome.refused.append(replace(call, state=CallState.FAILED, ended_at=self._asked.now, detail=reason))
            return
        room = {trunk.name: self._room.left(f"trunk:{trunk.name}") for trunk in offered}
        trunk = routing.choose(offered, room, f"{call.call_id}:{call.attempts}:{len(call.tried)}")
        if trunk is None or self._campaign_room(candidate) <= 0:
            outcome.deferred.append((call, self._asked.now + NO_ROUTE_WAIT, NO_ROOM))
            return
        self._room.take((f"trunk:{trunk.name}", *candidate.names))
        outcome.taken.append(replace(call, state=CallState.DIALING, trunk=trunk.name))

    def _write(self, outcome: _Outcome) -> Steps[None]:
        if outcome.taken:
            yield from self._source.take(outcome.taken)
            self._taken += outcome.taken
        if outcome.deferred:
            yield from self._source.defer(outcome.deferred)
            self._again += [until for _, until, _ in outcome.deferred]
        if outcome.refused:
            yield from self._source.refuse(outcome.refused)
            self._refused += outcome.refused

    def _save(self, candidates: Sequence[Candidate]) -> Steps[None]:
        """Keep the paces of whatever a call took room of, and whose turn it is."""
        if not self._taken:
            return
        passed = {each.names[1]: each.passed for each in candidates}
        saved = {name: self._room.after(name) for name in self._room.taken}
        saved = {name: replace(kept, passed=passed.get(name, 0.0)) for name, kept in saved.items()}
        saved[FAIR] = Pace(tokens=0.0, at=self._asked.now, passed=self._virtual)
        yield from self._source.save(saved)

    def _foresee(self, hungry: Iterable[Candidate]) -> None:
        """When those could have more that have more to dial."""
        trunks = [f"trunk:{trunk.name}" for trunk in self._asked.trunks]
        elsewhere = [self._asked.now] if self._trunk_room() > 0 else [self._room.again_at(name) for name in trunks]
        for each in hungry:
            short = [name for name in each.names if self._room.left(name) <= 0]
            if short:
                self._again.append(max(self._room.again_at(name) for name in short))
                self._wants_channel |= any(self._room.wants_channel(name) for name in short)
            else:
                self._again += elsewhere
                self._wants_channel |= self._trunk_room() <= 0 and any(map(self._room.wants_channel, trunks))

    def _trunk_room(self) -> int:
        return sum(self._room.left(f"trunk:{trunk.name}") for trunk in self._asked.trunks)

    def _campaign_room(self, candidate: Candidate) -> int:
        return min(self._room.left(name) for name in candidate.names)


@dataclass(slots=True)
class _Outcome:
    """What became of the calls of a round."""

    taken: list[Call] = field(default_factory=list)
    deferred: list[tuple[Call, datetime, str]] = field(default_factory=list)
    refused: list[Call] = field(default_factory=list)
