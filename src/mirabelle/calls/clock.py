"""The clock, as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

_SLACK: Final = 0.001
"""Seconds that clocks which agree may differ by, for the sake of fractions that they do not show."""


class Clock(Protocol):
    """Where the time comes from: the machine's clock in service, a virtual one in tests and simulations."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a scale that never goes back; only differences mean something."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on the system's monotonic scale."""
        return time.monotonic()


class SharedClock:
    """The clock that all servers of a fleet share, carried on by the machine's own monotonic scale.

    So a machine whose clock is wrong, or is set while it runs, dials at the same time as the others, and takes none of
    them for dead.

    Args:
        own: the machine's clock, which tells the time until the shared one was heard.
    """

    def __init__(self, own: Clock) -> None:
        self._own = own
        self._heard: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """The present instant by the shared clock, aware, in UTC."""
        if self._heard is None:
            return self._own.now()
        instant, at = self._heard
        return instant + timedelta(seconds=self._own.monotonic() - at)

    def monotonic(self) -> float:
        """Seconds on the machine's monotonic scale."""
        return self._own.monotonic()

    @property
    def ahead(self) -> float:
        """Seconds by which the machine's own clock is ahead of the shared one; negative where it is behind."""
        return (self._own.now() - self.now()).total_seconds()

    def hear(self, instant: datetime, asked: float, answered: float) -> None:
        """Take the time from the shared clock. It is not moved as long as nothing says that it is wrong.

        Args:
            instant: what the shared clock showed.
            asked: when it was asked, on the monotonic scale.
            answered: when the answer was there; it showed `instant` some time in between.
        """
        if self._heard is not None:
            known, at = self._heard
            shown = (instant - known).total_seconds() + at
            if asked - _SLACK <= shown <= answered + _SLACK:
                return
        self._heard = (instant, (asked + answered) / 2)
