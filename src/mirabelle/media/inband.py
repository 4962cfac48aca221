"""Keys heard as tones in the audio, for a far end that sends no telephone events. Pure; ITU-T Q.23 and Q.24.

The audio is looked at through windows of 102 samples, three of them for each packet of 160. A window holds a key when
two of the eight frequencies, one low and one high, make up most of its energy. Three windows in a row press a key; two
without it let it go.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from mirabelle import g711
from mirabelle.media.telephone_event import SAMPLES_PER_MS, Pressed
from mirabelle.media.tones import COLUMNS, LAYOUT, ROWS

Floats = npt.NDArray[np.float32]

WINDOW: Final = 102
BLOCK: Final = 160
STARTS: Final = (53, 106, 160)
"""Where the windows begin in the last 102 samples of the block before, followed by a block: 53 or 54 samples apart."""

NOTHING: Final = -1
KEYS: Final = "".join(LAYOUT)

_HITS: Final = 3
_MISSES: Final = 2
_HOP: Final = BLOCK / len(STARTS)

_LOUD: Final = WINDOW * 100.0**2
"""The energy of the faintest window that is looked at: about -47 dBm0 for each tone."""

_SHARE: Final = 0.72
"""Of the energy of a window, in the two tones; a tone 1.5 % off its pitch shows 0.7 to 0.97 of its own."""

_TWIST: Final = 6.3
"""How many times stronger one of the tones may be: 8 dB."""

_AHEAD: Final = 4.0
"""How many times stronger a tone is than the next of its group."""


def decide(windows: Floats) -> npt.NDArray[np.int8]:
    """The key in each window, as an index into `KEYS`, or `NOTHING`.

    Args:
        windows: one in each row.
    """
    projected = (windows @ _basis()) ** 2
    energy = (projected[:, :8] + projected[:, 8:]) * (2.0 / WINDOW)
    low, high = energy[:, :4], energy[:, 4:]
    row, column = low.argmax(axis=1), high.argmax(axis=1)
    lows, highs = np.sort(low, axis=1), np.sort(high, axis=1)
    strongest_low, strongest_high = lows[:, 3], highs[:, 3]
    total = np.einsum("ij,ij->i", windows, windows)
    found = total > _LOUD
    found &= strongest_low + strongest_high > _SHARE * total
    found &= (strongest_low < _TWIST * strongest_high) & (strongest_high < _TWIST * strongest_low)
    found &= (strongest_low > _AHEAD * lows[:, 2]) & (strongest_high > _AHEAD * highs[:, 2])
    return np.where(found, 4 * row + column, NOTHING).astype(np.int8)


def windows_of(tails: Floats, blocks: Floats) -> Floats:
    """The windows of one block of each of some streams, three rows for each.

    Args:
        tails: the last 102 samples before, a stream in each row.
        blocks: 160 samples of each.
    """
    joined = np.concatenate((tails, blocks), axis=1)
    return np.stack([joined[:, start : start + WINDOW] for start in STARTS], axis=1).reshape(-1, WINDOW)


class KeyTracker:
    """Turns what the windows of one stream hold into keys, each reported once, when it is let go."""

    def __init__(self) -> None:
        self._key = NOTHING
        self._held = False
        self._hits = self._misses = self._windows = 0
        self._at = 0.0

    @property
    def idle(self) -> bool:
        """Windows without a key change nothing."""
        return self._key == NOTHING

    def step(self, key: int, now: float) -> list[Pressed]:
        """Take the next window: what `decide` says of it, and the present in seconds."""
        if self._held:
            return self._hold(key, now)
        if key == NOTHING or key != self._key:
            self._key, self._hits = key, 0
        if key != NOTHING:
            self._hits += 1
            if self._hits == 1:
                self._at = now
            if self._hits == _HITS:
                self._held, self._misses, self._windows = True, 0, _HITS
        return []

    def let_go(self) -> list[Pressed]:
        """No more is heard: the key that is down, if there is one."""
        if not self._held:
            self._key = NOTHING
            return []
        samples = WINDOW + (self._windows - 1) * _HOP
        pressed = Pressed(KEYS[self._key], self._at, round(samples / SAMPLES_PER_MS))
        self._key, self._held = NOTHING, False
        return [pressed]

    def _hold(self, key: int, now: float) -> list[Pressed]:
        if key == self._key:
            self._windows += 1 + self._misses
            self._misses = 0
            return []
        self._misses += 1
        if self._misses < _MISSES:
            return []
        pressed = self.let_go()
        return pressed + self.step(key, now)


@cache
def _basis() -> Floats:
    time = np.arange(WINDOW) / g711.SAMPLE_RATE
    turns = 2 * np.pi * np.outer(time, np.array(ROWS + COLUMNS))
    basis = np.concatenate((np.cos(turns), np.sin(turns)), axis=1).astype(np.float32)
    basis.setflags(write=False)
    return basis
