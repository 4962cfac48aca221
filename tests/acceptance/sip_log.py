"""What a far end saw, read from sipp's own log of messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_ENTRY = re.compile(
    r"^-{20,} (\d{4}-\d\d-\d\d)[ \t](\d\d:\d\d:\d\d\.\d+)[^\n]*\n"
    r"UDP message (received|sent)[^\n]*\n\n(.*?)(?=^-{20,} |\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Rung:
    """One call as the far end saw it.

    Attributes:
        number: that was dialled.
        began: when its INVITE came, in seconds.
        ended: when it was over: at the BYE, or at the ACK of a refusal; None where that never came.
        acknowledged: whether its answer was.
    """

    number: str
    began: float
    ended: float | None = None
    acknowledged: bool = False


def rung(log: Path) -> list[Rung]:
    """The calls of a log in the order in which they came; an INVITE that was repeated counts once."""
    calls: dict[str, Rung] = {}
    for date, time, way, message in _ENTRY.findall(log.read_text(errors="replace")):
        if way != "received":
            continue
        at = datetime.fromisoformat(f"{date} {time[:15]}").timestamp()
        method, _, rest = message.partition(" ")
        call_id = re.search(r"^Call-ID: *(\S+)", message, re.MULTILINE)
        assert call_id, message
        before = calls.get(call_id[1])
        if method == "INVITE" and before is None:
            calls[call_id[1]] = Rung(re.split("[:@]", rest)[1], at)
        elif before is not None and method == "ACK":
            calls[call_id[1]] = Rung(before.number, before.began, before.ended, True)
        elif before is not None and method == "BYE":
            calls[call_id[1]] = Rung(before.number, before.began, before.ended or at, before.acknowledged)
    return list(calls.values())


def most_at_once(calls: Sequence[Rung]) -> int:
    """The most calls that were under way at one instant."""
    steps = [(call.began, 1) for call in calls] + [(call.ended, -1) for call in calls if call.ended is not None]
    most = now = 0
    for _, step in sorted(steps):
        now += step
        most = max(most, now)
    return most


def fastest(calls: Sequence[Rung], seconds: float) -> int:
    """The most INVITEs within any span of so many seconds."""
    began = sorted(call.began for call in calls)
    return max((sum(at <= each < at + seconds for each in began) for at in began), default=0)
