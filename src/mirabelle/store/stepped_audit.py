"""The ledger's methods of the audit; see `mirabelle.store.stepped`."""

from __future__ import annotations

from mirabelle.calls.audit import AuditEntry
from mirabelle.store import audit_steps
from mirabelle.store.records import Audited, Linked
from mirabelle.store.stepped_rulebook import SteppedRulebook


class SteppedAuditTrail(SteppedRulebook):
    """What both stores share. `mirabelle.store.audit_trail.AuditTrail` says what each method means."""

    async def seal_audit(self, limit: int) -> int:
        """See `AuditTrail.seal_audit`."""
        return await self._write(lambda: audit_steps.seal(self.hot, limit))

    async def audit_head(self) -> tuple[int, str]:
        """See `AuditTrail.audit_head`."""
        return await self._read(audit_steps.head)

    async def audit_chain(self, *, after: int = 0, limit: int = 1000) -> tuple[Linked, ...]:
        """See `AuditTrail.audit_chain`."""
        return await self._read(lambda: audit_steps.chain(after, limit))

    async def audit_unsealed(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """See `AuditTrail.audit_unsealed`."""
        return await self._read(lambda: audit_steps.unsealed(after, limit))

    async def audit_unsealed_count(self) -> int:
        """See `AuditTrail.audit_unsealed_count`."""
        return await self._read(audit_steps.unsealed_count)

    async def audit_newest(self, *, call_id: int | None = None, limit: int = 100) -> tuple[AuditEntry, ...]:
        """See `AuditTrail.audit_newest`."""
        return await self._read(lambda: audit_steps.newest(call_id, limit))

    async def attempts_audited(self, *, after: int = 0, limit: int = 1000) -> tuple[Audited, ...]:
        """See `AuditTrail.attempts_audited`."""
        return await self._read(lambda: audit_steps.attempts_audited(after, limit))
