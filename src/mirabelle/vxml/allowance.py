"""How long a session may compute before it waits for the caller again."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Final, TypeVar

from mirabelle.vxml.platform import Reply, Request
from mirabelle.vxml.signals import Ending

T = TypeVar("T")

TURN_SECONDS: Final = 5.0
"""How long a session may compute between two waits for the caller, everything counted: documents that are read,
grammars, scripts (which have a limit of their own) and all steps in between."""


class Allowance:
    """Counts the processor time of one turn, on whichever thread the session happens to run.

    Args:
        seconds: the most that a turn may take.
        clock: the processor time of the present thread, in seconds.
    """

    def __init__(self, seconds: float = TURN_SECONDS, clock: Callable[[], float] = time.thread_time) -> None:
        self._seconds = seconds
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        """Begin a new turn."""
        self._used = 0.0
        self._since = self._clock()

    def check(self) -> None:
        """Say whether there is time left.

        Raises:
            Ending: there is none.
        """
        if self._used + self._clock() - self._since > self._seconds:
            reason = f"The application computed for more than {self._seconds:g} s without waiting for the caller."
            raise Ending("error", "error.semantic", reason)

    def over(self, steps: Generator[Request, Reply, T]) -> Generator[Request, Reply, T]:
        """Run a machine and count while it computes: from each reply to the next request, which one thread does."""
        reply: Reply = None
        while True:
            self._since = self._clock()
            try:
                request = steps.send(reply)
            except StopIteration as stop:
                result: T = stop.value
                return result
            self._used += self._clock() - self._since
            reply = yield request
