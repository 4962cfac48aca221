"""Pace: how fast a trunk, an account or a campaign is used, and how it slows down when the carrier says so.

A token bucket with a small burst, kept in the ledger so that it holds across a fleet. Each refusal for want of room
halves the rate, down to a thirty-second; it doubles again with each quiet minute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

SLOWEST: Final = 1 / 32
"""The least part of its rate that a trunk is slowed down to."""
RECOVERY: Final = 60.0
"""Seconds in which a rate that was slowed down doubles."""
ENOUGH: Final = 1_000_000
"""The tokens of what has no rate."""

_UNSEEN: Final = 0.02
"""Seconds by which a dialer may look late; a bucket that was full before it looked would make a small rate smaller."""
_EARLY: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A bucket of tokens, one for each INVITE.

    Attributes:
        tokens: those there at `at`.
        at: the instant that `tokens` speaks of.
        factor: the part of the rate that was left at `slowed_at`; 1.0 where nobody refused.
        slowed_at: when the factor was set.
        blocked_until: nothing leaves before this instant; None where nothing was asked for.
        passed: the virtual time of a campaign in the sharing of slots; see `mirabelle.calls.fair_share`.
    """

    tokens: float
    at: datetime
    factor: float = 1.0
    slowed_at: datetime | None = None
    blocked_until: datetime | None = None
    passed: float = 0.0


def burst(rate: float) -> float:
    """The most tokens that gather: those of a tenth of a second, at least one and what comes while nobody looks."""
    return max(1.0 + rate * _UNSEEN, rate / 10)


def fresh(rate: float | None, now: datetime) -> Pace:
    """A full bucket."""
    return Pace(tokens=0.0 if rate is None else burst(rate), at=now)


def ready(pace: Pace, rate: float | None, now: datetime) -> int:
    """Tokens that can be taken at this instant.

    Args:
        pace: as it was kept.
        rate: tokens a second; None: as many as one likes.
        now: the present instant.
    """
    if pace.blocked_until is not None and pace.blocked_until > now:
        return 0
    return ENOUGH if rate is None else max(0, math.floor(_filled(pace, rate, now) + _EARLY))


def worthwhile(rate: float) -> int:
    """Tokens to wait for before somebody asks again: where the rate is high, several calls share one admission."""
    return max(1, math.floor(burst(rate) / 4))


def wait(pace: Pace, rate: float | None, now: datetime, tokens: int = 1) -> float:
    """Seconds until so many tokens are there; 0.0 when they are."""
    blocked = 0.0 if pace.blocked_until is None else (pace.blocked_until - now).total_seconds()
    if rate is None:
        return max(0.0, blocked)
    missing = tokens - _filled(pace, rate, now)
    return max(0.0, blocked, missing / (rate * _factor(pace, now)) if missing > _EARLY else 0.0)


def take(pace: Pace, rate: float | None, count: int, now: datetime) -> Pace:
    """The bucket after tokens were taken. Ask `ready` first."""
    if rate is None:
        return replace(pace, at=max(now, pace.at))
    return replace(pace, tokens=_filled(pace, rate, now) - count, at=max(now, pace.at))


def refused(pace: Pace, now: datetime, retry_after: float | None = None) -> Pace:
    """The bucket after somebody said that there was no room.

    Args:
        pace: as it was kept.
        now: the present instant.
        retry_after: seconds that they asked us to wait.
    """
    factor = max(SLOWEST, _factor(pace, now) / 2)
    blocked = pace.blocked_until
    if retry_after is not None:
        until = now + timedelta(seconds=retry_after)
        blocked = until if blocked is None else max(blocked, until)
    return replace(pace, factor=factor, slowed_at=now, blocked_until=blocked)


def slowed(pace: Pace, now: datetime) -> float:
    """The part of its rate that a trunk has at this instant; 1.0 where it is not slowed down."""
    return _factor(pace, now)


def _factor(pace: Pace, now: datetime) -> float:
    if pace.slowed_at is None or pace.factor >= 1.0:
        return 1.0
    quiet = max(0.0, (now - pace.slowed_at).total_seconds())
    return min(1.0, pace.factor * math.exp2(min(quiet / RECOVERY, 10.0)))


def _filled(pace: Pace, rate: float, now: datetime) -> float:
    passed = max(0.0, (now - pace.at).total_seconds())
    return min(burst(rate), pace.tokens + passed * rate * _factor(pace, now))
