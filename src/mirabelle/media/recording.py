"""What a line says, put in order. Pure.

Each packet is laid at the place its timestamp gives it on a tape of silence: packets that come in the wrong order
fall into place, lost ones leave silence, repeated ones change nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mirabelle import g711
from mirabelle.media import rtp

_LEAP: Final = 8000
"""Samples between a packet's place and the present beyond which its sender must have set its clock anew."""

_FIRST_SECONDS: Final = 4


class Recording:
    """A tape of bounded length that starts now."""

    def __init__(self, max_samples: int) -> None:
        self._limit = max_samples
        self._tape = np.zeros(min(max_samples, _FIRST_SECONDS * g711.SAMPLE_RATE), np.int16)
        self._origin: int | None = None
        self._ssrc = 0

    def add(self, timestamp: int, ssrc: int, samples: g711.Samples, elapsed: int) -> None:
        """Lay a packet on the tape.

        Args:
            timestamp: of its first sample, in the sender's count.
            ssrc: the sender. Another one starts another count.
            samples: decoded.
            elapsed: samples since the recording started, by our own clock: a packet that comes just now ends there.
        """
        now = elapsed - len(samples)
        place = now
        if self._origin is not None and ssrc == self._ssrc:
            place = rtp.timestamp_step(self._origin, timestamp)
        if self._origin is None or ssrc != self._ssrc or abs(place - now) > _LEAP:
            place = now
            self._origin = (timestamp - now) & 0xFFFFFFFF
            self._ssrc = ssrc
        start, end = max(place, 0), min(place + len(samples), self._limit)
        if start < end:
            self._reach(end)
            self._tape[start:end] = samples[start - place : end - place]

    def cut(self, elapsed: int) -> bytes:
        """The recording up to now, as little-endian 16-bit PCM."""
        length = min(elapsed, self._limit)
        self._reach(length)
        return self._tape[:length].astype("<i2", copy=False).tobytes()

    def _reach(self, length: int) -> None:
        if length > len(self._tape):
            grown = np.zeros(min(self._limit, max(length, 2 * len(self._tape))), np.int16)
            grown[: len(self._tape)] = self._tape
            self._tape = grown
