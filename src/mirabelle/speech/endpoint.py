"""Where speech begins and ends, by its energy. Pure.

The noise of a line is taken to be its faintest 20 ms in the last two to four seconds: nobody speaks for two seconds
without a pause between two sounds. Speech begins when 80 ms were well above it, and has ended when nothing was for as
long as the listener waits.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

FRAME_MS: Final = 20
FRAME: Final = 320
"""Octets of 20 ms: 16-bit samples at 8 kHz."""

ONSET: Final = 4
"""Frames of sound above the noise that are speech and no click."""

FORGIVEN: Final = 10
"""Frames below it, in a row, after which sound that was no speech yet is forgotten."""

BEFORE: Final = 10
"""Frames kept from before the speech: 200 ms, in which a soft consonant may have begun it."""

AFTER: Final = 10
"""Frames kept of the silence after it: 200 ms."""

QUIETEST: Final = 50.0**2
"""The noise is taken for no less than this (-56 dB of full scale): the hiss of a clean line is no speech."""

LOUDEST: Final = 500.0**2
"""Nor for more than this (-36 dB): what is well above it is speech even if it never pauses."""

WINDOW: Final = 100
"""Frames after which the noise is measured anew: two seconds."""


class Phase(enum.Enum):
    """What is going on."""

    WAITING = enum.auto()
    """Nobody has spoken."""
    SPEAKING = enum.auto()
    """Somebody speaks, or pauses."""
    ENDED = enum.auto()
    """They have spoken."""
    TOO_LONG = enum.auto()
    """They speak on, past what is listened to."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as speech, and how long it may last.

    Attributes:
        begins: how many times the power of the noise begins speech.
        goes_on: how many times it is part of speech that has begun.
        silence: frames without it that end the speech.
        longest: frames of the longest utterance.
    """

    begins: float
    goes_on: float
    silence: int
    longest: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known after some frames.

    Attributes:
        phase: what is going on.
        frames: how many there were.
        began: the first frame of the speech, or of the sound that may become speech.
        last: the frame after the last one that belongs to it.
        loud: frames of sound on the way to being speech.
        faintest: the least power in this window.
        before: the least power in the window before.
        counted: frames in this window.
    """

    phase: Phase = Phase.WAITING
    frames: int = 0
    began: int = 0
    last: int = 0
    loud: int = 0
    faintest: float = float("inf")
    before: float = float("inf")
    counted: int = 0

    @property
    def noise(self) -> float:
        """The power that the line has by itself."""
        return min(max(min(self.faintest, self.before), QUIETEST), LOUDEST)


def limits(*, sensitivity: float, silence_ms: int, longest_ms: int) -> Limits:
    """The limits that a listener's properties mean.

    Args:
        sensitivity: 0.0 wants 15 dB above the noise, 0.5 wants 9 dB, 1.0 wants 3 dB.
        silence_ms: that ends the speech.
        longest_ms: of the speech.
    """
    above = 15.0 - 12.0 * min(max(sensitivity, 0.0), 1.0)
    return Limits(
        begins=10 ** (above / 10),
        goes_on=10 ** (above * 2 / 3 / 10),
        silence=max(1, -(-silence_ms // FRAME_MS)),
        longest=max(ONSET, -(-longest_ms // FRAME_MS)),
    )


def advance(progress: Progress, power: float, within: Limits) -> Progress:
    """Take the power of one more frame. After the end nothing changes any more.

    Args:
        progress: before it.
        power: the mean of the squares of its samples.
        within: what counts as speech.
    """
    if progress.phase in (Phase.ENDED, Phase.TOO_LONG):
        return progress
    speaking = progress.phase is Phase.SPEAKING
    above = power > progress.noise * (within.goes_on if speaking else within.begins)
    after = _follow(replace(progress, frames=progress.frames + 1), power)
    return _speaking(after, above, within) if speaking else _waiting(after, above)


def _waiting(after: Progress, above: bool) -> Progress:
    if above:
        began = after.began if after.loud else after.frames - 1
        loud = after.loud + 1
        phase = Phase.SPEAKING if loud >= ONSET else Phase.WAITING
        return replace(after, phase=phase, began=began, last=after.frames, loud=loud)
    return replace(after, loud=0) if after.frames - after.last >= FORGIVEN else after


def _speaking(after: Progress, above: bool, within: Limits) -> Progress:
    if above:
        after = replace(after, last=after.frames)
    if after.frames - after.last >= within.silence:
        return replace(after, phase=Phase.ENDED)
    if after.last - after.began >= within.longest:
        return replace(after, phase=Phase.TOO_LONG)
    return after


def _follow(after: Progress, power: float) -> Progress:
    faintest, counted = min(after.faintest, power), after.counted + 1
    if counted < WINDOW:
        return replace(after, faintest=faintest, counted=counted)
    return replace(after, before=faintest, faintest=float("inf"), counted=0)


class Endpointer:
    """Cuts one utterance out of sound that comes in pieces.

    Args:
        within: what counts as speech.
    """

    def __init__(self, within: Limits) -> None:
        self._within = within
        self._rest = b""
        # What may turn out to have come just before speech: the sound on its way to being some included.
        self._kept: deque[bytes] = deque(maxlen=BEFORE + ONSET * FORGIVEN)
        self._first = 0
        self._utterance = bytearray()
        self.progress = Progress()

    def feed(self, pcm: bytes) -> Phase:
        """Take a piece of sound; what comes after the end of the utterance is dropped.

        Args:
            pcm: 16-bit little-endian samples at 8 kHz; half a sample is kept for the next piece.
        """
        self._rest += pcm
        whole = len(self._rest) - len(self._rest) % FRAME
        for start in range(0, whole, FRAME):
            self._take(self._rest[start : start + FRAME])
        self._rest = self._rest[whole:]
        return self.progress.phase

    @property
    def utterance(self) -> bytes:
        """The speech so far, with 200 ms before it and up to 200 ms of the silence after it; empty before it began."""
        if self.progress.phase is Phase.WAITING:
            return b""
        return bytes(self._utterance[: (self.progress.last + AFTER - self._first) * FRAME])

    def _take(self, frame: bytes) -> None:
        phase = self.progress.phase
        if phase in (Phase.ENDED, Phase.TOO_LONG):
            return
        samples = np.frombuffer(frame, "<i2").astype(np.float64)
        self.progress = advance(self.progress, float(np.mean(samples * samples)), self._within)
        if phase is Phase.SPEAKING:
            self._utterance += frame
            return
        self._kept.append(frame)
        if self.progress.phase is not Phase.WAITING:
            self._first = max(self.progress.began - BEFORE, self.progress.frames - len(self._kept))
            self._utterance += b"".join(list(self._kept)[self._first - self.progress.frames :])
            self._kept.clear()
