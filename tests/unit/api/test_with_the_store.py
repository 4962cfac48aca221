from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from argon2 import PasswordHasher

from mirabelle.api.app import QUEUECALL_PATHS, create_app
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
