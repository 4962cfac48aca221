"""The part of the ledger that has the second legs of calls: a transfer is a decision to dial."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mirabelle.calls.outcome import Outcome
from mirabelle.calls.second_leg import Declined, Granted, SecondLeg
from mirabelle.calls.trunk import Trunk


class Transfers(Protocol):
    """See `mirabelle.store.ledger.Ledger`, which has all of this."""

    async def begin_transfer(
        self, leg: SecondLeg, trunks: Sequence[Trunk], now: datetime, owner: str
    ) -> Granted | Declined:
        """Commit the intent to dial a second leg, with its audit. Only when this has returned may its INVITE leave.

        It takes a channel of its trunk until `end_transfer`, and as long as the lease of its call runs. It takes its
        place in the trunk's rate before the calls that wait to be admitted.

        Args:
            leg: what is to be dialled.
            trunks: those that it may leave through, one of which is chosen by weight; none: it needs no trunk.
            now: the present instant.
            owner: who holds the lease.

        Raises:
            LeaseLost: `owner` holds no lease on the call, or nobody has answered it.
        """
        ...

    async def refuse_transfer(self, leg: SecondLeg, reason: str, now: datetime, owner: str) -> None:
        """Write into the audit that a second leg was not dialled, for a rule that the ledger does not keep.

        Args:
            leg: what was asked for.
            reason: why not, in words; without the number.
            now: the present instant.
            owner: who decided.
        """
        ...

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
        """Give back what a second leg took, and write down what came of it. Says nothing where the lease is lost.

        Args:
            leg: as it was begun.
            trunk: its way out; empty where it had none.
            outcome: what came of it; None where the peer carried it, and said nothing.
            now: when it ended.
            owner: who holds the lease.
            sip_status: the final SIP status, 0 where none came.
            duration: seconds that the two talked.
            full: the trunk said that it has no room; it is used more slowly from now on.
            retry_after: seconds that the trunk asked us to wait.
        """
        ...
