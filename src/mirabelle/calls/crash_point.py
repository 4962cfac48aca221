"""Named places at which a test may end the program: the gaps between one durable step and the next."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TypeAlias


class CrashPoint(enum.StrEnum):
    """Where a call stands when the program dies, in the order in which a call passes them."""

    BEFORE_INTENT = "before_intent"
    """The call is under a lease; nothing was written about an attempt."""
    AFTER_INTENT = "after_intent"
    """The attempt is in the ledger; no INVITE has left."""
    AFTER_INVITE = "after_invite"
    """The INVITE has left; nothing came back."""
    AFTER_PROVISIONAL = "after_provisional"
    """The far end rings; the ledger does not say so yet."""
    AFTER_ANSWER = "after_answer"
    """The 2xx came; it is neither in the ledger nor acknowledged."""
    AFTER_ACK = "after_ack"
    """The answer is in the ledger and acknowledged."""
    IN_SESSION = "in_session"
    """The application has begun to speak."""
    AFTER_BYE = "after_bye"
    """The call is over at the far end; the ledger does not know."""
    BEFORE_OUTCOME = "before_outcome"
    """What became of the attempt is decided and not written."""
    AFTER_OUTCOME = "after_outcome"
    """It is written, with the result; nobody was told."""
    BEFORE_RESULT = "before_result"
    """A result was taken in hand and not posted."""
    AFTER_RESULT = "after_result"
    """The receiver has the result; the ledger does not know."""


Reached: TypeAlias = Callable[[CrashPoint], None]
"""Hears that the program passes a point. It may not return."""


def pass_by(_point: CrashPoint) -> None:
    """Do nothing, as in service."""
