"""Time designations: `3s`, `1.5s`, `300ms` (VoiceXML 2.0, 6.5; CSS2 4.3.11 without a sign)."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from mirabelle.vxml.errors import SemanticError

LONGEST_MS: Final = 7 * 24 * 3600 * 1000
"""A week: no longer wait makes sense in a call, and timers stay within what every platform counts."""

_DESIGNATION: Final = re.compile(r"\+?([0-9]{0,9}(?:\.[0-9]{1,9})?|[0-9]{1,9}\.)(ms|s)", re.ASCII)
_ZERO: Final = re.compile(r"\+?0+(?:\.0+)?", re.ASCII)


@lru_cache(maxsize=256)
def milliseconds(text: str) -> int:
    """Read a time designation.

    A bare `0` is accepted, because it means the same in every unit; any other number needs one.

    Args:
        text: `3s`, `1.5s`, `.5s`, `300ms`; white space around it is ignored.

    Returns:
        Whole milliseconds, rounded half up, at most a week.

    Raises:
        SemanticError: anything else, a sign included.
    """
    body = text.strip(" \t\r\n")
    if _ZERO.fullmatch(body):
        return 0
    found = _DESIGNATION.fullmatch(body)
    if not found or not found[1].strip("."):
        raise SemanticError(f"'{text[:40]}' is not a time; write '3s', '1.5s' or '300ms'.")
    amount = Decimal(found[1]) * (1000 if found[2] == "s" else 1)
    return min(int(amount + Decimal("0.5")), LONGEST_MS)
