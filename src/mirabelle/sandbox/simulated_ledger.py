"""The ledger of a simulation: one campaign of one account, in memory and without tables.

It keeps what a dialer asks a ledger for, on virtual time, and admits calls by the same rules as the tables do. Nobody
else reads or writes it, nobody dies, and it is gone with the process: so leases last, and nothing is audited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from mirabelle.calls import number, pace, schedule
from mirabelle.calls.account import Account
from mirabelle.calls.attempt import Attempt, AttemptState
from mirabelle.calls.call import Call, CallState, NewCalls
from mirabelle.calls.campaign import Campaign
from mirabelle.calls.gate import Verdict, VerdictMemory
from mirabelle.calls.lifecycle import require_call_change
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.pace import Pace
from mirabelle.calls.retry import NextStep
from mirabelle.calls.room import Limit, Room
from mirabelle.calls.second_leg import Declined, Granted, SecondLeg, Want
from mirabelle.calls.trunk import Trunk
from mirabelle.sandbox.simulated_calls import SimulatedCalls
from mirabelle.store.admission import Admission, Asked, CampaignFacts, Due
from mirabelle.store.admission_steps import FEW
from mirabelle.store.asking import Steps
from mirabelle.store.gate_steps import Asking, at_home
from mirabelle.store.ledger import CallHeld, LeaseLost
from mirabelle.store.records import Admitted, CampaignRules
from mirabelle.store.steps import EXPIRED

T = TypeVar("T")

NO_TRANSFER: Final = "Nobody is transferred in a simulation."


class SimulatedLedger:
    """See `mirabelle.store.dialing_ledger.DialingLedger`. Nothing in it ever waits, but for `wait_for_work`.

    Args:
        account: whose campaign it is; it has no do-not-call lists and no frequency cap.
        campaign: what is dialled.
        rules: what the campaign keeps.
        news: its calls.
        now: when they are queued.
    """

    def __init__(
        self, account: Account, campaign: Campaign, rules: CampaignRules, news: NewCalls, now: datetime
    ) -> None:
        self._account = account
        self._campaign = campaign
        self._facts = CampaignFacts(
            campaign.campaign_id, account.account_id, campaign.state, campaign.dialing, account.settings, rules
        )
        self._priority = news.like.priority
        self._calls = SimulatedCalls(news, campaign.parameters, now)
        self._attempts: list[Attempt] = []
        self._of_call: dict[int, list[int]] = {}
        self._paces: dict[str, Pace] = {}

    @property
    def made(self) -> Sequence[Attempt]:
        """Every attempt, in the order in which they began."""
        return self._attempts

    @property
    def all_calls(self) -> Collection[Call]:
        """Every call, in the order in which they were queued."""
        return self._calls.all

    async def account(self, account_id: int) -> Account | None:
        """See `DialingLedger.account`."""
        return self._account if account_id == self._account.account_id else None

    async def campaign(self, campaign_id: int) -> Campaign | None:
        """See `DialingLedger.campaign`."""
        return self._campaign if campaign_id == self._campaign.campaign_id else None

    async def attempts(self, call_id: int) -> tuple[Attempt, ...]:
        """See `DialingLedger.attempts`."""
        return tuple(self._attempts[each - 1] for each in self._of_call.get(call_id, ()))

    async def admit(
        self,
        trunks: Sequence[Trunk],
        now: datetime,
        limit: int,
        owner: str,
        lease_until: datetime,
        *,
        memory: VerdictMemory,
    ) -> Admitted:
        """See `DialingLedger.admit`."""
        asked = Asked(trunks, now, limit, owner, lease_until, memory)
        return _at_once(Admission(_Source(self._facts, self._priority, self._calls, self._paces, asked), asked).run())

    async def next_expiry(self) -> datetime | None:
        """See `DialingLedger.next_expiry`."""
        return self._calls.next_expiry()

    async def expire_due(self, now: datetime, limit: int) -> tuple[Call, ...]:
        """See `DialingLedger.expire_due`."""
        past = [
            self._calls.put(replace(call, state=CallState.EXPIRED, ended_at=now, detail=EXPIRED))
            for call in self._calls.take_expired(now, limit)
        ]
        return tuple(sorted(past, key=lambda call: call.call_id))

    async def release(self, call_id: int, due_at: datetime, owner: str) -> None:
        """See `DialingLedger.release`."""
        self._calls.put(replace(self._calls[call_id], state=CallState.QUEUED, due_at=due_at, trunk=""))

    async def begin_attempt(
        self,
        call_id: int,
        sip_call_id: str,
        trunk: str,
        now: datetime,
        owner: str,
        *,
        memory: VerdictMemory | None = None,
    ) -> Attempt:
        """See `DialingLedger.begin_attempt`."""
        call = self._calls[call_id]
        if call.state is not CallState.DIALING:
            raise LeaseLost(f"Call {call_id} is {call.state}; admit it before an attempt.")
        self._still_open(call, now, VerdictMemory() if memory is None else memory)
        made = self._of_call.setdefault(call_id, [])
        attempt = Attempt(
            attempt_id=len(self._attempts) + 1,
            call_id=call_id,
            number=len(made) + 1,
            sip_call_id=sip_call_id,
            trunk=trunk,
            state=AttemptState.INTENDED,
            started_at=now,
        )
        self._attempts.append(attempt)
        made.append(attempt.attempt_id)
        self._calls.put(replace(call, last_attempt_at=now))
        return attempt

    async def attempt_ringing(self, attempt_id: int, now: datetime) -> None:
        """See `DialingLedger.attempt_ringing`."""
        attempt = self._unended(attempt_id)
        if attempt.state is AttemptState.INTENDED:
            self._attempts[attempt_id - 1] = replace(attempt, state=AttemptState.RINGING, ringing_at=now)

    async def attempt_answered(self, attempt_id: int, now: datetime) -> None:
        """See `DialingLedger.attempt_answered`."""
        attempt = self._unended(attempt_id)
        if attempt.state is not AttemptState.ANSWERED:
            self._attempts[attempt_id - 1] = replace(attempt, state=AttemptState.ANSWERED, answered_at=now)
            self._calls.put(replace(self._calls[attempt.call_id], state=CallState.CONNECTED))

    async def end_attempt(
        self,
        attempt_id: int,
        *,
        outcome: Outcome,
        now: datetime,
        sip_status: int,
        detail: str,
        step: NextStep,
        duration: int = 0,
        callee_type: str = "unknown",
        full: bool = False,
        retry_after: int | None = None,
    ) -> Call:
        """See `DialingLedger.end_attempt`."""
        attempt = self._unended(attempt_id)
        self._attempts[attempt_id - 1] = replace(
            attempt, state=AttemptState.ENDED, ended_at=now, outcome=outcome, sip_status=sip_status, detail=detail
        )
        if full:
            name = f"trunk:{attempt.trunk}"
            before = self._paces.get(name) or pace.fresh(None, now)
            self._paces[name] = pace.refused(before, now, retry_after)
        call = self._calls[attempt.call_id]
        require_call_change(call.state, step.state)
        return self._calls.put(
            replace(
                call,
                state=step.state,
                due_at=step.due_at or call.due_at,
                attempts=call.attempts + step.counted,
                duration=duration,
                callee_type=callee_type,
                detail=detail,
                ended_at=now if step.state.final else None,
                trunk="",
                tried=step.tried,
            )
        )

    async def renew_leases(self, owner: str, lease_until: datetime, calls: Collection[int]) -> int:
        """See `Leases.renew_leases`."""
        return len(calls)

    async def recover(
        self, now: datetime, owner: str, lease_until: datetime
    ) -> tuple[tuple[Call, Attempt | None], ...]:
        """See `Leases.recover`."""
        return ()

    async def answered_late(self, sip_call_id: str, now: datetime) -> Call | None:
        """See `Leases.answered_late`."""
        return None

    async def begin_transfer(
        self, leg: SecondLeg, trunks: Sequence[Trunk], now: datetime, owner: str
    ) -> Granted | Declined:
        """See `Transfers.begin_transfer`."""
        return Declined(Want.ROOM, NO_TRANSFER)

    async def refuse_transfer(self, leg: SecondLeg, reason: str, now: datetime, owner: str) -> None:
        """See `Transfers.refuse_transfer`."""

    async def end_transfer(
        self,
        leg: SecondLeg,
        trunk: str,
        *,
        outcome: Outcome | None,
        now: datetime,
        owner: str,
        sip_status: int = 0,
        duration: int = 0,
        full: bool = False,
        retry_after: int | None = None,
    ) -> None:
        """See `Transfers.end_transfer`."""

    async def wait_for_work(self, timeout: float) -> bool:
        """See `DialingLedger.wait_for_work`: everything is queued from the beginning."""
        await asyncio.sleep(timeout)
        return False

    def _unended(self, attempt_id: int) -> Attempt:
        attempt = self._attempts[attempt_id - 1]
        if attempt.state is AttemptState.ENDED:
            raise LeaseLost(f"Attempt {attempt_id} is already ended.")
        return attempt

    def _still_open(self, call: Call, now: datetime, memory: VerdictMemory) -> None:
        """Ask every gate once more, at the moment of dialling.

        Raises:
            CallHeld: a gate has closed.
        """
        if call.expires_at is not None and call.expires_at <= now:
            raise CallHeld(f"Call {call.call_id} has expired; release it.")
        schedules = self._facts.rules.schedules
        window = memory.verdict(schedules, now, lambda: schedule.verdict(schedules, now))
        if not window.open:
            raise CallHeld(f"Call {call.call_id}: {window.reason} Release it.")
        asking = Asking(call, number.e164_of(call.phone_number), self._facts.dialing, self._facts.settings)
        home = at_home(asking, now, memory)
        if not home.open:
            raise CallHeld(f"Call {call.call_id}: {home.reason} Release it.", home.changes_at)


@dataclass(slots=True)
class _Source:
    """See `mirabelle.store.admission.AdmissionSource`. These steps ask no store, so that each is over at once."""

    known: CampaignFacts
    priority: int
    queued: SimulatedCalls
    paces: dict[str, Pace]
    asked: Asked

    def due(self) -> Steps[Due]:
        """See `AdmissionSource.due`."""
        yield from ()
        due = self.queued.count_due(self.asked.now)
        # As on the tables, where many calls are due nobody looks for the next one.
        later = self.queued.next_due() if due < FEW else None
        return Due(
            {self.known.campaign_id: [self.priority]} if due else {},
            () if later is None else (later,),
        )

    def facts(self, campaigns: Collection[int]) -> Steps[Sequence[CampaignFacts]]:
        """See `AdmissionSource.facts`."""
        yield from ()
        return [self.known]

    def room(self, limits: Mapping[str, Limit]) -> Steps[Room]:
        """See `AdmissionSource.room`."""
        yield from ()
        return Room(self.asked.now, limits, dict(self.paces), self.queued.in_use)

    def calls(self, wanted: Sequence[tuple[int, int]], most: int) -> Steps[Iterable[Call]]:
        """See `AdmissionSource.calls`."""
        yield from ()
        return self.queued.take_due(self.asked.now, most)

    def held(self, asking: Sequence[Asking]) -> Steps[Mapping[int, Verdict]]:
        """See `AdmissionSource.held`."""
        yield from ()
        verdicts = ((each.call.call_id, at_home(each, self.asked.now, self.asked.memory)) for each in asking)
        return {call_id: verdict for call_id, verdict in verdicts if not verdict.open}

    def take(self, taken: Sequence[Call]) -> Steps[None]:
        """See `AdmissionSource.take`."""
        yield from ()
        for call in taken:
            self.queued.put(call)

    def defer(self, deferred: Sequence[tuple[Call, datetime, str]]) -> Steps[None]:
        """See `AdmissionSource.defer`."""
        yield from ()
        for call, until, _ in deferred:
            self.queued.put(replace(call, due_at=until))

    def refuse(self, refused: Sequence[Call]) -> Steps[None]:
        """See `AdmissionSource.refuse`."""
        yield from ()
        for call in refused:
            self.queued.put(call)

    def save(self, paces: Mapping[str, Pace]) -> Steps[None]:
        """See `AdmissionSource.save`."""
        yield from ()
        self.paces.update(paces)


def _at_once(steps: Steps[T]) -> T:
    """The result of steps that ask no store."""
    try:
        asked = next(steps)
    except StopIteration as over:
        result: T = over.value
        return result
    raise AssertionError(f"A simulation has no tables, and was asked for {asked}.")
