"""The dialer: claims what is due, paces it, has it carried, and writes down what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from mirabelle.calls import number
from mirabelle.calls.account import StartMethod
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.clock import Clock
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep, after_attempt
from mirabelle.calls.schedule import Schedule
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.campaign_gates import CampaignGates
from mirabelle.dialer.phone import Cut, Ending, Phone, Placement
from mirabelle.dialer.start import StartMethods
from mirabelle.dialer.story import Story
from mirabelle.dialer.trunk_line import TrunkLine, trunk_lines
from mirabelle.errors import MirabelleError
from mirabelle.store.ledger import CampaignPaused, LeaseLost, Ledger, StoreError

LONGEST_SLEEP: Final = 5.0
"""Seconds after which the dialer looks at the ledger though nothing woke it."""

EXPIRED_AT_ONCE: Final = 500
"""Calls that one turn may expire."""

STOPPED: Final = "The server was stopped."

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
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        phone: Phone,
        trunks: Sequence[Trunk],
        clock: Clock,
        story: Story,
        owner: str,
        lease: timedelta = timedelta(seconds=30),
        on_result: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._phone = phone
        self._lines = trunk_lines(trunks, clock.monotonic())
        self._clock = clock
        self._story = story
        self._owner = owner
        self._lease = lease
        self._on_result = on_result
        self._start_methods = StartMethods(ledger, clock)
        self._gates = CampaignGates(ledger, clock, owner, lease)
        self._awake = asyncio.Event()
        self._draining = False
        self._running: set[asyncio.Task[None]] = set()
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
            wait = await self._persist(self._turn)
            # Not wait_for: before Python 3.12 it may lose a cancellation that comes together with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._awake.wait()
        await asyncio.Event().wait()

    async def _turn(self) -> float:
        """Do what can be done now; returns the seconds until more can be."""
        for call in await self._ledger.expire_due(self._clock.now(), EXPIRED_AT_ONCE):
            self._story("expired", call.call_id)
            self._on_result()
        slots = sum(line.open_slots(self._clock.monotonic()) for line in self._lines)
        if self._draining:
            return LONGEST_SLEEP
        claimed = await self._gates.claim(slots, self._start) if slots else 0
        return await self._pause(full=claimed == slots)

    async def _pause(self, *, full: bool) -> float:
        """Seconds to the next turn: until a token where work may be left, else until something is due or opens."""
        if full:
            monotonic = self._clock.monotonic()
            waits = [wait for line in self._lines if (wait := line.wait(monotonic)) is not None]
            return min([*waits, LONGEST_SLEEP])
        now = self._clock.now()
        due = await self._ledger.next_due(now)
        waits = [LONGEST_SLEEP, *([] if due is None else [max((due - now).total_seconds(), 0.0)])]
        opening = self._gates.wait()
        return min(waits if opening is None else [*waits, opening])

    def _start(self, call: Call, schedules: Sequence[Schedule]) -> None:
        """Begin to carry a claimed call. Nothing here can fail: what is claimed must be carried or given back."""
        line = self._free_line()
        if line is not None:
            line.take(self._clock.monotonic())
        task = asyncio.create_task(self._carry(call, line, schedules), name=f"call {call.call_id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _free_line(self) -> TrunkLine | None:
        now = self._clock.monotonic()
        return next((line for line in self._lines if line.wait(now) == 0.0), None)

    async def _carry(self, call: Call, line: TrunkLine | None, schedules: Sequence[Schedule]) -> None:
        """One call's attempt, from its intent to its end in the ledger."""
        try:
            if line is None or self._draining:
                await self._give_back(call)
            else:
                await self._attempt(call, line.trunk, schedules)
        except LeaseLost:
            self._story("lease lost", call.call_id)
        finally:
            if line is not None:
                line.give_back()
            self.wake()

    async def _give_back(self, call: Call) -> None:
        """Let go of a call that was claimed and not tried."""
        await self._persist(lambda: self._ledger.release(call.call_id, self._clock.now(), self._owner))

    async def _put_back(self, call: Call, why: str) -> None:
        """Let a call that was claimed keep its place, for the time when its campaign may call again."""
        self._story(why, call.call_id)
        await self._persist(lambda: self._ledger.release(call.call_id, call.due_at, self._owner))

    async def _attempt(self, call: Call, trunk: Trunk, schedules: Sequence[Schedule]) -> None:
        sip_call_id = f"{uuid.uuid4()}@mirabelle"
        now = self._clock.now()
        try:
            method = await self._start_methods.of(call.account_id)
            if schedules and not self._gates.verdict(call.campaign_id, schedules).open:
                await self._put_back(call, "closed")
                return
            attempt = await self._ledger.begin_attempt(call.call_id, sip_call_id, trunk.name, now, self._owner)
        except LeaseLost:
            raise
        except CampaignPaused:
            await self._put_back(call, "paused")
            return
        except StoreError as error:
            self._story("store failed", call.call_id, reason=str(error))
            await self._give_back(call)
            return
        report = _Report(self, attempt)
        await self._end(call, attempt, await self._place(call, trunk, sip_call_id, method, report))

    async def _place(self, call: Call, trunk: Trunk, sip_call_id: str, method: StartMethod, report: _Report) -> Ending:
        """Have the attempt carried. Only the carrying can be cancelled: what came of it is always written down."""
        if self._draining:
            return self._cut_off(report)
        try:
            # Whether a caller id that is none is good enough was settled when the call was queued.
            dialled = number.parse(call.phone_number, bad_ani="default")
            placement = Placement(call=call, number=dialled, trunk=trunk, sip_call_id=sip_call_id, start_method=method)
        except number.NumberError as error:
            return Ending(outcome=Outcome.UNALLOCATED, detail=str(error))
        placed = asyncio.create_task(self._phone.place(placement, report), name=f"attempt of {call.call_id}")
        self._placed.add(placed)
        try:
            await asyncio.wait({placed})
        finally:
            self._placed.discard(placed)
        return self._cut_off(report) if placed.cancelled() else self._ending(placed, report)

    def _ending(self, placed: asyncio.Task[Ending], report: _Report) -> Ending:
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

    def _cut_off(self, report: _Report) -> Ending:
        """What a call that we cut ourselves amounts to."""
        if report.answered_at is None:
            return Ending(outcome=Outcome.CANCELED, cut=Cut.STOPPED, detail=STOPPED)
        duration = self._since(report.answered_at)
        return Ending(outcome=Outcome.ANSWERED, sip_status=200, cut=Cut.STOPPED, duration=duration, detail=STOPPED)

    def _since(self, instant: datetime | None) -> int:
        return 0 if instant is None else round((self._clock.now() - instant).total_seconds())

    async def _end(self, call: Call, attempt: Attempt, ending: Ending) -> None:
        now = self._clock.now()
        step = next_step(call, ending, now)
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
            )
        )
        if after.state.final:
            self._on_result()
        self._story(
            "ended",
            call.call_id,
            outcome=str(ending.outcome),
            sip_status=ending.sip_status,
            detail=ending.detail,
            state=str(after.state),
            next_attempt="" if step.due_at is None else step.due_at.isoformat(),
        )

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
        await self._ledger.renew_leases(self._owner, now + self._lease)
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
            if await self._persist(lambda: self._ledger.wait_for_work(LONGEST_SLEEP)):
                self.wake()


