"""A ledger on each store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from mirabelle.calls.account import Account
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def ledger(store_url: str) -> AsyncIterator[Ledger]:
    """An empty ledger."""
    opened = await open_ledger(store_url)
    yield opened
    await opened.aclose()


@pytest.fixture
async def account(ledger: Ledger) -> Account:
    """Somebody who may queue calls."""
    return await ledger.add_account("acme", "hashed", NOW)


@pytest.fixture
async def another(store_url: str) -> AsyncIterator[Callable[[], Awaitable[Ledger]]]:
    """Opens the same ledger once more, as another process would."""
    opened: list[Ledger] = []

    async def open_one() -> Ledger:
        opened.append(await open_ledger(store_url))
        return opened[-1]

    yield open_one
    for each in opened:
        await each.aclose()
