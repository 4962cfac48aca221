"""Token bucket: how fast one may ask, in this process. What is dialled has its pace in the ledger: `calls.pace`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

EARLY: Final = 1e-9
"""Seconds of rounding that are forgiven, so that waiting exactly as long as asked is always enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBucket:
    """A rate with a small burst, on any scale of seconds.

    Attributes:
        rate: tokens a second.
        burst: the most tokens that gather while nothing is asked.
        tokens: those there at `at`.
        at: the instant `tokens` speaks of, in seconds.
    """

    rate: float
    burst: float
    tokens: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until a token is there; 0.0 when one is."""
        missing = 1.0 - self._filled(now)
        return missing / self.rate if missing > EARLY * self.rate else 0.0

    def take(self, now: float) -> TokenBucket:
        """The bucket after one token was taken. Ask `wait` first."""
        return replace(self, tokens=self._filled(now) - 1.0, at=max(now, self.at))

    def give_back(self) -> TokenBucket:
        """The bucket when a token that was taken is not needed after all."""
        return replace(self, tokens=min(self.burst, self.tokens + 1.0))

    def _filled(self, now: float) -> float:
        return min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate)
