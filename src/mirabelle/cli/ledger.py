"""The ledger, for as long as a command needs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from mirabelle.settings import Settings
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger

Result = TypeVar("Result")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Ledger]:
    """Open the ledger that the settings name, and close it afterwards."""
    ledger = await open_ledger(settings.store.url)
    try:
        yield ledger
    finally:
        await ledger.aclose()


def ask(settings: Settings, question: Callable[[Ledger], Awaitable[Result]]) -> Result:
    """Put one question to the ledger, from a program that has no event loop of its own."""

    async def answer() -> Result:
        async with opened(settings) as ledger:
            return await question(ledger)

    return asyncio.run(answer())
