from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mirabelle.calls.schedule import (
    MIDNIGHT,
    MOST_WINDOWS,
    WEEKDAYS,
    Schedule,
    ScheduleError,
    Window,
    parse_name,
    parse_windows,
    parse_zone,
    verdict,
)

MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
EVERY_DAY = tuple(range(7))


def schedule(*windows: Window, zone: str = "America/New_York", name: str = "hours") -> Schedule:
    return Schedule(1, 1, name, zone, windows)


def hours(start: str, end: str, *days: str) -> Window:
    [window] = parse_windows([{"weekdays": list(days or WEEKDAYS), "start": start, "end": end}])
    return window


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


OFFICE = hours("09:00", "17:30", "monday", "tuesday", "wednesday", "thursday", "friday")
LATE = hours("22:00", "02:00", "saturday")


@pytest.mark.parametrize(
    ("window", "now", "is_open", "changes_at"),
    [
        (OFFICE, "2026-03-02T08:59:59.999999-05:00", False, "2026-03-02T09:00-05:00"),
        (OFFICE, "2026-03-02T09:00-05:00", True, "2026-03-02T17:30-05:00"),
        (OFFICE, "2026-03-06T17:30-05:00", False, "2026-03-09T09:00-04:00"),
        (OFFICE, "2026-10-30T18:00-04:00", False, "2026-11-02T09:00-05:00"),
        # Over midnight: the window is Saturday's, though it ends on Sunday.
        (LATE, "2026-01-03T21:00-05:00", False, "2026-01-03T22:00-05:00"),
        (LATE, "2026-01-04T01:59-05:00", True, "2026-01-04T02:00-05:00"),
        (LATE, "2026-01-04T23:00-05:00", False, "2026-01-10T22:00-05:00"),
        # To midnight, written either way.
        (hours("20:00", "24:00", "sunday"), "2026-01-04T23:59-05:00", True, "2026-01-05T00:00-05:00"),
        (hours("20:00", "00:00", "sunday"), "2026-01-04T23:59-05:00", True, "2026-01-05T00:00-05:00"),
        # The clocks go forward from 2:00 to 3:00 on 8 March: that hour is left out, and nothing can be open in it.
        (hours("02:00", "03:00"), "2026-03-08T00:00-05:00", False, "2026-03-09T02:00-04:00"),
        (hours("02:30", "04:00"), "2026-03-08T00:00-05:00", False, "2026-03-08T03:00-04:00"),
        (hours("01:00", "02:30"), "2026-03-08T01:00-05:00", True, "2026-03-08T03:00-04:00"),
        # They go back from 2:00 to 1:00 on 1 November: that hour comes twice, and is open twice.
        (hours("01:00", "02:00"), "2026-11-01T01:00-04:00", True, "2026-11-01T02:00-05:00"),
        (hours("01:15", "01:30"), "2026-11-01T01:15-04:00", True, "2026-11-01T01:30-04:00"),
        (hours("01:15", "01:30"), "2026-11-01T01:30-04:00", False, "2026-11-01T01:15-05:00"),
        (hours("02:00", "03:00"), "2026-11-01T01:59-04:00", False, "2026-11-01T02:00-05:00"),
        (hours("00:00", "01:30"), "2026-11-01T01:45-04:00", False, "2026-11-01T01:00-05:00"),
    ],
)
def test_a_window_keeps_the_hours_of_the_clock_on_the_wall(
    window: Window, now: str, is_open: bool, changes_at: str
) -> None:
    found = verdict([schedule(window)], at(now))
    assert (found.open, found.changes_at) == (is_open, at(changes_at))


def test_a_day_that_a_zone_leaves_out_is_closed() -> None:
    """Samoa moved over the date line: after 29 December 2011 came the 31st, so there was no such Friday."""
    found = verdict([schedule(hours("00:00", "24:00", "friday"), zone="Pacific/Apia")], at("2011-12-28T12:00+00:00"))
    assert (found.open, found.changes_at) == (False, at("2012-01-06T00:00+14:00"))


def test_without_schedules_a_campaign_may_always_call() -> None:
    found = verdict([], at("2026-01-01T00:00+00:00"))
    assert (found.open, found.changes_at) == (True, None)


