"""What a synthesiser is to the rest of Mirabelle."""

from __future__ import annotations

from typing import Protocol

from mirabelle.errors import MirabelleError


class SpeechError(MirabelleError):
    """A text could not be spoken; the message says what to change."""


class LanguageError(SpeechError):
    """No voice speaks the language that was asked for."""


class Synthesizer(Protocol):
    """Turns text into sound."""

    async def synthesize(self, ssml: str, *, language: str = "", voice: str = "") -> bytes:
        """Speak a text.

        Args:
            ssml: a whole `<speak>` document of SSML 1.0, or the content of one.
            language: RFC 3066, such as `en-US`; empty leaves it to the text and the voice.
            voice: a name that the engine knows; empty takes the configured one.

        Returns:
            16-bit little-endian PCM, mono, 8,000 samples a second.

        Raises:
            SpeechError: it cannot be spoken.
        """
        ...


class Engine(Synthesizer, Protocol):
    """A synthesiser that holds something open."""

    async def aclose(self) -> None:
        """Let go of processes and connections."""
        ...
