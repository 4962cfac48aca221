"""Calling window: the hours in which a callee may be called, on the callee's own clock.

A number may be in several time zones. It is called only while the hours are open in all of them, so that nobody is rung
at night because of a guess. Whoever knows better names the call's zone.

An instant is open in a zone if the clock on the wall there shows a time in a window (as in `mirabelle.calls.schedule`)
and its date is no holiday. Days are cut at midnight UTC here, and at a change of the clocks; between two cuts every
zone has one distance from UTC, and the rest is arithmetic on whole seconds.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mirabelle.calls import number
from mirabelle.calls.gate import Verdict, VerdictMemory
from mirabelle.calls.holiday import holiday, parse_calendars
from mirabelle.calls.schedule import HORIZON, MIDNIGHT, WEEKDAYS, Window, clock_change, parse_windows, rules_of
from mirabelle.calls.whereabouts import candidate_zones, countries
from mirabelle.errors import MirabelleError

__all__ = ["CalleeHours", "CalleeHoursError", "at_home", "candidate_zones", "countries", "verdict"]

_DAY: Final = MIDNIGHT * 60
_EPOCH: Final = date(1970, 1, 1)
_EPOCH_WEEKDAY: Final = _EPOCH.weekday()
_BLOCK: Final = 52 * 7
"""Days for which the changes of a zone's clocks are looked up together."""
_FIELDS: Final = frozenset({"windows", "holidays"})

Spans = tuple[tuple[int, int], ...]
"""Open spans: first second and the second after the last, ascending and apart."""


class CalleeHoursError(MirabelleError):
    """The hours of callees are none."""


@dataclass(frozen=True, slots=True)
class CalleeHours:
    """When callees may be called, on their own clocks.

    Attributes:
        windows: hours of days of the week; without any, the whole day is open.
        holidays: calendars, such as `US`, `US-MA` or `DE-BY`, on whose holidays it is closed.
    """

    windows: tuple[Window, ...] = ()
    holidays: tuple[str, ...] = ()

    @classmethod
    def parse(cls, value: object) -> CalleeHours:
        """Read hours from JSON values, as `as_json` writes them.

        Args:
            value: `{"windows": [{"weekdays": ["monday"], "start": "09:00", "end": "17:30"}], "holidays": ["US-MA"]}`;
                either may be left out.

        Raises:
            CalleeHoursError: it is no such table.
            ScheduleError: the windows are none.
            HolidayError: there is no such calendar.
        """
        if not isinstance(value, Mapping) or not value or not set(value) <= _FIELDS:
            raise CalleeHoursError("The hours of callees have windows, holidays or both, and nothing else.")
        windows = parse_windows(value["windows"]) if "windows" in value else ()
        return cls(windows, parse_calendars(value.get("holidays", ())))

    def as_json(self) -> dict[str, object]:
        """As `parse` reads it."""
        shown: dict[str, object] = {"holidays": list(self.holidays)}
        if self.windows:
            shown["windows"] = [window.as_json() for window in self.windows]
        return shown

    def in_countries(self, codes: Sequence[str]) -> CalleeHours:
        """The hours without the holidays of other countries.

        Args:
            codes: the ISO 3166 countries where the callee may be, as `countries` tells them; without any, since
                nothing is known, all holidays stay.
        """
        if not codes or all(each[:2] in codes for each in self.holidays):
            return self
        return replace(self, holidays=tuple(each for each in self.holidays if each[:2] in codes))


def at_home(hours: CalleeHours | None, e164: str, zone: str, now: datetime, memory: VerdictMemory) -> Verdict:
    """Whether whoever has a number may be called.

    Args:
        hours: those that the campaign keeps; None where it keeps none.
        e164: the number.
        zone: where the callee is, if the call says so; empty: the number tells.
        now: the present instant, aware.
        memory: verdicts that were found before.
    """
    if hours is None:
        return Verdict(True, "The campaign has no hours of its callees.")
    zones: tuple[str, ...] = (zone,) if zone else ()
    kept = hours
    try:
        dialled = number.parse(e164)
    except number.NumberError:
        pass
    else:
        zones, kept = zones or candidate_zones(dialled), hours.in_countries(countries(dialled))
    return memory.verdict((kept, zones), now, lambda: verdict(kept, zones, now))


