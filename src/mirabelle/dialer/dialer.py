"""The dialer: claims what is due, paces it, has it carried, and writes down what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from mirabelle.calls import number, routing, transfer_rule
from mirabelle.calls.account import AccountSettings
from mirabelle.calls.attempt import Attempt, new_sip_call_id
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.clock import Clock
from mirabelle.calls.crash_point import CrashPoint, Reached, pass_by
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import DEFAULT, NextStep, RetryPolicy, after_attempt, since_queued
from mirabelle.calls.transfer_rule import TransferRule
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.phone import Cut, Ending, Phone, Placement
from mirabelle.dialer.report import Desk, Report
from mirabelle.dialer.start import KnownSettings
from mirabelle.dialer.story import Story
from mirabelle.errors import MirabelleError
from mirabelle.store.dialing_ledger import DialingLedger
from mirabelle.store.ledger import CallHeld, CampaignPaused, LeaseLost, StoreError

LONGEST_SLEEP: Final = 5.0
"""Seconds after which the dialer looks at the ledger though nothing woke it."""

BREATH: Final = 0.02
"""Seconds from one look at the ledger to the next, so that what comes together (calls that end, rates that give one
more call each hundredth of a second) is looked at together."""

EXPIRED_AT_ONCE: Final = 500
"""Calls that one turn may expire."""

ADMITTED_AT_ONCE: Final = 200
"""Calls that one admission may take."""

LISTENS: Final = 4.5
"""Seconds that a dialer listens before it dials anew what was cut off: a far end that answered meanwhile repeats its
answer at least every 4 s (T2, RFC 3261 section 13.3.1.4)."""

STOPPED: Final = "The server was stopped."
MAY_BE_ANSWERED: Final = "Its last attempt was cut off, and its callee may have answered: the dialer listens first."
NEVER_LEFT: Final = "The ledger did not answer before the INVITE could leave."

EXPIRED: Final = Ending(
    outcome=Outcome.CANCELED, cut=Cut.EXPIRED, detail="Its expiration came while it rang; it was cancelled."
)
"""What a call amounts to that rang when its expiration came."""

SHORTEST_PATIENCE: Final = 0.5
LONGEST_PATIENCE: Final = 30.0
"""Seconds between two tries to reach a ledger that does not answer: doubled from the shortest to the longest."""

T = TypeVar("T")


class Dialer:
    """The engine between `queued` and `ended`.

    Args:
        ledger: where every step is written before the next is taken.
        phone: what carries an attempt.
        trunks: the ways out, at least one for a call to leave.
        clock: the time.
        story: hears what happens.
        owner: names this dialer's leases; two dialers never share one.
        lease: how long a claim holds without a heartbeat.
        on_result: called when a result waits to be posted.
        most: the most calls at once that this process can carry.
        reached: hears where a call stands; for tests that end the program there.
        longest_sleep: seconds after which it looks at the ledger though nothing woke it.
        transfer_rule: whom applications may transfer callees to, where their accounts do not say it.
    """

    def __init__(
        self,
        *,
        ledger: DialingLedger,
        phone: Phone,
        trunks: Sequence[Trunk],
        clock: Clock,
        story: Story,
        owner: str,
        lease: timedelta = timedelta(seconds=30),
        on_result: Callable[[], None] = lambda: None,
        most: int = 1_000_000,
        reached: Reached = pass_by,
        longest_sleep: float = LONGEST_SLEEP,
        transfer_rule: TransferRule = transfer_rule.USUAL,
    ) -> None:
        self._ledger = ledger
        self._phone = phone
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._clock = clock
        self._story = story
        self._owner = owner
        self._lease = lease
        self._on_result = on_result
        self._settings = KnownSettings(ledger, clock)
        self._transfer_rule = transfer_rule
        self._desk = Desk(
            ledger=ledger,
            clock=clock,
            story=story,
            owner=owner,
            trunks=self._trunks,
            persist=self._persist,
            channel_is_free=self._channel_is_free,
        )
        self._memory = VerdictMemory()
        self._most = most
        self._reached = reached
        self._longest_sleep = longest_sleep
        self._awake = asyncio.Event()
        self._wants_channel = True
        self._next_turn: datetime | None = None
        self._draining = False
        self._hears_since: datetime | None = None
        self._running: dict[asyncio.Task[None], int] = {}
        self._placed: set[asyncio.Task[Ending]] = set()

    @property
    def in_progress(self) -> int:
        """Calls that are ringing or connected."""
        return len(self._running)

    def wake(self) -> None:
        """Look at the ledger now: something was queued, or a channel is free."""
        self._awake.set()

    async def run(self) -> None:
        """Dial what is due, until cancelled. Calls in progress go on: see `drain`.

        A ledger that does not answer is asked again; until it does, no INVITE leaves.
        """
        self._hears_since = self._clock.now()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_leases())
            tasks.create_task(self._hear_the_ledger())
            await self._dial()

    async def drain(self, limit: float) -> None:
        """Let no INVITE leave any more, wait for the calls in progress, then end those that remain.

        Args:
            limit: seconds to wait; 0.0 ends them at once.
        """
        self._draining = True
        self.wake()
        if self._running and limit > 0:
            await asyncio.wait(self._running, timeout=limit)
        await self.hang_up()

    async def hang_up(self) -> None:
        """End every call in progress now, and write down that it was cut."""
        self._draining = True
        for task in self._placed:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _dial(self) -> None:
        while not self._draining:
            self._awake.clear()
            self._next_turn = None
            wait = await self._persist(self._turn)
            self._next_turn = self._clock.now() + timedelta(seconds=wait)
            await asyncio.sleep(BREATH)
            # Not wait_for: before Python 3.12 it may lose a cancellation that comes together with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait - BREATH)):
                    await self._awake.wait()
        await asyncio.Event().wait()

    async def _turn(self) -> float:
        """Do what can be done now; returns the seconds until more can be."""
        now = self._clock.now()
        most = min(ADMITTED_AT_ONCE, self._most - len(self._running))
        foreseen: list[datetime | None] = []
        self._wants_channel = most <= 0
        if most > 0 and self._trunks:
            admitted = await self._ledger.admit(
                tuple(self._trunks.values()), now, most, self._owner, now + self._lease, memory=self._memory
            )
            for call in admitted.calls:
                self._start(call)
            for call in admitted.refused:
                self._story("refused", call.call_id, reason=call.detail)
                self._on_result()
            foreseen.append(admitted.again_at)
            self._wants_channel = admitted.wants_channel
        foreseen.append(await self._expire(now))
        waits = [(instant - self._clock.now()).total_seconds() for instant in foreseen if instant is not None]
        return min([self._longest_sleep, *(max(0.0, wait) for wait in waits)])

    async def _expire(self, now: datetime) -> datetime | None:
        """End what has expired; returns when more will have."""
        following = await self._ledger.next_expiry()
        if following is None or following > now:
            return following
        for call in await self._ledger.expire_due(now, EXPIRED_AT_ONCE):
            self._story("expired", call.call_id)
            self._on_result()
        return await self._ledger.next_expiry()

    def _start(self, call: Call) -> None:
        """Begin to carry a call that was admitted. Nothing here can fail: it must be carried or given back."""
        task = asyncio.create_task(self._carry(call), name=f"call {call.call_id}")
        self._running[task] = call.call_id
        task.add_done_callback(self._running.pop)

    async def _carry(self, call: Call) -> None:
        """One call's attempt, from its intent to its end in the ledger."""
        try:
            if self._draining:
                await self._give_back(call)
            else:
                await self._attempt(call, self._trunks[call.trunk])
        except LeaseLost:
            self._story("lease lost", call.call_id)
        finally:
            self._channel_is_free()

    def _channel_is_free(self) -> None:
        """Look at the ledger if that lets another call leave; where the rate holds calls back, it does not."""
        if self._wants_channel or self._next_turn is None:
            self.wake()

    def _is_due(self, instant: datetime) -> None:
        """A call that went back to the queue is due then: look at the ledger unless that comes soon enough."""
        if self._next_turn is None or instant < self._next_turn:
            self.wake()

    async def _give_back(self, call: Call, until: datetime | None = None) -> None:
        """Let go of a call that was admitted and not tried; it keeps its place, or waits until a gate opens."""
        due_at = call.due_at if until is None else max(call.due_at, until)
        await self._persist(lambda: self._ledger.release(call.call_id, due_at, self._owner))
        self._is_due(due_at)

    async def _take_back(self, call: Call, sip_call_id: str) -> None:
        """Give back a call whose intent may have been committed, though we never heard so; no INVITE has left."""
        for attempt in await self._persist(lambda: self._ledger.attempts(call.call_id)):
            if attempt.sip_call_id == sip_call_id:
                await self._end(call, attempt, Ending(outcome=Outcome.CANCELED, cut=Cut.STOPPED, detail=NEVER_LEFT))
                return
        await self._give_back(call)

    async def _attempt(self, call: Call, trunk: Trunk) -> None:
        sip_call_id = new_sip_call_id(call.call_id)
        now = self._clock.now()
        self._reached(CrashPoint.BEFORE_INTENT)
        try:
            until = await self._listens_until(call, now)
            if until is not None:
                self._story("held", call.call_id, reason=MAY_BE_ANSWERED)
                await self._give_back(call, until)
                return
            settings = await self._settings.of(call.account_id)
            attempt = await self._ledger.begin_attempt(
                call.call_id, sip_call_id, trunk.name, now, self._owner, memory=self._memory
            )
        except LeaseLost:
            raise
        except CallHeld as error:
            self._story("paused" if isinstance(error, CampaignPaused) else "held", call.call_id, reason=str(error))
            await self._give_back(call, error.until)
            return
        except StoreError as error:
            self._story("store failed", call.call_id, reason=str(error))
            await self._take_back(call, sip_call_id)
            return
        self._reached(CrashPoint.AFTER_INTENT)
        report = Report(self._desk, attempt)
        await self._end(call, attempt, await self._place(call, trunk, sip_call_id, settings, report))

    async def _listens_until(self, call: Call, now: datetime) -> datetime | None:
        """How long a call whose last attempt was cut off has to wait yet, since its callee may have answered that."""
        if call.last_attempt_at is None or self._hears_since is None:
            return None
        until = self._hears_since + timedelta(seconds=LISTENS)
        if now >= until:
            return None
        made = await self._ledger.attempts(call.call_id)
        return until if made and made[-1].outcome is Outcome.INTERRUPTED else None

    async def _place(
        self, call: Call, trunk: Trunk, sip_call_id: str, settings: AccountSettings, report: Report
    ) -> Ending:
        """Have the attempt carried. Only the carrying can be cancelled: what came of it is always written down."""
        if self._draining:
            return self._cut_off(report)
        try:
            # Whether a caller id that is none is good enough was settled when the call was queued.
            dialled = number.parse(call.phone_number, bad_ani="default")
            placement = Placement(
                call=call,
                number=dialled,
                trunk=trunk,
                sip_call_id=sip_call_id,
                start_method=settings.start_method,
                attempt_id=report.attempt_id,
                transfer_rule=self._rule(settings),
                country=settings.country,
            )
        except number.NumberError as error:
            return Ending(outcome=Outcome.UNALLOCATED, detail=str(error))
        placed = asyncio.create_task(self._phone.place(placement, report), name=f"attempt of {call.call_id}")
        self._placed.add(placed)
        try:
            expired = await self._until_expired(call, placed, report)
        finally:
            self._placed.discard(placed)
        if not placed.cancelled():
            return self._ending(placed, report)
        return EXPIRED if expired and report.answered_at is None else self._cut_off(report)

    def _rule(self, settings: AccountSettings) -> TransferRule:
        """Whom the applications of an account may transfer callees to."""
        if not settings.transfer_to:
            return self._transfer_rule
        return replace(self._transfer_rule, to=transfer_rule.entries(settings.transfer_to))

    async def _until_expired(self, call: Call, placed: asyncio.Task[Ending], report: Report) -> bool:
        """Wait for the end of an attempt. One that still rings when its call expires is cancelled: returns True."""
        if call.expires_at is not None:
            left = (call.expires_at - self._clock.now()).total_seconds()
            await asyncio.wait({placed}, timeout=max(0.0, left))
            if not placed.done() and report.answered_at is None:
                placed.cancel()
                await asyncio.wait({placed})
                return True
        await asyncio.wait({placed})
        return False

    def _ending(self, placed: asyncio.Task[Ending], report: Report) -> Ending:
        error = placed.exception()
        if error is None:
            return placed.result()
        if not isinstance(error, MirabelleError):
            self._story(
                "fault", report.call_id, error=repr(error), traceback="".join(traceback.format_exception(error))
            )
        return Ending(
            outcome=Outcome.ANSWERED if report.answered_at else Outcome.FAILED,
            detail=str(error),
            cut=Cut.APPLICATION if report.answered_at else Cut.NO,
            duration=self._since(report.answered_at),
        )

    def _cut_off(self, report: Report) -> Ending:
        """What a call that we cut ourselves amounts to."""
        if report.answered_at is None:
            return Ending(outcome=Outcome.CANCELED, cut=Cut.STOPPED, detail=STOPPED)
        duration = self._since(report.answered_at)
        return Ending(outcome=Outcome.ANSWERED, sip_status=200, cut=Cut.STOPPED, duration=duration, detail=STOPPED)

    def _since(self, instant: datetime | None) -> int:
        return 0 if instant is None else round((self._clock.now() - instant).total_seconds())

    async def _end(self, call: Call, attempt: Attempt, ending: Ending) -> None:
        now = self._clock.now()
        step = await self._persist(lambda: self._step(call, attempt, ending, now))
        self._reached(CrashPoint.BEFORE_OUTCOME)
        after = await self._persist(
            lambda: self._ledger.end_attempt(
                attempt.attempt_id,
                outcome=ending.outcome,
                now=now,
                sip_status=ending.sip_status,
                detail=ending.detail,
                step=step,
                duration=ending.duration,
                callee_type=ending.callee_type,
                full=ending.full,
                retry_after=ending.retry_after,
            )
        )
        self._reached(CrashPoint.AFTER_OUTCOME)
        if after.state.final:
            self._on_result()
        elif step.due_at is not None:
            self._is_due(step.due_at)
        self._story(
            "ended",
            call.call_id,
            outcome=str(ending.outcome),
            sip_status=ending.sip_status,
            detail=ending.detail,
            state=str(after.state),
            next_attempt="" if step.due_at is None else step.due_at.isoformat(),
        )

    async def _step(self, call: Call, attempt: Attempt, ending: Ending, now: datetime) -> NextStep:
        """What becomes of a call, by the retry policy of its campaign and the trunks that are left."""
        tried = (*call.tried, attempt.trunk)
        e164 = number.e164_of(call.phone_number)
        if ending.elsewhere and routing.candidates(e164, tuple(self._trunks.values()), tried):
            return next_step(call, ending, now, tried=tried)
        if ending.final:
            return next_step(call, ending, now)
        campaign = await self._ledger.campaign(call.campaign_id)
        policy = DEFAULT if campaign is None else campaign.dialing.retry
        before: tuple[Outcome, ...] = ()
        if policy is not DEFAULT and call.last_attempt_at is not None:
            made = await self._ledger.attempts(call.call_id)
            ended = [each.outcome for each in made if each.outcome is not None and each.number < attempt.number]
            before = since_queued(ended, call.attempts, policy)
        return next_step(call, ending, now, policy=policy, outcomes_before=before)

    async def _persist(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do one step with the ledger, again and again while the ledger does not answer.

        Raises:
            LeaseLost: the call is another dialer's now.
        """
        patience = SHORTEST_PATIENCE
        while True:
            try:
                return await step()
            except LeaseLost:
                raise
            except StoreError as error:
                self._story("store failed", 0, reason=str(error), again_in=patience)
            await asyncio.sleep(patience)
            patience = min(patience * 2, LONGEST_PATIENCE)

    async def _keep_leases(self) -> None:
        """Renew our leases, and take up the calls of dialers that died."""
        while True:
            await self._persist(self._heartbeat)
            await asyncio.sleep(self._lease.total_seconds() / 3)

    async def _heartbeat(self) -> None:
        now = self._clock.now()
        # Only what is carried: a call that we hold and never heard of, since a reply was lost, comes back by itself.
        await self._ledger.renew_leases(self._owner, now + self._lease, tuple(self._running.values()))
        for call, attempt in await self._ledger.recover(now, self._owner, now + self._lease):
            try:
                await self._recover(call, attempt)
            except LeaseLost:
                self._story("lease lost", call.call_id)

    async def _recover(self, call: Call, attempt: Attempt | None) -> None:
        """Decide about a call whose dialer died: never dialled, in doubt, or answered."""
        if attempt is None:
            self._story("taken up again", call.call_id)
            await self._ledger.release(call.call_id, self._clock.now(), self._owner)
            self.wake()
            return
        if attempt.answered_at is None:
            ending = Ending(
                outcome=Outcome.INTERRUPTED, detail="The server died before it knew what came of this attempt."
            )
        else:
            ending = Ending(outcome=Outcome.ANSWERED, cut=Cut.STOPPED, detail="The server died while the session ran.")
        await self._end(call, attempt, ending)

    async def _hear_the_ledger(self) -> None:
        """Wake when a call is queued, whichever process queued it."""
        while True:
            if await self._persist(lambda: self._ledger.wait_for_work(self._longest_sleep)):
                self.wake()


def next_step(
    call: Call,
    ending: Ending,
    now: datetime,
    *,
    policy: RetryPolicy = DEFAULT,
    outcomes_before: Sequence[Outcome] = (),
    tried: tuple[str, ...] = (),
) -> NextStep:
    """What becomes of a call after an attempt, our own interruptions included.

    A call that we cancelled ourselves while it rang goes back without losing an attempt. One that a person answered is
    never dialled again; where its session was cut short it counts as failed, and the detail says why. Of one that a
    machine answered the policy decides.

    Args:
        call: as it stood before the attempt.
        ending: of the attempt.
        now: when it ended.
        policy: what outcomes mean.
        outcomes_before: of the attempts before.
        tried: the trunks that failed it, where another is to try at once, which costs no attempt.
    """
    if ending.final:
        return NextStep(CallState.FAILED if ending.cut else CallState.COMPLETED, None)
    if ending.cut is Cut.EXPIRED:
        return NextStep(CallState.EXPIRED, None)
    if ending.cut is Cut.STOPPED:
        return NextStep(CallState.QUEUED, now, counted=False)
    if tried:
        return NextStep(CallState.QUEUED, now, counted=False, tried=tried)
    return after_attempt(
        call,
        ending.outcome,
        now,
        policy=policy,
        callee_type=ending.callee_type,
        outcomes_before=outcomes_before,
        retry_after=ending.retry_after,
    )
