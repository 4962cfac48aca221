"""What was seen before, in some thirteen bytes each."""

from __future__ import annotations

from array import array
from typing import Final

_TABLES: Final = 64
_SMALLEST: Final = 32


class Seen:
    """A set of texts that keeps only a hash of 64 bits of each, with open addressing.

    Two texts among a million have the same hash once in thirty million uploads, and the hash is keyed anew in every
    process, so nobody can seek such a pair. The hashes are in many tables that grow each by itself, so that never
    more than a small part of them is in memory twice.
    """

    def __init__(self) -> None:
        self._tables = [array("Q", bytes(8 * _SMALLEST)) for _ in range(_TABLES)]
        self._counts = [0] * _TABLES

    def __len__(self) -> int:
        return sum(self._counts)

    def add(self, text: str) -> bool:
        """Add a text; True where it was not there yet."""
        value = (hash(text) & 0xFFFF_FFFF_FFFF_FFFF) or 1
        which = value % _TABLES
        if not _put(self._tables[which], value):
            return False
        self._counts[which] += 1
        if 4 * self._counts[which] >= 3 * len(self._tables[which]):
            self._tables[which] = _larger(self._tables[which])
        return True


def _put(slots: array[int], value: int) -> bool:
    """Put a hash into a table, in which 0 is an empty place; True where it was not there yet."""
    size = len(slots)
    at = value // _TABLES % size
    while found := slots[at]:
        if found == value:
            return False
        at = at + 1 if at + 1 < size else 0
    slots[at] = value
    return True


def _larger(slots: array[int]) -> array[int]:
    larger = array("Q", bytes(8 * (len(slots) * 3 // 2)))
    for value in slots:
        if value:
            _put(larger, value)
    return larger
