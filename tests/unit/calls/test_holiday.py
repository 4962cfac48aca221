from datetime import date
from typing import Any

import pytest

from mirabelle.calls.holiday import MOST_CALENDARS, HolidayError, holiday, parse_calendars


@pytest.mark.parametrize(
    ("calendars", "day", "found"),
    [
        (("US",), date(2026, 7, 3), True),  # the fourth is a Saturday
        (("US",), date(2026, 11, 26), True),
        (("US",), date(2026, 4, 20), False),
        (("US-MA",), date(2026, 4, 20), True),  # Patriots' Day
        (("DE",), date(2026, 1, 6), False),
        (("DE-BY",), date(2026, 1, 6), True),
        (("US-MA", "DE-BY"), date(2026, 10, 3), True),
        (("US-MA",), date(2026, 10, 3), False),
        ((), date(2026, 12, 25), False),
    ],
)
def test_a_day_is_a_holiday_where_it_is_one(calendars: tuple[str, ...], day: date, found: bool) -> None:
    assert (holiday(calendars, day) is not None) is found


def test_a_holiday_has_a_name() -> None:
    assert holiday(("DE", "US-MA"), date(2026, 4, 20)) == ("US-MA", "Patriots' Day")


def test_calendars_are_read_in_either_case_and_once() -> None:
    assert parse_calendars(["us-ma", "DE", "US-MA", "FR-57"]) == ("US-MA", "DE", "FR-57")
    assert parse_calendars([]) == ()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "list of countries"),
        ("US", "list of countries"),
        ({"US": 1}, "list of countries"),
        (["US"] * (MOST_CALENDARS + 1), "At most"),
        ([7], "'7' is no calendar"),
        ([["US"]], "no calendar"),
        (["USA"], "'USA' is no calendar"),
        (["US-Massachusetts"], "no calendar"),
        (["US-MA\n"], "no calendar"),
        (["x" * 100_000], "'x{20}' is no calendar"),
        (["XX"], "'XX' are not known"),
        (["US-XX"], "the states of US are: .*MA"),
        (["LI-BE"], "the states of LI are: none"),
    ],
)
def test_a_calendar_that_is_none_is_refused(value: Any, said: str) -> None:
    with pytest.raises(HolidayError, match=said):
        parse_calendars(value)
