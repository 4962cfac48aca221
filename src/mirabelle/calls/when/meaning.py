"""What each form of the grammar says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from mirabelle.calls.when import civil
from mirabelle.calls.when.error import WhenError
from mirabelle.calls.when.lexeme import Lexeme
from mirabelle.calls.when.reading import DAYS_IN_WEEK, Counting, Edge, Reading, Seek
from mirabelle.calls.when.words import Unit

_POINTS: Final = ":."


def _nothing(reading: Reading, lexeme: Lexeme) -> None:
    """Words that say nothing: `now`, separators."""


def _day_beside(days: int) -> Callable[[Reading, Lexeme], None]:
    def meaning(reading: Reading, lexeme: Lexeme) -> None:
        reading.forget_clock()
        reading.shift.days = days

    return meaning


def _noon(reading: Reading, lexeme: Lexeme) -> None:
    reading.forget_clock()
    reading.begin_clock()
    reading.hour = 12


def _midnight(reading: Reading, lexeme: Lexeme) -> None:
    reading.forget_clock()


def _unix_time(reading: Reading, lexeme: Lexeme) -> None:
    if reading.begin_unix_time():
        reading.shift.seconds += lexeme.signed()


def _unix_time_with_fraction(reading: Reading, lexeme: Lexeme) -> None:
    if reading.begin_unix_time():
        reading.shift.seconds += lexeme.signed()
        if lexeme.text.endswith("."):
            raise WhenError("has no digits after the point")
        microseconds = lexeme.microseconds()
        reading.shift.microseconds = -microseconds if lexeme.text[1] == "-" else microseconds


def _edge_of_month(reading: Reading, lexeme: Lexeme) -> None:
    reading.edge = Edge.LAST_DAY if lexeme.text[0] in "lL" else Edge.FIRST_DAY


def _around_the_hour(reading: Reading, lexeme: Lexeme) -> None:
    reading.forget_clock()
    reading.begin_clock()
    # PHP tells the two apart by a small "b"; "Back of 7" is a quarter to seven there.
    after = lexeme.text[0] == "b"
    hour = lexeme.some() - (0 if after else 1)
    reading.minute = 15 if after else 45
    reading.hour = hour if lexeme.ended else lexeme.noon_side(hour)


def _weekday_of_month(reading: Reading, lexeme: Lexeme) -> None:
    amount, this = lexeme.amount()
    reading.counting = Counting.FROM_MONTH_START if amount > 0 else Counting.FROM_MONTH_END
    seek = Seek.FROM_TODAY if amount > 0 or this else Seek.AFTER_TODAY
    _add(reading, lexeme, amount, seek, keep_clock=False)


def _time_of_twelve(reading: Reading, lexeme: Lexeme) -> None:
    reading.begin_clock()
    hour = lexeme.some()
    if lexeme.next_is(_POINTS):
        reading.minute = lexeme.some()
        if lexeme.next_is(_POINTS):
            reading.second = lexeme.some()
            if lexeme.next_is(_POINTS):
                reading.microsecond = lexeme.microseconds()
    reading.hour = lexeme.noon_side(hour)


def _time(reading: Reading, lexeme: Lexeme) -> None:
    _time_of_day(reading, lexeme, before_seconds=_POINTS)


def _time_of_day(reading: Reading, lexeme: Lexeme, before_seconds: str) -> None:
    reading.begin_clock()
    reading.hour = lexeme.some()
    if lexeme.next_is(_POINTS):
        reading.minute = lexeme.some()
        if lexeme.next_is(before_seconds):
            reading.second = lexeme.some()
            if lexeme.next_is("."):
                reading.microsecond = lexeme.microseconds()
    if not lexeme.ended:
        reading.zone = lexeme.zone()


def _four_digits(reading: Reading, lexeme: Lexeme) -> None:
    """A time of the day, or the year where that was said before."""
    if reading.clocks == 0:
        reading.hour, reading.minute, reading.second = lexeme.some(), lexeme.some(), 0
    elif reading.clocks == 1:
        reading.year = lexeme.some(4)
    else:
        reading.begin_clock()
    reading.clocks += 1


def _six_digits(reading: Reading, lexeme: Lexeme) -> None:
    reading.begin_clock()
    reading.set_clock(lexeme.some(), lexeme.some(), lexeme.some())


def _american_date(reading: Reading, lexeme: Lexeme) -> None:
    month, day = lexeme.some(), lexeme.some()
    # After 3/24th PHP passes over the year.
    reading.set_date(lexeme.year() if lexeme.next_is("/") else None, month, day)


def _iso_date(reading: Reading, lexeme: Lexeme) -> None:
    reading.set_date(lexeme.signed(4), lexeme.some(), lexeme.some())


def _far_iso_date(reading: Reading, lexeme: Lexeme) -> None:
    reading.set_date(lexeme.signed(19), lexeme.some(), lexeme.some())


def _loose_iso_date(reading: Reading, lexeme: Lexeme) -> None:
    reading.set_date(lexeme.year(), lexeme.some(), lexeme.some())


def _eight_digits(reading: Reading, lexeme: Lexeme) -> None:
    reading.set_date(lexeme.some(4), lexeme.some(), lexeme.some())


def _year_and_month(reading: Reading, lexeme: Lexeme) -> None:
    reading.set_date(lexeme.year(), lexeme.some(), 1)


def _day_month_year(reading: Reading, lexeme: Lexeme) -> None:
    day = lexeme.some()
    lexeme.skip_day_suffix()
    month = lexeme.month()
    reading.set_date(lexeme.year(), month, day)


def _pointed_date(reading: Reading, lexeme: Lexeme) -> None:
    day, month = lexeme.some(), lexeme.some()
    reading.set_date(lexeme.some(4), month, day)


def _short_pointed_date(reading: Reading, lexeme: Lexeme) -> None:
    day, month = lexeme.some(), lexeme.some()
    reading.set_date(lexeme.year(2), month, day)


def _month_and_year(reading: Reading, lexeme: Lexeme) -> None:
    month = lexeme.month()
    reading.set_date(lexeme.year(), month, 1)


def _year_and_month_name(reading: Reading, lexeme: Lexeme) -> None:
    reading.set_date(lexeme.year(), lexeme.month(), 1)


def _month_day_year(reading: Reading, lexeme: Lexeme) -> None:
    """A year that was said before is forgotten, with or without one here."""
    month, day = lexeme.month(), lexeme.some()
    reading.year = None
    reading.set_date(lexeme.year(), month, day)


def _year_first(reading: Reading, lexeme: Lexeme) -> None:
    reading.set_date(lexeme.year(), lexeme.month(), lexeme.some())


def _date_and_time(reading: Reading, lexeme: Lexeme) -> None:
    reading.begin_clock()
    reading.set_date(lexeme.some(4), lexeme.some(), lexeme.some())
    reading.set_clock(lexeme.some(), lexeme.some(), lexeme.some())
    if lexeme.next_is("."):
        reading.microsecond = lexeme.microseconds()
        if not lexeme.ended:
            reading.zone = lexeme.zone()


def _ordinal_date(reading: Reading, lexeme: Lexeme) -> None:
    year = lexeme.year()
    reading.set_date(year, 1, lexeme.some(3))


def _week_date(reading: Reading, lexeme: Lexeme) -> None:
    year, week, day = lexeme.some(4), lexeme.some(), lexeme.number(1)
    reading.set_date(year, 1, 1)
    first = civil.weekday(civil.day_number(year, 1, 1))
    # The first week is the one with the first Thursday.
    monday = (week - 1) * DAYS_IN_WEEK - (first - DAYS_IN_WEEK if first > 4 else first)
    reading.shift.days = monday + (1 if day is None else day)


def _log_time(reading: Reading, lexeme: Lexeme) -> None:
    reading.begin_clock()
    day, month = lexeme.some(), lexeme.month()
    reading.set_date(lexeme.some(4), month, day)
    reading.set_clock(lexeme.some(), lexeme.some(), lexeme.some())
    reading.zone = lexeme.zone()


def _four_digit_year(reading: Reading, lexeme: Lexeme) -> None:
    reading.year = lexeme.some(4)


def _ago(reading: Reading, lexeme: Lexeme) -> None:
    reading.turn_back()


def _named_day(reading: Reading, lexeme: Lexeme) -> None:
    """A day on its own; `weekday` alone is Monday in PHP."""
    reading.forget_clock()
    unit = lexeme.unit()
    seek = Seek.IN_THIS_WEEK if reading.seek is Seek.IN_THIS_WEEK else Seek.FROM_TODAY
    reading.seek_day(0 if unit is None else unit[1], seek)


def _relative_week(reading: Reading, lexeme: Lexeme) -> None:
    """The same day of another week, where a day is named; otherwise its Monday."""
    amount, _ = lexeme.amount()
    reading.shift.days += amount * DAYS_IN_WEEK
    reading.seek_day(reading.named_day if reading.seeks_day else 1, Seek.IN_THIS_WEEK)


def _relative_words(reading: Reading, lexeme: Lexeme) -> None:
    amount, this = lexeme.amount()
    _add(reading, lexeme, amount, Seek.FROM_TODAY if this else Seek.AFTER_TODAY, keep_clock=False)


def _amount(reading: Reading, lexeme: Lexeme) -> None:
    _add(reading, lexeme, lexeme.signed(), Seek.FROM_TODAY, keep_clock=True)


def _add(reading: Reading, lexeme: Lexeme, amount: int, seek: Seek, *, keep_clock: bool) -> None:
    found = lexeme.unit()
    if found is None:
        raise WhenError("counts something that is not known")
    unit, size = found
    if unit not in {Unit.NAMED_DAY, Unit.WORKING_DAY}:
        reading.shift.add(unit, amount * size)
        return
    if not keep_clock:
        reading.forget_clock()
    if unit is Unit.NAMED_DAY:
        reading.shift.days += (amount - 1 if amount > 0 else amount) * DAYS_IN_WEEK
        reading.seek_day(size, seek)
    else:
        reading.counting = Counting.WORKING_DAYS
        reading.working_days = amount


def _month_alone(reading: Reading, lexeme: Lexeme) -> None:
    reading.begin_date()
    reading.month = lexeme.month()


def _zone_alone(reading: Reading, lexeme: Lexeme) -> None:
    if reading.begin_zone():
        reading.zone = lexeme.zone()


def _month_day_and_time(reading: Reading, lexeme: Lexeme) -> None:
    reading.set_date(None, lexeme.month(), lexeme.some())
    # After a month and a day PHP wants a colon before the seconds.
    _time_of_day(reading, lexeme, before_seconds=":")


def _month_day_and_time_of_twelve(reading: Reading, lexeme: Lexeme) -> None:
    reading.set_date(None, lexeme.month(), lexeme.some())
    _time_of_twelve(reading, lexeme)


MEANINGS: Final[Mapping[str, Callable[[Reading, Lexeme], None]]] = MappingProxyType(
    {
        "yesterday": _day_beside(-1),
        "now": _nothing,
        "noon": _noon,
        "midnight": _midnight,
        "tomorrow": _day_beside(1),
        "unix_time": _unix_time,
        "unix_time_with_fraction": _unix_time_with_fraction,
        "edge_of_month": _edge_of_month,
        "around_the_hour": _around_the_hour,
        "weekday_of_month": _weekday_of_month,
        "time_of_twelve": _time_of_twelve,
        "time_of_twelve_with_fraction": _time_of_twelve,
        "time": _time,
        "four_digits": _four_digits,
        "six_digits": _six_digits,
        "american_date": _american_date,
        "iso_date": _iso_date,
        "short_iso_date": _loose_iso_date,
        "far_iso_date": _far_iso_date,
        "year_and_month": _year_and_month,
        "loose_iso_date": _loose_iso_date,
        "day_month_year": _day_month_year,
        "pointed_date": _pointed_date,
        "short_pointed_date": _short_pointed_date,
        "month_and_year": _month_and_year,
        "year_and_month_name": _year_and_month_name,
        "month_day_year": _month_day_year,
        "day_and_month": _day_month_year,
        "eight_digits": _eight_digits,
        "date_and_time": _date_and_time,
        "ordinal_date": _ordinal_date,
        "week_date": _week_date,
        "whole_week": _week_date,
        "month_first": _month_day_year,
        "year_first": _year_first,
        "log_time": _log_time,
        "four_digit_year": _four_digit_year,
        "ago": _ago,
        "named_day": _named_day,
        "relative_week": _relative_week,
        "relative_words": _relative_words,
        "month_alone": _month_alone,
        "zone_alone": _zone_alone,
        "month_day_and_time_of_twelve": _month_day_and_time_of_twelve,
        "month_day_and_time": _month_day_and_time,
        "amount": _amount,
        "separator": _nothing,
    }
)
"""What to do with the fields of each form."""
