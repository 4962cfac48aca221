"""Prompts become samples, and recordings become files."""

from __future__ import annotations

import asyncio
import math
import struct
from typing import Final

from mirabelle.speech import audio
from mirabelle.speech.synthesizer import Spoken, Synthesizer
from mirabelle.vxml.platform import Audio, Item, Mark, Silence, Speech

RATE: Final = 8000
"""Samples a second on the line."""

PCM_BYTES_PER_MS: Final = RATE * 2 // 1000
"""Bytes of signed 16-bit mono samples in a millisecond."""

LONGEST_SILENCE_MS: Final = 600_000

RINGS_HERTZ: Final = (440, 480)
RINGS_MS: Final = 2_000
RINGS_PAUSE_MS: Final = 4_000

DECODED_AT_ONCE: Final = 100_000
"""Bytes of a recording that take no longer to decode than handing them to a thread is worth."""


class Sound:
    """What a line needs to speak and to keep what it heard. Samples are signed 16-bit mono at 8 kHz.

    Args:
        synthesizer: speaks SSML.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer

    async def of(self, item: Item) -> Spoken:
        """The samples of one item of a prompt, and the marks in it.

        Raises:
            SpeechError: the synthesiser could not speak it.
            AudioError: the recording is of no kind that can be played.
        """
        match item:
            case Speech():
                return await self._synthesizer.synthesize(item.ssml, language=item.language)
            case Audio():
                if len(item.data) <= DECODED_AT_ONCE:
                    return Spoken(audio.decode(item.data, item.content_type, item.url))
                # Decoding a long one takes longer than the event loop may be held.
                return Spoken(await asyncio.to_thread(audio.decode, item.data, item.content_type, item.url))
            case Silence(ms=ms):
                return Spoken(bytes(min(ms, LONGEST_SILENCE_MS) * PCM_BYTES_PER_MS))
            case Mark():
                return Spoken(b"")

    def beep(self, hertz: int, ms: int) -> bytes:
        """A tone at a third of full scale."""
        count = RATE * ms // 1000
        return b"".join(
            struct.pack("<h", round(10_000 * math.sin(2 * math.pi * hertz * each / RATE))) for each in range(count)
        )

    def ringing(self) -> bytes:
        """A far end that rings, once, with the pause after it: two seconds of two tones, four of silence.

        It is what North America hears (ITU-T Recommendation E.180, supplement 2), and what nobody takes for busy.
        """
        tones = [self.beep(hertz, RINGS_MS) for hertz in RINGS_HERTZ]
        both = zip(*(struct.unpack(f"<{len(tone) // 2}h", tone) for tone in tones), strict=True)
        rings = b"".join(struct.pack("<h", sum(pair) // 4) for pair in both)
        return rings + bytes(RINGS_PAUSE_MS * PCM_BYTES_PER_MS)

    def recording(self, pcm: bytes, media_type: str) -> bytes:
        """A recording as the file that the application asked for.

        Args:
            pcm: what was heard.
            media_type: `audio/x-wav`, `audio/wav`, `audio/basic` or `audio/x-alaw-basic`.
        """
        return audio.encode(pcm, media_type)
