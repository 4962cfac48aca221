"""What the ledger of the server says, read beside it, and what must be true of it and of the callee's book."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import asyncpg

from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from tests.chaos.callee import Book

T = TypeVar("T")

DIALING = json.dumps({"retry": {"interrupted": {"after": 5}, "failed": {"after": 5}}})
"""An attempt that was cut off is made again soon, so that a run need not wait for it."""


@dataclass(frozen=True)
class Customer:
    """Whose calls they are."""

    account_id: int
    campaign_id: int


@dataclass
class Broken:
    """What was found not to be true; each entry says of whom."""

    rang_again: list[str] = field(default_factory=list)
    calls_lost: list[str] = field(default_factory=list)
    results_lost: list[str] = field(default_factory=list)
    stuck_leases: list[str] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)
    """Those that rang again after a 200 that never was acknowledged."""
    missed: int = 0
    """The same, of hasty servers. No fault, but told."""
    answered: int = 0
    """Numbers that were answered and acknowledged."""
    rings: int = 0
    calls: int = 0
    repeats: int = 0
    """Posts of a result that had been taken before."""

    @property
    def sound(self) -> bool:
        """Whether nothing is broken."""
        return not (self.rang_again or self.unheard or self.calls_lost or self.results_lost or self.stuck_leases)


def judge(
    calls: Sequence[Call],
    attempts: Mapping[int, Sequence[Attempt]],
    book: Book,
    results: Mapping[int, Sequence[str]],
    *,
    hasty: bool = False,
) -> Broken:
    """Hold the ledger, the callee's book and the results against each other.

    A number that was answered must not ring again. It counts as answered from the moment at which the callee sends its
    200. Those that rang again though we had acknowledged that, or though the ledger held it, are told apart from those
    whose 200 nobody of us ever heard.

    Args:
        calls: every call that was queued.
        attempts: of each call, in their order.
        book: what rang.
        results: the names of the results that came, by call.
        hasty: the servers died faster than a 200 is repeated, so that nobody can have heard each.
    """
    broken = Broken(
        rings=len(book.rings),
        calls=len(calls),
        repeats=sum(len(names) - 1 for names in results.values()),
        answered=len({ring.number for ring in book.rings.values() if ring.acknowledged}),
    )
    for ring in book.rings.values():
        if ring.after_acknowledged:
            broken.rang_again.append(f"{ring.number} by {ring.sip_call_id}")
        elif ring.after_answered:
            if hasty:
                broken.missed += 1
            else:
                broken.unheard.append(f"{ring.number} by {ring.sip_call_id}")
    for call in calls:
        made = attempts[call.call_id]
        if any(attempt.answered_at is not None for attempt in made[:-1]):
            broken.rang_again.append(f"call {call.call_id} has an attempt after its answer")
        if call.state in (CallState.DIALING, CallState.CONNECTED):
            broken.stuck_leases.append(f"call {call.call_id} is {call.state}")
        elif not call.state.final:
            broken.calls_lost.append(f"call {call.call_id} is {call.state}, due {call.due_at}")
        names = results.get(call.call_id, ())
        if call.state.final and not names:
            broken.results_lost.append(f"call {call.call_id} was never told of")
        if len(set(names)) > 1:
            broken.results_lost.append(f"call {call.call_id} was told of under {len(set(names))} names")
    return broken


class Books:
    """A ledger, read and filled beside the server that works on it.

    Args:
        url: of the store.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def open_account(self) -> Customer:
        """Make the tables, an account and its campaign."""

        async def make(ledger: Ledger) -> Customer:
            account = await ledger.add_account("acme", "no pin opens it", datetime.now(UTC))
            return Customer(account.account_id, account.default_campaign_id)

        customer = self._with(make)
        if self.url.startswith("sqlite"):
            with sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20) as connection:
                connection.execute("UPDATE campaigns SET dialing = ?", (DIALING,))
            connection.close()
        else:
            asyncio.run(self._set_dialing())
        return customer

    async def _set_dialing(self) -> None:
        connection = await asyncpg.connect(self.url)
        await connection.execute("UPDATE campaigns SET dialing = $1", DIALING)
        await connection.close()

    def queue(self, calls: Sequence[NewCall]) -> None:
        """Queue calls; due at once."""
        self._with(lambda ledger: ledger.queue_calls(calls, datetime.now(UTC)))

    def wait_until_final(self, customer: Customer, told: Callable[[], Mapping[int, object]], limit: float) -> None:
        """Wait until every call is final and told of, or for `limit` seconds."""

        async def look(ledger: Ledger) -> None:
            until = time.monotonic() + limit
            while time.monotonic() < until:
                counts = await ledger.counts()
                final = sum(count for state, count in counts.items() if state.final)
                if final == sum(counts.values()) == len(told()):
                    return
                await asyncio.sleep(0.1)

        self._with(look)

    def read(self, customer: Customer) -> tuple[list[Call], dict[int, tuple[Attempt, ...]]]:
        """Every call, and its attempts."""

        async def look(ledger: Ledger) -> tuple[list[Call], dict[int, tuple[Attempt, ...]]]:
            calls: list[Call] = []
            while page := await ledger.calls(customer.account_id, after=calls[-1].call_id if calls else 0, limit=1000):
                calls += page
            return calls, {call.call_id: await ledger.attempts(call.call_id) for call in calls}

        return self._with(look)

    def _with(self, work: Callable[[Ledger], Awaitable[T]]) -> T:
        async def run() -> T:
            ledger = await open_ledger(self.url)
            try:
                return await work(ledger)
            finally:
                await ledger.aclose()

        return asyncio.run(run())
