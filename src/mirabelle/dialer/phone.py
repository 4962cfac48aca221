"""The seam between the dialer, which keeps the ledger, and whatever carries a call."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from mirabelle.calls import routing
from mirabelle.calls.account import StartMethod
from mirabelle.calls.call import Call
from mirabelle.calls.number import PhoneNumber
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import MACHINE
from mirabelle.calls.trunk import Trunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One attempt that is about to be carried.

    Attributes:
        call: what was asked for.
        number: its number, understood.
        trunk: the way out.
        sip_call_id: the Call-ID that is already in the ledger.
        start_method: how the call's variables reach the application.
    """

    call: Call
    number: PhoneNumber
    trunk: Trunk
    sip_call_id: str
    start_method: StartMethod = "post"

    @property
    def caller_id(self) -> str:
        """The number that we call from: the call's own, or one of the trunk's."""
        return self.number.caller_id or routing.caller_id(self.trunk, self.number.e164)


class Cut(enum.StrEnum):
    """Why a session did not end by itself."""

    NO = ""
    APPLICATION = "application"
    """The application could not be loaded or failed before it had begun."""
    MEDIA = "media"
    """The media process died."""
    CROSSED = "crossed"
    """They picked up at the moment we gave up, and were hung up on."""
    STOPPED = "stopped"
    """The server was told to stop."""
    EXPIRED = "expired"
    """The call's expiration came while it rang."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended.

    Attributes:
        outcome: ANSWERED once a 2xx came, whatever happened afterwards.
        sip_status: the final SIP status; 0 where none came.
        detail: the reason in words.
        cut: why the session did not run to its end; NO where it did, or where nobody answered.
        duration: seconds from the answer to the end.
        callee_type: what answered.
        full: the trunk said that it has no room.
        retry_after: seconds that the trunk asked us to wait.
        elsewhere: another trunk could do better.
    """

    outcome: Outcome
    sip_status: int = 0
    detail: str = ""
    cut: Cut = Cut.NO
    duration: int = 0
    callee_type: str = "unknown"
    full: bool = False
    retry_after: int | None = None
    elsewhere: bool = False

    @property
    def final(self) -> bool:
        """Whether the call is over whatever its policy says: somebody answered who is not known for a machine."""
        return self.outcome is Outcome.ANSWERED and (self.callee_type != MACHINE or self.cut is not Cut.NO)


class Progress(Protocol):
    """What the phone reports while it carries an attempt."""

    async def ringing(self) -> None:
        """The far end said that it rings."""
        ...

    async def answered(self) -> None:
        """The far end answered. Returns once the ledger holds it: only then may the application start."""
        ...


class Phone(Protocol):
    """Carries attempts: SIP, media and VoiceXML in service, a model of callees in a simulation."""

    async def place(self, placement: Placement, progress: Progress) -> Ending:
        """Carry one attempt from the INVITE to its end.

        When the task is cancelled, the phone ends the call at the far end (CANCEL or BYE) before it lets the
        cancellation pass.
        """
        ...
