"""The prompts of all streams in one block of memory, frame by frame. Pure.

A frame is what one packet carries: 160 codes, 20 ms. With every frame a row of one array, the payloads of a thousand
streams are gathered by one indexing operation.
"""

from __future__ import annotations

from bisect import insort
from typing import Final

import numpy as np

from mirabelle import g711
from mirabelle.errors import MirabelleError

FRAME: Final = 160
"""Samples in a packet: 20 ms."""


class ArenaFull(MirabelleError):
    """There is no room for another clip: too much different audio is being played at once."""


class Arena:
    """Rows of frames, lent out in runs. Memory is touched only when a row is first used."""

    def __init__(self, rows: int) -> None:
        self.frames: g711.Codes = np.empty((rows, FRAME), np.uint8)
        self._free: list[tuple[int, int]] = [(0, rows)]

    @property
    def free_rows(self) -> int:
        """Rows that are not lent out, in however many pieces."""
        return sum(length for _, length in self._free)

    def store(self, codes: g711.Codes, filler: int) -> tuple[int, int]:
        """Keep a clip.

        Args:
            codes: its samples, encoded.
            filler: the code that fills up the last frame.

        Returns:
            The first row and the row after the last.

        Raises:
            ArenaFull: no run of free rows is long enough.
        """
        rows = max(1, -(-len(codes) // FRAME))
        start = self._take(rows)
        flat = self.frames[start : start + rows].reshape(-1)
        flat[: len(codes)] = codes
        flat[len(codes) :] = filler
        return start, start + rows

    def release(self, start: int, end: int) -> None:
        """Give back the run that `store` lent."""
        insort(self._free, (start, end - start))
        joined: list[tuple[int, int]] = []
        for first, length in self._free:
            if joined and joined[-1][0] + joined[-1][1] == first:
                joined[-1] = (joined[-1][0], joined[-1][1] + length)
            else:
                joined.append((first, length))
        self._free = joined

    def _take(self, rows: int) -> int:
        for index, (start, length) in enumerate(self._free):
            if length >= rows:
                self._free[index : index + 1] = [(start + rows, length - rows)] if length > rows else []
                return start
        raise ArenaFull(
            f"No room for a clip of {rows * FRAME // 8} ms beside those now playing. Use more media processes."
        )
