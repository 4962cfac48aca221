"""One utterance out of the sound of a call, for recognisers that want it whole."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from typing import Final

from mirabelle.speech.endpoint import Endpointer, Phase, limits
from mirabelle.speech.recogniser import Listening

LONGEST_MS: Final = 120_000
"""The longest utterance, whatever the application allows."""


async def first_utterance(
    listening: Listening, sound: AsyncIterable[bytes], on_speech: Callable[[], None]
) -> tuple[Phase, bytes]:
    """The first utterance in some sound, or what was heard of it when the sound ended.

    Args:
        listening: when it has ended.
        sound: 16-bit little-endian PCM at 8 kHz, in pieces of any length.
        on_speech: called once, when somebody has begun to speak.
    """
    ends = Endpointer(
        limits(
            sensitivity=listening.sensitivity,
            # Whether more may follow is known to nobody before the words are: the longer silence serves both.
            silence_ms=min(max(listening.complete_ms, listening.incomplete_ms), LONGEST_MS),
            longest_ms=min(listening.longest_ms, LONGEST_MS),
        )
    )
    phase = Phase.WAITING
    async for piece in sound:
        before, phase = phase, ends.feed(piece)
        if before is Phase.WAITING and phase is not Phase.WAITING:
            on_speech()
        if phase in (Phase.ENDED, Phase.TOO_LONG):
            break
    return phase, ends.utterance
