"""The words of times and what they count."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import Final


class Unit(Enum):
    """What an amount is an amount of."""

    MICROSECOND = "microsecond"
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    NAMED_DAY = "named day"
    WORKING_DAY = "working day"


_PLURAL: Final = {
    "msec": (Unit.MICROSECOND, 1000),
    "millisecond": (Unit.MICROSECOND, 1000),
    "usec": (Unit.MICROSECOND, 1),
    "µsec": (Unit.MICROSECOND, 1),
    "microsecond": (Unit.MICROSECOND, 1),
    "sec": (Unit.SECOND, 1),
    "second": (Unit.SECOND, 1),
    "min": (Unit.MINUTE, 1),
    "minute": (Unit.MINUTE, 1),
    "hour": (Unit.HOUR, 1),
    "day": (Unit.DAY, 1),
    "week": (Unit.DAY, 7),
    "fortnight": (Unit.DAY, 14),
    "forthnight": (Unit.DAY, 14),
    "month": (Unit.MONTH, 1),
    "year": (Unit.YEAR, 1),
    "sunday": (Unit.NAMED_DAY, 0),
    "monday": (Unit.NAMED_DAY, 1),
    "tuesday": (Unit.NAMED_DAY, 2),
    "wednesday": (Unit.NAMED_DAY, 3),
    "thursday": (Unit.NAMED_DAY, 4),
    "friday": (Unit.NAMED_DAY, 5),
    "saturday": (Unit.NAMED_DAY, 6),
    "weekday": (Unit.WORKING_DAY, 1),
}
UNITS: Final = MappingProxyType(
    _PLURAL
    | {f"{word}s": meaning for word, meaning in _PLURAL.items()}
    | {word[:3]: meaning for word, meaning in _PLURAL.items() if meaning[0] is Unit.NAMED_DAY}
    | {"ms": (Unit.MICROSECOND, 1000), "µs": (Unit.MICROSECOND, 1)}
)
"""What each word counts, and how many; of a day's name the number of the day, Sunday being 0."""

_LONG_MONTHS: Final = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_ROMAN_MONTHS: Final = "i ii iii iv v vi vii viii ix x xi xii".split()  # noqa: SIM905
MONTHS: Final = MappingProxyType(
    {word: number for number, word in enumerate(_LONG_MONTHS, 1)}
    | {word[:3]: number for number, word in enumerate(_LONG_MONTHS, 1)}
    | {word: number for number, word in enumerate(_ROMAN_MONTHS, 1)}
    | {"sept": 9}
)
"""The number of each month."""

_ORDINALS: Final = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()  # noqa: SIM905
AMOUNTS: Final = MappingProxyType(
    {word: number for number, word in enumerate(_ORDINALS, 1)}
    | {"eight": 8, "next": 1, "last": -1, "previous": -1, "this": 0}
)
"""How many an ordinal or a direction means."""
