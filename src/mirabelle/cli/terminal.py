"""What a person sees: colour only where there is a terminal, errors on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
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
    print(message, file=sys.stderr)


def harmless(text: str) -> str:
    """Text that came from outside, without what would command a terminal; lines stay."""
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text)


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout; instants are ISO 8601."""
    print(json.dumps(value, default=str, indent=2))


def print_table(title: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Print rows with the same keys; tab-separated lines where stdout is no terminal."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(_cell(value) for value in row.values()))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in rows[0] if rows else ():
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    Console().print(table if rows else title)


def _cell(text: str) -> str:
    return harmless(" ".join(text.split()))


def masked(phone_number: str) -> str:
    """A telephone number of which only the last digits can be read; its parameters are left out."""
    subscriber = phone_number.partition(";")[0]
    hidden = len(re.findall(r"\d", subscriber)) - _SHOWN_DIGITS
    return subscriber if hidden <= 0 else re.sub(r"\d", "•", subscriber, count=hidden)
