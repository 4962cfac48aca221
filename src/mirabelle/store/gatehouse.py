"""The part of the ledger that has the gates: do-not-call lists, and why a call does not leave."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from mirabelle.calls.do_not_call import DoNotCallEntry, ListedNumber
from mirabelle.calls.explanation import Explanation
from mirabelle.calls.room import TrunkRoom
from mirabelle.calls.trunk import Trunk


class Gatehouse(Protocol):
    """See `mirabelle.store.ledger.Ledger`, which has all of this."""

    async def add_do_not_call(self, account_id: int, entries: Sequence[DoNotCallEntry], now: datetime) -> int:
        """Add entries to the do-not-call lists of an account; returns how many are new.

        One that is there already stays as it is, so a list may be sent again. Long lists come in pieces, each of which
        is stored at once. A call that is queued for such a number ends when its turn comes.

        Args:
            account_id: whose lists.
            entries: at most `mirabelle.store.do_not_call_steps.MOST_AT_ONCE`; those of a campaign name it.
            now: the present instant.

        Raises:
            StoreError: they are too many or cannot be stored, or a campaign is not the account's.
        """
        ...

    async def do_not_call(
        self, account_id: int, *, campaign_id: int | None = None, after: int = 0, limit: int = 100
    ) -> tuple[ListedNumber, ...]:
        """Entries of an account's lists in the order of their keys, from behind `after`.

        Args:
            account_id: whose lists.
            campaign_id: that of this campaign only; 0: that of the whole account only; None: all.
            after: the last key of the page before.
            limit: the most entries.
        """
        ...

    async def do_not_call_of(self, account_id: int, e164: str) -> tuple[ListedNumber, ...]:
        """The entries of an account, of whichever list, that mean a number: itself, or a prefix of it.

        Args:
            account_id: whose lists.
            e164: `+` and digits.
        """
        ...

    async def count_do_not_call(self, account_id: int, *, campaign_id: int | None = None) -> int:
        """How many entries there are; see `do_not_call`."""
        ...

    async def remove_do_not_call(
        self, account_id: int, keys: Collection[str], *, campaign_id: int | None = None
    ) -> int:
        """Take entries off a list, by what `DoNotCallEntry.key` says; returns how many were there.

        Args:
            account_id: whose list.
            keys: at most `mirabelle.store.do_not_call_steps.MOST_AT_ONCE`.
            campaign_id: the campaign that keeps the list; None: that of the whole account.

        Raises:
            StoreError: they are too many.
        """
        ...

    async def remove_do_not_call_entry(self, account_id: int, entry_id: int) -> bool:
        """Take one entry off its list; returns whether the account had it."""
        ...

    async def explain(self, call_id: int, trunks: Sequence[Trunk], now: datetime) -> Explanation | None:
        """Why a call does not leave, or what became of it: each gate as an admission would find it; None: no such call.

        Args:
            call_id: which call.
            trunks: the ways out.
            now: the present instant.
        """
        ...

    async def explain_campaign(self, campaign_id: int, trunks: Sequence[Trunk], now: datetime) -> Explanation | None:
        """The same for what the calls of a campaign have in common; None: no such campaign."""
        ...

    async def trunk_rooms(self, trunks: Sequence[Trunk], now: datetime) -> tuple[TrunkRoom, ...]:
        """What trunks carry at this instant, across the fleet, and may; in their order."""
        ...
