"""The ledger's methods of do-not-call lists and explanations; see `mirabelle.store.stepped`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from mirabelle.calls.do_not_call import DoNotCallEntry, ListedNumber
from mirabelle.calls.explanation import Explanation
from mirabelle.calls.room import TrunkRoom
from mirabelle.calls.trunk import Trunk
from mirabelle.store import do_not_call_steps, explanation_steps
from mirabelle.store.stepped_rulebook import SteppedRulebook


class SteppedGatehouse(SteppedRulebook):
    """What both stores share. `mirabelle.store.gatehouse.Gatehouse` says what each method means."""

    async def add_do_not_call(self, account_id: int, entries: Sequence[DoNotCallEntry], now: datetime) -> int:
        """See `Gatehouse.add_do_not_call`."""
        return await self._write(lambda: do_not_call_steps.add(self.hot, account_id, entries, now))

    async def do_not_call(
        self, account_id: int, *, campaign_id: int | None = None, after: int = 0, limit: int = 100
    ) -> tuple[ListedNumber, ...]:
        """See `Gatehouse.do_not_call`."""
        return await self._read(lambda: do_not_call_steps.page(account_id, campaign_id, after, limit))

    async def do_not_call_of(self, account_id: int, e164: str) -> tuple[ListedNumber, ...]:
        """See `Gatehouse.do_not_call_of`."""
        return await self._read(lambda: do_not_call_steps.of_number(self.hot, account_id, e164))

    async def count_do_not_call(self, account_id: int, *, campaign_id: int | None = None) -> int:
        """See `Gatehouse.count_do_not_call`."""
        return await self._read(lambda: do_not_call_steps.count(account_id, campaign_id))

    async def remove_do_not_call(
        self, account_id: int, keys: Collection[str], *, campaign_id: int | None = None
    ) -> int:
        """See `Gatehouse.remove_do_not_call`."""
        return await self._write(lambda: do_not_call_steps.remove(self.hot, account_id, keys, campaign_id), alone=True)

    async def remove_do_not_call_entry(self, account_id: int, entry_id: int) -> bool:
        """See `Gatehouse.remove_do_not_call_entry`."""
        return await self._write(lambda: do_not_call_steps.remove_entry(account_id, entry_id), alone=True)

    async def explain(self, call_id: int, trunks: Sequence[Trunk], now: datetime) -> Explanation | None:
        """See `Gatehouse.explain`."""
        return await self._read(lambda: explanation_steps.explain(self.hot, call_id, trunks, now), together=True)

    async def explain_campaign(self, campaign_id: int, trunks: Sequence[Trunk], now: datetime) -> Explanation | None:
        """See `Gatehouse.explain_campaign`."""
        return await self._read(
            lambda: explanation_steps.explain_campaign(self.hot, campaign_id, trunks, now), together=True
        )

    async def trunk_rooms(self, trunks: Sequence[Trunk], now: datetime) -> tuple[TrunkRoom, ...]:
        """See `Gatehouse.trunk_rooms`."""
        return await self._read(lambda: explanation_steps.trunk_rooms(self.hot, trunks, now), together=True)
