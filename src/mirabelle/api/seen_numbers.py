"""Telephone numbers that were seen before, however they are written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from functools import partial
from typing import Final, Protocol

from mirabelle.api.queuecalls import DuplicateScope
from mirabelle.api.seen import Seen
from mirabelle.calls import number
from mirabelle.calls.number import PhoneNumber

PAGE: Final = 5_000
"""Numbers that are in memory at the same time."""


class SeenNumbers:
    """Tells whether a number, with the keys that are pressed behind it, is there a second time."""

    def __init__(self) -> None:
        self._seen = Seen()

    def add(self, text: str, found: PhoneNumber | None = None) -> bool:
        """Add a number; True where it was not there yet.

        Args:
            text: as it is kept in the ledger.
            found: what it means; None where it is plain, and means itself.
        """
        return self._seen.add(f"{text};" if found is None else f"{found.e164};{found.keys}")

    def know(self, phone_numbers: Iterable[str]) -> None:
        """Take numbers for seen.

        Args:
            phone_numbers: as the ledger keeps them.
        """
        for text in phone_numbers:
            # What was a number once and is none any more is in no list either.
            with contextlib.suppress(number.NumberError):
                self.add(text, None if number.is_plain(text) else number.parse(text, bad_ani="default"))


class HasNumbers(Protocol):
    """Where the numbers of campaigns are."""

    async def campaign_numbers(
        self, campaign_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        """The keys and numbers of a campaign's calls, in the order of the keys."""
        ...

    async def waiting_numbers(
        self, account_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        """The keys and numbers of an account's calls that are not over, in the order of the keys."""
        ...


class _Pages(Protocol):
    async def __call__(self, *, after: int, limit: int) -> tuple[tuple[int, str], ...]: ...


class Taker(Protocol):
    """Whoever takes a list in."""

    @property
    def tells_apart(self) -> bool:
        """Whether it matters that a number is there twice."""
        ...

    def know(self, phone_numbers: Iterable[str]) -> None:
        """Take numbers for seen."""
        ...


async def learn(
    ledger: HasNumbers,
    taker: Taker,
    *,
    account_id: int,
    campaign_id: int | None,
    scope: DuplicateScope,
    page_size: int = PAGE,
) -> None:
    """Let a taker know the numbers that are there before its list is fed, page by page and off the event loop.

    A call that somebody else queues after this is not known.

    Args:
        ledger: where they are.
        taker: takes them; where it allows a number twice, nothing is read.
        account_id: whose calls.
        campaign_id: where the list goes; None for a new campaign.
        scope: where a number is looked for: `account` looks into other campaigns, too.
        page_size: numbers that are in memory at the same time.
    """
    if not taker.tells_apart:
        return
    if campaign_id is not None:
        await _learn(partial(ledger.campaign_numbers, campaign_id), taker, page_size)
    if scope == "account":
        await _learn(partial(ledger.waiting_numbers, account_id), taker, page_size)


async def _learn(page_of: _Pages, taker: Taker, page_size: int) -> None:
    after = 0
    while page := await page_of(after=after, limit=page_size):
        await asyncio.to_thread(taker.know, [phone_number for _, phone_number in page])
        after = page[-1][0]
