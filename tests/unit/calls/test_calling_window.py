from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mirabelle.calls.calling_window import CalleeHours, CalleeHoursError, candidate_zones, countries, verdict
from mirabelle.calls.holiday import HolidayError, holiday
from mirabelle.calls.number import PhoneNumber
from mirabelle.calls.schedule import MIDNIGHT, WEEKDAYS, ScheduleError, Window, parse_windows

MINUTE = timedelta(minutes=1)
EVERY_DAY = tuple(range(7))


def hours(start: str, end: str, *days: str, holidays: Sequence[str] = ()) -> CalleeHours:
    windows = parse_windows([{"weekdays": list(days or WEEKDAYS), "start": start, "end": end}])
    return CalleeHours(windows, tuple(holidays))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


DAYTIME = hours("09:00", "21:00")
OFFICE = hours("09:00", "17:00", *WEEKDAYS[:5], holidays=["US-MA", "DE-BY"])


@pytest.mark.parametrize(
    ("kept", "e164", "now", "is_open", "changes_at"),
    [
        (DAYTIME, "+16175550123", "2026-03-02T08:59:59.999999-05:00", False, "2026-03-02T09:00-05:00"),
        (DAYTIME, "+16175550123", "2026-03-02T09:00-05:00", True, "2026-03-02T21:00-05:00"),
        # Florida in two zones: from nine Central to nine Eastern.
        (DAYTIME, "+18505551212", "2026-03-02T09:30-05:00", False, "2026-03-02T10:00-05:00"),
        (DAYTIME, "+18505551212", "2026-03-02T10:00-05:00", True, "2026-03-02T21:00-05:00"),
        # Arizona has no summer time, except for the Navajo: between them is an hour from March to November.
        (DAYTIME, "+19285551212", "2026-03-07T22:00-07:00", False, "2026-03-08T09:00-07:00"),
        (DAYTIME, "+19285551212", "2026-03-08T09:00-07:00", True, "2026-03-08T20:00-07:00"),
        # Toll free: an hour and a half in which it is day from Newfoundland to Guam.
        (DAYTIME, "+18005550123", "2026-12-24T12:00+00:00", False, "2026-12-24T23:00+00:00"),
        (DAYTIME, "+18005550123", "2026-12-24T23:00+00:00", True, "2026-12-25T00:30+00:00"),
        # Zones half and three quarters of an hour apart.
        (DAYTIME, "+61885001234", "2026-06-01T09:00+09:30", False, "2026-06-01T09:00+08:00"),
        (DAYTIME, "+61885001234", "2026-06-01T12:00+09:30", True, "2026-06-01T21:00+09:30"),
        (DAYTIME, "+97714123456", "2026-06-01T08:00+05:45", False, "2026-06-01T09:00+05:45"),
        # Samoa is a day ahead of its American neighbour.
        (OFFICE, "+68521012", "2026-06-08T09:00+13:00", True, "2026-06-08T17:00+13:00"),
        (OFFICE, "+68521012", "2026-06-05T17:00+13:00", False, "2026-06-08T09:00+13:00"),
        # Over holidays and the end of a year.
        (OFFICE, "+16175550123", "2026-11-25T17:00-05:00", False, "2026-11-27T09:00-05:00"),
        (OFFICE, "+493012345678", "2025-12-31T17:00+01:00", False, "2026-01-02T09:00+01:00"),
        (OFFICE, "+493012345678", "2026-01-05T17:00+01:00", False, "2026-01-07T09:00+01:00"),
        (OFFICE, "+16175550123", "2026-01-06T10:00-05:00", True, "2026-01-06T17:00-05:00"),
        # A window that goes over midnight ends where a holiday begins.
        (
            hours("20:00", "02:00", holidays=["US"]),
            "+16175550123",
            "2026-12-24T21:00-05:00",
            True,
            "2026-12-25T00:00-05:00",
        ),
        (
            hours("20:00", "02:00", holidays=["US"]),
            "+16175550123",
            "2026-12-25T21:00-05:00",
            False,
            "2026-12-26T00:00-05:00",
        ),
        # Holidays alone.
        (CalleeHours((), ("US",)), "+16175550123", "2026-10-13T00:00-04:00", True, "2026-11-11T00:00-05:00"),
        (CalleeHours((), ("US",)), "+16175550123", "2026-11-11T12:00-05:00", False, "2026-11-12T00:00-05:00"),
    ],
)
def test_a_callee_is_called_at_these_hours(
    kept: CalleeHours, e164: str, now: str, is_open: bool, changes_at: str
) -> None:
    number = PhoneNumber(e164)
    found = verdict(kept.in_countries(countries(number)), candidate_zones(number), at(now))
    assert (found.open, found.changes_at) == (is_open, at(changes_at))


