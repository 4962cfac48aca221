"""The outbox: posts results until their receivers have them."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, Protocol
from urllib.parse import urlencode

from mirabelle.callbacks.backoff import Answer, answer, delay
from mirabelle.callbacks.event import DeadLetter, Delivered, DeliveryEvent, DeliveryRetry, LedgerAway
from mirabelle.callbacks.signature import post_headers
from mirabelle.calls.clock import Clock
from mirabelle.calls.crash_point import CrashPoint, Reached, pass_by
from mirabelle.calls.result import Delivery
from mirabelle.errors import MirabelleError
from mirabelle.fetch.fetcher import FORM
from mirabelle.store.ledger import Ledger, StoreError
from mirabelle.store.rows import host_of

CONCURRENCY: Final = 32
"""Results in hand at once."""

PER_HOST: Final = 4
"""Posts to one host at once, so that a slow one leaves room for the others."""

POST_WITHIN: Final = 30.0
"""Seconds that a post may take, redirects included."""

LEASE_POSTS: Final = 4
"""A result is ours for as long as so many posts may take. It waits for one post to its host at most, then is posted
itself, so that is longer than it can be in hand."""

LONGEST_SLEEP: Final = 5.0
"""Seconds after which the outbox looks at the ledger though nothing woke it."""

SHORTEST_SLEEP: Final = 0.5
"""Seconds between looks where something is due that cannot be taken now: its host is busy, or another has it."""

DELIVERY_HEADER: Final = "Mirabelle-Delivery"
"""The header with the result's own number: a receiver that has seen it drops the repeat."""

ATTEMPT_HEADER: Final = "Mirabelle-Attempt"
"""The header that counts the posts of one result, from 1."""

SEQUENCE_HEADER: Final = "Mirabelle-Sequence"
"""The header that counts the results of one call, from 1."""


class Poster(Protocol):
    """Whatever can post a body."""

    async def post(self, url: str, body: bytes, content_type: str, headers: Mapping[str, str]) -> int:
        """Post a body as it is, since it is signed; returns the HTTP status, whatever it is.

        Raises:
            MirabelleError: there was no answer.
        """
        ...


