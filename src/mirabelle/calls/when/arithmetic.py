"""From what an expression says, and the present instant, to the instant that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mirabelle.calls.when import civil
from mirabelle.calls.when.reading import DAYS_IN_WEEK, Counting, Edge, Reading, Seek
from mirabelle.calls.when.zones import Zone

_DAY: Final = 86_400
_HOUR: Final = 3_600
_MINUTE: Final = 60
_MICROSECONDS: Final = 1_000_000
_WORKING_WEEK: Final = 5
_FRIDAY: Final = 5
_SATURDAY: Final = 6
_SUNDAY: Final = 0
_SIGHT: Final = 7_200
"""How far back PHP looks for a change of the clocks, where the zone is told."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, and how it came about.

    Attributes:
        seconds: Unix time.
        zone: the zone that the expression was read in.
        in_gap: the clocks were put forward past the time of the day that was asked for: there is none, and a later
            one was taken.
        in_fold: the clocks were put back past the time of the day that was asked for: there are two, and one was taken.
    """

    seconds: int
    zone: Zone
    in_gap: bool
    in_fold: bool


def moment(reading: Reading, now: int, here: Zone) -> Moment:
    """The instant that is meant.

    Args:
        reading: what was said.
        now: the present instant, Unix time.
        here: the zone of what is said without one.
    """
    zone = here if reading.zone is None else reading.zone
    day, second, microsecond = _filled(reading, now + here.offset_at(now))
    wall = _moved(reading, day, second, microsecond)
    offset = _offset(wall, zone, told=reading.zones > 0)
    found = wall - offset
    others = {zone.offset_at(wall - _DAY), zone.offset_at(wall + _DAY)}
    return Moment(
        seconds=found,
        zone=zone,
        in_gap=zone.offset_at(found) != offset,
        in_fold=sum(zone.offset_at(wall - other) == other for other in others) > 1,
    )


def _filled(reading: Reading, local: int) -> tuple[int, int, int]:
    """The day, the second of it and the microsecond; what was not said is as it is now, or 0 where a date was said."""
    today, second_of_day = divmod(local, _DAY)
    year, month, day = civil.date(today)
    if reading.dated and not reading.clocks:
        reading.set_clock(0, 0, 0)
    hour, minute, second = second_of_day // _HOUR, second_of_day // _MINUTE % 60, second_of_day % 60
    seconds = (
        (hour if reading.hour is None else reading.hour) * _HOUR
        + (minute if reading.minute is None else reading.minute) * _MINUTE
        + (second if reading.second is None else reading.second)
    )
    number = _start_of_count(
        reading,
        year if reading.year is None else reading.year,
        month if reading.month is None else reading.month,
        day if reading.day is None else reading.day,
    )
    carried, seconds = divmod(seconds, _DAY)
    return number + carried, seconds, reading.microsecond or 0


def _start_of_count(reading: Reading, year: int, month: int, day: int) -> int:
    """The day that named days and shifts are counted from."""
    if reading.counting in {Counting.FROM_MONTH_START, Counting.FROM_MONTH_END}:
        month += reading.shift.months + (reading.counting is Counting.FROM_MONTH_END)
        reading.shift.months = 0
        day = 1
    return _at_edge(reading.edge, year, month, day)


def _at_edge(edge: Edge | None, year: int, month: int, day: int) -> int:
    if edge is Edge.FIRST_DAY:
        return civil.day_number(year, month, 1)
    if edge is Edge.LAST_DAY:
        return civil.day_number(year, month + 1, 0)
    return civil.day_number(year, month, day)


def _moved(reading: Reading, number: int, second: int, microsecond: int) -> int:
    """Where the clock stands after the named day is found and all is added; seconds since 1970 on that clock.

    Hours are added to the clock as days are: a day with a change of the clocks has 24 of them.
    """
    if reading.seeks_day:
        number += _to_named_day(reading, civil.weekday(number))
    shift = reading.shift
    year, month, day = civil.date(number)
    number = _at_edge(reading.edge, year + shift.years, month + shift.months, day + shift.days)
    second += shift.hours * _HOUR + shift.minutes * _MINUTE + shift.seconds
    second += (microsecond + shift.microseconds) // _MICROSECONDS
    carried, second = divmod(second, _DAY)
    number += carried
    if reading.counting is Counting.WORKING_DAYS:
        number += _working_days(reading.working_days, civil.weekday(number))
    return number * _DAY + second


def _to_named_day(reading: Reading, today: int) -> int:
    """How many days from a day of the week to the day that is named."""
    named = reading.named_day
    if reading.seek is Seek.IN_THIS_WEEK:
        # Weeks begin on Monday here, while Sunday is day 0.
        if today == _SUNDAY and named != _SUNDAY:
            named -= DAYS_IN_WEEK
        elif named == _SUNDAY and today != _SUNDAY:
            named = DAYS_IN_WEEK
        return named - today
    if named < 0:
        return -(DAYS_IN_WEEK - (-named - today))
    distance = named - today
    back = reading.shift.days < 0
    if (back and distance < 0) or (not back and distance <= -reading.seek.value):
        distance += DAYS_IN_WEEK
    return distance


def _working_days(count: int, today: int) -> int:
    """How many days from a day of the week until so many working days have passed."""
    sign = -1 if count < 0 else 1
    weeks, rest = divmod(abs(count), _WORKING_WEEK)
    days = sign * weeks * DAYS_IN_WEEK
    if count > 0:
        return days + rest + _over_weekend_forward(rest, today)
    return days - rest + _over_weekend_back(rest, today)


def _over_weekend_forward(rest: int, today: int) -> int:
    if rest == 0:
        return {_SUNDAY: -2, _SATURDAY: -1}.get(today, 0)
    if today == _SATURDAY:
        return 1
    return 2 if today + rest > _FRIDAY else 0


def _over_weekend_back(rest: int, today: int) -> int:
    if rest == 0:
        return {_SATURDAY: 2, _SUNDAY: 1}.get(today, 0)
    if today == _SUNDAY:
        return -1
    return -2 if today - rest < 1 else 0


def _offset(wall: int, zone: Zone, *, told: bool) -> int:
    """The offset of a wall clock's time, as PHP chooses it where the clocks change.

    In a gap it is the offset before it, so that the time comes out later; of two times it is the first.

    Args:
        wall: seconds since 1970 on the clock there.
        zone: where the clock hangs.
        told: whether the expression names the zone.
    """
    at_wall = zone.offset_at(wall)
    near = zone.offset_at(wall - at_wall)
    if told and at_wall == near and at_wall >= 0 and not zone.is_summer_at(wall):
        earlier = zone.offset_at(wall - at_wall - _SIGHT)
        if zone.offset_at(wall - earlier) == earlier:
            return earlier
    put_forward = near > at_wall and zone.offset_at(wall - near) != near
    return at_wall if put_forward else near
