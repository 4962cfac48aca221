"""Attempt: one INVITE and what came of it."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mirabelle.calls.outcome import Outcome

_HOST: Final = "mirabelle"


class AttemptState(enum.StrEnum):
    """How far one attempt got. Each is durable before the next thing happens."""

    INTENDED = "intended"
    """Committed; the INVITE has not left, or nobody can say whether it has."""
    RINGING = "ringing"
    """The far end said so."""
    ANSWERED = "answered"
    """A 2xx came; the application may start."""
    ENDED = "ended"
    """Over; the outcome is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to reach a number.

    Attributes:
        attempt_id: the store's key.
        call_id: the call it serves.
        number: 1 for the first attempt of the call.
        sip_call_id: the Call-ID of its INVITE, fixed before the INVITE leaves.
        trunk: the name of the trunk it uses.
        state: how far it got.
        started_at: when the intent was committed.
        ringing_at: when the far end said that it rings.
        answered_at: when the 2xx came.
        ended_at: when it was over.
        outcome: set once it ended.
        sip_status: the final SIP status, 0 where none came.
        detail: the reason in words.
    """

    attempt_id: int
    call_id: int
    number: int
    sip_call_id: str
    trunk: str
    state: AttemptState
    started_at: datetime
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    sip_status: int = 0
    detail: str = ""


def new_sip_call_id(call_id: int) -> str:
    """A Call-ID for an INVITE (RFC 3261 section 8.1.1.4): it cannot be guessed, and names its call.

    So an answer that comes when nobody remembers the INVITE finds its call without a search.
    """
    return f"{call_id}-{uuid.uuid4()}@{_HOST}"


def call_of(sip_call_id: str) -> int | None:
    """The call that a Call-ID of `new_sip_call_id` names; None where it is no such Call-ID."""
    number, _, rest = sip_call_id.partition("-")
    known = rest.endswith(f"@{_HOST}") and number.isascii() and number.isdecimal() and len(number) <= 10
    return int(number) if known else None
