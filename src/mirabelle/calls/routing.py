"""Routing: which trunk carries a call, and which number it calls from. Pure, and the same in every process.

The trunks with the longest prefix that fits the number are meant for it. Among those that were not tried yet the
weights decide, by the call's own key, so that asking twice gives the same answer while nothing changes. Only when all
of them failed does the next shorter prefix come.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from mirabelle.calls.trunk import Trunk

NO_TRUNK: Final = "No trunk carries calls to this number; add one with a prefix that fits."
"""Why a call is ended that no trunk is meant for."""


def candidates(e164: str, trunks: Sequence[Trunk], tried: Collection[str] = ()) -> tuple[Trunk, ...]:
    """The trunks that a call may leave through now; none where it may leave through none.

    Args:
        e164: the number, `+` and digits.
        trunks: those that the operator configured.
        tried: names of those that failed it since its last attempt that counted.
    """
    lengths = [(_fit(e164, trunk), trunk) for trunk in trunks if trunk.name not in tried]
    longest = max((length for length, _ in lengths), default=-1)
    return tuple(trunk for length, trunk in lengths if length == longest and length >= 0)


def choose(offered: Sequence[Trunk], room: Mapping[str, int], key: str) -> Trunk | None:
    """The trunk of a call, by weight among those with room; None where none has.

    Args:
        offered: as `candidates` gave them.
        room: by the trunks' names, how many calls may leave there now.
        key: what the choice hangs on, such as the call's key and attempt.
    """
    free = [trunk for trunk in offered if room.get(trunk.name, 0) > 0]
    total = sum(trunk.weight for trunk in free)
    point = _point(key) * total
    for trunk in free:
        point -= trunk.weight
        if point < 0:
            return trunk
    return free[-1] if free else None


def caller_id(trunk: Trunk, e164: str) -> str:
    """The number that a call shows where it names none: one of the trunk's pool, always the same for one callee."""
    pool = trunk.caller_ids or ((trunk.caller_id,) if trunk.caller_id else ())
    return pool[int(_point(e164) * len(pool))] if pool else ""


def _fit(e164: str, trunk: Trunk) -> int:
    """Digits of the longest prefix of a trunk that the number has; -1 where none fits."""
    if not trunk.prefixes:
        return 0
    return max((len(prefix) for prefix in trunk.prefixes if e164.startswith(prefix)), default=-1)


def _point(key: str) -> float:
    """A point from 0 to 1 that hangs on the key alone, in every process alike."""
    return zlib.crc32(key.encode()) / 2**32
