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
    text = message if not coloured(sys.stderr) else f"{_RED}{message}{_PLAIN}"
    print(text, file=sys.stderr)


def remark(message: str) -> None:
    """Say something on stderr that a script has no use for."""
    print(message, file=sys.stderr)


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout; instants are ISO 8601."""
    print(json.dumps(value, default=str, ensure_ascii=False, indent=2))


def print_table(title: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Print rows with the same keys; tab-separated lines where stdout is no terminal."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(value.replace("\t", " ").replace("\n", " ") for value in row.values()))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in rows[0] if rows else ():
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text(value) for value in row.values()))
    Console().print(table if rows else title)


def masked(phone_number: str) -> str:
    """A telephone number of which only the last digits can be read; its parameters are left out."""
    subscriber = phone_number.partition(";")[0]
    hidden = len(re.findall(r"\d", subscriber)) - _SHOWN_DIGITS
    return subscriber if hidden <= 0 else re.sub(r"\d", "•", subscriber, count=hidden)
