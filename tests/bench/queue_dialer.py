"""How soon the dialer lets a call leave that has become due, and the processor time that an attempt costs it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from mirabelle.calls.call import Call, CallState
from mirabelle.calls.clock import SystemClock
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.dialer import Dialer
from mirabelle.dialer.phone import Ending, Placement, Progress
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from tests.bench import queue_load
from tests.bench.queue_admission import TAKEN, WIDE, admit
from tests.bench.queue_load import Store, Waiting

TRUNK: Final = Trunk(name="main", host="127.0.0.1:5060", calls_per_second=250.0, channels=1000)
"""What a carrier might allow: more than is asked of it."""
HELD: Final = 1.0
"""Seconds that a call is connected."""
READY: Final = timedelta(seconds=2)
"""From the start of the dialer to the first due time."""


@dataclass(slots=True)
class Watch:
    """A phone that carries nothing: everybody answers at once and hangs up a second later.

    Attributes:
        left: attempts that are not over yet.
        lags: seconds from due to placed, of each attempt.
        over: set with the last of them.
    """

    left: int
    lags: list[float] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def place(self, placement: Placement, progress: Progress) -> Ending:
        """See `Phone.place`."""
        self.lags.append((datetime.now(UTC) - placement.call.due_at).total_seconds())
        await progress.ringing()
        await progress.answered()
        await asyncio.sleep(HELD)
        self.left -= 1
        if self.left == 0:
            self.over.set()
        return Ending(outcome=Outcome.ANSWERED, sip_status=200, duration=1)


@dataclass(frozen=True, slots=True)
class DialerRun:
    """Calls that became due at a steady rate.

    Attributes:
        lags: seconds from due to placed, of each.
        own: processor seconds of the process that dials and writes the ledger, for one attempt.
        server: the same of PostgreSQL's processes.
    """

    lags: list[float]
    own: float
    server: float


def dial(store: Store, *, calls: int, rate: float, campaigns: int) -> DialerRun:
    """Let a dialer dial calls that become due one after the other, beside all that waits in the ledger."""
    first = datetime.now(UTC) + READY
    gap = round(1_000_000 / rate)
    queue_load.add(store, Waiting(count=calls, campaigns=campaigns, due_at=first, gap=gap))
    return asyncio.run(_dial(store, calls))


async def _dial(store: Store, calls: int) -> DialerRun:
    ledger = await open_ledger(store.url)
    watch = Watch(calls)
    dialer = Dialer(
        ledger=ledger, phone=watch, trunks=(TRUNK,), clock=SystemClock(), story=lambda *_, **__: None, owner="bench"
    )
    before, server = time.process_time(), store.server_seconds()
    running = asyncio.create_task(dialer.run())
    await watch.over.wait()
    await dialer.drain(HELD)
    own, server = time.process_time() - before, store.server_seconds() - server
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await ledger.aclose()
    return DialerRun(watch.lags, own / calls, server / calls)


def parts(store: Store, rounds: int) -> dict[str, float]:
    """Processor seconds of each step of an attempt, one at a time, with no other under way."""
    return asyncio.run(_parts(store, rounds))


async def _parts(store: Store, rounds: int) -> dict[str, float]:
    ledger = await open_ledger(store.url)
    used: dict[str, float] = {}
    memory = VerdictMemory()

    async def timed(name: str, step: Awaitable[object], share: int = 1) -> object:
        before, server = time.process_time(), store.server_seconds()
        result = await step
        spent = time.process_time() - before + store.server_seconds() - server
        used[name] = used.get(name, 0.0) + spent / share
        return result

    for turn in range(rounds + 1):
        if turn == 1:
            used.clear()  # the first round makes statements ready
        now = datetime.now(UTC)
        few = Waiting(count=TAKEN, due_at=now - timedelta(seconds=1))
        await asyncio.to_thread(queue_load.add, store, few)
        calls: list[Call] = []

        async def admission() -> None:
            calls.extend((await admit(ledger, now, memory)).calls)  # noqa: B023 - awaited before the next turn

        await timed("admission", admission())
        await _steps(ledger, calls, timed)
        await asyncio.to_thread(store.execute, queue_load.FORGET, queue_load.END)
    await ledger.aclose()
    return {name: seconds / rounds / TAKEN for name, seconds in used.items()}


async def _steps(ledger: Ledger, calls: list[Call], timed: Callable[..., Awaitable[object]]) -> None:
    attempts: list[int] = []

    async def begin() -> None:
        for call in calls:
            begun = await ledger.begin_attempt(
                call.call_id, f"{call.call_id}@bench", WIDE.name, datetime.now(UTC), "bench"
            )
            attempts.append(begun.attempt_id)

    async def ring() -> None:
        for attempt in attempts:
            await ledger.attempt_ringing(attempt, datetime.now(UTC))

    async def answer() -> None:
        for attempt in attempts:
            await ledger.attempt_answered(attempt, datetime.now(UTC))

    async def end() -> None:
        for attempt in attempts:
            await ledger.end_attempt(
                attempt,
                outcome=Outcome.ANSWERED,
                now=datetime.now(UTC),
                sip_status=200,
                detail="",
                step=NextStep(CallState.COMPLETED, None),
                duration=1,
            )

    for name, step in (("begin_attempt", begin), ("ringing", ring), ("answered", answer), ("end_attempt", end)):
        await timed(name, step())
