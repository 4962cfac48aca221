"""The RTP ports: even ones, each with the odd one above it kept free for RTCP. Pure; RFC 3550 section 11."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from mirabelle.errors import MirabelleError


class MediaError(MirabelleError):
    """The media plane cannot do what it was asked."""


class NoPort(MediaError):
    """Every RTP port of the range is in use."""


class PortPool:
    """Hands out ports in turn: a port rests long before late packets of an old call could meet a new one."""

    def __init__(self, first: int, last: int) -> None:
        """Take the range, both ends included.

        Raises:
            MediaError: there is no even port in it that has its odd neighbour.
        """
        first += first % 2
        self._free = deque(range(first, last, 2))
        self.size = len(self._free)
        if not 0 < first <= last <= 65535 or not self.size:
            raise MediaError(
                f"The media port range {first}-{last} holds no pair of ports. Set [media] ports to a larger one."
            )

    def take(self, most: int) -> list[int]:
        """The ports that rested longest, `most` at most; they are in use until given back."""
        return [self._free.popleft() for _ in range(min(most, len(self._free)))]

    def give_back(self, ports: Iterable[int]) -> None:
        """These are free again."""
        self._free.extend(ports)
