"""What a person sees: colour only where there is a terminal, errors on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TextIO

_RED: Final = "\x1b[31m"
_PLAIN: Final = "\x1b[0m"
_SHOWN_DIGITS: Final = 2


def coloured(stream: TextIO) -> bool:
    """Whether to send colour to a stream: a terminal, and nobody said NO_COLOR or TERM=dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def complain(message: str) -> None:
    """Say on stderr, in red where that is possible, what went wrong."""
    text = harmless(message)
    print(f"{_RED}{text}{_PLAIN}" if coloured(sys.stderr) else text, file=sys.stderr)


def remark(message: str) -> None:
    """Say something on stderr that a script has no use for."""
    print(message, file=sys.stderr, flush=True)


def harmless(text: str) -> str:
    """Text that came from outside, without what would command a terminal; lines stay."""
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text)


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout; instants are ISO 8601."""
    print(json.dumps(value, default=_json, indent=2))


def _json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_lines(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows for a script, one a line, tab-separated."""
    for row in rows:
        print("\t".join(_cell(value) for value in row.values()))


def print_table(title: str, rows: Sequence[Mapping[str, Any]], *, folded: Collection[str] = ()) -> None:
    """Print rows with the same keys as a table for a person.

    Args:
        title: above the table, or alone where there are no rows; empty: none.
        rows: what each column holds.
        folded: columns that may be broken into lines.
    """
    from rich.console import Console
    from rich.text import Text

    from mirabelle.cli.table import laid_out

    console = Console(no_color=not coloured(sys.stdout), highlight=False)
    if title:
        console.print(Text(title, style="bold" if rows else ""), soft_wrap=True)
    if not rows:
        return
    texts = [{name: _cell(value) for name, value in row.items()} for row in rows]
    right = {name for name in rows[0] if all(row[name] is None or isinstance(row[name], int) for row in rows)}
    for line in laid_out(texts, right=right, folded=folded, width=console.width):
        console.print(Text(line), soft_wrap=True)
    console.print()


def print_rows(
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str],
    *,
    as_json: bool,
    title: str,
    empty: str,
    folded: Collection[str] = (),
) -> None:
    """Print rows with the same keys in the way that suits whoever reads: JSON, a table, or tab-separated lines.

    Args:
        rows: what there is.
        columns: what a person sees of each row: the column's title, and the key.
        as_json: whether JSON was asked for.
        title: above the table.
        empty: what a person reads where there are no rows.
        folded: titles of columns that may be broken into lines.
    """
    if as_json:
        print_json(rows)
    elif sys.stdout.isatty():
        shown = [{name: row[key] for name, key in columns.items()} for row in rows]
        print_table(title if rows else empty, shown, folded=folded)
    else:
        print_lines(rows)


def print_record(record: Mapping[str, Any], *, title: str) -> None:
    """Print one thing: a table of its values for a person, elsewhere a line for each, the name, a tab, the value."""
    if sys.stdout.isatty():
        rows = [{"": name, title: _cell(value)} for name, value in record.items() if value not in (None, "")]
        print_table("", rows, folded={title})
    else:
        print_lines([{"name": name, "value": value} for name, value in record.items()])


def _cell(value: Any) -> str:
    text = value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else str("" if value is None else value)
    return harmless(" ".join(text.split()))


def without_numbers(text: str) -> str:
    """A sentence with the telephone numbers in it masked."""
    return re.sub(r"\+\d{6,}", lambda found: masked(found[0]), text)


def masked(phone_number: str) -> str:
    """A telephone number of which only the last digits can be read; its parameters are left out."""
    subscriber = phone_number.partition(";")[0]
    hidden = len(re.findall(r"\d", subscriber)) - _SHOWN_DIGITS
    return subscriber if hidden <= 0 else re.sub(r"\d", "•", subscriber, count=hidden)
