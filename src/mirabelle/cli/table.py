"""A table for a person: laid out so that it can be read in the width that there is. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from rich.cells import cell_len

_GAP: Final = "  "
_NARROWEST: Final = 24
"""A text that does not fit into so many characters, or that of its longest word, is told below its row instead."""
_LONGEST_WORD: Final = 60


def laid_out(
    rows: Sequence[Mapping[str, str]], *, right: Collection[str] = (), folded: Collection[str] = (), width: int
) -> list[str]:
    """The lines of a table: the names of the columns, a rule, the rows.

    A column that is empty in every row is left out. Where the rows are too wide, texts are broken into lines, and where
    that would leave columns too narrow to read, they are told below their row.

    Args:
        rows: texts of one line each, by column; at least one row, all with the same columns.
        right: columns that are set to the right.
        folded: columns that may be broken into lines.
        width: characters in a line.
    """
    columns = {name: _width(rows, name) for name in rows[0] if any(row[name] for row in rows)}
    below = _below(rows, columns, folded, width)
    beside = {name: wide for name, wide in columns.items() if name not in below}
    _narrow(beside, folded, width)
    lines = [_line({name: name for name in beside}, beside, right)]
    lines.append("─" * (sum(beside.values()) + len(_GAP) * (len(beside) - 1)))
    for row in rows:
        lines += _row_lines(row, beside, right)
        lines += _told_below(row, below, width)
    return lines


def _width(rows: Sequence[Mapping[str, str]], name: str) -> int:
    return max(cell_len(name), *(cell_len(row[name]) for row in rows))


def _below(
    rows: Sequence[Mapping[str, str]], columns: Mapping[str, int], folded: Collection[str], width: int
) -> list[str]:
    """The columns for which there is no room in the rows, in their order."""
    least = {name: _least(rows, name, wide) if name in folded else wide for name, wide in columns.items()}
    below: list[str] = []
    # What may be broken goes first, from the right; what then is still too wide follows. The first column stays, and of
    # two columns both.
    for name in sorted(list(columns)[:0:-1], key=lambda each: each not in folded):
        if _total(least) <= width or len(columns) <= 2:
            break
        del least[name]
        below.append(name)
    return [name for name in columns if name in below]


def _least(rows: Sequence[Mapping[str, str]], name: str, wide: int) -> int:
    longest = max((cell_len(word) for row in rows for word in row[name].split()), default=0)
    return min(wide, max(_NARROWEST, min(longest, _LONGEST_WORD), cell_len(name)))


def _total(columns: Mapping[str, int]) -> int:
    return sum(columns.values()) + len(_GAP) * (len(columns) - 1)


def _narrow(columns: dict[str, int], folded: Collection[str], width: int) -> None:
    """Take from the widest of the columns that may be broken what the rows have too much."""
    while (excess := _total(columns) - width) > 0:
        widest = max((name for name in columns if name in folded), key=lambda name: columns[name], default=None)
        if widest is None or columns[widest] <= 1:
            return
        columns[widest] -= min(excess, max(1, columns[widest] // 4))


def _row_lines(row: Mapping[str, str], columns: Mapping[str, int], right: Collection[str]) -> Iterator[str]:
    pieces = {
        name: [row[name]] if cell_len(row[name]) <= wide else textwrap.wrap(row[name], wide, break_on_hyphens=False)
        for name, wide in columns.items()
    }
    for index in range(max((len(each) for each in pieces.values()), default=0)):
        yield _line(
            {name: each[index] if index < len(each) else "" for name, each in pieces.items()}, columns, right
        ).rstrip()


def _line(texts: Mapping[str, str], columns: Mapping[str, int], right: Collection[str]) -> str:
    cells = []
    for name, wide in columns.items():
        room = " " * (wide - cell_len(texts[name]))
        cells.append(room + texts[name] if name in right else texts[name] + room)
    return _GAP.join(cells)


def _told_below(row: Mapping[str, str], names: Sequence[str], width: int) -> Iterator[str]:
    for name in names:
        if row[name]:
            first, rest = f"{_GAP * 2}{name}: ", _GAP * 3
            text = first + row[name]
            yield from textwrap.wrap(text, width, subsequent_indent=rest, break_on_hyphens=False)
