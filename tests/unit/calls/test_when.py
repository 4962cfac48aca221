from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from mirabelle.calls import when
from mirabelle.calls.when import WhenError, explain, parse, zones

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2024, 3, 9, 23, 30, tzinfo=NEW_YORK)
"""A Saturday; the clocks are put forward in the night that follows."""


def local(expression: str, now: datetime = NOW) -> str:
    return parse(expression, now=now).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        ("monday", "2024-03-11 00:00:00"),
        ("saturday", "2024-03-09 00:00:00"),
        ("next saturday", "2024-03-16 00:00:00"),
        ("this saturday", "2024-03-09 00:00:00"),
        ("last saturday", "2024-03-02 00:00:00"),
        ("saturday this week", "2024-03-09 00:00:00"),
        ("sunday this week", "2024-03-10 00:00:00"),
        ("last week", "2024-02-26 23:30:00"),
        ("third tuesday", "2024-03-26 00:00:00"),
        ("monday ago", "2024-02-26 00:00:00"),
        ("2 mondays", "2024-03-18 23:30:00"),
    ],
)
def test_a_day_is_named(expression: str, meaning: str) -> None:
    assert local(expression) == meaning


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        ("first monday of", "2024-03-04 00:00:00"),
        ("last friday of next month", "2024-04-26 00:00:00"),
        ("second tue of january 2025", "2025-01-14 00:00:00"),
        ("first day of", "2024-03-01 23:30:00"),
        ("last day of february", "2024-02-29 00:00:00"),
        ("LAST DAY OF feb 2023 noon", "2023-02-28 12:00:00"),
    ],
)
def test_a_month_is_counted_from_its_edges(expression: str, meaning: str) -> None:
    assert local(expression) == meaning


@pytest.mark.parametrize(
    ("today", "expression", "meaning"),
    [
        ("2024-03-08", "+1 weekday", "2024-03-11"),
        ("2024-03-08", "+5 weekdays", "2024-03-15"),
        ("2024-03-09", "+1 weekday", "2024-03-11"),
        ("2024-03-09", "+5 weekdays", "2024-03-15"),
        ("2024-03-10", "+5 weekdays", "2024-03-15"),
        ("2024-03-10", "+6 weekdays", "2024-03-18"),
        ("2024-03-11", "-1 weekday", "2024-03-08"),
        ("2024-03-09", "-5 weekdays", "2024-03-04"),
        ("2024-03-10", "-5 weekdays", "2024-03-04"),
        ("2024-03-10", "-6 weekdays", "2024-03-01"),
        ("2024-03-13", "3 weekdays ago", "2024-03-08"),
        ("2024-03-09", "+0 weekdays", "2024-03-11"),
    ],
)
def test_working_days_pass_over_weekends(today: str, expression: str, meaning: str) -> None:
    assert local(f"{today} {expression}") == f"{meaning} 00:00:00"


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        ("+1 month 2024-01-31", "2024-03-02 00:00:00"),
        ("-1 month 2024-03-31", "2024-03-02 00:00:00"),
        ("2024-02-29 +1 year", "2025-03-01 00:00:00"),
        ("2024-01-01 +1 fortnight -1 sec", "2024-01-14 23:59:59"),
        ("1 year 2 months 3 days ago", "2023-01-06 23:30:00"),
        ("1 month ago -2 days", "2024-02-07 23:30:00"),
        ("+-+2 sec", "2024-03-09 23:29:58"),
        ("-1 microsecond", "2024-03-09 23:29:59"),
    ],
)
def test_amounts_are_added_and_run_over(expression: str, meaning: str) -> None:
    assert local(expression) == meaning


@pytest.mark.parametrize(
    ("expression", "year"),
    [("1/2/69", 2069), ("1/2/70", 1970), ("1/2/007", 2007), ("1/2/0070", 70), ("5 Jan 99", 1999)],
)
def test_a_short_year_is_near(expression: str, year: int) -> None:
    assert parse(expression, now=NOW).year == year


@pytest.mark.parametrize(
    ("expression", "utc"),
    [
        ("2024-01-01 12:00 UTC", "12:00:00"),
        ("2024-01-01 12:00 (CET)", "11:00:00"),
        ("UTC 2024-01-01 12:00", "12:00:00"),
        ("12:00 Europe/Berlin 2024-01-01", "11:00:00"),
        ("2024-01-01 12:00 Europe/BERLIN", "11:00:00"),
        ("2024-01-01 12:00 Japan", "03:00:00"),
        ("2024-01-01 12:00 GMT-5", "17:00:00"),
        ("2024-01-01 12:00+5:3", "06:57:00"),
        ("2024-01-01 12:00 -0130", "13:30:00"),
        ("2024-01-01 12:00 +013015", "10:29:45"),
        ("2024-01-01 12:00:00.5 +01:30:15", "10:29:45"),
        ("2024-01-01 12:00 A", "11:00:00"),
        ("2024-01-01 12:00 z", "12:00:00"),
        ("2024-01-01 12:00 EST PST", "17:00:00"),
    ],
)
def test_a_zone_may_stand_anywhere(expression: str, utc: str) -> None:
    assert parse(expression, now=NOW).astimezone(UTC).strftime("%H:%M:%S") == utc


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        ("+2 hours", "2024-03-10 01:30:00"),
        ("+3 hours", "2024-03-10 03:30:00"),
        ("+4 hours", "2024-03-10 03:30:00"),
        ("+24 hours", "2024-03-10 23:30:00"),
        ("2024-11-03 01:30 +1 hour", "2024-11-03 02:30:00"),
    ],
)
def test_hours_are_added_on_the_clock(expression: str, meaning: str) -> None:
    assert local(expression) == meaning


