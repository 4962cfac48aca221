"""Whereabouts: the time zones in which the callee behind a number may be, told from the number alone.

What `phonenumbers` knows is used with two differences, both in North America. An area code that lies in two zones
counts as both, unless a longer prefix is listed in one of them: the list leaves exchanges out, and would put them all
into one zone (of `+1 850`, which is mostly Central, into the Eastern). And a number that is no land line is
where its area code is, which tells the country, so that a mobile telephone in Antigua is not looked for in Guam.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from mirabelle.calls.number import PhoneNumber

_NORTH_AMERICA: Final = 1
_UNKNOWN: Final = "Etc/Unknown"


def candidate_zones(number: PhoneNumber) -> tuple[str, ...]:
    """The zones in which a number may be, by name.

    A land line is where its area code is. A mobile, toll-free or other number without a place may be anywhere in the
    countries of its country code. A number of no country (satellites, `+800`) has no zone.

    Args:
        number: a number that can be dialled.

    Returns:
        Identifiers of the time zone database in the order of the alphabet; empty where nothing is known.
    """
    digits = number.e164[1:]
    if digits.startswith("1"):
        return _of_area(digits[: _longest()])
    return _of_number(digits)


def countries(number: PhoneNumber) -> tuple[str, ...]:
    """The ISO 3166 countries in which a number may be: one, or where it has no place all of its country code.

    Args:
        number: a number that can be dialled.
    """
    return _countries(number.e164[1:])


@functools.lru_cache(maxsize=65_536)
def _countries(digits: str) -> tuple[str, ...]:
    parsed = _parsed(digits)
    if parsed is None:
        return ()
    if _has_place(parsed) and (region := phonenumbers.region_code_for_number(parsed)):
        return (region,)
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
    return tuple(each for each in regions if each.isalpha())


@functools.lru_cache(maxsize=65_536)
def _of_area(prefix: str) -> tuple[str, ...]:
    """The zones of the longest listed prefix; in North America also of all that it is divided into."""
    listed = _listed()
    found = next((prefix[:end] for end in range(len(prefix), 0, -1) if prefix[:end] in listed), "")
    if found.startswith("1"):
        return _beneath(found)
    return tuple(sorted({*listed.get(found, ())} - {_UNKNOWN}))


@functools.lru_cache(maxsize=4096)
def _beneath(prefix: str) -> tuple[str, ...]:
    return tuple(sorted({zone for each, zones in _listed().items() if each.startswith(prefix) for zone in zones}))


@functools.lru_cache(maxsize=65_536)
def _of_number(digits: str) -> tuple[str, ...]:
    parsed = _parsed(digits)
    if parsed is None:
        return ()
    if _has_place(parsed):
        return _of_area(digits[: _longest()])
    return _of_area(str(parsed.country_code))


def _parsed(digits: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(f"+{digits}")
    except NumberParseException:
        return None


def _has_place(parsed: phonenumbers.PhoneNumber) -> bool:
    """Whether the digits of a number tell where it is."""
    kind = phonenumbers.number_type(parsed)
    if parsed.country_code == _NORTH_AMERICA:
        return kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return phonenumbers.is_number_type_geographical(kind, parsed.country_code or 0)


@functools.cache
def _listed() -> Mapping[str, tuple[str, ...]]:
    """The zones by prefix, without `+`; loaded when first asked for, since it is large."""
    from phonenumbers.tzdata import TIMEZONE_DATA

    return TIMEZONE_DATA


@functools.cache
def _longest() -> int:
    """Digits of the longest prefix that is listed."""
    return max(map(len, _listed()))
