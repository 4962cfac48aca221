"""What a gate says about a call: whether it may leave, why, and when to ask again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Verdict:
    """A gate's answer at one instant.

    Attributes:
        open: whether calls may leave.
        reason: why, in words for people.
        changes_at: the next instant at which the answer could change by itself, in UTC; None where it will not.
    """

    open: bool
    reason: str
    changes_at: datetime | None = None


MOST_REMEMBERED: Final = 4_096
"""The most verdicts that are remembered."""


class VerdictMemory:
    """Verdicts that cost much to find, until they could change."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[datetime, Verdict]] = {}

    def verdict(self, question: Hashable, now: datetime, find: Callable[[], Verdict]) -> Verdict:
        """The answer to a question: the one that is remembered, or a new one.

        Args:
            question: what the answer hangs on, beside the time.
            now: the present instant.
            find: finds the answer for this instant.
        """
        known = self._known.get(question)
        if known is not None:
            since, verdict = known
            # Not where the clock was set back.
            if since <= now and (verdict.changes_at is None or now < verdict.changes_at):
                return verdict
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        found = find()
        self._known[question] = (now, found)
        return found
