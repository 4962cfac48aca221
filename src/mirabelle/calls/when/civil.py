"""The Gregorian calendar for any year, before 1 and after 9999 too, by the numbers of its days."""

from __future__ import annotations

from typing import Final

_FROM_YEAR_0_MARCH: Final = 719_468
"""The days from 1 March of the year 0 to 1 January 1970."""
_CYCLE_DAYS: Final = 146_097
"""The days of 400 years."""
_MONTHS: Final = 12
_THURSDAY: Final = 4


def day_number(year: int, month: int, day: int) -> int:
    """The days since 1 January 1970.

    Args:
        year: any.
        month: any; 0 is the December before, 13 the January after.
        day: any; 0 is the last of the month before.
    """
    year, month = year + (month - 1) // _MONTHS, (month - 1) % _MONTHS
    # Years from March on, so that the leap day is the last of its year.
    year, month = (year - 1, month + 10) if month < 2 else (year, month - 2)
    cycle, year = divmod(year, 400)
    in_year = (153 * month + 2) // 5
    return cycle * _CYCLE_DAYS + year * 365 + year // 4 - year // 100 + in_year + day - 1 - _FROM_YEAR_0_MARCH


def date(number: int) -> tuple[int, int, int]:
    """The year, month and day of a day's number."""
    cycle, in_cycle = divmod(number + _FROM_YEAR_0_MARCH, _CYCLE_DAYS)
    year = (in_cycle - in_cycle // 1460 + in_cycle // 36_524 - in_cycle // 146_096) // 365
    in_year = in_cycle - (365 * year + year // 4 - year // 100)
    month = (5 * in_year + 2) // 153
    day = in_year - (153 * month + 2) // 5 + 1
    year += cycle * 400
    return (year + 1, month - 9, day) if month >= 10 else (year, month + 3, day)


def weekday(number: int) -> int:
    """The day of the week of a day's number; Sunday is 0."""
    return (number + _THURSDAY) % 7
