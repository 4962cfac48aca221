"""Frequency cap: how often one person may be called, whatever the campaign.

A person is a number in the form of E.164. The span slides: an attempt counts from its beginning until exactly one span
later, so there is no hour at which a whole new allowance opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from mirabelle.calls.gate import Verdict
from mirabelle.errors import MirabelleError

MOST_ATTEMPTS: Final = 100
"""The most attempts that a cap may allow in its span."""

SHORTEST_SPAN: Final = timedelta(minutes=1)
LONGEST_SPAN: Final = timedelta(days=366)
"""The least and the most that a span may be."""


class FrequencyError(MirabelleError):
    """A frequency cap has a value that it cannot have."""


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """How often a person may be called in any span of time.

    Attributes:
        attempts: the most attempts, answered or not; 1 to `MOST_ATTEMPTS`.
        answered: the most of them that were answered; None: only `attempts` counts.
        per: how long the span is.

    Raises:
        FrequencyError: a value is out of bounds.
    """

    attempts: int
    answered: int | None
    per: timedelta

    def __post_init__(self) -> None:
        if not 1 <= self.attempts <= MOST_ATTEMPTS:
            raise FrequencyError(f"The attempts of a frequency cap are from 1 to {MOST_ATTEMPTS}.")
        if self.answered is not None and not 1 <= self.answered <= self.attempts:
            raise FrequencyError("The answered calls of a frequency cap are from 1 to its attempts.")
        if not SHORTEST_SPAN <= self.per <= LONGEST_SPAN:
            raise FrequencyError("The span of a frequency cap is from a minute to 366 days.")

    def begins(self, now: datetime) -> datetime:
        """The instant up to which attempts no longer count: only later ones need to be looked for."""
        return now - self.per


def of_person(cap: FrequencyCap | None, attempts: Sequence[tuple[datetime, bool]], now: datetime) -> Verdict:
    """As `verdict`, for an account that may have no cap."""
    if cap is None:
        return Verdict(True, "No cap says how often one person may be called.")
    return verdict(cap, attempts, now)


def verdict(cap: FrequencyCap, attempts: Sequence[tuple[datetime, bool]], now: datetime) -> Verdict:
    """Whether a person may be called once more.

    Args:
        cap: what is allowed.
        attempts: when each attempt to reach the person began and whether it was answered, of all campaigns of the
            account, in any order. Those before `cap.begins(now)` change nothing; nor do more than the newest
            `cap.attempts` of all and the newest `cap.answered` of the answered ones.
        now: the present instant, aware. An attempt that lies after it, by another machine's clock, counts.

    Returns:
        The answer. Closed, its `changes_at` is the instant at which it opens if nobody calls until then.
    """
    counted = sorted(began for began, _ in attempts if now - began < cap.per)
    answered = sorted(began for began, was_answered in attempts if was_answered and now - began < cap.per)
    opens_at = [counted[-cap.attempts] + cap.per] if len(counted) >= cap.attempts else []
    if cap.answered is not None and len(answered) >= cap.answered:
        opens_at.append(answered[-cap.answered] + cap.per)
        reason = f"The person answered {_times(len(answered))} within {_span(cap.per)}; {cap.answered} is the most."
    else:
        reason = f"The person was called {_times(len(counted))} within {_span(cap.per)}; {cap.attempts} is the most."
    if not opens_at:
        return Verdict(True, f"The person was called {_times(len(counted))} within {_span(cap.per)}.")
    return Verdict(False, reason, max(opens_at).astimezone(UTC))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _span(per: timedelta) -> str:
    seconds = int(per.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} seconds"
