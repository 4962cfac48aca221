"""`MIRABELLE_CRASH_AT`: ends the program at a named point as a crash would. For tests alone."""

from __future__ import annotations

import math
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from typing import Final

from mirabelle.calls.crash_point import CrashPoint
from mirabelle.errors import MirabelleError

VARIABLE: Final = "MIRABELLE_CRASH_AT"

_FORM: Final = re.compile(r"([a-z_]+)(?::([1-9][0-9]{0,5}))?(?:@([0-9]{1,5}(?:\.[0-9]{1,3})?))?", re.ASCII)


class CrashPointError(MirabelleError):
    """The variable names no point."""


class Crash:
    """Hears of the points, and ends the program at one of them.

    Args:
        point: which.
        passes: when it is passed for the so-manieth time.
        seconds: counted from then on, after the program has announced itself; 0.0 counts from its beginning.
        die: ends the program.
        monotonic: the time in seconds.
    """

    def __init__(
        self,
        point: str,
        passes: int,
        seconds: float,
        *,
        die: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._point = point
        self._left = passes
        self._seconds = seconds
        self._die = die
        self._monotonic = monotonic
        self._since = math.inf if seconds else -math.inf

    def __call__(self, point: CrashPoint) -> None:
        """See `Reached`."""
        if point == self._point and self._monotonic() >= self._since:
            self._left -= 1
            if self._left == 0:
                self._die()

    def begun(self) -> None:
        """The program has announced itself."""
        self._since = min(self._since, self._monotonic() + self._seconds)


def crash_at(environ: Mapping[str, str], *, die: Callable[[], None] | None = None) -> Crash | None:
    """What hears of the points; None unless the environment says `MIRABELLE_CRASH_AT=point[:n][@seconds]`.

    Args:
        environ: the environment.
        die: ends the program; by default SIGKILL, so that nothing is put in order.

    Raises:
        CrashPointError: it is no point, number and seconds.
    """
    text = environ.get(VARIABLE, "")
    if not text:
        return None
    found = _FORM.fullmatch(text)
    if found is None or found[1] not in set(CrashPoint):
        names = ", ".join(CrashPoint)
        raise CrashPointError(
            f"{VARIABLE} is a point, how often it is passed and from what second on it counts, such as after_ack:2 or"
            f" after_ack:1@4.5; points: {names}."
        )
    return Crash(found[1], int(found[2] or "1"), float(found[3] or "0"), die=die or _die)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
