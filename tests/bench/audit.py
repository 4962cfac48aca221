"""What the audit costs: `python -m tests.bench.audit [--rounds N]`. Steps with it and without it take turns."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from unittest import mock

import asyncpg

from mirabelle.calls.call import CallState, NewCall
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.store import admission, audit_steps
from mirabelle.store.asking import Steps
from mirabelle.store.audit_verification import verify
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from tests.admission import WIDE, claim
from tests.postgres import postgres_binaries, running_postgres

T = TypeVar("T")

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEASE = NOW + timedelta(hours=1)
FULL = replace(WIDE, name="full", channels=1, prefixes=("+1",))
ABROAD = replace(WIDE, name="abroad", prefixes=("+49",))
HELD = 500
"""Calls that an admission puts off."""


def _nothing(*_: object) -> Steps[None]:
    yield from ()


@contextlib.contextmanager
def without_audit() -> Iterator[None]:
    """Let the steps write no entry."""
    with mock.patch.multiple(audit_steps, note=_nothing, held=_nothing):
        yield


class Times:
    """How long each kind of step took, with and without the audit."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, bool], list[float]] = {}

    async def measure(self, what: str, audited: bool, step: Awaitable[T]) -> T:
        """Do a step and keep how long it took."""
        begun = time.perf_counter()
        done = await step
        self._seconds.setdefault((what, audited), []).append(time.perf_counter() - begun)
        return done

    def middle(self, what: str, audited: bool) -> float:
        """Milliseconds."""
        return statistics.median(self._seconds[what, audited]) * 1000

    def show(self) -> None:
        for what in dict.fromkeys(name for name, _ in self._seconds):
            without, beside = self.middle(what, False), self.middle(what, True)
            print(f"  {what:30} {without:8.3f} ms without, {beside:8.3f} ms with: {beside - without:+.3f} ms")


async def attempts(ledger: Ledger, times: Times, rounds: int) -> None:
    """Begin and end attempts, one with the audit and one without it in turn."""
    for number in range(2 * rounds):
        audited = bool(number % 2)
        [call] = await claim(ledger, NOW, 1, "one", LEASE)
        with contextlib.nullcontext() if audited else without_audit():
            begun = await times.measure(
                "begin_attempt", audited, ledger.begin_attempt(call.call_id, f"{call.call_id}@m", "wide", NOW, "one")
            )
            ending: Any = {"outcome": Outcome.BUSY, "now": NOW, "sip_status": 486, "detail": "Busy Here"}
            step = NextStep(CallState.FAILED, None)
            await times.measure("end_attempt", audited, ledger.end_attempt(begun.attempt_id, step=step, **ending))


async def admissions(ledger: Ledger, times: Times, rounds: int) -> None:
    """Put off all that is due, again and again: with entries that are news, with none that is, without the audit."""
    await ledger.admit((FULL, ABROAD), NOW, 1, "one", LEASE, memory=VerdictMemory())
    kinds = (("all of it news", True), ("nothing new", True), ("all of it news", False), ("nothing new", False))
    for number in range(len(kinds) * rounds):
        what, audited = kinds[number % len(kinds)]
        # Another reason is news.
        reason = f"No room, {number - (what == 'nothing new')}."
        now = NOW + timedelta(seconds=3 * (number + 1))
        with (
            mock.patch.object(admission, "NO_ROOM", reason),
            contextlib.nullcontext() if audited else without_audit(),
        ):
            asked = ledger.admit((FULL, ABROAD), now, HELD, "one", LEASE, memory=VerdictMemory())
            await times.measure(f"{HELD} put off, {what}", audited, asked)


async def seal_and_verify(ledger: Ledger) -> None:
    """Seal all entries, 500 at a time, and verify them."""
    begun, sealed = time.perf_counter(), 0
    while some := await ledger.seal_audit(500):
        sealed += some
    rate = sealed / (time.perf_counter() - begun)
    print(f"  sealed {rate:.0f} entries/s")
    begun = time.perf_counter()
    found = await verify(ledger)
    print(f"  verified {found.sequence / (time.perf_counter() - begun):.0f} entries/s")


async def measure(url: str, rounds: int) -> None:
    """Measure one store."""
    ledger = await open_ledger(url)
    try:
        account = await ledger.add_account("acme", "hashed", NOW)
        new = NewCall(
            account_id=account.account_id,
            campaign_id=account.default_campaign_id,
            phone_number="+16175550123",
            start_url="http://example.com/start",
        )
        times = Times()
        await ledger.queue_calls([new] * 2 * rounds, NOW)
        await attempts(ledger, times, rounds)
        await ledger.queue_calls([new] * (HELD + 1), NOW)
        await admissions(ledger, times, max(4, rounds // 50))
        times.show()
        await seal_and_verify(ledger)
    finally:
        await ledger.aclose()


async def _database(server: str) -> str:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute("CREATE DATABASE audit")
    await connection.close()
    return f"{server}/audit"


def main() -> None:
    """Measure both stores, each with commits that wait for the disk."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=500)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        print("SQLite")
        asyncio.run(measure(f"sqlite:///{directory}/ledger.db", rounds))
    if (binaries := postgres_binaries()) is not None:
        with running_postgres(binaries, fsync=True) as server:
            print("PostgreSQL")
            asyncio.run(measure(asyncio.run(_database(server)), rounds))


if __name__ == "__main__":
    main()
