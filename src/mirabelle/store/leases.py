"""The part of the ledger that has what happens when a dialer dies: leases, recovery, and answers that come too late."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call


class Leases(Protocol):
    """See `mirabelle.store.ledger.Ledger`, which has all of this."""

    async def renew_leases(self, owner: str, lease_until: datetime, calls: Collection[int]) -> int:
        """Move the end of the leases that `owner` holds on these calls; returns how many that were."""
        ...

    async def recover(
        self, now: datetime, owner: str, lease_until: datetime
    ) -> tuple[tuple[Call, Attempt | None], ...]:
        """Take over calls whose lease ran out, each with its unfinished attempt, None where none was begun.

        The caller decides with `release` or `end_attempt`. The lease is now `owner`'s, so two never recover the same.
        """
        ...

    async def answered_late(self, sip_call_id: str, now: datetime) -> Call | None:
        """Commit an answer to an INVITE of which nobody keeps track any more, so that the callee is not rung again.

        A call that waits for its next attempt ends as failed, with its result in the outbox. Said again, it changes
        nothing.

        Args:
            sip_call_id: the Call-ID of the INVITE.
            now: when the answer came.

        Returns:
            The call as it stands now. None: the Call-ID is not ours, or another process is deciding about the attempt
            at this moment; the far end will repeat its answer until it is acknowledged.
        """
        ...
