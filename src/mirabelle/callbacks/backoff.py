"""When a result is posted again, and when no more."""

from __future__ import annotations

import enum
import random
from datetime import timedelta
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600

DELAYS: Final = (
    *(10, 20, 30, _MINUTE, 3 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 20 * _MINUTE, 30 * _MINUTE, 50 * _MINUTE),
    *(2 * _HOUR, 4 * _HOUR, 4 * _HOUR),
    *(6 * _HOUR,) * 10,
)
"""Seconds before the second post, the third, and so on: three days in all.

Soon at first, for a receiver that is just starting again; then a few times a day, for one whose people sleep.
"""

JITTER: Final = 0.1
"""The part of a delay by which it may be shorter or longer, so that what failed together does not return together."""


class Answer(enum.Enum):
    """What a receiver's status says about a result."""

    TAKEN = "taken"
    """2xx: the receiver has it."""
    GONE = "gone"
    """410: there will never be a receiver here (RFC 9110 section 15.5.11)."""
    AGAIN = "again"
    """Anything else may be better later."""


def answer(status: int) -> Answer:
    """Read the status of a post.

    Args:
        status: the HTTP status after redirects.
    """
    if 200 <= status <= 299:
        return Answer.TAKEN
    return Answer.GONE if status == 410 else Answer.AGAIN


def delay(posts: int, rng: random.Random) -> timedelta | None:
    """How long to wait before the next post; None when there is none.

    Args:
        posts: posts made so far, at least one, each of which failed.
        rng: for the jitter.
    """
    if posts > len(DELAYS):
        return None
    return timedelta(seconds=DELAYS[posts - 1] * rng.uniform(1 - JITTER, 1 + JITTER))
