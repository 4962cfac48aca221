"""The ledger's methods of leases; see `mirabelle.store.stepped`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call
from mirabelle.store import lease_steps
from mirabelle.store.stepped_rulebook import SteppedRulebook


class SteppedLeases(SteppedRulebook):
    """What both stores share. `mirabelle.store.leases.Leases` says what each method means."""

    async def renew_leases(self, owner: str, lease_until: datetime, calls: Collection[int]) -> int:
        """See `Leases.renew_leases`."""
        return await self._write(lambda: lease_steps.renew_leases(self.hot, owner, lease_until, calls), alone=True)

    async def recover(
        self, now: datetime, owner: str, lease_until: datetime
    ) -> tuple[tuple[Call, Attempt | None], ...]:
        """See `Leases.recover`."""
        return await self._write(lambda: lease_steps.recover(self.hot, now, owner, lease_until))

    async def answered_late(self, sip_call_id: str, now: datetime) -> Call | None:
        """See `Leases.answered_late`."""
        return await self._write(lambda: lease_steps.answered_late(self.hot, sip_call_id, now))
