"""A model of what a carrier allows: so many calls a second and at once, and 503 with Retry-After past that."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from mirabelle.errors import MirabelleError

SECOND: Final = 1.0
"""The span in which a carrier counts INVITEs."""
LONGEST_RETRY_AFTER: Final = 3_600


class CarrierError(MirabelleError):
    """A carrier's limits that cannot be; the message says what may stand there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierLimits:
    """What a carrier allows.

    Attributes:
        calls_per_second: the most INVITEs that it takes in any second; None: any number.
        channels: the most calls at once; None: any number.
        retry_after: the seconds in the Retry-After of its refusals.

    Raises:
        CarrierError: a value is out of bounds.
    """

    calls_per_second: float | None = None
    channels: int | None = None
    retry_after: int = 5

    def __post_init__(self) -> None:
        if self.calls_per_second is not None and not (
            math.isfinite(self.calls_per_second) and self.calls_per_second >= 1
        ):
            raise CarrierError("The calls per second of a carrier are 1 or more.")
        if self.channels is not None and self.channels < 1:
            raise CarrierError("The channels of a carrier are 1 or more.")
        if not 0 <= self.retry_after <= LONGEST_RETRY_AFTER:
            raise CarrierError(f"The Retry-After of a carrier lies between 0 and {LONGEST_RETRY_AFTER} seconds.")


NO_LIMITS: Final = CarrierLimits()
"""A carrier that takes everything."""


class Carrier:
    """Counts the calls of one trunk.

    Args:
        limits: what it allows.
    """

    def __init__(self, limits: CarrierLimits) -> None:
        self._limits = limits
        self._invites: deque[float] = deque()
        self._in_use = 0

    def invite(self, now: float) -> str:
        """An INVITE comes in.

        Args:
            now: the present, in seconds on a scale that never goes back.

        Returns:
            The phrase of the refusal; empty where the call is carried, which then is to be ended with `over`.
        """
        limits = self._limits
        if limits.calls_per_second is not None:
            while self._invites and self._invites[0] <= now - SECOND:
                self._invites.popleft()
            if len(self._invites) >= limits.calls_per_second:
                return "Call rate limit exceeded"
            self._invites.append(now)
        if limits.channels is not None and self._in_use >= limits.channels:
            return "Channel limit exceeded"
        self._in_use += 1
        return ""

    def over(self) -> None:
        """A call that was carried has ended."""
        self._in_use -= 1