def test_the_whole_week_never_changes() -> None:
    found = verdict([schedule(hours("00:00", "12:00"), hours("12:00", "24:00"))], at("2026-01-01T00:00+00:00"))
    assert (found.open, found.changes_at, found.reason) == (True, None, "Open for good by schedule 'hours'.")


def test_one_open_schedule_is_enough() -> None:
    one, two = schedule(hours("09:00", "12:00")), schedule(hours("11:00", "14:00"))
    found = verdict([one, two], at("2026-01-05T09:00-05:00"))
    assert (found.open, found.changes_at) == (True, at("2026-01-05T14:00-05:00"))


def test_a_gap_that_only_a_change_of_summer_time_opens_is_found() -> None:
    """New York hands over to Phoenix, which has no summer time: from March on an hour is missing between them."""
    kept = [schedule(hours("09:00", "21:00")), schedule(hours("19:00", "07:00"), zone="America/Phoenix")]
    found = verdict(kept, at("2025-12-05T12:00-05:00"))
    assert (found.open, found.changes_at) == (True, at("2026-03-08T21:00-04:00"))


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ("2026-03-02T10:00-05:00", "Open until 2026-03-02 17:30 America/New_York by schedule 'hours'."),
        ("2026-03-06T18:00-05:00", "Closed until schedule 'hours' opens at 2026-03-09 09:00 America/New_York."),
    ],
)
def test_the_reason_is_for_people(now: str, reason: str) -> None:
    assert verdict([schedule(OFFICE)], at(now)).reason == reason


def test_a_schedule_in_a_zone_that_is_gone_is_closed_and_says_so() -> None:
    found = verdict([schedule(OFFICE, zone="Mars/Olympus")], at("2026-03-02T10:00-05:00"))
    assert (found.open, found.changes_at) == (False, None)
    assert "install tzdata" in found.reason
    both = [schedule(OFFICE, zone="Mars/Olympus"), schedule(OFFICE)]
    assert verdict(both, at("2026-03-02T10:00-05:00")).open


# A week around a change of the clocks, or an ordinary one; local midnight of its Thursday.
WEEKS = [
    ("America/New_York", "2026-03-05"),
    ("America/New_York", "2026-10-29"),
    ("Europe/Berlin", "2026-03-26"),
    ("Europe/Berlin", "2026-10-22"),
    ("Australia/Lord_Howe", "2026-04-02"),
    ("Australia/Lord_Howe", "2026-10-01"),
    ("America/Santiago", "2026-09-03"),
    ("Africa/Cairo", "2026-04-22"),
    ("Pacific/Apia", "2011-12-27"),
    ("Asia/Kathmandu", "2026-06-04"),
    ("UTC", "2026-06-04"),
]
EDGE = st.sampled_from([0, 1, 30, 59, 60, 61, 90, 105, 119, 120, 121, 150, 179, 180, 181, 240, 720, 1439])


@st.composite
def windows(draw: st.DrawFn) -> Window:
    days = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    start, end = draw(EDGE), draw(EDGE.map(lambda minute: minute or MIDNIGHT))
    return Window(days, start, end if end != start else start + 1)


@settings(deadline=None, max_examples=150)
@given(st.lists(windows(), min_size=1, max_size=3), st.sampled_from(WEEKS), st.integers(0, 6 * MIDNIGHT))
@example([Window(EVERY_DAY, 120, 180)], WEEKS[0], 3 * MIDNIGHT)
@example([Window(EVERY_DAY, 120, 180)], WEEKS[1], 3 * MIDNIGHT)
def test_the_answer_changes_at_that_instant_and_not_before(
    kept: list[Window], week: tuple[str, str], minutes: int
) -> None:
    zone, monday = week
    hours = schedule(*kept, zone=zone)
    now = datetime.fromisoformat(monday).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) + minutes * MINUTE
    found = verdict([hours], now)
    assert found.open == wall(hours, now)
    last = now + timedelta(days=7)
    instant = now + MINUTE
    while instant <= last and wall(hours, instant) == found.open:
        instant += MINUTE
    if instant <= last:
        assert found.changes_at == instant
    else:
        assert found.changes_at is None or found.changes_at > last


