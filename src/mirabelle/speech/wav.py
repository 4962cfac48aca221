"""RIFF WAVE and NeXT/Sun audio files, taken apart. Pure: bytes in, encoding and samples out."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Final

from mirabelle.errors import MirabelleError


class AudioError(MirabelleError):
    """A recording cannot be played; the message says what it is and what to send instead."""


class Encoding(enum.Enum):
    """How samples are written."""

    UNSIGNED8 = "unsigned 8-bit"
    SIGNED8 = "signed 8-bit"
    LINEAR16 = "16-bit, little endian"
    LINEAR16_BIG = "16-bit, big endian"
    LINEAR24 = "24-bit, little endian"
    LINEAR32 = "32-bit, little endian"
    FLOAT32 = "32-bit float, little endian"
    ULAW = "u-law"
    ALAW = "A-law"


WIDTH: Final = {
    Encoding.LINEAR16: 2,
    Encoding.LINEAR16_BIG: 2,
    Encoding.LINEAR24: 3,
    Encoding.LINEAR32: 4,
    Encoding.FLOAT32: 4,
}
"""Octets of a sample, where it is not one."""

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_WAVE: Final = {
    (_PCM, 8): Encoding.UNSIGNED8,
    (_PCM, 16): Encoding.LINEAR16,
    (_PCM, 24): Encoding.LINEAR24,
    (_PCM, 32): Encoding.LINEAR32,
    (_FLOAT, 32): Encoding.FLOAT32,
    (_ALAW, 8): Encoding.ALAW,
    (_ULAW, 8): Encoding.ULAW,
}
_SUN: Final = {1: Encoding.ULAW, 2: Encoding.SIGNED8, 3: Encoding.LINEAR16_BIG, 27: Encoding.ALAW}


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound as it was stored.

    Attributes:
        encoding: how a sample is written.
        rate: samples a second.
        channels: interleaved.
        data: the samples.
    """

    encoding: Encoding
    rate: int
    channels: int
    data: bytes


def parse_wave(data: bytes) -> Recording:
    """Read a WAV file. A length that promises more than there is (a stream that was cut) takes what is there.

    Raises:
        AudioError: no sound in it, or a coding that is not known.
    """
    form: tuple[int, int, int, int] | None = None
    position = 12
    while position + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        body = data[position + 8 : position + 8 + length]
        if name == b"fmt ":
            form = _format(body)
        elif name == b"data":
            if form is None:
                break
            tag, channels, rate, bits = form
            encoding = _WAVE.get((tag, bits))
            if encoding is None:
                raise AudioError(f"WAV with format {tag} and {bits} bits is not known; send 16-bit PCM or u-law.")
            return Recording(encoding, rate, channels, body)
        position += 8 + length + (length & 1)
    raise AudioError("The WAV file holds no sound: its 'fmt ' or 'data' part is missing.")


def parse_sun(data: bytes) -> Recording:
    """Read an .au file.

    Raises:
        AudioError: no sound in it, or a coding that is not known.
    """
    if len(data) < 24:
        raise AudioError("The .au file is cut off in its header.")
    start, length, code, rate, channels = struct.unpack_from(">5I", data, 4)
    encoding = _SUN.get(code)
    if encoding is None:
        raise AudioError(f"An .au file of encoding {code} is not known; send u-law or 16-bit.")
    end = len(data) if length == 0xFFFF_FFFF else start + length
    return Recording(encoding, rate, channels, data[start:end])


def encode_wave(pcm: bytes, rate: int = 8000) -> bytes:
    """16-bit little-endian mono PCM as a WAV file."""
    form = struct.pack("<HHIIHH", _PCM, 1, rate, rate * 2, 2, 16)
    body = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(pcm)) + pcm
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _format(body: bytes) -> tuple[int, int, int, int]:
    if len(body) < 16:
        raise AudioError("The WAV file's 'fmt ' part is cut off.")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]
    return tag, channels, rate, bits
