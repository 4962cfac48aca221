"""Replies to requests with an `Idempotency-Key` are kept for a while, and then forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from mirabelle.calls.clock import Clock
from mirabelle.store.ledger import StoreError

KEPT_FOR: Final = timedelta(days=3)
"""How long a reply is given again."""
LOOK_EVERY: Final = 3600.0
"""Seconds between two looks for replies that are old."""


class Forgets(Protocol):
    """Where replies are kept."""

    async def forget_before(self, instant: datetime) -> int:
        """Forget replies that were kept before an instant; returns how many."""
        ...


async def forget_old_replies(ledger: Forgets, clock: Clock, told: Callable[[str], None]) -> None:
    """Forget what is old, again and again until cancelled.

    Args:
        ledger: where replies are kept.
        clock: the time.
        told: hears why the ledger did not do it; it is asked again at the next look.
    """
    while True:
        try:
            await ledger.forget_before(clock.now() - KEPT_FOR)
        except StoreError as error:
            told(str(error))
        await asyncio.sleep(LOOK_EVERY)
