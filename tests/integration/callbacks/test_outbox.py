from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from mirabelle.callbacks.backoff import DELAYS
from mirabelle.callbacks.event import DeadLetter, Delivered, DeliveryEvent, DeliveryRetry, LedgerAway
from mirabelle.callbacks.outbox import LEASE_POSTS, POST_WITHIN, Outbox
from mirabelle.calls.call import NewCall
from mirabelle.errors import MirabelleError
from mirabelle.store.ledger import Ledger, StoreError
from mirabelle.store.open import open_ledger
from mirabelle.store.rows import host_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class StandingClock:
    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()


class Receiver:
    """Answers by host; a host in `held` does not answer until it is let go."""

    def __init__(self) -> None:
        self.answers: dict[str, int | Exception] = {}
        self.held: dict[str, asyncio.Event] = {}
        self.posts: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def post(self, url: str, body: bytes, content_type: str, headers: Mapping[str, str]) -> int:
        host = host_of(url)
        assert content_type == "application/x-www-form-urlencoded"
        self.posts.append((url, dict(parse_qsl(body.decode(), keep_blank_values=True)), dict(headers)))
        self.now[host] += 1
        self.most[host] = max(self.most[host], self.now[host])
        try:
            if host in self.held:
                await self.held[host].wait()
            else:
                await asyncio.sleep(0)
            answer = self.answers.get(host, 200)
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            self.now[host] -= 1


