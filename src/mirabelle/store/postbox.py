"""The part of the ledger that has results: where they wait, and what became of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from mirabelle.calls.result import Delivery
from mirabelle.store.records import ResultState, StoredResult


class Postbox(Protocol):
    """See `mirabelle.store.ledger.Ledger`, which has all of this."""

    async def claim_deliveries(
        self,
        now: datetime,
        limit: int,
        owner: str,
        lease_until: datetime,
        *,
        per_host: int = 1_000_000,
        skip_hosts: Collection[str] = (),
    ) -> tuple[Delivery, ...]:
        """Take results that are due to be posted, the longest due first. Not done by `lease_until`, they are due again.

        Each brings the secrets that its account has now.

        Args:
            now: the present instant.
            limit: the most to take.
            owner: who posts them.
            lease_until: when another may take them.
            per_host: the most to take for one host.
            skip_hosts: hosts to take nothing for, as `mirabelle.store.rows.host_of` names them.
        """
        ...

    async def delivery_done(self, delivery_id: int, now: datetime) -> None:
        """The receiver took the result."""
        ...

    async def delivery_failed(self, delivery_id: int, *, now: datetime, next_at: datetime | None, reason: str) -> None:
        """The receiver did not take it: try again at `next_at`; with None it is kept as a dead letter."""
        ...

    async def next_delivery(self, now: datetime) -> datetime | None:
        """The next instant at which a result is due to be posted; in the past where one already is."""
        ...

    async def results(
        self, account_id: int, *, state: ResultState | None = None, after: int = 0, limit: int = 100
    ) -> tuple[StoredResult, ...]:
        """Results of an account's calls in the order of their keys, from behind `after`.

        Args:
            account_id: whose results.
            state: in this state only.
            after: the last key of the page before.
            limit: the most results.
        """
        ...

    async def results_of_call(self, call_id: int) -> tuple[StoredResult, ...]:
        """The results of a call, oldest first."""
        ...

    async def result(self, delivery_id: int) -> StoredResult | None:
        """The result with this key."""
        ...

    async def replay(self, delivery_id: int, now: datetime) -> None:
        """Post a result again, at once and as long as a new one. One that is pending is left as it is.

        Raises:
            StoreError: there is no such result.
        """
        ...
