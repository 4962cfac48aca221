"""How many requests an account, or whoever fails to name one, may send."""

from __future__ import annotations

import math
from collections import OrderedDict
from http import HTTPStatus
from typing import Final

from mirabelle.api.v1.problem import ProblemError
from mirabelle.api.v1.token_bucket import TokenBucket
from mirabelle.calls.clock import Clock

MOST_REMEMBERED: Final = 10_000
"""The most senders that are counted; the one that was silent longest is forgotten first."""


class RateLimit:
    """A token bucket for each sender."""

    def __init__(self, clock: Clock, *, per_second: float, burst: float) -> None:
        """Make it.

        Args:
            clock: only its monotonic side is used.
            per_second: requests a second in the long run.
            burst: requests at once after a silence.
        """
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def check(self, sender: str) -> None:
        """See whether a sender may send one more; it is not counted yet.

        Raises:
            ProblemError: 429, with the seconds to wait in Retry-After (RFC 6585 section 4).
        """
        known = self._buckets.get(sender)
        wait = 0.0 if known is None else known.wait(self._clock.monotonic())
        if wait > 0.0:
            seconds = math.ceil(wait)
            detail = f"Too many requests: at most {self._per_second:g} a second. Come again in {seconds} s."
            raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(seconds)})

    def count(self, sender: str) -> None:
        """Count a request of a sender. Ask `check` first."""
        now = self._clock.monotonic()
        known = self._buckets.get(sender)
        if known is None:
            known = TokenBucket(rate=self._per_second, burst=self._burst, tokens=self._burst, at=now)
        self._buckets[sender] = known.take(now)
        self._buckets.move_to_end(sender)
        while len(self._buckets) > MOST_REMEMBERED:
            self._buckets.popitem(last=False)
