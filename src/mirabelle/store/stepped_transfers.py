"""The ledger's methods of transfers; see `mirabelle.store.stepped`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mirabelle.calls.outcome import Outcome
from mirabelle.calls.second_leg import Declined, Granted, SecondLeg
from mirabelle.calls.trunk import Trunk
from mirabelle.store import transfer_steps
from mirabelle.store.stepped_rulebook import SteppedRulebook


class SteppedTransfers(SteppedRulebook):
    """What both stores share. `mirabelle.store.transfers.Transfers` says what each method means."""

    async def begin_transfer(
        self, leg: SecondLeg, trunks: Sequence[Trunk], now: datetime, owner: str
    ) -> Granted | Declined:
        """See `Transfers.begin_transfer`."""
        return await self._write(lambda: transfer_steps.begin_transfer(self.hot, leg, trunks, now, owner))

    async def refuse_transfer(self, leg: SecondLeg, reason: str, now: datetime, owner: str) -> None:
        """See `Transfers.refuse_transfer`."""
        await self._write(lambda: transfer_steps.refuse_transfer(leg, reason, now, owner))

    async def end_transfer(
        self,
        leg: SecondLeg,
        trunk: str,
        *,
        outcome: Outcome | None,
        now: datetime,
        owner: str,
        sip_status: int = 0,
        duration: int = 0,
        full: bool = False,
        retry_after: int | None = None,
    ) -> None:
        """See `Transfers.end_transfer`."""
        await self._write(
            lambda: transfer_steps.end_transfer(
                self.hot,
                leg,
                trunk,
                outcome=outcome,
                now=now,
                owner=owner,
                sip_status=sip_status,
                duration=duration,
                full=full,
                retry_after=retry_after,
            )
        )