class _Report:
    """Writes the progress of one attempt into the ledger before anything else happens."""

    def __init__(self, dialer: Dialer, attempt: Attempt) -> None:
        self._dialer = dialer
        self._attempt = attempt
        self.call_id = attempt.call_id
        self.answered_at: datetime | None = None

    async def ringing(self) -> None:
        dialer = self._dialer
        dialer._story("ringing", self._attempt.call_id)
        await dialer._ledger.attempt_ringing(self._attempt.attempt_id, dialer._clock.now())

    async def answered(self) -> None:
        dialer = self._dialer
        self.answered_at = dialer._clock.now()
        await dialer._ledger.attempt_answered(self._attempt.attempt_id, self.answered_at)
        dialer._story("answered", self._attempt.call_id)


def next_step(call: Call, ending: Ending, now: datetime) -> NextStep:
    """What becomes of a call after an attempt, our own interruptions included.

    A call that we cancelled ourselves while it rang goes back without losing an attempt. One that was answered is
    never dialled again; where its session was cut short it counts as failed, and the detail says why.
    """
    if ending.outcome is Outcome.ANSWERED:
        return NextStep(CallState.FAILED if ending.cut else CallState.COMPLETED, None)
    if ending.cut is Cut.STOPPED:
        return NextStep(CallState.QUEUED, now, counted=False)
    return after_attempt(call, ending.outcome, now)
