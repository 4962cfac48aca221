from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from argon2 import PasswordHasher

from mirabelle.api.app import QUEUECALL_PATHS, QUEUECALLS_PATHS, create_app
from mirabelle.api.login import hash_pin, new_pin
from mirabelle.calls.call import CallState
from mirabelle.calls.clock import SystemClock
from mirabelle.settings import load
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = await open_ledger(f"sqlite:///{tmp_path}/calls.db")
    yield ledger
    await ledger.aclose()


async def test_a_queued_call_is_in_the_ledger_as_it_was_asked_for(store: Ledger) -> None:
    clock, pin = SystemClock(), new_pin()
    account = await store.add_account("demo", hash_pin(pin, CHEAP), clock.now())
    app = create_app(store, clock, load(None, {}), on_queued=lambda: None, health=dict, hasher=CHEAP)
    fields = {
        "login": "demo",
        "pin": pin,
        "phone_number": "+16175550123;postd=p1",
        "start_url": "http://example.com/start",
        "message_reference": "Größe <1> 😀",
        "max_retry": "2",
        "scheduled_timestamp": "4102444800",
    }
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mirabelle.test") as client:
        reply = ET.fromstring((await client.post(QUEUECALL_PATHS[0], data=fields)).content)
        health = (await client.get("/health")).json()
    call = await store.call(int(reply.get("call_id", "0")))
    assert call is not None
    assert (call.account_id, call.campaign_id) == (account.account_id, account.default_campaign_id)
    assert (call.phone_number, call.message_reference) == ("+16175550123;postd=p1", "Größe <1> 😀")
    assert (call.max_retries, call.retry_interval, call.state) == (2, 300, CallState.QUEUED)
    assert call.due_at == datetime(2100, 1, 1, tzinfo=UTC)
    assert health["calls"]["queued"] == 1


async def test_a_list_is_a_campaign_in_the_ledger(store: Ledger) -> None:
    clock, pin = SystemClock(), new_pin()
    account = await store.add_account("demo", hash_pin(pin, CHEAP), clock.now())
    app = create_app(store, clock, load(None, {}), on_queued=lambda: None, health=dict, hasher=CHEAP)
    form = {"login": "demo", "pin": pin, "campaign": "autumn", "campaign_parameters": "a=1"}
    form |= {"start_url": "http://example.com/start", "max_retries": "2"}
    rows = "".join(f"+1617555{number:04},ref-{number}\n" for number in range(5_000)).encode()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://mirabelle.test") as client:

        async def post(content: bytes) -> ET.Element:
            files = {"phone_list": ("list.csv", content)}
            return ET.fromstring((await client.post(QUEUECALLS_PATHS[0], data=form, files=files)).content)

        bad = await post(rows + b"911\n")
        assert (bad.get("status"), (await store.counts())[CallState.QUEUED]) == ("failed", 0)
        good = await post(rows)
        again = await post(rows)
    assert (good.get("status"), good.get("queued"), again.get("status")) == ("queued", "5000", "failed")
    campaign = await store.campaign(int(good.get("campaign_id", "0")))
    assert campaign is not None
    assert (campaign.account_id, campaign.name, campaign.parameters) == (account.account_id, "autumn", "a=1")
    assert (await store.counts())[CallState.QUEUED] == 5_000
    listed = list(good.iter("call"))
    assert len(listed) == 1_000
    call = await store.call(int(listed[-1].get("call_id", "0")))
    assert call is not None
    assert (call.phone_number, call.message_reference, call.max_retries) == ("+16175550999", "ref-999", 2)
    assert (call.campaign_id, call.campaign_parameters) == (campaign.campaign_id, "a=1")