def verdict(hours: CalleeHours, zones: tuple[str, ...], now: datetime) -> Verdict:
    """Whether a callee may be called.

    Args:
        hours: those to keep; see `CalleeHours.in_countries`.
        zones: where the callee may be: the zone named by the call, or `candidate_zones`.
        now: the present instant, aware.

    Returns:
        The answer. Its `changes_at` is the first instant at which it becomes the opposite; None where that is not
        within a year. Where no zone is known it is closed: nobody can say what time it is there.
    """
    if not hours.windows and not hours.holidays:
        return Verdict(True, "No hours of callees are kept.")
    if not zones:
        return Verdict(False, "The time zone of the number is not known; name one with the call.")
    if missing := next((zone for zone in zones if rules_of(zone) is None), None):
        return Verdict(False, f"The zone '{missing[:60]}' of the callee is not known here; install tzdata.")
    second = int(now.timestamp() // 1)
    is_open, change = _state(hours, zones, second)
    changes_at = None if change is None else datetime.fromtimestamp(change, UTC)
    reason = _open(hours, zones, changes_at) if is_open else _closed(hours, zones, second, changes_at)
    return Verdict(is_open, reason, changes_at)


def _state(hours: CalleeHours, zones: tuple[str, ...], second: int) -> tuple[bool, int | None]:
    """Whether a second is open, and the first after it that is not as it is."""
    day = second // _DAY
    for start, end in _spans(hours, zones, day):
        if second < start:
            return False, start
        if second < end:
            return True, end if end < (day + 1) * _DAY else _closing(hours, zones, day + 1)
    return False, _opening(hours, zones, day + 1)


@functools.lru_cache(maxsize=1024)
def _closing(hours: CalleeHours, zones: tuple[str, ...], day: int) -> int | None:
    """The first second from the beginning of a day on that is closed."""
    for each in range(day, day + HORIZON * len(WEEKDAYS)):
        spans = _spans(hours, zones, each)
        if not spans or spans[0][0] > each * _DAY:
            return each * _DAY
        if spans[0][1] < (each + 1) * _DAY:
            return spans[0][1]
    return None


@functools.lru_cache(maxsize=1024)
def _opening(hours: CalleeHours, zones: tuple[str, ...], day: int) -> int | None:
    """The first second from the beginning of a day on that is open."""
    for each in range(day, day + HORIZON * len(WEEKDAYS)):
        if spans := _spans(hours, zones, each):
            return spans[0][0]
    return None


@functools.lru_cache(maxsize=8192)
def _spans(hours: CalleeHours, zones: tuple[str, ...], day: int) -> Spans:
    """What is open in all zones of a day.

    Args:
        hours: those to keep.
        zones: names that are known.
        day: in UTC, counted from 1970.
    """
    begin, end = day * _DAY, (day + 1) * _DAY
    found: Spans = ((begin, end),)
    for eras in _apart(zones, day // _BLOCK):
        pieces = (
            (max(start, begin), min(stop, end), ahead) for start, stop, ahead in eras if start < end and stop > begin
        )
        found = _both(found, _merged(span for piece in pieces for span in _between(hours, *piece)))
        if not found:
            break
    return found


@functools.lru_cache(maxsize=1024)
def _apart(zones: tuple[str, ...], block: int) -> frozenset[tuple[tuple[int, int, int], ...]]:
    """The eras of zones, once for those whose clocks agree."""
    return frozenset(_eras(zone, block) for zone in zones)


@functools.lru_cache(maxsize=4096)
def _eras(zone: str, block: int) -> tuple[tuple[int, int, int], ...]:
    """A block of days, cut where a zone changes its clocks: first second, the one after the last, seconds ahead of UTC.

    Args:
        zone: a name that is known.
        block: which `_BLOCK` of days since 1970. Clocks change at most once in a week of it.
    """
    rules = rules_of(zone)
    assert rules is not None
    begin, end = block * _BLOCK * _DAY, (block + 1) * _BLOCK * _DAY
    found: list[tuple[int, int, int]] = []
    start, ahead = begin, _ahead(begin, rules)
    for week in range(begin, end, 7 * _DAY):
        last = week + 7 * _DAY
        following = _ahead(last, rules)
        if following != ahead:
            change = clock_change(datetime.fromtimestamp(week, UTC), datetime.fromtimestamp(last, UTC), rules)
            cut = int(change.timestamp())
            found.append((start, cut, ahead))
            start, ahead = cut, following
    return (*found, (start, end, ahead)) if start < end else tuple(found)


def _ahead(second: int, rules: ZoneInfo) -> int:
    return int((datetime.fromtimestamp(second, rules).utcoffset() or timedelta()).total_seconds())


def _between(hours: CalleeHours, begin: int, end: int, ahead: int) -> Iterable[tuple[int, int]]:
    """What is open between two seconds in a zone that stays as far ahead of UTC all the while."""
    week = _week(hours.windows)
    for local_day in range((begin + ahead) // _DAY, (end + ahead - 1) // _DAY + 1):
        if hours.holidays and holiday(hours.holidays, _EPOCH + timedelta(local_day)):
            continue
        midnight = local_day * _DAY - ahead
        for start, stop in week[(local_day + _EPOCH_WEEKDAY) % 7]:
            if midnight + start < end and midnight + stop > begin:
                yield max(midnight + start, begin), min(midnight + stop, end)


@functools.lru_cache(maxsize=1024)
def _week(windows: tuple[Window, ...]) -> tuple[Spans, ...]:
    """What is open on each day of the week, in seconds since its midnight, whichever day the window began on."""
    if not windows:
        return (((0, _DAY),),) * len(WEEKDAYS)
    days: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
    for window in windows:
        start, end = window.start * 60, (window.start + window.length) * 60
        for weekday in window.weekdays:
            days[weekday].append((start, min(end, _DAY)))
            if end > _DAY:
                days[(weekday + 1) % 7].append((0, end - _DAY))
    return tuple(_merged(each) for each in days)


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Spans of which none touches another."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def _both(one: Spans, two: Spans) -> Spans:
    """What lies in both."""
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in two)
    return tuple((start, end) for start, end in pairs if start < end)


def _open(hours: CalleeHours, zones: tuple[str, ...], changes_at: datetime | None) -> str:
    if changes_at is None:
        return "The hours of callees are open for good."
    closing = _first_closed(hours, zones, int(changes_at.timestamp()))
    return f"The hours of callees are open until {_local(changes_at, closing)}{_of_zones(zones)}."


def _closed(hours: CalleeHours, zones: tuple[str, ...], second: int, changes_at: datetime | None) -> str:
    zone = _first_closed(hours, zones, second)
    local = datetime.fromtimestamp(second, rules_of(zone))
    found = holiday(hours.holidays, local.date())
    why = (
        f"it is a holiday ({found[1]}, {found[0]})"
        if found
        else f"it is {WEEKDAYS[local.weekday()].capitalize()} {local:%H:%M}"
    )
    begin = f"The hours of callees are closed: {why} in {zone}{_of_zones(zones)}"
    if changes_at is not None:
        return f"{begin}. They open at {_local(changes_at, zone)}."
    if len(zones) == 1:
        return f"{begin}. They do not open within a year."
    return f"{begin}. They are never open in all of them at once; name the call's zone."


def _first_closed(hours: CalleeHours, zones: tuple[str, ...], second: int) -> str:
    """The first zone in which a second is closed that is not open in all of them."""
    return next(zone for zone in zones if not _is_open(hours, datetime.fromtimestamp(second, rules_of(zone))))


def _is_open(hours: CalleeHours, local: datetime) -> bool:
    if hours.windows and not any(window.open_at(local) for window in hours.windows):
        return False
    return holiday(hours.holidays, local.date()) is None


def _local(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(rules_of(zone)):%Y-%m-%d %H:%M} {zone}"


def _of_zones(zones: tuple[str, ...]) -> str:
    return f", one of {len(zones)} zones where the callee may be" if len(zones) > 1 else ""
