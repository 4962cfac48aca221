"""What an expression has said so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from mirabelle.calls.when.error import WhenError
from mirabelle.calls.when.words import Unit
from mirabelle.calls.when.zones import Offset, Zone

DAYS_IN_WEEK = 7


class Edge(Enum):
    """An edge of a month."""

    FIRST_DAY = "first day of"
    LAST_DAY = "last day of"


class Counting(Enum):
    """What days are counted, and from where."""

    WORKING_DAYS = "working days"
    FROM_MONTH_START = "from the first of the month"
    FROM_MONTH_END = "from the end of the month"


class Seek(Enum):
    """Which day of a name is meant; the values are how PHP orders them."""

    AFTER_TODAY = 0
    FROM_TODAY = 1
    IN_THIS_WEEK = 2


@dataclass(slots=True)
class Shift:
    """What is to be added, by unit."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0
    microseconds: int = 0

    def add(self, unit: Unit, amount: int) -> None:
        """Add an amount of a unit that has a length."""
        name = f"{unit.value}s"
        setattr(self, name, getattr(self, name) + amount)

    def turn_back(self) -> None:
        """Go back instead of forward; what is smaller than a second is left alone, as in PHP."""
        self.years, self.months, self.days = -self.years, -self.months, -self.days
        self.hours, self.minutes, self.seconds = -self.hours, -self.minutes, -self.seconds


@dataclass(slots=True)
class Reading:
    """Fields of a date and a time; None: not said.

    Attributes:
        clocks: how often a time of the day was said.
        dated: whether a date was said.
        zones: how often a zone was said.
        zone: the zone that was said first.
        shift: what is to be added in the end.
        named_day: Sunday is 0; negative: `ago` was said after it.
        seeks_day: whether a day was named.
        seek: which of the days with that name.
        counting: how to count days.
        working_days: how many of them to add.
        edge: the first or the last day of the month.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    microsecond: int | None = None
    clocks: int = 0
    dated: bool = False
    zones: int = 0
    zone: Zone | None = None
    shift: Shift = field(default_factory=Shift)
    named_day: int = 0
    seeks_day: bool = False
    seek: Seek = Seek.AFTER_TODAY
    counting: Counting | None = None
    working_days: int = 0
    edge: Edge | None = None

    def begin_clock(self) -> None:
        """A time of the day follows.

        Raises:
            WhenError: there was one already.
        """
        if self.clocks:
            raise WhenError("is a second time of the day; there can be only one")
        self.set_clock(0, 0, 0)
        self.clocks = 1

    def set_clock(self, hour: int, minute: int, second: int) -> None:
        """Set the time of the day."""
        self.hour, self.minute, self.second, self.microsecond = hour, minute, second, 0

    def forget_clock(self) -> None:
        """Midnight, until a time of the day is said."""
        self.set_clock(0, 0, 0)
        self.clocks = 0

    def begin_date(self) -> None:
        """A date follows.

        Raises:
            WhenError: there was one already.
        """
        if self.dated:
            raise WhenError("is a second date; there can be only one")
        self.dated = True

    def set_date(self, year: int | None, month: int, day: int) -> None:
        """Set the date; without a year it is left as it is."""
        self.begin_date()
        self.year, self.month, self.day = year if year is not None else self.year, month, day

    def begin_zone(self) -> bool:
        """A zone follows; whether it counts. The second one is passed over.

        Raises:
            WhenError: it is the third.
        """
        self.zones += 1
        if self.zones > 2:
            raise WhenError("is a third time zone; there can be only one")
        return self.zones == 1

    def begin_unix_time(self) -> bool:
        """A number of seconds since 1970 follows; whether it counts, or comes after a zone."""
        self.dated = False
        self.year = self.month = self.day = 0
        self.forget_clock()
        if not self.begin_zone():
            return False
        self.year, self.month, self.day = 1970, 1, 1
        self.zone = Offset(0, "UTC")
        return True

    def seek_day(self, day: int, seek: Seek) -> None:
        """A day is named."""
        self.seeks_day = True
        self.named_day = day
        self.seek = seek

    def turn_back(self) -> None:
        """`ago`: all that was said so far lies in the past."""
        self.shift.turn_back()
        self.named_day = -self.named_day or -DAYS_IN_WEEK
        if self.counting is Counting.WORKING_DAYS:
            self.working_days = -self.working_days
