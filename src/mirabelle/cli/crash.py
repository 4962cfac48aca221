"""`MIRABELLE_CRASH_AT`: ends the program at a named point as a crash would. For tests alone."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from typing import Final

from mirabelle.calls.crash_point import CrashPoint, Reached, pass_by
from mirabelle.errors import MirabelleError

VARIABLE: Final = "MIRABELLE_CRASH_AT"

_FORM: Final = re.compile(r"([a-z_]+)(?::([1-9][0-9]{0,5}))?(?:@([0-9]{1,5}(?:\.[0-9]{1,3})?))?", re.ASCII)


class CrashPointError(MirabelleError):
    """The variable names no point."""


def crash_at(
    environ: Mapping[str, str],
    *,
    die: Callable[[], None] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Reached:
    """What hears of the points: nothing does, unless the environment says `MIRABELLE_CRASH_AT=point[:n][@seconds]`.

    Args:
        environ: the environment; a point counts from so many seconds on.
        die: ends the program; by default SIGKILL, so that nothing is put in order.
        monotonic: the time in seconds.

    Raises:
        CrashPointError: it is no point, number and seconds.
    """
    text = environ.get(VARIABLE, "")
    if not text:
        return pass_by
    found = _FORM.fullmatch(text)
    if found is None or found[1] not in set(CrashPoint):
        names = ", ".join(CrashPoint)
        raise CrashPointError(
            f"{VARIABLE} is a point, how often it is passed and from what second on it counts, such as after_ack:2 or"
            f" after_ack:1@4.5; points: {names}."
        )
    name, left, since = found[1], int(found[2] or "1"), monotonic() + float(found[3] or "0")

    def reached(point: CrashPoint) -> None:
        nonlocal left
        if point == name and monotonic() >= since:
            left -= 1
            if left == 0:
                (die or _die)()

    return reached


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
