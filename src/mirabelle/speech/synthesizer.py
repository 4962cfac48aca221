"""What a synthesiser is to the rest of Mirabelle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from mirabelle.errors import MirabelleError


class SpeechError(MirabelleError):
    """A text could not be spoken; the message says what to change."""


class LanguageError(SpeechError):
    """No voice speaks the language that was asked for."""


@dataclass(frozen=True, slots=True)
class SpokenMark:
    """Where a `<mark>` of the text is in the sound.

    Attributes:
        name: of the mark.
        at_ms: milliseconds from the beginning.
    """

    name: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text as sound.

    Attributes:
        pcm: 16-bit little-endian samples, mono, 8,000 a second.
        marks: those of the text, in its order.
    """

    pcm: bytes = field(repr=False)
    marks: tuple[SpokenMark, ...] = ()


class Synthesizer(Protocol):
    """Turns text into sound."""

    async def synthesize(self, ssml: str, *, language: str = "", voice: str = "") -> Spoken:
        """Speak a text.

        Args:
            ssml: a whole `<speak>` document of SSML 1.0, or the content of one.
            language: RFC 3066, such as `en-US`; empty leaves it to the text and the voice.
            voice: a name that the engine knows; empty takes the configured one.

        Raises:
            SpeechError: it cannot be spoken.
        """
        ...


class Engine(Synthesizer, Protocol):
    """A synthesiser that holds something open."""

    async def aclose(self) -> None:
        """Let go of processes and connections."""
        ...
