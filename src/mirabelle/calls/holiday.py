"""Holidays: the public ones of a country or one of its states.

The calendars are those of the package `holidays`. It is loaded when first needed, since it is large.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from mirabelle.errors import MirabelleError

MOST_CALENDARS: Final = 50
"""The most calendars that can be kept together."""

_CODE: Final = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?", re.ASCII)


class HolidayError(MirabelleError):
    """There is no such calendar of holidays."""


def parse_calendars(value: object) -> tuple[str, ...]:
    """Check the names of calendars.

    Args:
        value: a list such as `["US-MA", "DE"]`: the ISO 3166 code of a country, alone or with the code of a state.

    Returns:
        Them in capitals, each once, in their order.

    Raises:
        HolidayError: it is no such list, is too long, or there is no such calendar; the message says which.
    """
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise HolidayError("Holidays are a list of countries or states, such as US or US-MA.")
    if len(value) > MOST_CALENDARS:
        raise HolidayError(f"At most {MOST_CALENDARS} calendars of holidays can be kept.")
    return tuple(dict.fromkeys(_code(each) for each in value))


def holiday(calendars: Sequence[str], day: date) -> tuple[str, str] | None:
    """The holiday on a day.

    Args:
        calendars: as `parse_calendars` returns them.
        day: the day on the callee's calendar.

    Returns:
        The calendar and the name that the holiday has there; None where the day is an ordinary one in all of them.
    """
    for code in calendars:
        if name := _names(code, day.year).get(day):
            return code, name
    return None


def _code(value: object) -> str:
    match = _CODE.fullmatch(value.upper()) if isinstance(value, str) else None
    if match is None:
        raise HolidayError(f"'{str(value)[:20]}' is no calendar of holidays; give a country or state: US, US-MA.")
    country, state = match.groups()
    states = _supported().get(country)
    if states is None:
        raise HolidayError(f"The holidays of '{country}' are not known; give another country, such as US.")
    if state is not None and state not in states:
        known = ", ".join(each for each in states if _CODE.fullmatch(f"{country}-{each}")) or "none"
        raise HolidayError(f"The holidays of '{match[0]}' are not known; the states of {country} are: {known}.")
    return match[0]


@functools.cache
def _supported() -> Mapping[str, Sequence[str]]:
    import holidays

    return MappingProxyType(holidays.list_supported_countries(include_aliases=False))


@functools.lru_cache(maxsize=1024)
def _names(code: str, year: int) -> Mapping[date, str]:
    """The holidays of a year."""
    import holidays

    country, _, state = code.partition("-")
    return MappingProxyType(dict(holidays.country_holidays(country, subdiv=state or None, years=year)))
