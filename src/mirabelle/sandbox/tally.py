"""What a simulation found, and the figures that a planner reads from it. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from mirabelle.calls.outcome import Outcome

IN_PROGRESS: Final = "in progress"
"""The outcome of an attempt that was under way when the simulation ended."""
OUTCOMES: Final = (
    *(each.value for each in (Outcome.ANSWERED, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.REJECTED)),
    *(each.value for each in (Outcome.UNALLOCATED, Outcome.FAILED, Outcome.CAPACITY, Outcome.CANCELED)),
    Outcome.INTERRUPTED.value,
    IN_PROGRESS,
)
"""How attempts end, in the order of tables and pictures."""

_DAY: Final = 86_400.0


class Made(NamedTuple):
    """One attempt that was made.

    Attributes:
        call_id: of which call.
        trunk: over which trunk.
        started_at: when the INVITE left, as a Unix time.
        answered_at: when somebody answered, if somebody did.
        ended_at: when it was over; None where it was not.
        outcome: one of `OUTCOMES`.
    """

    call_id: int
    trunk: str
    started_at: float
    answered_at: float | None
    ended_at: float | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What came of a simulation.

    Attributes:
        start: when it began.
        length: how much time could pass.
        calls: how many were queued.
        states: how many of them are in each state.
        made: every attempt, in the order in which they began.
        expired_at: when calls expired.
        finished_at: when the last call was final; None where some never were.
    """

    start: datetime
    length: timedelta
    calls: int
    states: Mapping[str, int]
    made: Sequence[Made]
    expired_at: Sequence[datetime]
    finished_at: datetime | None

    @property
    def end(self) -> datetime:
        """The end of what was simulated."""
        return self.start + self.length if self.finished_at is None else self.finished_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of a span of time.

    Attributes:
        name: of the span.
        attempts: that began in it.
        outcomes: of those attempts, in the order of `OUTCOMES`.
        expired: calls that expired in it.
        most_channels: the most calls at once.
        mean_channels: calls at once on the average, while there was any.
        most_a_second: the most attempts that began in one second of the clock.
        mean_a_second: attempts a second, over the seconds in which a call was in progress.
        talk_hours: spent in answered calls that began in it.
    """

    name: str
    attempts: int
    outcomes: Mapping[str, int]
    expired: int
    most_channels: int
    mean_channels: float
    most_a_second: int
    mean_a_second: float
    talk_hours: float

    def as_json(self) -> dict[str, object]:
        """As JSON values."""
        return {
            "name": self.name,
            "attempts": self.attempts,
            "outcomes": dict(self.outcomes),
            "expired": self.expired,
            "channels": {"most": self.most_channels, "mean": round(self.mean_channels, 2)},
            "calls_per_second": {"most": self.most_a_second, "mean": round(self.mean_a_second, 3)},
            "talk_hours": round(self.talk_hours, 2),
        }


def by_day(found: Simulated) -> tuple[Figures, ...]:
    """The figures of each day of the start's zone in which something happened, then those of all together."""
    ends = found.end.timestamp()
    figures = []
    for begin, end in days(found.start, found.end):
        made = [each for each in found.made if begin.timestamp() <= each.started_at < end.timestamp()]
        expired = sum(begin <= each < end for each in found.expired_at)
        if made or expired:
            span = (begin.timestamp(), min(end.timestamp(), ends))
            figures.append(_figures(f"{begin:%a %Y-%m-%d}", found, made, expired, span))
    whole = (found.start.timestamp(), ends)
    return (*figures, _figures("all", found, found.made, len(found.expired_at), whole))


def days(start: datetime, end: datetime) -> Iterable[tuple[datetime, datetime]]:
    """The days from one instant to another on the clock of the first, midnight to midnight."""
    begin = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while begin <= end:
        following = begin + timedelta(days=1)
        yield begin, following
        begin = following


def _figures(name: str, found: Simulated, made: Sequence[Made], expired: int, span: tuple[float, float]) -> Figures:
    counted = Counter(each.outcome for each in made)
    most, used, busy = channels(found.made, *span)
    seconds = Counter(math.floor(each.started_at) for each in made)
    talked = sum((each.ended_at or span[1]) - each.answered_at for each in made if each.answered_at is not None)
    return Figures(
        name=name,
        attempts=len(made),
        outcomes={outcome: counted[outcome] for outcome in OUTCOMES if counted[outcome]},
        expired=expired,
        most_channels=most,
        mean_channels=used / busy if busy else 0.0,
        most_a_second=max(seconds.values(), default=0),
        mean_a_second=len(made) / busy if busy else 0.0,
        talk_hours=talked / 3600,
    )


def channels(made: Iterable[Made], begin: float, end: float) -> tuple[int, float, float]:
    """The most calls at once between two Unix times, the seconds of channels in use, and those in which any was."""
    changes: list[tuple[float, int]] = []
    for each in made:
        over = end if each.ended_at is None else min(each.ended_at, end)
        if each.started_at < end and over >= begin:
            # A call that ends when another begins has given its channel back: -1 sorts before 1.
            changes += ((max(each.started_at, begin), 1), (over, -1))
    changes.sort()
    now, most, in_use, used, busy = begin, 0, 0, 0.0, 0.0
    for at, step in changes:
        used += in_use * (at - now)
        busy += (at - now) if in_use else 0.0
        now, in_use = at, in_use + step
        most = max(most, in_use)
    return most, used, busy


@dataclass(frozen=True, slots=True)
class Series:
    """The course of a simulation in steps of equal length.

    Attributes:
        step: seconds of one.
        begins: the Unix time at which each begins.
        outcomes: attempts that began in each step, by outcome, in the order of `OUTCOMES`.
        most_channels: the most calls at once in each step.
    """

    step: float
    begins: tuple[float, ...]
    outcomes: Mapping[str, tuple[int, ...]]
    most_channels: tuple[int, ...]


_STEPS: Final = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)


def series(found: Simulated, most_steps: int = 150) -> Series:
    """The course of a simulation, in steps of a handy length.

    Args:
        found: by the simulation.
        most_steps: how many there may be.
    """
    begin, end = found.start.timestamp(), found.end.timestamp()
    step = float(next((each for each in _STEPS if (end - begin) / each < most_steps), _STEPS[-1]))
    first = begin // step * step
    count = math.floor((end - first) / step) + 1
    outcomes: dict[str, list[int]] = {}
    for each in found.made:
        outcomes.setdefault(each.outcome, [0] * count)[min(count - 1, int((each.started_at - first) // step))] += 1
    return Series(
        step,
        tuple(first + index * step for index in range(count)),
        {name: tuple(outcomes[name]) for name in OUTCOMES if name in outcomes},
        _most_in_steps(found.made, first, step, count, end),
    )


def _most_in_steps(made: Iterable[Made], first: float, step: float, count: int, end: float) -> tuple[int, ...]:
    changes = sorted(
        change
        for each in made
        for change in ((each.started_at, 1), (end if each.ended_at is None else each.ended_at, -1))
    )
    most = [0] * count
    in_use, at_step = 0, 0
    for at, change in changes:
        here = min(count - 1, max(0, int((at - first) // step)))
        for index in range(at_step + 1, here + 1):
            most[index] = in_use
        at_step = here
        in_use += change
        most[here] = max(most[here], in_use)
    return tuple(most)
