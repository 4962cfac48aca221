"""What came of an attempt, in one word."""

from __future__ import annotations

import enum


class Outcome(enum.StrEnum):
    """How one attempt ended, seen from the one who asked for the call.

    Which SIP answer means which outcome stands in `mirabelle.sip.verdict`, once.
    """

    ANSWERED = "answered"
    """Somebody or something picked up; whatever happened afterwards, nobody is called again for it."""
    BUSY = "busy"
    """The line was in use (486, 600)."""
    NO_ANSWER = "no_answer"
    """It rang until we or the network gave up (our CANCEL, 408, 480, 487)."""
    REJECTED = "rejected"
    """The callee or the network declined the call (603, 403, 607, 608)."""
    UNALLOCATED = "unallocated"
    """There is no such number (404, 410, 484, 604)."""
    FAILED = "failed"
    """The call could not be carried: a fault of ours, of the trunk, or an answer that says nothing better."""
    CAPACITY = "capacity"
    """The trunk had no room (503 with Retry-After, a channel or rate limit). Never costs the call an attempt."""
    CANCELED = "canceled"
    """We were told to stop while it rang."""
    INTERRUPTED = "interrupted"
    """We died before we could know; the retry rule decides what that means."""
