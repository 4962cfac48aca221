"""Calls as lines of a file: CSV for a spreadsheet, NDJSON for a program. Pure.

A CSV cell of text that customers or the network wrote is marked with an apostrophe in front where a spreadsheet would
run it as a formula, or where it begins with an apostrophe itself; who reads the file takes one apostrophe off. A
telephone number keeps its `+`: it was checked when it was queued, and holds nothing that could be run. NDJSON has every
value as it is.
"""

from __future__ import annotations

import csv
import enum
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from mirabelle.calls.call import Call

Value: TypeAlias = str | int | None
"""What a cell holds; None where there is nothing to tell."""


class ExportFormat(enum.StrEnum):
    """How the calls are written."""

    CSV = "csv"
    """RFC 4180 with a line of the columns' names, in UTF-8."""
    NDJSON = "ndjson"
    """A JSON object in each line."""


MEDIA_TYPES: Final = MappingProxyType(
    {ExportFormat.CSV: "text/csv; charset=utf-8; header=present", ExportFormat.NDJSON: "application/x-ndjson"}
)
"""The Content-Type of each format."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: in the first line of CSV, and the key in NDJSON.
        meaning: for the documentation.
        written: whether customers or the network wrote it, so that a spreadsheet might run it.
    """

    name: str
    meaning: str
    written: bool = False


COLUMNS: Final = (
    Column("call_id", "The call's number."),
    Column("campaign_id", "The campaign's number."),
    Column("state", "`queued`, `dialing`, `connected`, `completed`, `failed`, `expired` or `canceled`."),
    Column("phone_number", "As it was queued."),
    Column("message_reference", "Your own id of the call.", written=True),
    Column("call_parameters", "The text for the application.", written=True),
    Column("campaign_parameters", "The campaign's text for the application.", written=True),
    Column("start_url", "Where the application is.", written=True),
    Column("result_url", "Where the result goes; empty for nowhere.", written=True),
    Column("max_retries", "Failed attempts that are allowed after the first."),
    Column("retry_interval", "Seconds from the end of an attempt to the next."),
    Column("attempts", "Attempts that counted so far."),
    Column("callee_type", "`voice`, `answeringmachine`, `fax` or `unknown`."),
    Column("duration", "Seconds of the answered attempt; 0 if none."),
    Column("detail", "The reason in words where it failed.", written=True),
    Column("queued_at", "When it was asked for."),
    Column("due_at", "No attempt before this."),
    Column("expires_at", "No attempt after this; empty for never."),
    Column("last_attempt_at", "When the last attempt began; empty before the first."),
    Column("ended_at", "When it became final; empty before."),
)
"""Every column, in order. New ones are added at the end."""

_MARK: Final = "'"
# The broad forms too: some spreadsheets take them for the narrow ones.
_RUN: Final = tuple("=+-@\t\r\n＝＋－＠")
_WRITTEN: Final = frozenset(column.name for column in COLUMNS if column.written)


def flat(call: Call) -> dict[str, Value]:
    """A call by its columns; instants are ISO 8601 in UTC, as `2026-11-23T12:00:00.000Z`."""
    values: dict[str, Value] = {}
    for column in COLUMNS:
        value = getattr(call, column.name)
        values[column.name] = _instant(value) if isinstance(value, datetime) else value
    return values


def head(form: ExportFormat) -> bytes:
    """What comes before the first call."""
    return _csv([[column.name for column in COLUMNS]]) if form is ExportFormat.CSV else b""


def lines(rows: Iterable[Mapping[str, Value]], form: ExportFormat) -> bytes:
    """Calls as they are written to the file.

    Args:
        rows: as `flat` makes them.
        form: how they are written.
    """
    if form is ExportFormat.CSV:
        return _csv([[_cell(name, value) for name, value in row.items()] for row in rows])
    return "".join(f"{json.dumps(row, ensure_ascii=False, separators=(',', ':'))}\n" for row in rows).encode()


def inert(text: str) -> str:
    """A text that no spreadsheet runs: marked where it would be, or where it begins with the mark itself."""
    return f"{_MARK}{text}" if text.startswith((_MARK, *_RUN)) else text


def _cell(name: str, value: Value) -> Value:
    return inert(value) if isinstance(value, str) and name in _WRITTEN else value


def _csv(rows: Iterable[Iterable[Value]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_MINIMAL).writerows(rows)
    return text.getvalue().encode()


def _instant(value: datetime) -> str:
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
