"""What a gate says about a call: whether it may leave, why, and when to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
