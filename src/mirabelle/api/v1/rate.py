"""How many requests an account may send."""

from __future__ import annotations

import math
from http import HTTPStatus

from mirabelle.api.quotas import Quotas
from mirabelle.api.v1.problem import ProblemError


def take(quotas: Quotas, sender: str) -> None:
    """Count a request of a sender.

    Raises:
        ProblemError: it is one too many; 429, as `too_many` makes it.
    """
    wait = quotas.wait(sender)
    if wait > 0.0:
        raise too_many(f"Too many requests: at most {quotas.per_second:g} a second.", wait)
    quotas.count(sender)


def too_many(reason: str, wait: float) -> ProblemError:
    """Whoever sent a request is to come again later: 429, with Retry-After (RFC 6585 section 4).

    Args:
        reason: a sentence.
        wait: seconds.
    """
    seconds = math.ceil(wait)
    detail = f"{reason} Come again in {seconds} s."
    return ProblemError(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(seconds)})
