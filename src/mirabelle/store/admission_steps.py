"""The steps of an admission: which calls may be dialled now, over which trunk, in one transaction.

Admissions of a fleet come one after the other. Each looks at what the campaigns with due calls may do, shares the room
of the trunks out among them, asks every gate for each call, and puts those that pass under a lease that takes room of
their trunk. So no rate and no channel is given twice, whichever process asks, and what a dead process holds comes back
with its leases.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from mirabelle.calls import number, pace, routing, schedule
from mirabelle.calls.account import AccountSettings
from mirabelle.calls.audit import Decision, Note
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.campaign import CampaignState, Dialing
from mirabelle.calls.fair_share import Contender, Shares, share
from mirabelle.calls.gate import Verdict, VerdictMemory
from mirabelle.calls.pace import Pace
from mirabelle.calls.room import Limit, Room, campaign_limits, trunk_limits
from mirabelle.calls.trunk import Trunk
from mirabelle.store import admission_statements, audit_steps, rows
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.call_steps import report
from mirabelle.store.gate_steps import Asking, held
from mirabelle.store.hot import HotPaths
from mirabelle.store.records import Admitted, CampaignRules
from mirabelle.store.rows import Row, micros

MOST_ROUNDS: Final = 8
"""How often one admission looks for calls in the place of those that a gate held back."""
FEW: Final = 500
"""Due calls up to which the campaigns with due calls are found by those calls."""
NO_ROUTE_WAIT: Final = timedelta(seconds=2)
"""How long a call waits whose trunks have no room, so that others behind it have their turn."""
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


@dataclass(slots=True)
class Candidate:
    """A campaign that has due calls.

    Attributes:
        campaign_id: which one.
        account_id: whose.
        dialing: how its calls are dialled.
        settings: of its account.
        rules: what it keeps.
        priorities: those of its due calls, the most urgent first.
        passed: its virtual time.
    """

    campaign_id: int
    account_id: int
    dialing: Dialing
    settings: AccountSettings
    rules: CampaignRules
    priorities: list[int]
    passed: float = 0.0

    @property
    def names(self) -> tuple[str, str]:
        """What its calls take room of, beside a trunk."""
        return f"account:{self.account_id}", f"campaign:{self.campaign_id}"


def admit(hot: HotPaths, asked: Asked) -> Steps[Admitted]:
    """See `Ledger.admit`."""
    [due] = yield Ask(hot.admission.next_due, {"now": micros(asked.now)})
    if due["at"] is None or rows.instant(due["at"]) > asked.now:
        return Admitted((), None if due["at"] is None else rows.instant(due["at"]))
    return (yield from _Admission(hot, asked).run())


def slow_down(hot: HotPaths, trunk: str, now: datetime, retry_after: int | None) -> Steps[None]:
    """Use a trunk more slowly that said it has no room.

    Args:
        hot: the store's own SQL.
        trunk: its name.
        now: the present instant.
        retry_after: seconds that it asked us to wait.
    """
    yield Ask(hot.admission.lock)
    name = f"trunk:{trunk}"
    kept = yield Ask(hot.admission.paces, {"names": json.dumps([name])})
    before = rows.pace_of(kept[0]) if kept else pace.fresh(None, now)
    slowed = rows.pace_row(name, pace.refused(before, now, retry_after))
    yield Ask(hot.admission.save_paces, {"paces": json.dumps([slowed])})


def room_of(hot: HotPaths, limits: Mapping[str, Limit], now: datetime) -> Steps[Room]:
    """What is left of rates and channels, across the fleet.

    Args:
        hot: the store's own SQL.
        limits: of trunks, accounts and campaigns, by name.
        now: the present instant.
    """
    in_use: dict[str, int] = {}
    for row in (yield Ask(admission_statements.IN_USE)):
        for name in (f"trunk:{row['trunk']}", f"account:{row['account_id']}", f"campaign:{row['campaign_id']}"):
            in_use[name] = in_use.get(name, 0) + row["calls"]
    known = yield Ask(hot.admission.paces, {"names": json.dumps([FAIR, *limits])})
    return Room(now, limits, {row["name"]: rows.pace_of(row) for row in known}, in_use)


class _Admission:
    """One admission."""

    def __init__(self, hot: HotPaths, asked: Asked) -> None:
        self._hot = hot
        self._asked = asked
        self._again: list[datetime] = []
        self._taken: list[Call] = []
        self._refused: list[Call] = []
        self._room: Room
        self._virtual = 0.0
        self._wants_channel = False

    def run(self) -> Steps[Admitted]:
        candidates = yield from self._candidates()
        if candidates:
            yield from self._look_at_room(candidates)
            yield from self._share_out(candidates)
            yield from self._save(candidates)
            if self._refused:
                yield from report(self._hot, tuple(self._refused), self._asked.now)
        taken = sorted(self._taken, key=lambda call: (call.due_at, call.call_id))
        return Admitted(tuple(taken), min(self._again, default=None), tuple(self._refused), self._wants_channel)

    def _candidates(self) -> Steps[list[Candidate]]:
        """The campaigns with due calls that may call now."""
        priorities = yield from self._due_priorities()
        if not priorities:
            return []
        facts = yield Ask(self._hot.admission.facts, {"campaigns": json.dumps(sorted(priorities))})
        open_now = (self._candidate(row, priorities[row["campaign_id"]]) for row in facts)
        return [candidate for candidate in open_now if candidate is not None]

    def _due_priorities(self) -> Steps[dict[int, list[int]]]:
        """The campaigns that have due calls, and the priorities of those.

        Mostly few calls are due, and they say it themselves. Where many are, each campaign that has calls is looked at.
        """
        priorities: dict[int, list[int]] = {}
        first = yield Ask(self._hot.admission.first_due, {"now": micros(self._asked.now), "most": FEW})
        if sum(row["calls"] for row in first) < FEW:
            found = first
        else:
            found = yield Ask(self._hot.admission.waiting)
        for row in found:
            due_at = None if row["due_at"] is None else rows.instant(row["due_at"])
            if due_at is not None and due_at > self._asked.now:
                self._again.append(due_at)
            elif row["campaign_id"] is not None:
                priorities.setdefault(row["campaign_id"], []).append(row["priority"])
        return priorities

    def _candidate(self, row: Row, priorities: list[int]) -> Candidate | None:
        """A campaign as it may call; None where it may not now, and then when that could change."""
        if row["state"] == CampaignState.PAUSED:
            return None
        rules = rows.campaign_rules_of(row["schedules"], row["profiles"])
        verdict = self._asked.memory.verdict(
            rules.schedules, self._asked.now, lambda: schedule.verdict(rules.schedules, self._asked.now)
        )
        if not verdict.open:
            if verdict.changes_at is not None:
                self._again.append(verdict.changes_at)
            return None
        return Candidate(
            campaign_id=row["campaign_id"],
            account_id=row["account_id"],
            dialing=rows.dialing_of(row["dialing"]),
            settings=rows.settings_of(row["settings"]),
            rules=rules,
            priorities=sorted(priorities, reverse=True),
        )

    def _look_at_room(self, candidates: Sequence[Candidate]) -> Steps[None]:
        limits = trunk_limits(self._asked.trunks)
        for each in candidates:
            limits |= campaign_limits(each.account_id, each.settings, each.campaign_id, each.rules.profiles)
        self._room = yield from room_of(self._hot, limits, self._asked.now)
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
                    Contender(each.campaign_id, each.dialing.weight, each.passed, rooms[each.campaign_id])
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
        wanted = [[each.campaign_id, priority] for each in served for priority in each.priorities]
        values = {"wanted": json.dumps(wanted), "now": micros(self._asked.now), "most": most}
        found = yield Ask(self._hot.admission.due, values)
        waiting: dict[int, list[Call]] = {each.campaign_id: [] for each in served}
        for call in map(rows.call_of, found):
            waiting[call.campaign_id].append(call)
        chosen = {
            each.campaign_id: sorted(
                waiting[each.campaign_id], key=lambda call: (-call.priority, call.due_at, call.call_id)
            )[: shares.slots[each.campaign_id]]
            for each in served
        }
        asking = [
            Asking(call, number.e164_of(call.phone_number), each.dialing, each.settings)
            for each in served
            for call in chosen[each.campaign_id]
        ]
        closed = yield from held(self._hot, asking, self._asked.now, self._asked.memory)
        campaigns = {each.campaign_id: each for each in served}
        outcome = _Outcome()
        for one in asking:
            self._decide(one, campaigns[one.call.campaign_id], closed.get(one.call.call_id), outcome)
        given = Counter(call.campaign_id for call in outcome.taken)
        for each in served:
            each.passed = max(each.passed, self._virtual) + given[each.campaign_id] / each.dialing.weight
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
            outcome.refused.append((call, routing.NO_TRUNK if closed is None else closed.reason))
            return
        room = {trunk.name: self._room.left(f"trunk:{trunk.name}") for trunk in offered}
        trunk = routing.choose(offered, room, f"{call.call_id}:{call.attempts}:{len(call.tried)}")
        if trunk is None or self._campaign_room(candidate) <= 0:
            outcome.deferred.append((call, self._asked.now + NO_ROUTE_WAIT, audit_steps.NO_ROOM))
            return
        self._room.take((f"trunk:{trunk.name}", *candidate.names))
        outcome.taken.append(replace(call, state=CallState.DIALING, trunk=trunk.name))

    def _write(self, outcome: _Outcome) -> Steps[None]:
        asked = self._asked
        if outcome.taken:
            taken = json.dumps([(call.call_id, call.trunk) for call in outcome.taken])
            lease = {"owner": rows.owner_name(asked.owner), "until": micros(asked.lease_until)}
            yield Ask(self._hot.admission.take, {**lease, "taken": taken})
        if outcome.deferred:
            later = [{"deferred": call.call_id, "later": micros(until)} for call, until, _ in outcome.deferred]
            yield Ask(admission_statements.DEFER, later)
            yield from audit_steps.held(self._hot, outcome.deferred, asked.now, asked.owner)
            self._again += [until for _, until, _ in outcome.deferred]
        if outcome.refused:
            now = micros(asked.now)
            ended = [{"refused": call.call_id, "now": now, "reason": reason} for call, reason in outcome.refused]
            yield Ask(admission_statements.REFUSE, ended)
            notes = (Note(Decision.REFUSED, call.call_id, reason=reason) for call, reason in outcome.refused)
            yield from audit_steps.note(notes, asked.now, asked.owner)
            self._refused += [
                replace(call, state=CallState.FAILED, ended_at=asked.now, detail=reason)
                for call, reason in outcome.refused
            ]
        self._taken += outcome.taken

    def _save(self, candidates: Sequence[Candidate]) -> Steps[None]:
        """Keep the paces of whatever a call took room of, and whose turn it is."""
        if not self._taken:
            return
        passed = {each.names[1]: each.passed for each in candidates}
        saved = {name: self._room.after(name) for name in self._room.taken}
        saved = {name: replace(kept, passed=passed.get(name, 0.0)) for name, kept in saved.items()}
        saved[FAIR] = Pace(tokens=0.0, at=self._asked.now, passed=self._virtual)
        kept = [rows.pace_row(name, each) for name, each in saved.items()]
        yield Ask(self._hot.admission.save_paces, {"paces": json.dumps(kept)})

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
    refused: list[tuple[Call, str]] = field(default_factory=list)