class Stage:
    """An outbox that runs, and what it says."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.clock = StandingClock()
        self.receiver = Receiver()
        self.events: asyncio.Queue[DeliveryEvent] = asyncio.Queue()
        self.running: list[asyncio.Task[None]] = []

    def start(self, **options: float) -> Outbox:
        outbox = Outbox(
            self.ledger,
            self.receiver,
            self.clock,
            "me",
            rng=random.Random(7),
            on_event=self.events.put_nowait,
            **options,  # type: ignore[arg-type]
        )
        self.running.append(asyncio.create_task(outbox.run()))
        return outbox

    async def fill(self, *urls: str) -> None:
        for url in urls:
            await self.ledger.queue_call(
                NewCall(
                    account_id=1,
                    campaign_id=1,
                    phone_number="+16175550123",
                    start_url="http://example.com/start",
                    result_url=url,
                    expires_at=NOW,
                ),
                NOW,
            )
            await self.ledger.expire_due(NOW, 1)

    async def event(self) -> DeliveryEvent:
        async with asyncio.timeout(20):
            return await self.events.get()

    async def stop(self) -> None:
        for task in self.running:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self.running.clear()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the condition is about counters, not one event
            await asyncio.sleep(0.001)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    ledger = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    await ledger.add_account("acme", "hashed", NOW)
    one = Stage(ledger)
    yield one
    await one.stop()
    await ledger.aclose()


async def test_a_result_is_posted_with_its_number_and_done(stage: Stage) -> None:
    await stage.fill("http://a.example/r")
    stage.start()
    event = await stage.event()
    assert isinstance(event, Delivered)
    assert (event.attempt, event.status) == (1, 200)
    [(url, form, headers)] = stage.receiver.posts
    assert (url, form["result"]) == ("http://a.example/r", "failed")
    assert headers == {
        "Mirabelle-Delivery": str(event.delivery.delivery_id),
        "Mirabelle-Attempt": "1",
        "Mirabelle-Sequence": "1",
        "webhook-id": f"call_{event.delivery.call_id}_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
    }
    assert await stage.ledger.next_delivery(NOW) is None


async def test_a_result_that_comes_later_is_posted_when_woken(stage: Stage) -> None:
    outbox = stage.start()
    await stage.fill("http://a.example/r")
    outbox.wake()
    assert isinstance(await stage.event(), Delivered)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (500, "The receiver answered 500."),
        (404, "The receiver answered 404."),
        (MirabelleError("It refused the connection."), "It refused the connection."),
        (ValueError("odd"), "A fault: ValueError('odd')"),
    ],
)
async def test_a_post_that_failed_is_made_again_with_the_same_number(
    stage: Stage, answer: int | Exception, reason: str
) -> None:
    stage.receiver.answers["a.example"] = answer
    await stage.fill("http://a.example/r")
    outbox = stage.start()
    event = await stage.event()
    assert isinstance(event, DeliveryRetry)
    assert (event.attempt, event.reason) == (1, reason)
    assert timedelta(seconds=9) <= event.next_at - NOW <= timedelta(seconds=11)
    stage.receiver.answers["a.example"] = 200
    stage.clock.instant = event.next_at
    outbox.wake()
    assert isinstance(await stage.event(), Delivered)
    first, second = (headers for _, _, headers in stage.receiver.posts)
    assert first["Mirabelle-Delivery"] == second["Mirabelle-Delivery"]
    assert second["Mirabelle-Attempt"] == "2"


async def test_a_receiver_that_never_answers_is_left_after_the_limit(stage: Stage) -> None:
    stage.receiver.held["a.example"] = asyncio.Event()
    await stage.fill("http://a.example/r")
    stage.start(post_within=0.01)
    event = await stage.event()
    assert isinstance(event, DeliveryRetry)
    assert event.reason == "There was no answer within 0.01 s."


async def test_a_receiver_that_is_gone_gets_nothing_more(stage: Stage) -> None:
    stage.receiver.answers["a.example"] = 410
    await stage.fill("http://a.example/r")
    stage.start()
    assert isinstance(await stage.event(), DeadLetter)
    assert await stage.ledger.next_delivery(NOW) is None


async def test_after_three_days_a_result_is_a_dead_letter(stage: Stage) -> None:
    stage.receiver.answers["a.example"] = 503
    await stage.fill("http://a.example/r")
    outbox = stage.start()
    for _ in DELAYS:
        event = await stage.event()
        assert isinstance(event, DeliveryRetry)
        stage.clock.instant = event.next_at
        outbox.wake()
    event = await stage.event()
    assert isinstance(event, DeadLetter)
    assert event.attempt == len(DELAYS) + 1
    assert timedelta(days=2.6) < stage.clock.instant - NOW < timedelta(days=3.4)


async def test_one_slow_receiver_never_delays_another(stage: Stage) -> None:
    stage.receiver.held["slow.example"] = asyncio.Event()
    await stage.fill(*["http://slow.example/r"] * 40, *[f"http://quick{n}.example/r" for n in range(10)])
    stage.start(concurrency=12, per_host=3)
    delivered = [await stage.event() for _ in range(10)]
    assert {host_of(event.delivery.url) for event in delivered if isinstance(event, Delivered)} == {
        f"quick{n}.example" for n in range(10)
    }
    assert stage.receiver.now["slow.example"] == 3
    stage.receiver.held.pop("slow.example").set()
    for _ in range(40):
        assert isinstance(await stage.event(), Delivered)
    assert stage.receiver.most["slow.example"] == 3
    assert len(stage.receiver.posts) == 50


async def test_a_result_in_hand_when_we_died_is_posted_after_its_lease(stage: Stage) -> None:
    stage.receiver.held["a.example"] = asyncio.Event()
    await stage.fill("http://a.example/r")
    stage.start()
    await until(lambda: stage.receiver.now["a.example"] == 1)
    await stage.stop()
    stage.receiver.held.clear()
    outbox = stage.start()
    await until(lambda: outbox.in_progress == 0)
    assert stage.events.empty()
    stage.clock.instant = NOW + timedelta(seconds=LEASE_POSTS * POST_WITHIN)
    outbox.wake()
    event = await stage.event()
    assert isinstance(event, Delivered)
    assert event.attempt == 2


async def test_draining_takes_nothing_more_and_waits_for_what_is_in_hand(stage: Stage) -> None:
    gate = stage.receiver.held["a.example"] = asyncio.Event()
    await stage.fill("http://a.example/r")
    outbox = stage.start()
    await until(lambda: stage.receiver.now["a.example"] == 1)
    draining = asyncio.create_task(outbox.drain(20))
    await asyncio.sleep(0)
    await stage.fill("http://b.example/r")
    outbox.wake()
    gate.set()
    await draining
    assert isinstance(await stage.event(), Delivered)
    assert [url for url, _, _ in stage.receiver.posts] == ["http://a.example/r"]


async def test_a_ledger_that_is_away_is_asked_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.fill("http://a.example/r")
    claim: Callable[..., Awaitable[object]] = stage.ledger.claim_deliveries

    async def away(*_: object, **__: object) -> object:
        monkeypatch.setattr(stage.ledger, "claim_deliveries", claim)
        raise StoreError("gone for lunch")

    monkeypatch.setattr(stage.ledger, "claim_deliveries", away)
    outbox = stage.start()
    assert await stage.event() == LedgerAway("gone for lunch")
    outbox.wake()
    assert isinstance(await stage.event(), Delivered)
