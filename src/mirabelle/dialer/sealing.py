"""The audit is sealed a moment after it was written, so that no dialling waits for its place in the chain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from mirabelle.store.ledger import StoreError

SEALED_AT_ONCE: Final = 500
"""Entries in one transaction, which on SQLite keeps other writes waiting."""
SEAL_EVERY: Final = 1.0
"""Seconds between two looks for entries that are not sealed."""


class Seals(Protocol):
    """Where the audit is."""

    async def seal_audit(self, limit: int) -> int:
        """See `mirabelle.store.audit_trail.AuditTrail.seal_audit`."""
        ...


async def keep_sealed(trail: Seals, told: Callable[[str], None], *, every: float = SEAL_EVERY) -> None:
    """Seal what is written, again and again until cancelled. Any number of processes may do so at once.

    Args:
        trail: where the audit is.
        told: hears why the ledger did not do it; it is asked again at the next look.
        every: seconds between two looks.
    """
    while True:
        try:
            while await trail.seal_audit(SEALED_AT_ONCE) == SEALED_AT_ONCE:
                pass
        except StoreError as error:
            told(str(error))
        await asyncio.sleep(every)
