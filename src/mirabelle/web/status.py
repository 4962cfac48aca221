"""What the server says about itself to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mirabelle.calls.call import CallState
from mirabelle.calls.room import TrunkRoom
from mirabelle.calls.trunk import Trunk


class MediaFigures(Protocol):
    """How one media process fares."""

    @property
    def index(self) -> int:
        """Which of the processes."""
        ...

    @property
    def pid(self) -> int:
        """Its number; 0 while it is being restarted."""
        ...

    @property
    def native(self) -> bool:
        """Whether the compiled loop carries the packets."""
        ...

    @property
    def streams(self) -> int:
        """How many it carries."""
        ...

    @property
    def late_p50_ms(self) -> float:
        """How late packets leave, in the middle, in milliseconds."""
        ...

    @property
    def late_p99_ms(self) -> float:
        """The same, 99th percentile."""
        ...

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """The server at one instant.

    Attributes:
        version: of the program.
        now: the instant.
        started_at: since when it runs.
        calls_in_progress: ringing or connected.
        counts: the calls in the ledger by state.
        trunks: the ways out, in the file's order.
        rooms: what each of them carries, across the fleet, and may.
        media: the media processes; None: calls are made by other servers.
    """

    version: str
    now: datetime
    started_at: datetime
    calls_in_progress: int
    counts: Mapping[CallState, int]
    trunks: tuple[Trunk, ...]
    rooms: tuple[TrunkRoom, ...]
    media: tuple[MediaFigures, ...] | None


class StatusSource(Protocol):
    """Who knows how the server is."""

    async def status(self) -> ServerStatus:
        """The present state."""
        ...
