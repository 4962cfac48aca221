"""How often each of many may do something: a token bucket for each, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from mirabelle.api.token_bucket import TokenBucket
from mirabelle.calls.clock import Clock

MOST_REMEMBERED: Final = 10_000
"""The most that are counted; the one that did nothing for longest is forgotten first."""


class Quotas:
    """A token bucket for each name.

    Attributes:
        per_second: times a second in the long run.
    """

    def __init__(self, clock: Clock, *, per_second: float, burst: float) -> None:
        """Make it.

        Args:
            clock: only its monotonic side is used.
            per_second: times a second in the long run.
            burst: times at once after a silence.
        """
        self.per_second = per_second
        self._clock = clock
        self._burst = burst
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def wait(self, name: str) -> float:
        """Seconds until it may be done once more; 0.0 where it may be done now. It is not counted yet."""
        known = self._buckets.get(name)
        return 0.0 if known is None else known.wait(self._clock.monotonic())

    def __contains__(self, name: str) -> bool:
        """Whether the name is remembered."""
        return name in self._buckets

    def remember(self, name: str) -> None:
        """Remember a name, of which nothing need have been counted so far."""
        known = self._buckets.get(name)
        if known is None:
            now = self._clock.monotonic()
            known = TokenBucket(rate=self.per_second, burst=self._burst, tokens=self._burst, at=now)
        self._buckets[name] = known
        self._buckets.move_to_end(name)
        while len(self._buckets) > MOST_REMEMBERED:
            self._buckets.popitem(last=False)

    def count(self, name: str) -> None:
        """Count that it is done. Ask `wait` first."""
        self.remember(name)
        self._buckets[name] = self._buckets[name].take(self._clock.monotonic())

    def uncount(self, name: str) -> None:
        """Take back that it was counted once."""
        known = self._buckets.get(name)
        if known is not None:
            self._buckets[name] = known.give_back()
