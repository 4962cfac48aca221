"""G.711: u-law (PCMU) and A-law (PCMA), by table.

The telephone network carries 8,000 samples a second as 8-bit codes on a logarithmic scale; everything inside
Mirabelle is 16-bit linear PCM, little endian, mono. ITU-T Recommendation G.711; the payload formats are in RFC 3551
section 4.5.14.
"""

from __future__ import annotations

from functools import cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Codec = Literal["PCMU", "PCMA"]
"""The encoding names of RFC 3551."""

Codes = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.int16]

SAMPLE_RATE: Final = 8000
"""Samples a second."""

_BIAS: Final = 132
_CLIP: Final = 32635


def decode(data: bytes | Codes, codec: Codec) -> Samples:
    """Turn codes into 16-bit linear samples."""
    codes = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    return decode_table(codec)[codes]


def encode(pcm: bytes | Samples, codec: Codec) -> Codes:
    """Turn 16-bit linear samples (or their little-endian bytes; an odd last byte is dropped) into codes."""
    samples = np.frombuffer(pcm[: len(pcm) & ~1], "<i2") if isinstance(pcm, bytes) else pcm
    return encode_table(codec)[samples.astype(np.int16, copy=False).view(np.uint16)]


def to_pcm(data: bytes, codec: Codec) -> bytes:
    """Codes to little-endian 16-bit PCM bytes."""
    return decode(data, codec).astype("<i2", copy=False).tobytes()


def from_pcm(pcm: bytes, codec: Codec) -> bytes:
    """Little-endian 16-bit PCM bytes to codes; an odd last byte is dropped."""
    return encode(pcm, codec).tobytes()


def silence(codec: Codec) -> int:
    """The code of a sample of silence."""
    return 0xFF if codec == "PCMU" else 0xD5


@cache
def decode_table(codec: Codec) -> Samples:
    """The 256 samples, by code."""
    table = _ulaw_decode() if codec == "PCMU" else _alaw_decode()
    table.setflags(write=False)
    return table


@cache
def encode_table(codec: Codec) -> Codes:
    """The 65,536 codes, by sample seen as an unsigned number."""
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    table = _ulaw_encode(samples) if codec == "PCMU" else _alaw_encode(samples)
    table.setflags(write=False)
    return table


@cache
def transcode_table(source: Codec, target: Codec) -> bytes:
    """The 256 codes of one codec in the other, for `bytes.translate`."""
    return encode(decode_table(source), target).tobytes()


def _ulaw_decode() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << (code >> 4 & 7)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _ulaw_encode(samples: npt.NDArray[np.int32]) -> Codes:
    magnitude = np.minimum(np.abs(samples), _CLIP) + _BIAS
    exponent = _highest_bit(magnitude) - 7
    code: npt.NDArray[np.int32] = np.where(samples < 0, 0x80, 0) | exponent << 4 | magnitude >> exponent + 3 & 0x0F
    return (~code & 0xFF).astype(np.uint8)


def _alaw_decode() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = code >> 4 & 7, (code & 0x0F) << 4
    magnitude = np.where(exponent == 0, mantissa + 8, mantissa + 0x108 << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _alaw_encode(samples: npt.NDArray[np.int32]) -> Codes:
    magnitude = np.where(samples < 0, ~samples, samples) >> 4
    exponent = np.maximum(_highest_bit(np.maximum(magnitude, 1)) - 3, 0)
    code: npt.NDArray[np.int32] = (
        np.where(samples < 0, 0, 0x80) | exponent << 4 | magnitude >> np.maximum(exponent - 1, 0) & 0x0F
    )
    return (code ^ 0x55).astype(np.uint8)


def _highest_bit(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    return np.frexp(values.astype(np.float64))[1] - 1
