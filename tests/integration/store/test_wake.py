from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall
from mirabelle.store.ledger import Ledger, StoreError
from mirabelle.store.open import open_ledger

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def new_call(account: Account) -> NewCall:
    return NewCall(
        account_id=account.account_id,
        campaign_id=account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
    )


async def quiet(ledger: Ledger) -> None:
    """Hear out what was said while the ledger was opened."""
    while await ledger.wait_for_work(0.3):
        pass


async def test_a_queued_call_wakes_the_waiter(ledger: Ledger, account: Account) -> None:
    await quiet(ledger)
    waiting = asyncio.create_task(ledger.wait_for_work(30))
    await ledger.queue_call(new_call(account), NOW)
    assert await waiting


async def test_a_bulk_load_wakes_the_waiter(ledger: Ledger, account: Account) -> None:
    await quiet(ledger)
    waiting = asyncio.create_task(ledger.wait_for_work(30))
    await ledger.queue_calls([new_call(account)], NOW)
    assert await waiting


async def test_a_call_that_was_queued_before_the_wait_is_not_missed(ledger: Ledger, account: Account) -> None:
    await quiet(ledger)
    await ledger.queue_call(new_call(account), NOW)
    assert await ledger.wait_for_work(30)
    assert not await ledger.wait_for_work(0)


async def test_nothing_queued_ends_with_the_timeout(ledger: Ledger) -> None:
    await quiet(ledger)
    assert not await ledger.wait_for_work(0.01)


async def test_a_call_that_another_process_queued_wakes_the_waiter(
    ledger: Ledger, account: Account, another: Callable[[], Awaitable[Ledger]]
) -> None:
    other = await another()
    await quiet(ledger)
    waiting = asyncio.create_task(ledger.wait_for_work(30))
    await other.queue_call(new_call(account), NOW)
    assert await waiting


async def test_a_process_that_queues_and_leaves_at_once_is_heard(
    ledger: Ledger, account: Account, store_url: str
) -> None:
    await quiet(ledger)
    waiting = asyncio.create_task(ledger.wait_for_work(30))
    other = await open_ledger(store_url)
    await other.queue_call(new_call(account), NOW)
    await other.aclose()
    assert await waiting


async def test_a_server_that_cut_every_connection_is_found_again(postgres_url: str) -> None:
    ledger = await open_ledger(postgres_url)
    try:
        account = await ledger.add_account("acme", "hashed", NOW)
        server = await asyncpg.connect(postgres_url)
        await server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await server.close()
        async with asyncio.timeout(20):
            while True:
                try:
                    call = await ledger.queue_call(new_call(account), NOW)
                    break
                except StoreError:
                    continue
            assert await ledger.call(call.call_id) == call
            other = await open_ledger(postgres_url)
            await quiet(ledger)
            while not await ledger.wait_for_work(0.5):
                await other.queue_call(new_call(account), NOW)
            await other.aclose()
    finally:
        await ledger.aclose()


async def test_a_closed_ledger_says_so(ledger: Ledger) -> None:
    await ledger.aclose()
    await ledger.aclose()
    with pytest.raises(StoreError):
        await ledger.counts()
