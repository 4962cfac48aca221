"""How long admissions take: by how much waits, over how many campaigns, and by how many processes ask at once."""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.trunk import Trunk
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from mirabelle.store.records import Admitted
from tests.bench import queue_load
from tests.bench.queue_load import Store, Waiting

WIDE: Final = Trunk(name="main", host="127.0.0.1:5060", calls_per_second=1e8, channels=100_000_000)
"""A trunk that limits nothing."""
TAKEN: Final = 100
"""Calls that one admission takes."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A ledger that was filled.

    Attributes:
        store: where it is.
        waiting: with what.
    """

    store: Store
    waiting: Waiting

    @property
    def all_due(self) -> datetime:
        """An instant at which everything in it is due."""
        return self.waiting.due_at + timedelta(microseconds=self.waiting.gap * self.waiting.count + 1)


async def admit(ledger: Ledger, now: datetime, memory: VerdictMemory, owner: str = "bench") -> Admitted:
    """One admission."""
    return await ledger.admit((WIDE,), now, TAKEN, owner, now + timedelta(minutes=5), memory=memory)


def admissions(filled: Sequence[Filled], *, times: int, due: bool) -> list[list[float]]:
    """Seconds of admissions from each of several ledgers, by turns, so that whatever else goes on meets all alike.

    Args:
        filled: the ledgers.
        times: how many admissions of each.
        due: whether everything in it is due; else 100 calls are, beside what waits.
    """
    return asyncio.run(_admissions(filled, times, due))


async def _admissions(filled: Sequence[Filled], times: int, due: bool) -> list[list[float]]:
    ledgers = [await open_ledger(each.store.url) for each in filled]
    memory = VerdictMemory()
    seconds: list[list[float]] = [[] for _ in filled]
    try:
        for turn in range(times + 2):
            for each, ledger, found in zip(filled, ledgers, seconds, strict=True):
                now = each.all_due if due else datetime.now(UTC)
                if not due:
                    few = Waiting(count=TAKEN, campaigns=each.waiting.campaigns, due_at=now - timedelta(seconds=1))
                    await asyncio.to_thread(queue_load.add, each.store, few)
                began = time.perf_counter()
                admitted = await admit(ledger, now, memory)
                took = time.perf_counter() - began
                if len(admitted.calls) != TAKEN:
                    raise RuntimeError(f"{len(admitted.calls)} calls were admitted instead of {TAKEN}.")
                if turn >= 2:  # the first ones of all make statements ready and fill caches
                    found.append(took)
                await asyncio.to_thread(each.store.execute, queue_load.END, queue_load.FORGET)
    finally:
        for ledger in ledgers:
            await ledger.aclose()
    return seconds


@dataclass(frozen=True, slots=True)
class FleetRun:
    """Processes that admitted at once.

    Attributes:
        processes: how many.
        rate: calls a second of all together.
        each: the median seconds of one admission.
    """

    processes: int
    rate: float
    each: float


def fleet(filled: Filled, processes: int, seconds: float) -> FleetRun:
    """Let processes admit 100 calls again and again from a ledger where everything is due."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        begin = time.time() + 2.0 + processes / 2
        jobs = [
            pool.apply_async(_ask_again, (filled.store, filled.all_due, f"dialer {number}", begin, seconds))
            for number in range(processes)
        ]
        done = [each for job in jobs for each in job.get(timeout=seconds + 120)]
    if any(calls < TAKEN for calls, _ in done):
        raise RuntimeError("The ledger has too few calls for so many admissions; let more wait.")
    return FleetRun(processes, len(done) * TAKEN / seconds, statistics.median(took for _, took in done))


def _ask_again(store: Store, now: datetime, owner: str, begin: float, seconds: float) -> list[tuple[int, float]]:
    return asyncio.run(_ask(store, now, owner, begin, seconds))


async def _ask(store: Store, now: datetime, owner: str, begin: float, seconds: float) -> list[tuple[int, float]]:
    ledger = await open_ledger(store.url)
    memory = VerdictMemory()
    done: list[tuple[int, float]] = []
    own = f"{queue_load.END} AND lease_owner = '{owner}'"
    await ledger.next_expiry()
    await asyncio.sleep(max(0.0, begin - time.time()))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        admitted = await admit(ledger, now, memory, owner)
        done.append((len(admitted.calls), time.perf_counter() - began))
        await asyncio.to_thread(store.execute, own)
    await ledger.aclose()
    return done
