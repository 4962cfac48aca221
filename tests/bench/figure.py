"""A figure that was measured, and the table of all of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

HEADINGS = ("measured", "figure", "target", "how")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row.

    Attributes:
        name: what was measured.
        value: with its unit, as one reads it.
        target: what we aim at; empty where nothing was promised.
        note: under which circumstances.
    """

    name: str
    value: str
    target: str = ""
    note: str = ""


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of all lies at or below (nearest rank).

    Args:
        values: at least one.
        share: from 0.0 to 1.0.
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def show(figures: Sequence[Figure], *, as_json: bool) -> None:
    """Print all figures: JSON if asked, a drawn table on a terminal, columns of plain text elsewhere."""
    if as_json:
        print(json.dumps([asdict(figure) for figure in figures], indent=1))
        return
    cells = [(figure.name, figure.value, figure.target, figure.note) for figure in figures]
    if sys.stdout.isatty():
        table = Table(*HEADINGS)
        for row in cells:
            table.add_row(*row)
        Console().print(table)
        return
    widths = [max(len(row[column]) for row in [HEADINGS, *cells]) for column in range(len(HEADINGS))]
    for row in [HEADINGS, *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
