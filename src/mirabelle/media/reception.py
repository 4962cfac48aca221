"""The packets received, counted for many streams at once. Pure; RFC 3550 section 6.4.1, appendices A.1, A.3 and A.8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MAX_DROPOUT: Final = 3000
MAX_MISORDER: Final = 100
_NOBODY: Final = -1


@dataclass(frozen=True, slots=True)
class ReceptionReport:
    """The figures of one stream.

    Attributes:
        received: packets, repeats included.
        lost: expected and not received; never below 0.
        jitter: interarrival jitter in samples.
    """

    received: int
    lost: int
    jitter: float


class Reception:
    """Sequence, loss and jitter of `capacity` streams, held column by column."""

    def __init__(self, capacity: int) -> None:
        columns = np.zeros((8, capacity), np.int64)
        self._columns = columns
        self.ssrc, self._highest, self._base, self._counted = columns[0], columns[1], columns[2], columns[3]
        self._received, self._earlier, self._awaited, self._transit = columns[4], columns[5], columns[6], columns[7]
        self._jitter = np.zeros(capacity)
        self.reset(slice(None))

    def reset(self, row: int | slice) -> None:
        """Forget everything about a stream."""
        self._columns[:, row] = 0
        self.ssrc[row] = _NOBODY
        self._awaited[row] = _NOBODY
        self._jitter[row] = 0.0

    def move(self, source: int, target: int) -> None:
        """Let another row stand for a stream."""
        self._columns[:, target] = self._columns[:, source]
        self._jitter[target] = self._jitter[source]

    def update(
        self, rows: Integers, ssrc: Integers, sequence: Integers, timestamp: Integers, timed: Flags, arrival: int
    ) -> Flags:
        """Count one packet for each of some streams.

        Args:
            rows: the streams, each at most once.
            ssrc: who sent the packets.
            sequence: their sequence numbers.
            timestamp: their timestamps in samples.
            timed: whose timestamps say when they left; that of an event packet says when the event began.
            arrival: the present on our own count of samples.

        Returns:
            Which packets start a count anew: the first ones, those of another source, those after a leap of the
            sequence.
        """
        ahead: Integers = (sequence - self._highest[rows] + 0x8000 & 0xFFFF) - 0x8000
        leap = (ahead >= MAX_DROPOUT) | (ahead < -MAX_MISORDER)
        anew: Flags = self.ssrc[rows] != ssrc
        anew |= leap & (self._awaited[rows] == sequence)
        wild = leap & ~anew
        self._awaited[rows] = np.where(wild, sequence + 1 & 0xFFFF, _NOBODY)
        if anew.any():
            self._restart(rows[anew], ssrc[anew], sequence[anew])
            ahead[anew] = 0
        self._highest[rows] += np.where(wild, 0, np.maximum(ahead, 0))
        self._received[rows] += 1
        self._counted[rows] += ~wild
        self._spread(rows, (arrival - timestamp) & 0xFFFFFFFF, first=anew, late=wild | (ahead < 0) | ~timed)
        return anew

    def report(self, row: int) -> ReceptionReport:
        """The figures of one stream."""
        expected = int(self._earlier[row]) + self._span(row)
        lost = max(0, expected - int(self._counted[row]))
        return ReceptionReport(int(self._received[row]), lost, float(self._jitter[row]))

    def _span(self, row: int) -> int:
        if self.ssrc[row] == _NOBODY:
            return 0
        return int(self._highest[row] - self._base[row]) + 1

    def _restart(self, rows: Integers, ssrc: Integers, sequence: Integers) -> None:
        known = self.ssrc[rows] != _NOBODY
        self._earlier[rows] += np.where(known, self._highest[rows] - self._base[rows] + 1, 0)
        self.ssrc[rows], self._highest[rows], self._base[rows] = ssrc, sequence, sequence

    def _spread(self, rows: Integers, transit: Integers, *, first: Flags, late: Flags) -> None:
        """RFC 3550 A.8. Packets out of their order say nothing about the way they took and are left out."""
        change = transit - self._transit[rows]
        change = np.abs((change + 0x80000000 & 0xFFFFFFFF) - 0x80000000)
        jitter = self._jitter[rows]
        self._jitter[rows] = np.where(first | late, jitter, jitter + (change - jitter) / 16.0)
        self._transit[rows] = np.where(late & ~first, self._transit[rows], transit)
