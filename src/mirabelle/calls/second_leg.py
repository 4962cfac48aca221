"""The second leg of a call that is transferred: who is called for the one who is on the line."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

TransferKind = Literal["bridge", "consultation", "blind"]
"""As VoiceXML 2.1 has it: through us to the end, through us until it is answered, or by the peer alone."""

LONGEST_WAIT: Final = 5.0
"""Seconds that a second leg may wait for its place in the rate of its trunk: somebody is on the line."""

_BEGINS: Final = "transfer-"
_HOST: Final = "@mirabelle"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLeg:
    """One that is to be dialled.

    Attributes:
        call_id: the call whose callee is transferred.
        attempt_id: the attempt that reached them.
        e164: the number; empty for a SIP address.
        sip_call_id: the Call-ID of its INVITE; empty where the peer sends that.
        kind: of transfer.
    """

    call_id: int
    attempt_id: int
    e164: str
    sip_call_id: str
    kind: TransferKind


@dataclass(frozen=True, slots=True)
class Granted:
    """It may leave.

    Attributes:
        trunk: over which trunk; empty where it needs none.
        at: not before this instant, which is its place in the rate of the trunk.
    """

    trunk: str
    at: datetime


class Want(enum.Enum):
    """What a second leg lacks that may not leave."""

    LEAVE = enum.auto()
    """The number must not be called."""
    ROUTE = enum.auto()
    """No trunk carries calls to it."""
    ROOM = enum.auto()
    """No such trunk has a channel, or a place in its rate, now; or the ledger does not answer."""


@dataclass(frozen=True, slots=True)
class Declined:
    """It may not.

    Attributes:
        want: what it lacks.
        reason: why, in words; without the number.
    """

    want: Want
    reason: str


def new_call_id() -> str:
    """A Call-ID for the INVITE of a second leg: it cannot be guessed, and shows what it is."""
    return f"{_BEGINS}{uuid.uuid4()}{_HOST}"


def is_second_leg(sip_call_id: str) -> bool:
    """Whether a Call-ID is one of `new_call_id`."""
    return sip_call_id.startswith(_BEGINS) and sip_call_id.endswith(_HOST)
