"""A ledger that an older program made, with rows in it, opened by this one."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from mirabelle.calls.account import AccountSettings
from mirabelle.calls.call import CallState
from mirabelle.calls.campaign import CampaignState
from mirabelle.store import migration
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from mirabelle.store.records import ResultState
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=30)

ROWS = """
INSERT INTO accounts (account_id, login, pin_hash, created_at) VALUES (4, 'acme', 'hashed', 1);
INSERT INTO campaigns (campaign_id, account_id, name, parameters, created_at) VALUES (5, 4, 'default', 'a=1', 1);
INSERT INTO calls (call_id, account_id, campaign_id, phone_number, start_url, result_url, message_reference,
    call_parameters, max_retries, retry_interval, state, queued_at, due_at, ended_at)
    VALUES (6, 4, 5, '+16175550123', 'http://e/s', '', '', '', 0, 300, 'queued', 1, 1, NULL),
           (7, 4, 5, '+16175550124', 'http://e/s', 'http://e/r', '', '', 0, 300, 'failed', 1, 1, 2);
INSERT INTO deliveries (delivery_id, call_id, url, host, form, state, due_at, attempts, reason, created_at)
    VALUES (8, 7, 'http://e/r', 'e', '[["result", "failed"]]', 'waiting', 2, 3, '500', 2);
"""


@pytest.fixture
async def upgraded(fresh_url: str) -> Ledger:
    """Version 0001 with rows, then opened."""
    dialect = "sqlite" if fresh_url.startswith("sqlite") else "postgresql"
    first = migration.script(dialect, None).split("-- Running upgrade 0001 -> 0002")[0]
    assert "replies" not in first
    if dialect == "sqlite":
        connection = sqlite3.connect(fresh_url.removeprefix("sqlite:///"))
        connection.executescript(first + ROWS)
        connection.close()
    else:
        server = await asyncpg.connect(fresh_url)
        await server.execute(first + ROWS)
        for table in ("accounts", "campaigns", "calls", "deliveries"):
            key = "delivery_id" if table == "deliveries" else f"{table[:-1]}_id"
            await server.execute(f"SELECT setval('{table}_{key}_seq', 8)")
        await server.close()
    return await open_ledger(fresh_url)


async def test_what_an_older_ledger_held_is_all_there(upgraded: Ledger) -> None:
    account = await upgraded.account(4)
    assert account is not None
    assert (account.login, account.settings) == ("acme", AccountSettings())
    [campaign] = await upgraded.campaigns(4)
    assert (campaign.state, campaign.parameters) == (CampaignState.ACTIVE, "a=1")
    assert [(call.call_id, call.state) for call in await upgraded.calls(4)] == [
        (6, CallState.QUEUED),
        (7, CallState.FAILED),
    ]
    [result] = await upgraded.results(4)
    assert (result.delivery_id, result.call_id, result.sequence, result.account_id) == (8, 7, 1, 4)
    assert (result.state, result.attempts, result.reason) == (ResultState.PENDING, 3, "500")
    await upgraded.aclose()


async def test_an_older_ledger_goes_on_as_if_it_were_new(upgraded: Ledger) -> None:
    [claimed] = await claim(upgraded, NOW, 10, "one", LEASE)
    assert claimed.call_id == 6
    [delivery] = await upgraded.claim_deliveries(NOW, 10, "one", LEASE)
    assert (delivery.delivery_id, delivery.attempts) == (8, 3)
    assert await upgraded.retry_failed(5, NOW) == 1
    await upgraded.cancel_call(7, NOW)
    results = await upgraded.results(4)
    assert [(each.delivery_id, each.sequence) for each in results] == [(8, 1), (9, 2)]
    await upgraded.aclose()
