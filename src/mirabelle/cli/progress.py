"""How far a long command is, for a person at a terminal; nobody else hears of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol


class Shown(Protocol):
    """What is told of the way."""

    def advance(self, count: int) -> None:
        """So many more are done."""
        ...

    def phase(self, title: str) -> None:
        """Another part of the work begins, and nobody knows how long it takes."""
        ...


class _Unseen:
    def advance(self, count: int) -> None:
        """Nobody looks."""

    def phase(self, title: str) -> None:
        """Nobody looks."""


@contextmanager
def progress(title: str, total: int | None, unit: Literal["bytes", "calls", "entries"]) -> Iterator[Shown]:
    """Show a bar on stderr while something is done, where that is a terminal.

    Args:
        title: what is done.
        total: how many there are; None where nobody knows.
        unit: of what.
    """
    if not sys.stderr.isatty():
        yield _Unseen()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from mirabelle.cli.terminal import coloured

    counted = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    console = Console(stderr=True, no_color=not coloured(sys.stderr))
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), counted, TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(title, total=total)

        class Seen:
            def advance(self, count: int) -> None:
                shown.advance(task, count)

            def phase(self, title: str) -> None:
                shown.update(task, description=title)
                shown.tasks[0].total = None

        yield Seen()
