"""A process that speaks or listens for us, behind two pipes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from mirabelle.speech.frame import HEADER, MOST_BYTES, Kind, frame
from mirabelle.speech.synthesizer import SpeechError

_KEPT_COMPLAINTS: Final = 2000


class Died(Exception):
    """The process is gone."""


class Child:
    """One process and the two pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process, task: str) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.process = process
        self._task = task
        self._orders, self._answers = process.stdin, process.stdout
        self._complaints = b""
        self._listening = asyncio.create_task(self._listen(process.stderr))

    @staticmethod
    async def spawn(module: str, task: str) -> Child:
        """Start a process.

        Args:
            module: what it runs.
            task: what it does, for messages: `speaks`.

        Raises:
            SpeechError: it cannot be started.
        """
        environ = dict(os.environ)
        source = str(Path(__file__).parents[2])
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, (source, environ.get("PYTHONPATH"))))
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module), stdin=pipe, stdout=pipe, stderr=pipe, env=environ
            )
        except OSError as error:
            raise SpeechError(f"The process that {task} cannot be started ({error}).") from error
        return Child(process, task)

    async def greeted(self, fix: str) -> bytes:
        """Wait until it is ready, and return what it says then.

        Args:
            fix: what to do where it does not start.

        Raises:
            SpeechError: it does not start, or says what it lacks.
        """
        try:
            kind, payload = await self._answer()
        except Died as death:
            raise SpeechError(f"The process that {self._task} did not start ({death}). {fix}") from death
        if kind is not Kind.READY:
            raise SpeechError(payload.decode("utf-8", "replace"))
        return payload

    async def ask(self, kind: Kind, payload: bytes) -> bytes:
        """Give it one order and return its answer.

        Raises:
            Died: it died over it.
            SpeechError: it could not do it.
        """
        try:
            self._orders.write(frame(kind, payload))
            await self._orders.drain()
        except (ConnectionError, RuntimeError) as error:
            raise Died(str(error)) from error
        answered, answer = await self._answer()
        if answered is Kind.FAILED:
            raise SpeechError(answer.decode("utf-8", "replace"))
        return answer

    async def end(self) -> None:
        """Kill it, if it lives, and collect it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        self._orders.close()
        await self._listening

    async def _answer(self) -> tuple[Kind, bytes]:
        try:
            kind, length = HEADER.unpack(await self._answers.readexactly(HEADER.size))
            if length > MOST_BYTES:
                raise Died("it answered nonsense")
            return Kind(kind), await self._answers.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
            complaint = self._complaints.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise Died(complaint or "without a word") from error

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        while piece := await stderr.read(1024):
            self._complaints = (self._complaints + piece)[-_KEPT_COMPLAINTS:]
