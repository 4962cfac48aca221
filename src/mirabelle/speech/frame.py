"""The frames on the two pipes between Mirabelle and a process that speaks or listens.

A frame is one octet of kind, four octets of length (big endian), and so many octets of payload.
"""

from __future__ import annotations

import enum
import json
import struct
from dataclasses import dataclass, field
from typing import Final

HEADER: Final = struct.Struct(">BI")
MOST_BYTES: Final = 64 * 1024 * 1024

_MARKS: Final = struct.Struct(">I")
"""How many marks there are."""


class Kind(enum.IntEnum):
    """What a frame carries."""

    READY = 1
    """Once, from the child: its voices, if it speaks."""
    SPEAK = 2
    """To the child: a text and the voice for it."""
    SPEECH = 3
    """From the child: PCM at 8 kHz, and where in it the marks are."""
    FAILED = 4
    """From the child: a sentence instead of an answer."""
    HEAR = 5
    """To the child: an utterance and what it may be."""
    HEARD = 6
    """From the child: what it was."""


@dataclass(frozen=True, slots=True)
class Order:
    """A text to speak, as the engine takes it.

    Attributes:
        ssml: prepared; see `mirabelle.speech.ssml`.
        voice: the engine's own name.
    """

    ssml: str
    voice: str

    def encode(self) -> bytes:
        """As a payload."""
        return json.dumps([self.ssml, self.voice]).encode()

    @staticmethod
    def decode(payload: bytes) -> Order:
        """From a payload."""
        ssml, voice = json.loads(payload)
        return Order(ssml, voice)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an order became.

    Attributes:
        pcm: 16-bit little-endian samples, mono, 8,000 a second.
        marks: where the marks of the text are, in milliseconds, in their order.
    """

    pcm: bytes = field(repr=False)
    marks: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """As a payload."""
        return _MARKS.pack(len(self.marks)) + struct.pack(f">{len(self.marks)}I", *self.marks) + self.pcm

    @staticmethod
    def decode(payload: bytes) -> Answer:
        """From a payload."""
        (count,) = _MARKS.unpack_from(payload)
        marks = struct.unpack_from(f">{count}I", payload, _MARKS.size)
        return Answer(payload[_MARKS.size + 4 * count :], marks)


def frame(kind: Kind, payload: bytes) -> bytes:
    """A whole frame."""
    return HEADER.pack(kind, len(payload)) + payload
