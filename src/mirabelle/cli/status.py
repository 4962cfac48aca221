"""The state of a running server, gathered for its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import mirabelle
from mirabelle.calls.call import CallState
from mirabelle.calls.clock import Clock
from mirabelle.calls.room import TrunkRoom
from mirabelle.calls.trunk import Trunk
from mirabelle.web.status import MediaFigures, ServerStatus


class Counts(Protocol):
    """Where calls and channels are counted."""

    async def counts(self) -> Mapping[CallState, int]:
        """How many calls there are in each state."""
        ...

    async def trunk_rooms(self, trunks: Sequence[Trunk], now: datetime) -> tuple[TrunkRoom, ...]:
        """What trunks carry."""
        ...


class LiveStatus:
    """Asks the running parts how they are; a `StatusSource` for the web page."""

    def __init__(
        self,
        *,
        ledger: Counts,
        clock: Clock,
        trunks: tuple[Trunk, ...],
        media: Callable[[], Sequence[MediaFigures]] | None,
        calls_in_progress: Callable[[], int] | None,
    ) -> None:
        """Remember whom to ask.

        Args:
            ledger: counts the calls and the channels.
            clock: the age of the server is told from now on.
            trunks: as configured.
            media: the health of the media processes; None: calls are made by other servers.
            calls_in_progress: how many are ringing or connected; None: as the ledger counts them.
        """
        self._ledger = ledger
        self._clock = clock
        self._trunks = trunks
        self._media = media
        self._calls_in_progress = calls_in_progress
        self._started_at: datetime = clock.now()

    async def status(self) -> ServerStatus:
        """The present state."""
        now, counts = self._clock.now(), await self._ledger.counts()
        in_progress = counts.get(CallState.DIALING, 0) + counts.get(CallState.CONNECTED, 0)
        return ServerStatus(
            version=mirabelle.__version__,
            now=now,
            started_at=self._started_at,
            calls_in_progress=in_progress if self._calls_in_progress is None else self._calls_in_progress(),
            counts=counts,
            trunks=self._trunks,
            rooms=await self._ledger.trunk_rooms(self._trunks, now),
            media=None if self._media is None else tuple(self._media()),
        )
