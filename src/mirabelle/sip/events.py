"""What a call tells the one who placed or took it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mirabelle.sip.sdp import SessionDescription
from mirabelle.sip.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far end is at it: a 101 to 199. 100 Trying is none.

    Attributes:
        status: 180 rings, 183 has something to say, and so on.
        sdp: where early media comes from; None where there is none.
        at: when, on the clock's monotonic scale, in seconds.
    """

    status: int
    sdp: SessionDescription | None
    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody picked up.

    Attributes:
        sdp: the peer's answer; None where it sent none that can be read: there is nothing to talk over, hang up.
        at: when, on the clock's monotonic scale, in seconds.
    """

    sdp: SessionDescription | None
    at: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The call never came to be. The last event.

    Attributes:
        verdict: what that means.
        status: the final answer's; 0 where none came.
        reason: its phrase.
    """

    verdict: Verdict
    status: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """An answered call is over. The last event.

    Attributes:
        by: who ended it: `timeout` when the peer stopped answering, `transport` when the network failed.
        reason: what was said about it; empty where nothing was.
        at: when, on the clock's monotonic scale, in seconds.
    """

    by: Literal["remote", "local", "timeout", "transport"]
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """The peer re-negotiated: its audio may come from and go to another place now, or be on hold.

    Attributes:
        sdp: the peer's latest description.
    """

    sdp: SessionDescription


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The ACK of our 200 came.

    Attributes:
        sdp: the peer's answer, where our 200 carried the offer; `MediaChanged` follows with it.
    """

    sdp: SessionDescription | None


@dataclass(frozen=True, slots=True)
class Canceled:
    """The caller gave up before we answered. The last event.

    Attributes:
        reason: what the CANCEL's Reason field said.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class ReferralAnswered:
    """The peer answered our REFER: 2xx, it will call somebody else and tell of it; anything else, it will not.

    Attributes:
        status: 0 where no answer came.
        reason: its phrase, or why none came.
    """

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReferralTold:
    """The peer tells of the call that our REFER asked it to make. May come before `ReferralAnswered`.

    Attributes:
        status: of that call, so far; 0 where it says nothing.
        reason: its phrase.
        over: nothing more will be told.
    """

    status: int
    reason: str
    over: bool


CallEvent = Ringing | Answered | Failed | Ended | MediaChanged | Confirmed | Canceled | ReferralAnswered | ReferralTold
"""What `next_event` returns."""
