"""The retry rule: what an outcome means for the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mirabelle.calls.call import Call, CallState
from mirabelle.calls.outcome import Outcome

FINAL_FAILURES: Final = frozenset({Outcome.REJECTED, Outcome.UNALLOCATED})
"""Outcomes that a second attempt would only repeat: somebody declined, or there is no such number."""

CAPACITY_WAIT: Final = timedelta(seconds=5)
"""How long a call waits after the trunk said it had no room."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What becomes of a call after an attempt.

    Attributes:
        state: QUEUED for another attempt, else a final state.
        due_at: the earliest next attempt; None when final.
        counted: whether the attempt counts against `max_retries`.
    """

    state: CallState
    due_at: datetime | None
    counted: bool = True


def after_attempt(call: Call, outcome: Outcome, ended_at: datetime) -> NextStep:
    """Decide what an attempt that was not answered means for its call.

    The interval counts from the end of the attempt, so a long ring never shortens the wait.

    Args:
        call: as it stood before the attempt: `attempts` does not count this one yet.
        outcome: how the attempt ended.
        ended_at: when it ended.
    """
    if outcome is Outcome.ANSWERED:
        return NextStep(CallState.COMPLETED, None)
    if outcome is Outcome.CANCELED:
        return NextStep(CallState.CANCELED, None)
    counted = outcome is not Outcome.CAPACITY
    if counted and (outcome in FINAL_FAILURES or call.attempts + 1 > call.max_retries):
        return NextStep(CallState.FAILED, None)
    wait = timedelta(seconds=call.retry_interval) if counted else CAPACITY_WAIT
    due_at = ended_at + wait
    if call.expires_at is not None and due_at >= call.expires_at:
        return NextStep(CallState.EXPIRED, None, counted)
    return NextStep(CallState.QUEUED, due_at, counted)
