"""The numbers that a campaign holds already, for a list that is to be added to it."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from mirabelle.api.intake import Intake

PAGE: Final = 5_000
"""Numbers that are in memory at the same time."""


class PagesNumbers(Protocol):
    """What is asked of the store."""

    async def campaign_numbers(
        self, campaign_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        """The keys and telephone numbers of a campaign's calls, in the order of the keys, from behind `after`."""
        ...


async def know_campaign(intake: Intake, ledger: PagesNumbers, campaign_id: int) -> None:
    """Let an intake take the numbers of a campaign for seen, before its list is fed.

    Eight bytes are kept of each. A call that somebody else queues into the campaign after this is not known.

    Args:
        intake: of the list; where it allows a number twice, nothing is read.
        ledger: holds the campaign.
        campaign_id: which campaign.
    """
    if not intake.tells_apart:
        return
    after = 0
    while page := await ledger.campaign_numbers(campaign_id, after=after, limit=PAGE):
        after = page[-1][0]
        await asyncio.to_thread(intake.know, [phone_number for _, phone_number in page])
