"""Virtual time: an event loop whose clock jumps to the next timer whenever nothing is ready.

Code that sleeps, waits with a limit or asks an injected clock runs on it as it is, and a day passes in no time. There
is nothing outside of it to wait for: no socket, no thread, no child process. Times are floats, which tell microseconds
apart for some months; after that the loop would stand still.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from mirabelle.errors import MirabelleError

T = TypeVar("T")

_SLACK: Final = 0.0005
"""Microseconds by which a timer may seem later than it is, for the sake of fractions that a float does not hold."""


class NothingLeft(MirabelleError):
    """Everything waits, and no timer will ever end it."""


class VirtualSelector(selectors.SelectSelector):
    """Where an event loop would sleep, moves the time on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.micros = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let so many seconds pass; nothing is ever ready by itself.

        Raises:
            NothingLeft: the loop would wait for ever.
        """
        if timeout is None:
            raise NothingLeft("Everything waits for something that can never come; end the main task instead.")
        if timeout > 0:
            self.micros += max(0, math.ceil(timeout * 1e6 - _SLACK))
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time; it begins at zero."""

    def __init__(self) -> None:
        self._virtual = VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds since the loop was made, in whole microseconds."""
        return self._virtual.micros / 1e6


class VirtualClock:
    """The clock of a virtual loop; see `mirabelle.calls.clock.Clock`.

    Args:
        loop: whose time it tells.
        start: the instant at which the loop began, aware.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start.astimezone(UTC)

    def now(self) -> datetime:
        """The present instant of the simulation, in UTC."""
        return self._start + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Seconds since the simulation began."""
        return self._loop.time()


def run(main: Callable[[VirtualClock], Coroutine[Any, Any, T]], start: datetime) -> T:
    """Run a program on virtual time to its end.

    Args:
        main: makes the program's first task, given its clock.
        start: the instant at which it begins, aware.

    Raises:
        NothingLeft: it would never end.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main(VirtualClock(runner.get_loop(), start)))
