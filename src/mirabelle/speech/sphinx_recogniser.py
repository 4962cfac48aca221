"""A recogniser without a server: PocketSphinx in processes of its own, for small grammars in English."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterable, Callable, Iterable
from typing import Final

from mirabelle.errors import MirabelleError
from mirabelle.grammar import GrammarError
from mirabelle.grammar.automaton import automaton
from mirabelle.speech.child import Child, Died
from mirabelle.speech.endpoint import Phase
from mirabelle.speech.frame import Kind
from mirabelle.speech.hearing import Heard, Hearing
from mirabelle.speech.recogniser import Hypothesis, Question, RecogniserGone, Understanding, Verdict
from mirabelle.speech.sphinx_worker import FIX
from mirabelle.speech.synthesizer import SpeechError
from mirabelle.speech.utterance import first_utterance

MOST_TOLD: Final = 1000
"""Words without a pronunciation that are remembered, so that each is told once."""


class UnheardError(MirabelleError):
    """An utterance was not understood, and not by its speaker's fault."""


class SphinxRecogniser:
    """Finds the utterance itself, and has a child process search it for what the grammars accept.

    A process is started when an utterance finds none idle and fewer than `processes` are there, and again after it
    died. An utterance whose process dies is tried once more in a new one.

    Args:
        processes: how many utterances are searched at once; those beyond wait.
        timeout: seconds that one may take in all, waiting for its turn with it.

    Raises:
        SpeechError: the engine is not installed.
    """

    def __init__(self, *, processes: int, timeout: float) -> None:
        if importlib.util.find_spec("pocketsphinx") is None:
            raise SpeechError(f"PocketSphinx is not installed. {FIX}")
        self._timeout = timeout
        self._turns = asyncio.Semaphore(processes)
        self._idle: list[Child] = []
        self._running: set[asyncio.Task[Heard]] = set()
        self._told: set[str] = set()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that wait for an utterance."""
        return tuple(child.process.pid for child in self._idle)

    async def aclose(self) -> None:
        """End the processes and what they were searching."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        while self._idle:
            await self._idle.pop().end()

    async def recognise(
        self, question: Question, sound: AsyncIterable[bytes], on_speech: Callable[[], None]
    ) -> Understanding:
        """Listen to one utterance; see `mirabelle.speech.recogniser.Recogniser`.

        Raises:
            RecogniserGone: the engine does not start, or the language is not English.
        """
        if question.language and question.language.lower().split("-")[0] not in ("en", "eng"):
            raise RecogniserGone(
                f"PocketSphinx understands English, not '{question.language}'; name a server in [recognition] url."
            )
        phase, pcm = await first_utterance(question.listening, sound, on_speech)
        if phase is Phase.WAITING:
            return Understanding(Verdict.NOTHING_SAID)
        if phase is Phase.TOO_LONG:
            return Understanding(Verdict.TOO_LONG, pcm=pcm)
        try:
            return await self._understood(question, pcm)
        except (UnheardError, GrammarError) as error:
            return Understanding(Verdict.NOT_UNDERSTOOD, pcm=pcm, reason=str(error))

    async def _understood(self, question: Question, pcm: bytes) -> Understanding:
        made = await asyncio.to_thread(automaton, question.grammars)
        task = asyncio.create_task(self._hear(Hearing.of(made, pcm).encode()))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(_seen)
        # A caller that hangs up must not leave half an answer in the pipe for the next one.
        heard = await asyncio.shield(task)
        reason = self._tell(word for word in heard.unknown if word in made.own)
        # Where nothing whole fits, the engine gives the beginning that fitted best.
        if not heard.words or not made.accepts(heard.words) or heard.confidence < question.listening.confidence:
            return Understanding(Verdict.NOT_UNDERSTOOD, pcm=pcm, reason=reason)
        words = tuple(made.written[word] for word in heard.words)
        return Understanding(Verdict.UNDERSTOOD, (Hypothesis(words, heard.confidence),), pcm, reason)

    async def _hear(self, order: bytes) -> Heard:
        try:
            async with asyncio.timeout(self._timeout), self._turns:
                try:
                    return await self._asked(order)
                except Died:
                    return await self._asked(order)
        except Died as death:
            raise UnheardError(f"The process that listens died twice over one utterance ({death}).") from death
        except TimeoutError as error:
            raise UnheardError(
                f"Understanding took longer than {self._timeout:g} s; raise [recognition] processes."
            ) from error

    async def _asked(self, order: bytes) -> Heard:
        child = await self._started()
        try:
            heard = Heard.decode(await child.ask(Kind.HEAR, order))
        except SpeechError as error:
            self._idle.append(child)
            raise UnheardError(str(error)) from error
        except BaseException:
            # It died, took too long or is no longer wanted; its answer would be taken for the next one's.
            await child.end()
            raise
        self._idle.append(child)
        return heard

    async def _started(self) -> Child:
        while self._idle:
            child = self._idle.pop()
            if child.process.returncode is None:
                return child
            await child.end()
        try:
            child = await Child.spawn("mirabelle.speech.sphinx_worker", "listens")
            try:
                await child.greeted(FIX)
            except BaseException:
                await child.end()
                raise
        except SpeechError as error:
            raise RecogniserGone(str(error)) from error
        return child

    def _tell(self, unknown: Iterable[str]) -> str:
        """A sentence of the words that have no pronunciation; empty for those that it was said of before."""
        fresh = [word for word in unknown if word not in self._told]
        if not fresh or len(self._told) >= MOST_TOLD:
            return ""
        self._told.update(fresh)
        listed = ", ".join(f"'{word[:40]}'" for word in fresh[:20])
        return (
            f"PocketSphinx does not know how these words are said, and listens to the others alone: {listed}."
            " Write them as words of its dictionary, such as 'eleven' for '11'."
        )


def _seen(task: asyncio.Task[Heard]) -> None:
    """The error of an utterance whose caller is gone is nobody's any more."""
    if not task.cancelled():
        task.exception()