def test_a_day_that_a_zone_leaves_out_is_closed() -> None:
    """Samoa moved over the date line: after 29 December 2011 came the 31st, so there was no such Friday."""
    found = verdict(hours("00:00", "24:00", "friday"), ("Pacific/Apia",), at("2011-12-28T12:00+00:00"))
    assert (found.open, found.changes_at) == (False, at("2012-01-06T00:00+14:00"))


def test_a_gap_that_only_a_change_of_summer_time_opens_is_found() -> None:
    """Ten to eleven in New York is seven to eight in Phoenix in summer, and eight to nine in winter."""
    zones = ("America/New_York", "America/Phoenix")
    kept = CalleeHours((Window(EVERY_DAY, 10 * 60, 11 * 60), Window(EVERY_DAY, 7 * 60, 8 * 60)))
    found = verdict(kept, zones, at("2026-11-02T12:00-05:00"))
    assert (found.open, found.changes_at) == (False, at("2027-03-14T10:00-04:00"))


@pytest.mark.parametrize(
    ("kept", "zones", "is_open", "said"),
    [
        (CalleeHours(), (), True, "No hours"),
        (DAYTIME, (), False, "name one with the call"),
        (DAYTIME, ("Mars/Olympus", "UTC"), False, "install tzdata"),
        (hours("00:00", "24:00"), ("Europe/Berlin", "Asia/Tokyo"), True, "open for good"),
        (hours("09:00", "12:00"), ("Europe/Berlin", "Asia/Tokyo"), False, "name the call's zone"),
    ],
)
def test_what_never_changes_says_so(kept: CalleeHours, zones: tuple[str, ...], is_open: bool, said: str) -> None:
    found = verdict(kept, zones, at("2026-03-02T12:00+00:00"))
    assert (found.open, found.changes_at) == (is_open, None)
    assert said in found.reason


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ("2026-03-02T10:00-05:00", "The hours of callees are open until 2026-03-02 17:00 America/New_York."),
        (
            "2026-03-06T18:00-05:00",
            "The hours of callees are closed: it is Friday 18:00 in America/New_York. "
            "They open at 2026-03-09 09:00 America/New_York.",
        ),
        (
            "2026-11-26T12:00-05:00",
            "The hours of callees are closed: it is a holiday (Thanksgiving Day, US-MA) in America/New_York. "
            "They open at 2026-11-27 09:00 America/New_York.",
        ),
    ],
)
def test_the_reason_is_for_people(now: str, reason: str) -> None:
    assert verdict(OFFICE, ("America/New_York",), at(now)).reason == reason


def test_holidays_of_other_countries_are_left_out() -> None:
    assert OFFICE.in_countries(("DE",)).holidays == ("DE-BY",)
    assert OFFICE.in_countries(("US", "CA")).holidays == ("US-MA",)
    assert OFFICE.in_countries(("FR",)).holidays == ()
    assert OFFICE.in_countries(()) == OFFICE


