"""What a callee makes of what it hears. Pure: sound in, decisions out; time is the length of the sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mirabelle.sandbox.profiles import Profile

FRAME_MS: Final = 20
FRAME_BYTES: Final = 320

SPEECH_DB: Final = -40.0
"""A frame louder than this, in dB of full scale (RMS), is speech: a quiet line lies far below."""

LEAST_TURN_MS: Final = 200
"""Sound shorter than this is a click."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller spoke and stopped.

    Attributes:
        speech_ms: of sound in this turn.
    """

    speech_ms: int


@dataclass(frozen=True, slots=True)
class Press:
    """Press a key."""

    key: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hang up.

    Attributes:
        reason: why.
    """

    reason: str


Decision = Heard | Press | HangUp


def levels(pcm: bytes) -> npt.NDArray[np.float64]:
    """The level of each whole frame of 20 ms, in dB of full scale.

    Args:
        pcm: 16-bit little-endian, mono, 8 kHz.
    """
    frames = np.frombuffer(pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES], "<i2").reshape(-1, FRAME_BYTES // 2)
    power = np.square(frames.astype(np.float64)).mean(axis=1)
    decibels: npt.NDArray[np.float64] = 10 * np.log10(power / 32768.0**2 + 1e-12)
    return decibels


def speech_ms(pcm: bytes) -> int:
    """How much of a recording is louder than a quiet line, in milliseconds."""
    return int(np.count_nonzero(levels(pcm) > SPEECH_DB)) * FRAME_MS


class Listener:
    """A callee that listens to a caller and acts as its profile says.

    Args:
        profile: of one that answers.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._rest = b""
        self._turns = 0
        self._elapsed = self._since = 0
        self._speech = self._quiet = 0
        self._done = False
        self.speech_ms = 0
        """Speech heard so far."""

    def hear(self, pcm: bytes) -> list[Decision]:
        """Take the sound that came since the last time, and decide.

        Args:
            pcm: 16-bit little-endian, mono, 8 kHz; silence where nothing came.
        """
        data = self._rest + pcm
        whole = len(data) // FRAME_BYTES * FRAME_BYTES
        self._rest = data[whole:]
        decisions: list[Decision] = []
        for level in levels(data[:whole]):
            if not self._done:
                decisions += self._frame(bool(level > SPEECH_DB))
        return decisions

    def _frame(self, loud: bool) -> list[Decision]:
        profile = self._profile
        self._elapsed += FRAME_MS
        if loud:
            self._speech += FRAME_MS
            self.speech_ms += FRAME_MS
            self._quiet = 0
        else:
            self._quiet += FRAME_MS
        if self._elapsed >= profile.longest_seconds * 1000:
            return self._hang_up("the longest time is over")
        if self._speech >= LEAST_TURN_MS and self._quiet >= profile.pause_ms:
            return [Heard(self._speech), *self._turn("the caller stopped speaking")]
        if self._acts() and self._elapsed - self._since >= profile.key_seconds * 1000 and not self._speech:
            return self._turn("the caller said nothing")
        return []

    def _acts(self) -> bool:
        """Whether there is anything left that it would do on its own."""
        return self._turns < len(self._profile.keys) or self._profile.turns >= 0

    def _turn(self, reason: str) -> list[Decision]:
        turn, self._turns = self._turns, self._turns + 1
        self._since, self._speech, self._quiet = self._elapsed, 0, 0
        if turn < len(self._profile.keys):
            return [Press(self._profile.keys[turn])]
        if 0 <= self._profile.turns <= turn:
            return self._hang_up(reason)
        return []

    def _hang_up(self, reason: str) -> list[Decision]:
        self._done = True
        return [HangUp(reason)]
