"""The frames on the two pipes between Mirabelle and the process that speaks.

A frame is one octet of kind, four octets of length (big endian), and so many octets of payload.
"""

from __future__ import annotations

import enum
import json
import struct
from dataclasses import dataclass
from typing import Final

HEADER: Final = struct.Struct(">BI")
MOST_BYTES: Final = 64 * 1024 * 1024


class Kind(enum.IntEnum):
    """What a frame carries."""

    READY = 1
    """Once, from the child: its voices."""
    SPEAK = 2
    """To the child: a text and the voice for it."""
    SPEECH = 3
    """From the child: PCM at 8 kHz."""
    FAILED = 4
    """From the child: a sentence instead of speech."""


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


def frame(kind: Kind, payload: bytes) -> bytes:
    """A whole frame."""
    return HEADER.pack(kind, len(payload)) + payload
