"""Schedule: the hours in which a campaign may call.

The clock on the wall decides: at any instant a window is open if the local day and time in the schedule's zone lie in
it. So a window keeps its hours when the clocks change. Of the hour that is left out in spring nothing can be open: a
window that would begin in it begins at its end. The hour that comes twice in autumn is open twice.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from mirabelle.calls.gate import Verdict
from mirabelle.errors import MirabelleError

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""The names of the days, in the order of `datetime.weekday`."""

MOST_WINDOWS: Final = 28
"""The most windows of a schedule."""

LONGEST_NAME: Final = 128
"""The most characters of a schedule's name."""

MIDNIGHT: Final = 24 * 60
"""The end of a day, in minutes since its beginning."""

HORIZON: Final = 54
"""Weeks in which a change is looked for: where schedules in several zones cover the clock together, only a change of
summer time can open a gap between them."""

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_FIELDS: Final = ("weekdays", "start", "end")


class ScheduleError(MirabelleError):
    """A schedule has a name, a zone or windows that it cannot have."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of some days of the week.

    Attributes:
        weekdays: the days on which it begins, Monday is 0; ascending, each once.
        start: minutes since midnight, 0-1439; the window is open from this minute on.
        end: minutes since midnight, 1-1440; from this minute on it is closed. An end before the start is on the next
            day: the window goes over midnight.
    """

    weekdays: tuple[int, ...]
    start: int
    end: int

    @property
    def length(self) -> int:
        """Minutes from the start to the end, on the clock on the wall."""
        return self.end - self.start if self.end > self.start else self.end + MIDNIGHT - self.start

    def open_at(self, local: datetime) -> bool:
        """Whether the window is open when the clock on the wall shows `local`."""
        weekday, minute = local.weekday(), local.hour * 60 + local.minute
        if weekday in self.weekdays and self.start <= minute < self.start + self.length:
            return True
        return self.end < self.start and minute < self.end and (weekday - 1) % 7 in self.weekdays

    def as_json(self) -> dict[str, object]:
        """As `parse_windows` reads it."""
        names = [WEEKDAYS[each] for each in self.weekdays]
        return {"weekdays": names, "start": _shown(self.start), "end": _shown(self.end)}


@dataclass(frozen=True, slots=True)
class Schedule:
    """A named set of windows in one zone.

    Attributes:
        schedule_id: the store's key.
        account_id: whose schedule it is.
        name: unique within the account.
        zone: an identifier of the time zone database, such as `America/New_York`.
        windows: at least one.
        created_at: when it was made.
    """

    schedule_id: int
    account_id: int
    name: str
    zone: str
    windows: tuple[Window, ...]
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def open_at(self, instant: datetime) -> bool:
        """Whether one of its windows is open; never where its zone is not known on this machine."""
        rules = rules_of(self.zone)
        if rules is None:
            return False
        local = instant.astimezone(rules)
        return any(window.open_at(local) for window in self.windows)


def parse_name(value: object) -> str:
    """Check the name of a schedule or a profile.

    Raises:
        ScheduleError: it is no text, is blank or too long.
    """
    if not isinstance(value, str) or not value.strip():
        raise ScheduleError("The name must be a text that is not blank.")
    if len(value) > LONGEST_NAME:
        raise ScheduleError(f"The name is longer than {LONGEST_NAME} characters; shorten it.")
    return value


def parse_zone(value: object) -> str:
    """Check the name of a time zone.

    Raises:
        ScheduleError: there is no such zone; the message names the nearest that is.
    """
    names = _zones()
    if isinstance(value, str) and value in names:
        return value
    shown = value[:60] if isinstance(value, str) else ""
    near = difflib.get_close_matches(shown, names, 1)
    hint = f"; did you mean '{near[0]}'?" if near else "; give one such as 'America/New_York'."
    raise ScheduleError(f"There is no time zone '{shown}'{hint}")


def parse_windows(value: object) -> tuple[Window, ...]:
    """Read windows from JSON values, as `Window.as_json` writes them.

    Args:
        value: a list of `{"weekdays": ["monday"], "start": "09:00", "end": "17:30"}`.

    Raises:
        ScheduleError: it is not such a list, is empty or too long; the message says where.
    """
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or not value:
        raise ScheduleError("A schedule needs a list of windows, at least one.")
    if len(value) > MOST_WINDOWS:
        raise ScheduleError(f"A schedule has at most {MOST_WINDOWS} windows.")
    return tuple(_window(number, each) for number, each in enumerate(value, 1))


def verdict(schedules: Sequence[Schedule], now: datetime) -> Verdict:
    """Whether a campaign that keeps these schedules may call: while any window of any of them is open.

    Args:
        schedules: those that the campaign keeps; without any it may always call.
        now: the present instant, aware.

    Returns:
        The answer. Its `changes_at` is the first instant at which it becomes the opposite.
    """
    if not schedules:
        return Verdict(True, "No schedule is kept.")
    known = [schedule for schedule in schedules if rules_of(schedule.zone) is not None]
    if not known:
        first = schedules[0]
        return Verdict(False, f"The zone '{first.zone}' of schedule '{first.name}' is not known here; install tzdata.")
    now = now.astimezone(UTC)
    opened = _opened(known, now)
    changes_at = next((each for each in _edges(known, now) if (_opened(known, each) is None) != (opened is None)), None)
    return Verdict(opened is not None, _reason(known, opened, changes_at), changes_at)


