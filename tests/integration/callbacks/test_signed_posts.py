"""The outbox with a receiver of flesh and blood: HTTP, and the raw bytes that arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from mirabelle.callbacks.event import Delivered, DeliveryEvent, DeliveryRetry
from mirabelle.callbacks.outbox import Outbox
from mirabelle.callbacks.signature import new_signing_secret
from mirabelle.calls.call import NewCall
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from tests.unit.fetch.conftest import Site

SECRET = new_signing_secret()


class Clock:
    """Begins at the present, as the library compares with its own clock; moves by hand."""

    def __init__(self) -> None:
        self.instant = datetime.now(UTC)

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A receiver."""
    site = Site()
    server = await asyncio.start_server(site.accept, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()
    for task in site.tasks:
        task.cancel()
    await asyncio.gather(*site.tasks)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger with one account that has a secret."""
    ledger = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    await ledger.add_account("acme", "hashed", datetime.now(UTC), signing_secret=SECRET)
    yield ledger
    await ledger.aclose()


class Stage:
    """An outbox that runs."""

    def __init__(self, ledger: Ledger, fetcher: Fetcher) -> None:
        self.ledger = ledger
        self.clock = Clock()
        self.events: asyncio.Queue[DeliveryEvent] = asyncio.Queue()
        self.outbox = Outbox(ledger, fetcher, self.clock, "me", on_event=self.events.put_nowait)

    async def report(self, url: str) -> None:
        new = NewCall(
            account_id=1,
            campaign_id=1,
            phone_number="+16175550123",
            start_url="http://example.com/start",
            result_url=url,
            message_reference="Käse & Brot=100% +1 日本",
        )
        call = await self.ledger.queue_call(new, self.clock.now())
        await self.ledger.cancel_call(call.call_id, self.clock.now())
        self.outbox.wake()

    async def event(self) -> DeliveryEvent:
        async with asyncio.timeout(20):
            return await self.events.get()


@pytest.fixture
async def stage(ledger: Ledger) -> AsyncIterator[Stage]:
    """An outbox that posts."""
    fetcher = Fetcher(allow_private=True, timeout=5.0, max_bytes=10_000, user_agent="Mirabelle/test")
    stage = Stage(ledger, fetcher)
    running = asyncio.create_task(stage.outbox.run())
    yield stage
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await fetcher.aclose()


def arrived(request: str) -> tuple[dict[str, str], bytes]:
    """The headers and the raw body of a request."""
    head, _, body = request.partition("\r\n\r\n")
    headers = (line.split(": ", 1) for line in head.split("\r\n")[1:])
    return {name.lower(): value for name, value in headers}, body.encode()


async def test_the_receiver_verifies_the_very_bytes_that_arrived(stage: Stage, site: Site) -> None:
    site.page("/result")
    await stage.report(site.url("/result"))
    assert isinstance(await stage.event(), Delivered)
    headers, body = arrived(site.asked[0])
    Webhook(SECRET).verify(body, headers, json_parse=False)
    assert dict(parse_qsl(body.decode()))["message_reference"] == "Käse & Brot=100% +1 日本"
    assert (headers["webhook-id"], headers["mirabelle-sequence"]) == ("call_1_1", "1")
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers, json_parse=False)


async def test_two_posts_of_one_result_share_their_id_and_verify_each(stage: Stage, site: Site) -> None:
    site.page("/result", b"", "500 Oops")
    await stage.report(site.url("/result"))
    event = await stage.event()
    assert isinstance(event, DeliveryRetry)
    site.page("/result")
    stage.clock.instant = event.next_at
    stage.outbox.wake()
    assert isinstance(await stage.event(), Delivered)
    (first, body), (second, again) = map(arrived, site.asked)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) > int(first["webhook-timestamp"])
    Webhook(SECRET).verify(body, first, json_parse=False)
    Webhook(SECRET).verify(again, second, json_parse=False)


async def test_a_secret_that_is_changed_between_two_posts_signs_the_second(stage: Stage, site: Site) -> None:
    site.page("/result", b"", "500 Oops")
    await stage.report(site.url("/result"))
    event = await stage.event()
    assert isinstance(event, DeliveryRetry)
    new = new_signing_secret()
    now = stage.clock.now()
    await stage.ledger.rotate_signing_secret(1, new, now, now + timedelta(days=1))
    stage.clock.instant = event.next_at
    stage.outbox.wake()
    await stage.event()
    headers, body = arrived(site.asked[1])
    Webhook(new).verify(body, headers, json_parse=False)
    Webhook(SECRET).verify(body, headers, json_parse=False)


async def test_a_redirected_post_is_still_verified(stage: Stage, site: Site) -> None:
    site.page("/old", b"", "302 Found", f"Location: {site.url('/result', host='localhost')}")
    site.page("/result")
    await stage.report(site.url("/old"))
    assert isinstance(await stage.event(), Delivered)
    headers, body = arrived(site.asked[1])
    assert site.asked[1].startswith("POST /result")
    Webhook(SECRET).verify(body, headers, json_parse=False)


async def test_a_secret_that_signs_nothing_is_a_reason_to_try_later(stage: Stage, site: Site) -> None:
    await stage.ledger.rotate_signing_secret(1, "whsec_A", stage.clock.now(), None)
    await stage.report(site.url("/result"))
    event = await stage.event()
    assert isinstance(event, DeliveryRetry)
    assert "mirabelle account secret" in event.reason
    assert "whsec_A" not in event.reason + repr(event)
    assert site.asked == []