class Outbox:
    """Takes results from the ledger, posts them, and writes down what came of it. At least once, never in doubt.

    Args:
        ledger: where the results wait.
        poster: posts them.
        clock: the time.
        owner: names this outbox in the ledger.
        rng: for the jitter between posts.
        on_event: hears what happens.
        concurrency: results in hand at once.
        per_host: posts to one host at once.
        post_within: seconds that a post may take.
        reached: hears where a result stands; for tests that end the program there.
    """

    def __init__(
        self,
        ledger: Ledger,
        poster: Poster,
        clock: Clock,
        owner: str,
        *,
        rng: random.Random | None = None,
        on_event: Callable[[DeliveryEvent], None] = lambda event: None,
        concurrency: int = CONCURRENCY,
        per_host: int = PER_HOST,
        post_within: float = POST_WITHIN,
        reached: Reached = pass_by,
    ) -> None:
        self._ledger = ledger
        self._poster = poster
        self._clock = clock
        self._owner = owner
        self._rng = rng or random.Random()
        self._on_event = on_event
        self._concurrency = concurrency
        self._per_host = per_host
        self._post_within = post_within
        self._lease = timedelta(seconds=LEASE_POSTS * post_within)
        self._reached = reached
        self._awake = asyncio.Event()
        self._draining = False
        self._running: set[asyncio.Task[None]] = set()
        self._in_hand: Counter[str] = Counter()
        self._lanes: dict[str, asyncio.Semaphore] = {}

    @property
    def in_progress(self) -> int:
        """Results in hand."""
        return len(self._running)

    def wake(self) -> None:
        """Look at the ledger now: a call ended."""
        self._awake.set()

    async def run(self) -> None:
        """Post what is due, until cancelled. A result that was being posted then is posted again after its lease."""
        try:
            while True:
                self._awake.clear()
                wait = LONGEST_SLEEP if self._draining else await self._turn()
                # Not wait_for: before Python 3.12 it may lose a cancellation that comes together with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._awake.wait()
        finally:
            await self._cancel()

    async def drain(self, limit: float) -> None:
        """Post what is due now, take nothing after that, and wait for the posts in progress.

        Args:
            limit: seconds to wait.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._turn()
                self._draining = True
                if self._running:
                    await asyncio.wait(self._running)
        self._draining = True

    async def _cancel(self) -> None:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _turn(self) -> float:
        """Take what can be taken now; returns the seconds until more can be."""
        free = self._concurrency - len(self._running)
        if free <= 0:
            return LONGEST_SLEEP
        try:
            now = self._clock.now()
            busy = {host for host, count in self._in_hand.items() if count >= self._per_host}
            taken = await self._ledger.claim_deliveries(
                now, free, self._owner, now + self._lease, per_host=self._per_host, skip_hosts=busy
            )
            for delivery in taken:
                self._start(delivery)
            due = await self._ledger.next_delivery(now)
        except StoreError as error:
            self._on_event(LedgerAway(str(error)))
            return LONGEST_SLEEP
        if due is None:
            return LONGEST_SLEEP
        return min(max((due - self._clock.now()).total_seconds(), SHORTEST_SLEEP), LONGEST_SLEEP)

    def _start(self, delivery: Delivery) -> None:
        host = host_of(delivery.url)
        self._in_hand[host] += 1
        task = asyncio.create_task(self._deliver(delivery, host), name=f"result {delivery.delivery_id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _deliver(self, delivery: Delivery, host: str) -> None:
        try:
            async with self._lanes.setdefault(host, asyncio.Semaphore(self._per_host)):
                self._reached(CrashPoint.BEFORE_RESULT)
                status, reason = await self._post(delivery)
            self._reached(CrashPoint.AFTER_RESULT)
            await self._write_down(delivery, status, reason)
        except StoreError as error:
            self._on_event(LedgerAway(str(error)))
        finally:
            self._in_hand[host] -= 1
            if not self._in_hand[host]:
                del self._in_hand[host]
                self._lanes.pop(host, None)
            self.wake()

    async def _post(self, delivery: Delivery) -> tuple[int, str]:
        """Post a result once; returns the status, 0 for none, and why it is not good."""
        posting = asyncio.ensure_future(self._send(delivery))
        try:
            done, _ = await asyncio.wait({posting}, timeout=self._post_within)
        finally:
            posting.cancel()
        if not done:
            return 0, f"There was no answer within {self._post_within:g} s."
        error = posting.exception()
        if error is None:
            return posting.result(), f"The receiver answered {posting.result()}."
        # A fault of ours must not keep the other results from leaving; its kind is in the reason for whoever looks.
        return 0, str(error) if isinstance(error, MirabelleError) else f"A fault: {error!r}"

    async def _send(self, delivery: Delivery) -> int:
        body = urlencode(delivery.form).encode("ascii")
        headers = {
            DELIVERY_HEADER: str(delivery.delivery_id),
            ATTEMPT_HEADER: str(delivery.attempts + 1),
            SEQUENCE_HEADER: str(delivery.sequence),
            **post_headers(delivery, body, self._clock.now()),
        }
        return await self._poster.post(delivery.url, body, FORM, headers)

    async def _write_down(self, delivery: Delivery, status: int, reason: str) -> None:
        attempt = delivery.attempts + 1
        now = self._clock.now()
        said = answer(status)
        if said is Answer.TAKEN:
            await self._ledger.delivery_done(delivery.delivery_id, now)
            self._on_event(Delivered(delivery, attempt, status))
            return
        wait = None if said is Answer.GONE else delay(attempt, self._rng)
        next_at = None if wait is None else now + wait
        await self._ledger.delivery_failed(delivery.delivery_id, now=now, next_at=next_at, reason=reason)
        if next_at is None:
            self._on_event(DeadLetter(delivery, attempt, reason))
        else:
            self._on_event(DeliveryRetry(delivery, attempt, reason, next_at))
