"""A list of telephone numbers for the ingest benchmark, and the same calls as rows of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from mirabelle.calls.call import NewCall
from mirabelle.store.rows import NEW_CALL_COLUMNS, new_call_row

START_URL: Final = "http://app.example.com/start.vxml"
RESULT_URL: Final = "http://app.example.com/result"
PIECE: Final = 10_000
"""Lines between two words to whoever watches."""

_RANGES: Final = (("+1617", 7), ("+447", 9), ("+4930", 8), ("+336", 8), ("+8190", 8))
"""Beginnings of numbers, and how many digits may be anything after them."""


def line(index: int) -> tuple[str, str, str]:
    """The number, message_reference and call_parameters of a line; no two lines have the same number."""
    prefix, digits = _RANGES[index % len(_RANGES)]
    # Odd and no multiple of five, so it has no factor in common with a power of ten: each index has a place of its own.
    place = (index // len(_RANGES)) * 7_368_787 % 10**digits
    return f"{prefix}{place:0{digits}}", f"order-{index:08}", f"lang=en;room={index % 500}"


def write(path: Path, lines: int, told: Callable[[int], None]) -> None:
    """Write a list.

    Args:
        path: where to.
        lines: how many.
        told: called with how many more there are.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        for at in range(0, lines, PIECE):
            some = range(at, min(lines, at + PIECE))
            file.writelines(",".join(line(index)) + "\n" for index in some)
            told(len(some))


def rows(lines: int, account_id: int, campaign_id: int, told: Callable[[int], None]) -> list[tuple[Any, ...]]:
    """The calls of that list as rows with `NEW_CALL_COLUMNS`, all in memory, as the raw driver gets them."""
    now = datetime.now(UTC)
    first = NewCall(
        account_id=account_id,
        campaign_id=campaign_id,
        phone_number="",
        start_url=START_URL,
        result_url=RESULT_URL,
        scheduled_at=now + timedelta(days=365),
    )
    common = new_call_row(first, now)
    before = tuple(common[name] for name in ("account_id", "campaign_id"))
    urls = tuple(common[name] for name in ("start_url", "result_url"))
    after = tuple(common[name] for name in NEW_CALL_COLUMNS[7:])
    made: list[tuple[Any, ...]] = []
    for at in range(0, lines, PIECE):
        some = range(at, min(lines, at + PIECE))
        for number, reference, parameters in map(line, some):
            made.append((*before, number, *urls, reference, parameters, *after))
        told(len(some))
    return made