def _window(number: int, value: object) -> Window:
    if not isinstance(value, Mapping) or set(value) != set(_FIELDS):
        raise ScheduleError(f"Window {number} must have weekdays, start and end, and nothing else.")
    days = value["weekdays"]
    if not isinstance(days, Sequence) or isinstance(days, str | bytes) or not 0 < len(days) <= len(WEEKDAYS):
        raise ScheduleError(f"The weekdays of window {number} must be a list of one to seven days.")
    for day in days:
        if day not in WEEKDAYS:
            raise ScheduleError(f"The weekdays of window {number} must be among {', '.join(WEEKDAYS)}.")
    weekdays = tuple(sorted({WEEKDAYS.index(day) for day in days}))
    start, end = _minutes(number, "start", value["start"]), _minutes(number, "end", value["end"])
    if start == MIDNIGHT:
        raise ScheduleError(f"Window {number} cannot start at 24:00; that is 00:00 of the next day.")
    if start == end:
        raise ScheduleError(f"Window {number} ends when it starts; a whole day is from 00:00 to 24:00.")
    return Window(weekdays, start, end or MIDNIGHT)


def _minutes(number: int, field: str, value: object) -> int:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ScheduleError(f"The {field} of window {number} must be a time such as 09:00, up to 24:00.")
    hours, minutes = value.split(":")
    return int(hours) * 60 + int(minutes)


def _shown(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _opened(schedules: Sequence[Schedule], instant: datetime) -> Schedule | None:
    return next((each for each in schedules if each.open_at(instant)), None)


def _reason(schedules: Sequence[Schedule], opened: Schedule | None, changes_at: datetime | None) -> str:
    if opened is None:
        following = None if changes_at is None else _opened(schedules, changes_at)
        if following is None or changes_at is None:
            return "No window opens within a year."
        return f"Closed until schedule '{following.name}' opens at {_local(following, changes_at)}."
    until = "for good" if changes_at is None else f"until {_local(opened, changes_at)}"
    return f"Open {until} by schedule '{opened.name}'."


def _local(schedule: Schedule, instant: datetime) -> str:
    return f"{instant.astimezone(rules_of(schedule.zone)):%Y-%m-%d %H:%M} {schedule.zone}"


def _edges(schedules: Sequence[Schedule], now: datetime) -> Iterator[datetime]:
    """The instants after `now` at which the answer may change, in their order."""
    for begin, end in _spans(schedules, now):
        edges = {edge for schedule in schedules for edge in _edges_of(schedule, begin, end)}
        yield from sorted(edge for edge in edges if begin < edge <= end)


def _spans(schedules: Sequence[Schedule], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans of time in which the answer may change for the first time, in their order.

    As long as no zone's clocks change, a week is like the week before. So once nothing has changed for a whole week,
    only those are looked at in which clocks change, and the first one after.
    """
    if any(_covers_the_week(each.windows) for each in schedules):
        return
    # Most often something changes within a day, and the rest need not be worked out.
    yield now, now + _DAY
    yield now + _DAY, now + _WEEK
    zones = {rules for each in schedules if (rules := rules_of(each.zone)) is not None}
    steady = True
    for week in range(1, HORIZON):
        begin, end = now + week * _WEEK, now + (week + 1) * _WEEK
        # The first of these weeks follows one that may have had a change itself.
        before, steady = steady and week > 1, all(_offset(begin, zone) == _offset(end, zone) for zone in zones)
        if not (before and steady):
            yield begin, end


def _edges_of(schedule: Schedule, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The edges of a schedule's windows between two instants, and some around them."""
    rules = rules_of(schedule.zone)
    assert rules is not None
    # A zone may leave out a whole day when it moves over the date line, so two days more on either side.
    day, last = begin.astimezone(rules).date() - timedelta(days=2), end.astimezone(rules).date() + timedelta(days=2)
    while day <= last:
        for window in schedule.windows:
            if day.weekday() in window.weekdays:
                yield from _instants(day, window.start, rules)
                yield from _instants(day, window.start + window.length, rules)
        day += _DAY


def _instants(day: date, minutes: int, rules: ZoneInfo) -> Iterator[datetime]:
    """When the clock on the wall shows a time, and beside it the change of the clocks that leaves it out or repeats it.

    Args:
        day: the date.
        minutes: since its midnight; may lead into the next day.
        rules: the zone.
    """
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    first, second = (local.replace(tzinfo=rules, fold=fold).astimezone(UTC) for fold in (0, 1))
    yield first
    if first != second:
        yield second
        yield clock_change(min(first, second), max(first, second), rules)


def clock_change(before: datetime, after: datetime, rules: ZoneInfo) -> datetime:
    """The instant between two others at which the clocks of a zone change, to the second.

    Args:
        before: an instant.
        after: a later one, at which the zone has another distance from UTC.
        rules: the zone.
    """
    offset = before.astimezone(rules).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), rules) == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _offset(instant: datetime, rules: ZoneInfo) -> timedelta | None:
    return instant.astimezone(rules).utcoffset()


def _covers_the_week(windows: Collection[Window]) -> bool:
    """Whether there is a window open whatever the clock on the wall shows."""
    spans = sorted(
        (day * MIDNIGHT + window.start + week, day * MIDNIGHT + window.start + window.length + week)
        for window in windows
        for day in window.weekdays
        for week in (-7 * MIDNIGHT, 0)
    )
    covered = 0
    for start, end in spans:
        if start > covered:
            return False
        covered = max(covered, end)
    return covered >= 7 * MIDNIGHT


@functools.cache
def _zones() -> frozenset[str]:
    """The zones that this machine knows."""
    return frozenset(available_timezones())


@functools.lru_cache(maxsize=1024)
def rules_of(zone: str) -> ZoneInfo | None:
    """The rules of a time zone; None where this machine does not know it.

    Args:
        zone: an identifier of the time zone database.
    """
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
