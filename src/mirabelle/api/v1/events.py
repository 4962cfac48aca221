"""The log of a call: what happened to it, in order, as the ledger has it. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from mirabelle.api.v1.views import Instant
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call
from mirabelle.store.records import ResultState, StoredResult


class EventName(enum.StrEnum):
    """What can happen to a call."""

    QUEUED = "queued"
    DIALING = "dialing"
    RINGING = "ringing"
    CONNECTED = "connected"
    ATTEMPT_ENDED = "attempt_ended"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELED = "canceled"
    RESULT_POSTED = "result_posted"
    RESULT_GIVEN_UP = "result_given_up"


class CallEvent(BaseModel):
    """One thing that happened to a call."""

    event: EventName
    at: Instant
    attempt: int | None = Field(default=None, description="Which attempt, from 1.")
    detail: str = Field(default="", description="More in words.")


class CallEvents(BaseModel):
    """The log of a call, in order."""

    call_id: int
    events: list[CallEvent]


def log(call: Call, attempts: Sequence[Attempt], results: Iterable[StoredResult]) -> CallEvents:
    """What happened to a call.

    Args:
        call: as it stands.
        attempts: of it.
        results: of it.
    """
    events = [CallEvent(event=EventName.QUEUED, at=call.queued_at)]
    for attempt in attempts:
        events.extend(_of_attempt(attempt))
    if call.ended_at is not None:
        events.append(CallEvent(event=EventName(call.state.value), at=call.ended_at, detail=call.detail))
    events.extend(_of_results(results))
    # Sorted by time alone: what happened at one instant keeps the order in which it is told above.
    return CallEvents(call_id=call.call_id, events=sorted(events, key=lambda event: event.at))


def _of_attempt(attempt: Attempt) -> Iterator[CallEvent]:
    moments: tuple[tuple[EventName, datetime | None, str], ...] = (
        (EventName.DIALING, attempt.started_at, f"over {attempt.trunk}"),
        (EventName.RINGING, attempt.ringing_at, ""),
        (EventName.CONNECTED, attempt.answered_at, ""),
        (EventName.ATTEMPT_ENDED, attempt.ended_at, _ending(attempt)),
    )
    for name, at, detail in moments:
        if at is not None:
            yield CallEvent(event=name, at=at, attempt=attempt.number, detail=detail)


def _ending(attempt: Attempt) -> str:
    status = f" ({attempt.sip_status})" if attempt.sip_status else ""
    reason = f": {attempt.detail}" if attempt.detail else ""
    return f"{attempt.outcome}{status}{reason}"


def _of_results(results: Iterable[StoredResult]) -> Iterator[CallEvent]:
    for result in results:
        if result.ended_at is None:
            continue
        name = EventName.RESULT_POSTED if result.state is ResultState.DONE else EventName.RESULT_GIVEN_UP
        yield CallEvent(event=name, at=result.ended_at, detail=result.reason)