@pytest.mark.parametrize(
    ("expression", "instant", "in_gap", "in_fold"),
    [
        ("2024-03-10 01:59:59", "2024-03-10T01:59:59-05:00", False, False),
        ("2024-03-10 02:30", "2024-03-10T03:30:00-04:00", True, False),
        ("2024-03-10 03:30", "2024-03-10T03:30:00-04:00", False, False),
        ("2024-03-10 02:30 America/New_York", "2024-03-10T03:30:00-04:00", True, False),
        ("2024-03-10 02:30 EST", "2024-03-10T03:30:00-04:00", False, False),
        ("2024-11-03 01:30", "2024-11-03T01:30:00-04:00", False, True),
        ("2024-11-03 01:30 EST", "2024-11-03T01:30:00-05:00", False, False),
        ("2024-11-03 02:00", "2024-11-03T02:00:00-05:00", False, False),
        ("2024-10-27 02:30 Europe/Berlin", "2024-10-26T20:30:00-04:00", False, True),
        ("2024-03-31 02:30 Europe/Berlin", "2024-03-30T21:30:00-04:00", True, False),
        ("2024-10-06 02:15 Australia/Lord_Howe", "2024-10-05T11:45:00-04:00", True, False),
        ("2011-12-30 12:00 Pacific/Apia", "2011-12-30T17:00:00-05:00", True, False),
    ],
)
def test_where_the_clocks_change_it_is_said(expression: str, instant: str, in_gap: bool, in_fold: bool) -> None:
    found = explain(expression, now=NOW)
    assert (found.instant.isoformat(), found.in_gap, found.in_fold) == (instant, in_gap, in_fold)


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("now", "America/New_York"),
        ("10:00 Europe/Berlin", "Europe/Berlin"),
        ("10:00 est", "EST"),
        ("10:00 +02:00", "+02:00"),
        ("@0", "UTC"),
    ],
)
def test_the_zone_that_was_read_is_told(expression: str, zone: str) -> None:
    assert explain(expression, now=NOW).zone == zone


def test_the_answer_is_in_the_zone_of_now() -> None:
    assert parse("tomorrow 9:30 UTC", now=NOW).tzinfo is NEW_YORK


def test_a_fixed_offset_is_a_zone_too() -> None:
    now = datetime(2024, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert parse("tomorrow 9:30", now=now).isoformat() == "2024-07-02T09:30:00+05:30"
    assert explain("tomorrow", now=now).zone == "UTC+05:30"


def test_fractions_of_a_second_are_left_out() -> None:
    now = NOW.replace(microsecond=999_999)
    assert parse("now", now=now) == NOW
    assert parse("10:00:00.75", now=now).microsecond == 0
    assert parse("@-1.5", now=now) == datetime(1969, 12, 31, 23, 59, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "The time is empty; say one, such as 'tomorrow 9:30'."),
        ("monkey business", "'monkey' is not understood: it is no word for a time and no time zone."),
        ("tomorrow at 5pm", "'at' is not understood: it is no word for a time and no time zone."),
        ("thursdayish", "'thursdayish' is not understood: it is no word for a time and no time zone."),
        ("next wek", "'next wek' is not understood: it is no word for a time and no time zone."),
        ("5 blah", "'5 blah' is not understood."),
        ("12:99", "'12:99' is not understood."),
        ("tomorrow\u00a09:30", "'tomorrow\ufffd9:30' is not understood."),
        ("10:00 11:00", "'11:00' is a second time of the day; there can be only one."),
        ("1530 1531 1532", "'1532' is a second time of the day; there can be only one."),
        ("jan 5 10:00 feb 3", "'feb 3' is a second date; there can be only one."),
        ("UTC UTC UTC", "'UTC' is a third time zone; there can be only one."),
        ("10:00 europe/berlin", "'europe/berlin' is not understood: it is no word for a time and no time zone."),
        ("10:00 Europe/Nowhere", "'Europe/Nowhere' is not understood: it is no word for a time and no time zone."),
        ("@99999999999999999999", "'@99999999999999999999' is too large a number."),
        ("@5.", "'@5.' has no digits after the point."),
        ("+9999999 years", "'+9999999 years' lies outside of the years 1 to 9999."),
        ("-0001-01-01", "'-0001-01-01' lies outside of the years 1 to 9999."),
        ("+9999999999999999999-01-01", "'+9999999999999999999-01-01' is too large a number."),
        (" " * 81, "The time has 81 characters; at most 80 are allowed."),
    ],
)
def test_what_is_not_understood_is_named(expression: str, said: str) -> None:
    with pytest.raises(WhenError) as caught:
        parse(expression, now=NOW)
    assert str(caught.value) == said


def test_a_present_without_a_zone_is_refused() -> None:
    with pytest.raises(WhenError, match="no time zone; give it one"):
        parse("now", now=datetime(2024, 1, 1))  # noqa: DTZ001


def test_a_machine_without_zone_data_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "available_timezones", set)
    zones._identifiers.cache_clear()
    try:
        with pytest.raises(WhenError, match=r"'Europe/Berlin' may be a time zone, .* install the package tzdata"):
            parse("10:00 Europe/Berlin", now=NOW)
        assert parse("10:00 CET", now=NOW).hour == 4
    finally:
        monkeypatch.undo()
        zones._identifiers.cache_clear()


@pytest.mark.parametrize(
    ("expression", "unix_time"),
    [("0000-00-00 00:00:00", -62169987208), ("-2007-06-28", -125486585608), ("-99999-01-01", -3217830800008)],
)
def test_years_that_a_datetime_cannot_have_can_be_counted(expression: str, unix_time: int) -> None:
    assert when.seconds(expression, now=datetime(2024, 1, 1, tzinfo=BERLIN)) == unix_time
