from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime

from mirabelle.api.v1.forgetting import KEPT_FOR, forget_old_replies
from mirabelle.store.ledger import StoreError
from tests.integration.api.json import NOW, World


async def test_replies_are_forgotten_when_they_are_old(world: World) -> None:
    account_id = world.acme.account_id
    await world.ledger.remember(account_id, "old", "hash", 201, "", NOW)
    world.clock.passed = KEPT_FOR.total_seconds() + 1
    await world.ledger.remember(account_id, "new", "hash", 201, "", world.clock.now())
    looked = asyncio.Event()

    class Watched:
        async def forget_before(self, instant: datetime) -> int:
            forgotten = await world.ledger.forget_before(instant)
            looked.set()
            return forgotten

    task = asyncio.create_task(forget_old_replies(Watched(), world.clock, lambda reason: None))
    await looked.wait()
    task.cancel()
    assert await world.ledger.remembered(account_id, "old") is None
    assert await world.ledger.remembered(account_id, "new") is not None


async def test_a_ledger_that_is_away_is_told_and_asked_again_later(world: World) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    class Away:
        async def forget_before(self, instant: datetime) -> int:
            raise StoreError("away")

    task = asyncio.create_task(forget_old_replies(Away(), world.clock, told.put_nowait))
    assert await told.get() == "away"
    assert not task.done()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