def wall(hours: Schedule, instant: datetime) -> bool:
    """Whether a window is open, told from the minute that the clock on the wall shows."""
    local = instant.astimezone(ZoneInfo(hours.zone))
    minute = local.weekday() * MIDNIGHT + local.hour * 60 + local.minute
    return any(
        (minute - day * MIDNIGHT - window.start) % (7 * MIDNIGHT) < (window.end - window.start) % MIDNIGHT
        if (window.end - window.start) % MIDNIGHT
        else day * MIDNIGHT <= minute < (day + 1) * MIDNIGHT
        for window in hours.windows
        for day in window.weekdays
    )


@settings(deadline=None)
@given(st.lists(windows(), min_size=1, max_size=3))
def test_windows_are_read_as_they_are_written(kept: list[Window]) -> None:
    assert parse_windows([window.as_json() for window in kept]) == tuple(kept)


GOOD = {"weekdays": ["monday"], "start": "09:00", "end": "17:00"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "list of windows"),
        ("monday", "list of windows"),
        ([], "at least one"),
        ([GOOD] * (MOST_WINDOWS + 1), "at most"),
        ([GOOD, 7], "Window 2 must have"),
        ([GOOD | {"zone": "UTC"}], "nothing else"),
        ([{"weekdays": ["monday"], "start": "09:00"}], "must have"),
        ([GOOD | {"weekdays": []}], "one to seven"),
        ([GOOD | {"weekdays": "monday"}], "one to seven"),
        ([GOOD | {"weekdays": ["monday"] * 8}], "one to seven"),
        ([GOOD | {"weekdays": ["Monday"]}], "must be among monday"),
        ([GOOD | {"weekdays": [0]}], "must be among monday"),
        ([GOOD | {"weekdays": [[]]}], "must be among monday"),
        ([GOOD | {"start": "9:00"}], "start of window 1"),
        ([GOOD | {"start": 9}], "start of window 1"),
        ([GOOD | {"start": "09:00\n"}], "start of window 1"),
        ([GOOD | {"end": "24:01"}], "end of window 1"),
        ([GOOD | {"end": "٠٩:٠٠"}], "end of window 1"),
        ([GOOD | {"start": "24:00"}], "cannot start"),
        ([GOOD | {"end": "09:00"}], "whole day"),
    ],
)
def test_windows_that_are_none_are_refused_with_the_place(value: Any, said: str) -> None:
    with pytest.raises(ScheduleError, match=said):
        parse_windows(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("America/NewYork", "did you mean 'America/New_York'"),
        ("../etc/passwd", "no time zone"),
        ("", "no time zone"),
        (7, "no time zone"),
        ("x" * 100_000, "no time zone"),
        ("a\0b", "no time zone"),
    ],
)
def test_a_zone_that_is_none_is_refused(value: object, said: str) -> None:
    with pytest.raises(ScheduleError, match=said):
        parse_zone(value)


def test_a_zone_is_taken_by_its_name() -> None:
    assert parse_zone("Europe/Berlin") == "Europe/Berlin"


@pytest.mark.parametrize("value", ["", "  ", None, 7, "x" * 129])
def test_a_name_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ScheduleError, match="name"):
        parse_name(value)


@settings(deadline=None, max_examples=40)
@given(
    start=st.integers(0, 95),
    length=st.integers(4, 91),
    shift=st.integers(-4, 4),
    zone=st.sampled_from(["America/Phoenix", "Europe/Berlin", "Asia/Kathmandu", "Africa/Casablanca"]),
    day=st.integers(0, 365),
)
def test_where_two_zones_cover_the_clock_the_first_gap_is_found(
    start: int, length: int, shift: int, zone: str, day: int
) -> None:
    """The second begins when the first ends, give or take, so that often only a change of the clocks opens a gap."""
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    ahead = (now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()) // QUARTER
    first, second = (start, start + length), (start + length + ahead, start + ahead + shift)
    kept = [schedule(quarters(*first), zone="UTC"), schedule(quarters(*second), zone=zone)]
    found = verdict(kept, now)
    instant, last = now + QUARTER, now + timedelta(weeks=52)
    while instant <= last and any(wall(each, instant) for each in kept) == found.open:
        instant += QUARTER
    if instant <= last:
        assert found.changes_at == instant
    else:
        assert found.changes_at is None or found.changes_at > last


def quarters(start: int, end: int) -> Window:
    """A window of each day, in quarters of an hour."""
    begins, ends = start % 96 * 15, end % 96 * 15
    return Window(EVERY_DAY, begins, (ends if ends != begins else ends + 15) or MIDNIGHT)
