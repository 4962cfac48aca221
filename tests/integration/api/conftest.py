"""The JSON API on a ledger of each store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mirabelle.store.open import open_ledger
from tests.integration.api.json import World, make_world


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    """An API with two accounts, `acme` and `other`."""
    ledger = await open_ledger(store_url)
    yield await make_world(ledger)
    await ledger.aclose()
