"""What was seen before, in eight bytes each."""

from __future__ import annotations

from array import array

_SMALLEST = 1024


class Seen:
    """A set of texts that keeps only a hash of 64 bits of each, with open addressing.

    Two texts among a million have the same hash once in thirty million uploads, and the hash is keyed anew in every
    process, so nobody can seek such a pair.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _SMALLEST))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, text: str) -> bool:
        """Add a text; True where it was not there yet."""
        if 2 * self._count >= len(self._slots):
            self._grow()
        if self._put(self._slots, (hash(text) & 0xFFFF_FFFF_FFFF_FFFF) or 1):
            self._count += 1
            return True
        return False

    def _put(self, slots: array[int], value: int) -> bool:
        mask = len(slots) - 1
        at = value & mask
        while slots[at]:
            if slots[at] == value:
                return False
            at = (at + 1) & mask
        slots[at] = value
        return True

    def _grow(self) -> None:
        slots = array("Q", bytes(16 * len(self._slots)))
        for value in self._slots:
            if value:
                self._put(slots, value)
        self._slots = slots
