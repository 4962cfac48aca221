"""The default synthesiser: espeak-ng in a process of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Final

from mirabelle.speech.child import Child, Died
from mirabelle.speech.espeak_worker import FIX
from mirabelle.speech.frame import Answer, Kind, Order
from mirabelle.speech.ssml import Utterance, prepare
from mirabelle.speech.synthesizer import SpeechError, Spoken, SpokenMark
from mirabelle.speech.voices import choose

MOST_WAITING: Final = 1000
"""Texts that may wait for the one process; it speaks several hundred times faster than real time."""


class EspeakSynthesizer:
    """Speaks through a child process, started by `start` or the first text, and again after it died.

    A text whose process dies is tried once more in a new process; then it fails.

    Args:
        voice: the voice where nothing names another, such as `en-us` or `en-us+f3`.
        timeout: seconds that one text may take.
    """

    def __init__(self, *, voice: str = "en-us", timeout: float = 15.0) -> None:
        self._voice, self._timeout = voice, timeout
        self._child: Child | None = None
        self._voices: Mapping[str, str] = {}
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Task[Spoken]] = set()

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._child.process.pid if self._child is not None else None

    async def start(self) -> None:
        """Start the process now, so that the first caller does not wait and a fault shows at once.

        Raises:
            SpeechError: espeak-ng is not there, or does not have the configured voice.
        """
        await self.synthesize("")

    async def synthesize(self, ssml: str, *, language: str = "", voice: str = "") -> Spoken:
        """Speak a text; see `Synthesizer`.

        Raises:
            SpeechError: it cannot be spoken, or took too long.
        """
        utterance = prepare(ssml)
        if len(self._running) >= MOST_WAITING:
            raise SpeechError("Too many texts wait to be spoken; lower the calls per second.")
        task = asyncio.create_task(self._speak(utterance, language or utterance.language, voice or self._voice))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(_seen)
        # A caller that gives up must not leave half an answer in the pipe for the next one.
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """End the process and what it was saying."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._drop()

    async def _speak(self, utterance: Utterance, language: str, default: str) -> Spoken:
        async with self._turn:
            for last in (False, True):
                try:
                    async with asyncio.timeout(self._timeout):
                        child = await self._started()
                        order = Order(utterance.ssml, choose(language, default, self._voices))
                        answer = Answer.decode(await child.ask(Kind.SPEAK, order.encode()))
                        return Spoken(answer.pcm, tuple(map(SpokenMark, utterance.marks, answer.marks)))
                except Died as death:
                    await self._drop()
                    if last:
                        raise SpeechError(f"The process that speaks died twice over one text ({death}).") from death
                except TimeoutError as error:
                    await self._drop()
                    raise SpeechError(
                        f"Speaking took longer than {self._timeout:g} s; shorten the text, or give the machine air."
                    ) from error
                except asyncio.CancelledError:
                    await self._drop()
                    raise
        raise AssertionError

    async def _started(self) -> Child:
        if self._child is None or self._child.process.returncode is not None:
            await self._drop()
            self._child = await Child.spawn("mirabelle.speech.espeak_worker", "speaks")
            self._voices = json.loads(await self._child.greeted(FIX))
        return self._child

    async def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.end()


def _seen(task: asyncio.Task[Spoken]) -> None:
    """The error of a text whose caller is gone is nobody's any more."""
    if not task.cancelled():
        task.exception()
