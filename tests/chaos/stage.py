"""A server with its callee and its customer, on a ledger of its own: where kills happen."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mirabelle.calls.call import NewCall
from mirabelle.calls.crash_point import CrashPoint
from tests.chaos.books import Books, Broken, Customer, judge
from tests.chaos.callee import Callee
from tests.chaos.receiver import Receiver
from tests.chaos.server import Server
from tests.ports import free_rtp_ports, free_udp_port

CALLS = 3
"""Calls that are queued for each kill."""

LISTENS = 4.5
"""Seconds that a server lives before it may die, unless it is hasty. Somebody who answered while none lived repeats
that every 4 s (T2 of RFC 3261) for 32 s; of a row of servers that die faster none may hear it."""

DEATH_WITHIN = 30.0
"""Seconds that a server has to come to its point; it is killed where it stands then, and the kill counts as missed."""

QUIET_WITHIN = 90.0
"""Seconds within which a server that is left alone must have brought all to an end."""


@dataclass
class Stage:
    """All that one ledger needs.

    Attributes:
        server: the server.
        callee: who is called.
        receiver: the customer.
        books: the ledger.
        customer: its account.
        kills: how often the server died at each point.
        missed: how often it was killed elsewhere, as it did not come to its point.
        hasty: servers die as soon as they can, also while they take up what the one before left.
    """

    server: Server
    callee: Callee
    receiver: Receiver
    books: Books
    customer: Customer
    kills: Counter[CrashPoint] = field(default_factory=Counter)
    missed: Counter[CrashPoint] = field(default_factory=Counter)
    hasty: bool = False
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def queue(self, count: int = CALLS) -> None:
        """Queue calls to numbers that were not called before."""
        self.books.queue([self._call(next(self._numbers)) for _ in range(count)])

    def _call(self, number: int) -> NewCall:
        return NewCall(
            account_id=self.customer.account_id,
            campaign_id=self.customer.campaign_id,
            phone_number=f"+1617{2_200_000 + number}",
            start_url=self.receiver.url("start"),
            result_url=self.receiver.url("result"),
            max_retries=10,
            retry_interval=60,
        )

    def kill_at(self, point: CrashPoint, nth: int) -> None:
        """Queue calls, and have a server die when it comes to a point for the n-th time."""
        if self.hasty:
            self.queue()
            self.server.start(crash_at=f"{point}:{nth}")
        else:
            self.server.start(crash_at=f"{point}:{nth}@{LISTENS}")
            self.server.wait_until_ready(DEATH_WITHIN)
            self.server.died(LISTENS)
            self.queue()
        if self.server.died(DEATH_WITHIN):
            self.kills[point] += 1
        else:
            self.server.kill()
            self.missed[point] += 1

    def verdict(self) -> Broken:
        """Let a server work in quiet until all is at its end, and say what is not as it must be."""
        self.server.start()
        self.settle()
        self.server.stop()
        return self.judged()

    def settle(self) -> None:
        """Wait until all is at its end."""
        self.books.wait_until_final(self.customer, self.receiver.taken, QUIET_WITHIN)

    def judged(self) -> Broken:
        """What is not as it must be, as things stand."""
        calls, attempts = self.books.read(self.customer)
        return judge(calls, attempts, self.callee.book(), self.receiver.taken(), hasty=self.hasty)

    def round(self, points: Sequence[CrashPoint], rng: random.Random, told: Callable[[], None]) -> None:
        """Die at each of the points once, each server taking up what the one before left."""
        for point in rng.sample(points, len(points)):
            self.kill_at(point, rng.randint(1, 2))
            told()


@contextlib.contextmanager
def staged(folder: Path, store: str, sipp: Path, *, lease: int = 1, hasty: bool = False) -> Iterator[Stage]:
    """A stage; everything on it is ended at the end.

    Args:
        folder: an empty one.
        store: the URL of a ledger without tables.
        sipp: the program.
        lease: of calls, in seconds.
        hasty: as of `Stage`.
    """
    first, last = free_rtp_ports(50)
    trunk = free_udp_port()
    books = Books(store)
    customer = books.open_account()
    server = Server(folder, store, free_udp_port(), trunk, f"{first}-{last}", lease)
    with Receiver() as receiver, Callee(sipp, trunk, folder) as callee:
        stage = Stage(server, callee, receiver, books, customer, hasty=hasty)
        try:
            yield stage
        finally:
            server.kill()