# Weeks around a change of the clocks or of the year, and zones of other hours beside them; the first day is UTC's.
WEEKS = [
    ("2026-03-05", ("America/New_York", "America/Chicago", "America/Phoenix")),
    ("2026-10-29", ("America/New_York", "America/St_Johns", "Pacific/Honolulu")),
    ("2026-03-26", ("Europe/Berlin", "Europe/London", "Asia/Kathmandu")),
    ("2026-10-22", ("Europe/Berlin", "Atlantic/Azores", "UTC")),
    ("2026-04-02", ("Australia/Lord_Howe", "Australia/Adelaide", "Australia/Perth")),
    ("2026-10-01", ("Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Chatham")),
    ("2026-09-03", ("America/Santiago", "America/Sao_Paulo", "UTC")),
    ("2026-04-22", ("Africa/Cairo", "Africa/Casablanca", "Asia/Gaza")),
    ("2011-12-27", ("Pacific/Apia", "Pacific/Pago_Pago", "Pacific/Kiritimati")),
    ("2006-10-27", ("America/St_Johns", "America/Havana", "UTC")),  # they changed at one minute past midnight
    ("2025-12-30", ("America/New_York", "Asia/Tokyo", "Pacific/Auckland")),
]
EDGE = st.sampled_from([0, 1, 30, 59, 60, 61, 90, 105, 119, 120, 121, 150, 179, 180, 181, 240, 720, 1439])


@st.composite
def windows(draw: st.DrawFn) -> Window:
    days = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    start, end = draw(EDGE), draw(EDGE.map(lambda minute: minute or MIDNIGHT))
    return Window(days, start, end if end != start else start + 1)


ZONES = st.sampled_from(WEEKS).flatmap(
    lambda week: st.tuples(st.just(week[0]), st.sets(st.sampled_from(week[1]), min_size=1).map(sorted).map(tuple))
)
HOLIDAYS = st.sampled_from([(), ("US",), ("DE-BY", "EG"), ("AU-SA", "GB", "CL", "JP", "WS")])


@settings(deadline=None, max_examples=150)
@given(st.lists(windows(), max_size=3), HOLIDAYS, ZONES, st.integers(0, 5 * MIDNIGHT))
@example([Window(EVERY_DAY, 120, 180)], (), ("2026-03-05", ("America/New_York",)), 3 * MIDNIGHT)
@example([], ("US",), ("2025-12-30", ("America/New_York", "Asia/Tokyo")), MIDNIGHT)
def test_the_answer_changes_at_that_instant_and_not_before(
    kept: list[Window], holidays: tuple[str, ...], week: tuple[str, tuple[str, ...]], minutes: int
) -> None:
    callees = CalleeHours(tuple(kept), holidays)
    now = at(f"{week[0]}T00:00+00:00") + minutes * MINUTE
    found = verdict(callees, week[1], now)
    assert found.open == wall(callees, week[1], now)
    last = now + timedelta(days=4)
    instant = now + MINUTE
    while instant <= last and wall(callees, week[1], instant) == found.open:
        instant += MINUTE
    if instant <= last:
        assert found.changes_at == instant
    else:
        assert found.changes_at is None or found.changes_at > last


def wall(kept: CalleeHours, zones: Sequence[str], instant: datetime) -> bool:
    """Whether it is open, told from the minute and the date that the clocks on the walls show."""
    for zone in zones:
        local = instant.astimezone(ZoneInfo(zone))
        minute = local.weekday() * MIDNIGHT + local.hour * 60 + local.minute
        spans = [
            ((day * MIDNIGHT + window.start), (window.end - window.start) % MIDNIGHT or MIDNIGHT)
            for window in kept.windows
            for day in window.weekdays
        ]
        if kept.windows and not any((minute - start) % (7 * MIDNIGHT) < length for start, length in spans):
            return False
        if holiday(kept.holidays, local.date()):
            return False
    return True


@settings(deadline=None)
@given(st.lists(windows(), max_size=3), HOLIDAYS)
def test_hours_are_read_as_they_are_written(kept: list[Window], holidays: tuple[str, ...]) -> None:
    callees = CalleeHours(tuple(kept), holidays)
    assert CalleeHours.parse(callees.as_json()) == callees


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, CalleeHoursError),
        ([], CalleeHoursError),
        ({}, CalleeHoursError),
        ({"zone": "UTC"}, CalleeHoursError),
        ({"windows": []}, ScheduleError),
        ({"windows": None}, ScheduleError),
        ({"holidays": ["US-XX"]}, HolidayError),
        ({"holidays": "US"}, HolidayError),
    ],
)
def test_hours_that_are_none_are_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        CalleeHours.parse(value)
