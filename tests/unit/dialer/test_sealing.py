from __future__ import annotations

import asyncio
import contextlib

from mirabelle.dialer import sealing
from mirabelle.store.ledger import StoreError


class Trail:
    """Has a few entries to seal, and is away for the first question."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self.asked = 0
        self.done = asyncio.Event()

    async def seal_audit(self, limit: int) -> int:
        self.asked += 1
        if self.asked == 1:
            raise StoreError("away")
        sealed = min(limit, self.waiting)
        self.waiting -= sealed
        if not self.waiting:
            self.done.set()
        return sealed


async def test_all_that_waits_is_sealed_though_the_ledger_was_away() -> None:
    trail, said = Trail(2 * sealing.SEALED_AT_ONCE + 1), list[str]()
    task = asyncio.create_task(sealing.keep_sealed(trail, said.append, every=0.0))
    try:
        async with asyncio.timeout(30):
            await trail.done.wait()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert said == ["away"]
    assert trail.waiting == 0
