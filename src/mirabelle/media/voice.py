"""Whether somebody speaks, by the energy of what is heard, for many streams at once. Pure.

The noise of a line is taken to be the faintest 20 ms of the last two to four seconds: nobody speaks for two seconds
without a pause between two sounds. Voice begins when 80 ms were well above the noise, and has ended when it was not for
200 ms. Both are told with the instant at which they came about, not with the one at which it became certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mirabelle import g711

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ONSET: Final = 640
"""Samples of sound above the noise that are voice and no click."""

HANGOVER: Final = 0.2
"""Seconds without it after which voice has ended; pauses within words are shorter."""

BEGINS: Final = 8.0
"""How many times the energy of the noise a sound must have to be voice: 9 dB."""

STAYS: Final = 4.0
"""How many times once there is voice: 6 dB."""

FAINTEST: Final = 50.0**2
"""The noise is taken for no less than this (-56 dB of full scale): the hiss of a clean line is no voice."""

LOUDEST: Final = 500.0**2
"""Nor for more than this (-36 dB): what is 9 dB louder is voice even if it never pauses."""

_WINDOW: Final = 2 * g711.SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Turn:
    """Voice began or ended.

    Attributes:
        row: of which stream.
        began: or else it ended.
        at: when, in seconds of the scale that `Voices.step` was given.
    """

    row: int
    began: bool
    at: float


class Voices:
    """What is known of the voice on `capacity` streams, held column by column."""

    def __init__(self, capacity: int) -> None:
        columns = np.zeros((6, capacity))
        self._columns = columns
        self._faintest, self._before, self._counted = columns[0], columns[1], columns[2]
        self._loud, self._first, self._last = columns[3], columns[4], columns[5]
        self._speaking = np.zeros(capacity, np.bool_)
        self.reset(slice(None))

    def reset(self, row: int | slice) -> None:
        """Know nothing about a stream."""
        self._columns[:, row] = 0.0
        self._faintest[row] = self._before[row] = np.inf
        self._speaking[row] = False

    def move(self, source: int, target: int) -> None:
        """Let another row stand for a stream."""
        self._columns[:, target] = self._columns[:, source]
        self._speaking[target] = self._speaking[source]

    def step(self, rows: Integers, energy: Floats, samples: Integers, now: float) -> list[Turn]:
        """Take what was heard since the last step.

        Args:
            rows: the streams, each at most once.
            energy: the sum of the squares of the samples of each.
            samples: how many there were; 0 where no packet came.
            now: the present, in seconds.
        """
        heard = samples > 0
        power = energy / np.maximum(samples, 1)
        self._loud[rows[now - self._last[rows] >= HANGOVER]] = 0.0
        above = heard & (power > self._threshold(rows))
        self._follow(rows, np.where(heard, power, np.inf), samples)
        before = self._loud[rows]
        self._first[rows] = np.where(above & (before == 0), now - samples / g711.SAMPLE_RATE, self._first[rows])
        self._last[rows] = np.where(above, now, self._last[rows])
        self._loud[rows] = np.where(above, before + samples, np.maximum(before - samples, 0))
        return self._turns(rows, now)

    def _threshold(self, rows: Integers) -> Floats:
        noise = np.clip(np.minimum(self._faintest[rows], self._before[rows]), FAINTEST, LOUDEST)
        return np.asarray(noise * np.where(self._speaking[rows], STAYS, BEGINS))

    def _follow(self, rows: Integers, power: Floats, samples: Integers) -> None:
        self._faintest[rows] = np.minimum(self._faintest[rows], power)
        self._counted[rows] += samples
        full = rows[self._counted[rows] >= _WINDOW]
        self._before[full], self._faintest[full], self._counted[full] = self._faintest[full], np.inf, 0.0

    def _turns(self, rows: Integers, now: float) -> list[Turn]:
        speaking = self._speaking[rows]
        begin = rows[~speaking & (self._loud[rows] >= ONSET)]
        end = rows[speaking & (now - self._last[rows] >= HANGOVER)]
        self._speaking[begin], self._speaking[end] = True, False
        turns = [Turn(row, True, float(self._first[row])) for row in begin.tolist()]
        return turns + [Turn(row, False, float(self._last[row])) for row in end.tolist()]
