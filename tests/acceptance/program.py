"""Programs run as processes, their output read line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

PATIENCE = 30.0
"""Seconds to wait for an event before a test is given up; no test measures with it."""

Event = Mapping[str, Any]

T = TypeVar("T")


class Program:
    """A process whose output is a line of JSON an event; other lines are kept as text.

    Args:
        command: what to run.
        stream: which output carries the events, `stdout` or `stderr`.
        env: more environment.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        stream: str = "stdout",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._closed = False
        self.process = subprocess.Popen(
            [str(each) for each in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if stream == "stdout" else subprocess.DEVNULL,
            stderr=subprocess.PIPE if stream == "stderr" else subprocess.STDOUT,
            text=True,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
        pipe = self.process.stdout if stream == "stdout" else self.process.stderr
        assert pipe is not None
        self._pipe = pipe
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read(self) -> None:
        for line in self._pipe:
            event = _event(line)
            with self._news:
                self.lines.append(line.rstrip("\n"))
                if event is not None:
                    self.events.append(event)
                self._news.notify_all()
        with self._news:
            self._closed = True
            self._news.notify_all()

    def wait_for(self, event: str, **fields: object) -> Event:
        """The first event of that name with those fields, waiting for it."""

        def found() -> Event | None:
            return next(
                (each for each in self.events if each.get("event") == event and fields.items() <= each.items()), None
            )

        return self._wait(found, f"{event} {fields}")

    def wait_for_line(self, part: str) -> str:
        """The first line that holds `part`, waiting for it."""
        return self._wait(lambda: next((line for line in self.lines if part in line), None), part)

    def _wait(self, found: Callable[[], T | None], wanted: str) -> T:
        until = time.monotonic() + PATIENCE
        with self._news:
            while (result := found()) is None:
                left = until - time.monotonic()
                if self._closed or left <= 0:
                    raise AssertionError(f"never came: {wanted}\n" + "\n".join(self.lines[-60:]))
                self._news.wait(left)
            return result

    def exit_status(self) -> int:
        """Wait for the end."""
        return self.process.wait(PATIENCE)

    def stop(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        self._reader.join(10)
        self._pipe.close()


def _event(line: str) -> Event | None:
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def mirabelle(*arguments: str | Path) -> list[str]:
    """The command line of a Mirabelle command."""
    return [sys.executable, "-m", "mirabelle.cli.main", *map(str, arguments)]
