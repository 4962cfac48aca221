"""What a recogniser is to the rest of Mirabelle."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mirabelle.grammar import Grammar
from mirabelle.speech.synthesizer import SpeechError


class RecogniserGone(SpeechError):
    """There is no recogniser to ask, and asking again does not help."""


@dataclass(frozen=True, slots=True)
class Listening:
    """How somebody is listened to (VoiceXML 2.0 section 6.3.2).

    Attributes:
        confidence: hypotheses below it are dropped, 0.0 to 1.0.
        sensitivity: 0.0 needs loud speech, 1.0 hears the faintest.
        complete_ms: silence after an utterance that a grammar accepts as it is.
        incomplete_ms: silence after one that could go on.
        longest_ms: the longest utterance.
        most: hypotheses wanted.
    """

    confidence: float = 0.5
    sensitivity: float = 0.5
    complete_ms: int = 500
    incomplete_ms: int = 1000
    longest_ms: int = 60_000
    most: int = 1


@dataclass(frozen=True, slots=True)
class Question:
    """One utterance to be understood.

    Attributes:
        grammars: those for words that are active, in order of precedence.
        listening: how long and how well.
        language: RFC 3066, such as `en-US`; empty where no grammar has one.
        session: names the session for the recogniser's own logs.
    """

    grammars: Sequence[Grammar]
    listening: Listening = Listening()
    language: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What may have been said.

    Attributes:
        tokens: the words.
        confidence: 0.0 to 1.0.
    """

    tokens: tuple[str, ...]
    confidence: float = 1.0


class Verdict(enum.StrEnum):
    """How listening ended."""

    UNDERSTOOD = "understood"
    """There is at least one hypothesis."""

    NOT_UNDERSTOOD = "not understood"
    """Something was said; nobody knows what."""

    NOTHING_SAID = "nothing said"
    """The sound ended, and nobody had spoken."""

    TOO_LONG = "too long"
    """Somebody spoke on past the longest utterance."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What came of listening.

    Attributes:
        verdict: how it ended.
        hypotheses: best first; none unless it was understood.
        pcm: the utterance, with what came just before it.
        reason: why it was not understood, where it is not the speaker's fault.
    """

    verdict: Verdict
    hypotheses: tuple[Hypothesis, ...] = ()
    pcm: bytes = field(default=b"", repr=False)
    reason: str = ""


class Recogniser(Protocol):
    """Turns speech into words."""

    async def recognise(
        self, question: Question, sound: AsyncIterable[bytes], on_speech: Callable[[], None]
    ) -> Understanding:
        """Listen to one utterance. Cancelling ends it, and whatever it holds open.

        Args:
            question: what is wanted.
            sound: 16-bit little-endian PCM at 8 kHz, in pieces of any length, as it is heard.
            on_speech: called once, when somebody has begun to speak.

        Returns:
            What was said. It takes `longest_ms`, one of the silences and the engine's own limit at most, counted
            from the beginning of the speech; before it, as long as the sound lasts.

        Raises:
            RecogniserGone: it cannot be reached, or does not let us in.
        """
        ...
