"""Words as input on the telephone: what the callee says, given to a recogniser and matched."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from mirabelle.dialer.sound import PCM_BYTES_PER_MS, Sound
from mirabelle.errors import MirabelleError
from mirabelle.grammar import Grammar, Mode
from mirabelle.media.ports import MediaError
from mirabelle.speech.recogniser import Listening, Question, Recogniser, RecogniserGone, Understanding, Verdict
from mirabelle.vxml.matching import match_hypotheses
from mirabelle.vxml.platform import Input, InputProperties, NoInput, NoMatch, NoResource

MOST_WAITING: Final = 100
"""Pieces of sound that the recogniser has not taken yet, 10 s of it; the oldest goes."""

VoiceReply = Input | NoInput | NoMatch | NoResource


class Tell(Protocol):
    """Hears what happens on the line."""

    def __call__(self, event: str, **fields: object) -> None:
        """Hear one event with its fields."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceInput:
    """What a call needs to understand words.

    Attributes:
        recogniser: turns speech into words.
        sound: makes files of what was said.
        session: names the session.
    """

    recogniser: Recogniser
    sound: Sound
    session: str = ""


class Ear(Protocol):
    """What gives the callee's sound away: `mirabelle.media.stream.MediaStream`."""

    async def listen(self, wanted: bool) -> None:
        """Begin to, or end."""
        ...


class Wanted(Protocol):
    """What is listened for: a `Collect`, a `Record` or a `Transfer`."""

    @property
    def grammars(self) -> Sequence[Grammar]:
        """In order of precedence; those for keys are left alone."""
        ...

    @property
    def properties(self) -> InputProperties:
        """How it is listened to."""
        ...


@contextlib.asynccontextmanager
async def hearkening(
    means: VoiceInput | None,
    ear: Ear,
    request: Wanted,
    wake: Callable[[], None],
    tell: Tell,
    *,
    hotword: bool,
) -> AsyncIterator[Hearkening | None]:
    """Listen for one input, from entering to leaving; None where nothing understands words or none are wanted.

    Args:
        means: what understands them.
        ear: told to give sound away; whoever gets it passes it on to `Hearkening.hear`.
        request: what is listened for.
        wake: called when somebody begins to speak, and when there is a reply.
        tell: hears how it went.
        hotword: whether what matches nothing is passed over.
    """
    wanted = any(each.mode is Mode.VOICE for each in request.grammars) and "voice" in request.properties.modes
    if means is None or not wanted:
        yield None
        return
    begun = Hearkening(means, request, wake, tell, hotword=hotword)
    try:
        with contextlib.suppress(MediaError):  # it is gone, which the line is about to hear
            await ear.listen(True)
        yield begun
    finally:
        await begun.aclose()
        with contextlib.suppress(MediaError):
            await ear.listen(False)


class Hearkening:
    """Listens for one input until it is understood or `aclose` is called.

    Where only a match may interrupt (`hotword`), what is none is passed over, and it listens on.

    Attributes:
        interrupts: whether speech ends a prompt.
        speaking: whether somebody speaks, or has spoken and is not understood yet.
        reply: what came of it, once that is known.
    """

    def __init__(
        self, means: VoiceInput, request: Wanted, wake: Callable[[], None], tell: Tell, *, hotword: bool = False
    ) -> None:
        self._means, self._request, self._wake, self._tell = means, request, wake, tell
        self._hotword = hotword
        # Sound is dropped and not waited for: who feeds it also hears keys and hang-ups.
        self._sound: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        self.interrupts = not hotword
        self.speaking = False
        self.reply: VoiceReply | None = None
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)

    def hear(self, pcm: bytes) -> None:
        """Take a piece of what the callee says."""
        if self._sound.full():
            self._sound.get_nowait()
        self._sound.put_nowait(pcm)

    async def aclose(self) -> None:
        """Listen no longer."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self.reply is None:
            self.reply = await self._once()
            self.speaking = False
            self._wake()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Answer for a fault of the recogniser's code: the line must not wait for ever."""
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self._tell("recogniser failed", reason=f"{type(fault).__name__}: {fault}")
            self.reply = NoResource("The recogniser failed.")
            self._wake()

    async def _once(self) -> VoiceReply | None:
        request, means = self._request, self._means
        try:
            found = await means.recogniser.recognise(_question(request, means.session), self._pieces(), self._began)
        except RecogniserGone as error:
            self._tell("recogniser failed", reason=str(error))
            return NoResource(str(error))
        reply = self._reply(found)
        self._tell(
            "recognition",
            verdict=str(found.verdict),
            matched=isinstance(reply, Input),
            confidence=reply.results[0].confidence if isinstance(reply, Input) else 0.0,
            speech_ms=len(found.pcm) // PCM_BYTES_PER_MS,
        )
        if found.reason:
            self._tell("recogniser failed", reason=found.reason)
        if self._hotword and not isinstance(reply, Input):
            return None
        return await self._recorded(reply, found.pcm) if request.properties.record else reply

    def _began(self) -> None:
        self.speaking = True
        self._wake()

    async def _pieces(self) -> AsyncIterator[bytes]:
        while True:
            yield await self._sound.get()

    def _reply(self, found: Understanding) -> Input | NoInput | NoMatch:
        if found.verdict is Verdict.NOTHING_SAID:
            return NoInput()
        if found.verdict is Verdict.UNDERSTOOD:
            said = [(each.tokens, each.confidence) for each in found.hypotheses]
            return match_hypotheses(said, self._request.grammars, self._request.properties)
        return NoMatch("", "voice", too_long=found.verdict is Verdict.TOO_LONG)

    async def _recorded(self, reply: Input | NoInput | NoMatch, pcm: bytes) -> Input | NoInput | NoMatch:
        """The same with what was said (VoiceXML 2.1 section 7.1)."""
        if not isinstance(reply, Input | NoMatch) or not pcm:
            return reply
        kind = self._request.properties.record_type
        try:
            data = await asyncio.to_thread(self._means.sound.recording, pcm, kind)
        except MirabelleError as error:
            self._tell("recording", type=kind, reason=str(error))
            return reply
        return replace(reply, recording=data, recording_ms=len(pcm) // PCM_BYTES_PER_MS, recording_type=kind)


def _question(request: Wanted, session: str) -> Question:
    grammars = [each for each in request.grammars if each.mode is Mode.VOICE]
    return Question(grammars, _listening(request.properties), _language(grammars), session)


def _language(grammars: list[Grammar]) -> str:
    return next((each.language for each in grammars if each.language), "")


def _listening(properties: InputProperties) -> Listening:
    return Listening(
        confidence=properties.confidence,
        sensitivity=properties.sensitivity,
        complete_ms=properties.completetimeout_ms,
        incomplete_ms=properties.incompletetimeout_ms,
        longest_ms=properties.maxspeech_ms,
        most=properties.maxnbest,
    )
