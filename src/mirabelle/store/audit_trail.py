"""The part of the ledger that has the audit: what was decided about dialling, and its seal."""

from __future__ import annotations

from typing import Protocol

from mirabelle.calls.audit import AuditEntry
from mirabelle.store.records import Audited, Linked


class AuditTrail(Protocol):
    """See `mirabelle.store.ledger.Ledger`, which has all of this. Entries are written by its other methods."""

    async def seal_audit(self, limit: int) -> int:
        """Seal entries that are not sealed yet, in the order of their keys; returns how many.

        Nobody else seals meanwhile: where another does, it seals none.

        Args:
            limit: the most entries in one transaction.
        """
        ...

    async def audit_head(self) -> tuple[int, str]:
        """The sequence and the hash of the last entry of the chain; 0 and `FIRST` where there is none."""
        ...

    async def audit_chain(self, *, after: int = 0, limit: int = 1000) -> tuple[Linked, ...]:
        """Sealed entries in the order of the chain, from behind a sequence, each with the attempt that it names."""
        ...

    async def audit_unsealed(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """Entries that are not sealed yet in the order of their keys, from behind `after`."""
        ...

    async def audit_unsealed_count(self) -> int:
        """How many entries are not sealed yet."""
        ...

    async def audit_newest(self, *, call_id: int | None = None, limit: int = 100) -> tuple[AuditEntry, ...]:
        """The last entries, the oldest of them first: all, or those of one call."""
        ...

    async def attempts_audited(self, *, after: int = 0, limit: int = 1000) -> tuple[Audited, ...]:
        """Attempts in the order of their keys, from behind `after`, with how many entries tell of each."""
        ...
