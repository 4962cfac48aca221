"""Call: what was asked for, and where it stands."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, overload


class CallState(enum.StrEnum):
    """Where a call stands. The permitted changes are in `mirabelle.calls.lifecycle`."""

    QUEUED = "queued"
    """Waits for its time, or for its next attempt."""
    DIALING = "dialing"
    """A dialer holds a lease on it and is trying to reach the number."""
    CONNECTED = "connected"
    """Somebody answered; the application runs."""
    COMPLETED = "completed"
    """Answered, and the application ran. Final."""
    FAILED = "failed"
    """Given up, or the application could not run. Final."""
    EXPIRED = "expired"
    """Its expiration came first. Final."""
    CANCELED = "canceled"
    """Withdrawn. Final."""

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to such a call."""
        return self in _FINAL


_FINAL = frozenset({CallState.COMPLETED, CallState.FAILED, CallState.EXPIRED, CallState.CANCELED})


class Priority(enum.IntEnum):
    """Which calls of a campaign come first."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    URGENT = 3

    @property
    def word(self) -> str:
        """How people write it: `low`, `normal`, `high` or `urgent`."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """A call that was asked for and is not stored yet.

    Attributes:
        account_id: who asks.
        campaign_id: which campaign it falls into.
        phone_number: as it was given (`+1...`, `tel:+1...;postd=12`), checked by `mirabelle.calls.number`.
        start_url: where the VoiceXML application is.
        result_url: where the result goes; empty for nowhere.
        message_reference: the client's own id.
        call_parameters: an opaque text for the application.
        max_retries: failed attempts that are allowed after the first, 0-10.
        retry_interval: seconds from the end of an attempt to the next, 60-172800.
        scheduled_at: not before; None is now.
        expires_at: no attempt after this; None is never.
        priority: which of the calls of its campaign that are due come first.
        zone: the callee's, where it is known better than the number tells, checked by `schedule.parse_zone`; or empty.
    """

    account_id: int
    campaign_id: int
    phone_number: str
    start_url: str
    result_url: str = ""
    message_reference: str = ""
    call_parameters: str = ""
    max_retries: int = 0
    retry_interval: int = 300
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None
    priority: Priority = Priority.NORMAL
    zone: str = ""


class Callee(NamedTuple):
    """What is a call's own where many calls are alike.

    Attributes:
        phone_number: as in `NewCall`.
        message_reference: as in `NewCall`.
        call_parameters: as in `NewCall`.
    """

    phone_number: str
    message_reference: str = ""
    call_parameters: str = ""


@dataclass(frozen=True, slots=True)
class NewCalls(Sequence[NewCall]):
    """New calls that are alike but for their callees: a sequence of `NewCall`, in a fraction of the time and room.

    Attributes:
        like: what all have in common; the callee in it means nothing.
        callees: one for each call, in their order.
    """

    like: NewCall
    callees: Sequence[Callee]

    def __len__(self) -> int:
        return len(self.callees)

    @overload
    def __getitem__(self, index: int) -> NewCall: ...

    @overload
    def __getitem__(self, index: slice) -> NewCalls: ...

    def __getitem__(self, index: int | slice) -> NewCall | NewCalls:
        """The call, or the calls, in that place."""
        if isinstance(index, slice):
            return NewCalls(self.like, self.callees[index])
        phone_number, message_reference, call_parameters = self.callees[index]
        return replace(
            self.like,
            phone_number=phone_number,
            message_reference=message_reference,
            call_parameters=call_parameters,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call in the ledger.

    Attributes:
        call_id: positive, fits a signed 32-bit integer.
        campaign_parameters: those of its campaign, so that the application's variables need no second look-up.
        state: where it stands.
        due_at: no attempt before this instant; moves with each retry.
        attempts: attempts that counted so far.
        last_attempt_at: when the last one began; None before the first.
        duration: seconds of the answered attempt; 0 if none.
        callee_type: voice, answeringmachine, fax or unknown.
        detail: the reason in words where it failed.
        priority: which of the calls of its campaign that are due come first.
        trunk: the one that its lease takes room of; empty without a lease.
        tried: names of trunks that failed it since its last attempt that counted.
        zone: the callee's, where the call names one; empty: those of the number.
        queued_at: when it was asked for.
        ended_at: when it became final.
    """

    call_id: int
    account_id: int
    campaign_id: int
    campaign_parameters: str
    phone_number: str
    start_url: str
    result_url: str
    message_reference: str
    call_parameters: str
    max_retries: int
    retry_interval: int
    state: CallState
    queued_at: datetime
    due_at: datetime
    expires_at: datetime | None
    attempts: int = 0
    last_attempt_at: datetime | None = None
    duration: int = 0
    callee_type: str = "unknown"
    detail: str = ""
    ended_at: datetime | None = None
    priority: Priority = Priority.NORMAL
    trunk: str = ""
    tried: tuple[str, ...] = ()
    zone: str = ""
