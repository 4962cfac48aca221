"""Rates by the hour of the day, as a table in CSV."""

from __future__ import annotations

import csv
from dataclasses import fields
from typing import Final

from mirabelle.sandbox.callee_model import HOURS, ModelError, Rates

MOST_BYTES: Final = 100_000
"""The largest table that is read."""
COLUMNS: Final = tuple(each.name for each in fields(Rates))
"""What a table may say of an hour."""


def read(text: str, otherwise: Rates) -> tuple[Rates, ...]:
    """The rates of each hour from midnight.

    Args:
        text: a line of titles, `hour` and some of `COLUMNS`, and a line for each hour (0-23) that the table speaks of.
        otherwise: of hours and columns that it does not speak of.

    Raises:
        ModelError: it is no such table; the message names the line.
    """
    rows = csv.DictReader(text.splitlines())
    try:
        return _hours(rows, otherwise)
    except csv.Error as error:
        raise ModelError(f"The table of rates is no CSV: {error}.") from error


def _hours(rows: csv.DictReader[str], otherwise: Rates) -> tuple[Rates, ...]:
    titles = [title.strip() for title in rows.fieldnames or ()]
    if "hour" not in titles or not set(titles) <= {"hour", *COLUMNS}:
        raise ModelError(f"A table of rates begins with the titles hour and some of {', '.join(COLUMNS)}.")
    rows.fieldnames = titles
    hours: dict[int, Rates] = {}
    for row in rows:
        hour = _number(row["hour"], rows.line_num)
        if hour not in range(HOURS) or int(hour) in hours:
            raise ModelError(f"Line {rows.line_num} of the rates: the hours are 0 to 23, each once.")
        given = {name: _number(row[name], rows.line_num) for name in titles if name != "hour"}
        try:
            hours[int(hour)] = Rates(**{**otherwise.shares(), **given})
        except ModelError as error:
            raise ModelError(f"Line {rows.line_num} of the rates: {error}") from error
    return tuple(hours.get(hour, otherwise) for hour in range(HOURS))


def _number(text: str | None, line: int) -> float:
    try:
        return float(text or "")
    except (ValueError, TypeError) as error:
        raise ModelError(f"Line {line} of the rates: each column holds a number, such as 0.35.") from error
