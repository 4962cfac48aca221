"""A child process that tells its events as lines of JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from mirabelle.errors import MirabelleError

MOST_LINE_BYTES: Final = 1_000_000
_KEPT_LINES: Final = 5

OnEvent = Callable[[str, Mapping[str, Any]], None]


class ChildError(MirabelleError):
    """A child process did not start, or ended too early; the message holds its last words."""


class Child:
    """A running child. It is in a session of its own, so that a Ctrl-C reaches the parent alone, which then ends it.

    Args:
        name: for errors.
        process: started.
        events: the pipe that its events come from.
        log: where every line is kept.
        on_event: hears each event that is a line of JSON with `event`.
    """

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, events: asyncio.StreamReader, log: Path, on_event: OnEvent
    ) -> None:
        self.name = name
        self.process = process
        self._log = log
        self._on_event = on_event
        self._last: list[str] = []
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read(events))

    @staticmethod
    async def start(
        name: str,
        module: str,
        arguments: Sequence[str],
        *,
        pipe: Literal["stdout", "stderr"],
        log: Path,
        on_event: OnEvent,
    ) -> Child:
        """Start `python -m module`.

        Args:
            name: for errors.
            module: of ours.
            arguments: of its command line.
            pipe: where its events come from; the other one is left aside.
            log: a file for all that comes from there.
            on_event: hears each event.

        Raises:
            ChildError: it cannot be started.
        """
        environ = dict(os.environ)
        source = str(Path(__file__).parents[2])
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, (source, environ.get("PYTHONPATH"))))
        heard, quiet = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module, *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=heard if pipe == "stdout" else quiet,
                stderr=heard if pipe == "stderr" else quiet,
                limit=MOST_LINE_BYTES,
                env=environ,
                start_new_session=True,
            )
        except OSError as error:
            raise ChildError(f"The {name} cannot be started: {error}.") from error
        events = process.stdout if pipe == "stdout" else process.stderr
        assert events is not None
        return Child(name, process, events, log, on_event)

    async def tells(self, event: str, seconds: float) -> Mapping[str, Any]:
        """Wait for an event that has not come yet.

        Raises:
            ChildError: the child ended, or the time is over.
        """
        waiting: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[event] = waiting
        both: set[asyncio.Future[Any]] = {waiting, self._reading}
        await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        what = "ended" if self._reading.done() else f"said nothing of '{event}' within {seconds:g} s"
        raise ChildError(f"The {self.name} {what}. {self.last_words()}")

    async def ended(self) -> None:
        """Wait until it has ended by itself."""
        await self.process.wait()

    def last_words(self) -> str:
        """The last lines it wrote that were no events; where there are none, where to read on."""
        return "Its last words: " + " | ".join(self._last) if self._last else f"Its log is {self._log}."

    async def end(self, seconds: float) -> None:
        """Ask it to end, and after so many seconds make it."""
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), seconds)
        except TimeoutError:
            self.kill()
            await self.process.wait()
        await self._reading
        if self.process.stdin is not None:
            self.process.stdin.close()

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    async def _read(self, events: asyncio.StreamReader) -> None:
        with self._log.open("w", encoding="utf-8") as kept:
            while line := await _line(events):
                text = line.decode("utf-8", "replace")
                kept.write(text)
                kept.flush()
                if not self._heard(text) and text.strip():
                    self._last = [*self._last, text.strip()[:500]][-_KEPT_LINES:]

    def _heard(self, text: str) -> bool:
        """Whether a line was an event."""
        try:
            fields = json.loads(text)
            event = fields.pop("event")
        except (ValueError, AttributeError, KeyError, TypeError):
            return False
        waiting = self._waiting.pop(str(event), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(fields)
        self._on_event(str(event), fields)
        return True


async def _line(events: asyncio.StreamReader) -> bytes:
    """The next line; one that is too long is passed over."""
    while True:
        try:
            return await events.readline()
        except ValueError:
            continue
