"""The permitted changes of a call and of an attempt, as tables."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from mirabelle.calls.attempt import AttemptState
from mirabelle.calls.call import CallState
from mirabelle.errors import MirabelleError

CALL_CHANGES: Final = MappingProxyType(
    {
        CallState.QUEUED: frozenset({CallState.DIALING, CallState.FAILED, CallState.EXPIRED, CallState.CANCELED}),
        CallState.DIALING: frozenset(
            {CallState.QUEUED, CallState.CONNECTED, CallState.FAILED, CallState.EXPIRED, CallState.CANCELED}
        ),
        CallState.CONNECTED: frozenset({CallState.QUEUED, CallState.COMPLETED, CallState.FAILED}),
        CallState.COMPLETED: frozenset[CallState](),
        CallState.FAILED: frozenset[CallState](),
        CallState.EXPIRED: frozenset[CallState](),
        CallState.CANCELED: frozenset[CallState](),
    }
)
"""From each state of a call, the states it may change to."""

ATTEMPT_CHANGES: Final = MappingProxyType(
    {
        AttemptState.INTENDED: frozenset({AttemptState.RINGING, AttemptState.ANSWERED, AttemptState.ENDED}),
        AttemptState.RINGING: frozenset({AttemptState.ANSWERED, AttemptState.ENDED}),
        AttemptState.ANSWERED: frozenset({AttemptState.ENDED}),
        AttemptState.ENDED: frozenset[AttemptState](),
    }
)
"""From each state of an attempt, the states it may change to."""

RETRIED: Final = (CallState.FAILED, CallState.EXPIRED)
"""Final states from which `Ledger.retry_failed`, and nothing else, takes a call back to QUEUED, never one that was
answered."""


class LifecycleError(MirabelleError):
    """A call or an attempt was asked to change in a way the table does not permit."""


def require_call_change(before: CallState, after: CallState) -> None:
    """Refuse a change that the table does not hold.

    Raises:
        LifecycleError: the change is not in `CALL_CHANGES`.
    """
    if after not in CALL_CHANGES[before]:
        raise LifecycleError(f"A call that is {before} cannot become {after}.")
