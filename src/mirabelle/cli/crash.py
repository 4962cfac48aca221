"""`MIRABELLE_CRASH_AT`: ends the program at a named point as a crash would. For tests alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from typing import Final

from mirabelle.calls.crash_point import CrashPoint, Reached, pass_by
from mirabelle.errors import MirabelleError

VARIABLE: Final = "MIRABELLE_CRASH_AT"


class CrashPointError(MirabelleError):
    """The variable names no point."""


def crash_at(environ: Mapping[str, str], *, die: Callable[[], None] | None = None) -> Reached:
    """What hears of the points: nothing does, unless the environment says `MIRABELLE_CRASH_AT=point[:n]`.

    Args:
        environ: the environment.
        die: ends the program; by default SIGKILL, so that nothing is put in order.

    Raises:
        CrashPointError: it is no point and number.
    """
    text = environ.get(VARIABLE, "")
    if not text:
        return pass_by
    name, _, count = text.partition(":")
    if name not in set(CrashPoint) or not (count or "1").isdecimal() or int(count or "1") < 1:
        names = ", ".join(CrashPoint)
        raise CrashPointError(
            f"{VARIABLE} is a point and how often it is passed, such as after_ack:2; points: {names}."
        )
    left = int(count or "1")

    def reached(point: CrashPoint) -> None:
        nonlocal left
        if point == name:
            left -= 1
            if left == 0:
                (die or _die)()

    return reached


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
