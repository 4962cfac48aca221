"""The seam between the dialer, which keeps the ledger, and whatever carries a call."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mirabelle.calls import routing
from mirabelle.calls.account import StartMethod
from mirabelle.calls.call import Call
from mirabelle.calls.number import PhoneNumber
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import MACHINE
from mirabelle.calls.second_leg import Declined, SecondLeg
from mirabelle.calls.transfer_rule import USUAL, TransferRule
from mirabelle.calls.trunk import Trunk
from mirabelle.sip.events import Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One attempt that is about to be carried.

    Attributes:
        call: what was asked for.
        number: its number, understood.
        trunk: the way out.
        sip_call_id: the Call-ID that is already in the ledger.
        start_method: how the call's variables reach the application.
        attempt_id: the attempt in the ledger.
        transfer_rule: whom the application may transfer the callee to.
        country: whose national numbers it may give, two capital letters; empty for none.
    """

    call: Call
    number: PhoneNumber
    trunk: Trunk
    sip_call_id: str
    start_method: StartMethod = "post"
    attempt_id: int = 0
    transfer_rule: TransferRule = USUAL
    country: str = ""

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


@dataclass(frozen=True, slots=True)
class Leave:
    """A second leg may leave.

    Attributes:
        trunk: over which trunk; None for one that needs none.
        at: not before this instant.
    """

    trunk: Trunk | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnding:
    """How a second leg ended.

    Attributes:
        outcome: ANSWERED once a 2xx came; None where the peer carried it, and said nothing.
        sip_status: the final SIP status; 0 where none came.
        duration: seconds from the answer to the end.
        full: the trunk said that it has no room.
        retry_after: seconds that the trunk asked us to wait.
    """

    outcome: Outcome | None
    sip_status: int = 0
    duration: int = 0
    full: bool = False
    retry_after: int | None = None

    @classmethod
    def of(cls, event: Failed) -> LegEnding:
        """That of a leg that nobody answered."""
        verdict = event.verdict
        full = verdict.outcome is Outcome.CAPACITY
        return cls(outcome=verdict.outcome, sip_status=event.status, full=full, retry_after=verdict.retry_after)


class Progress(Protocol):
    """What the phone reports while it carries an attempt."""

    async def ringing(self) -> None:
        """The far end said that it rings."""
        ...

    async def answered(self) -> None:
        """The far end answered. Returns once the ledger holds it: only then may the application start."""
        ...

    async def second_leg(self, leg: SecondLeg, tried: tuple[str, ...]) -> Leave | Declined:
        """The callee is to be transferred. Returns once the ledger holds it: only then may a second INVITE leave.

        Args:
            leg: whom to call; a REFER and a SIP address take no room of a trunk.
            tried: names of the trunks that failed it.
        """
        ...

    async def second_leg_ended(self, leg: SecondLeg, leave: Leave, ending: LegEnding) -> None:
        """A second leg is over. Returns once the ledger holds it, and its room is free."""
        ...

    async def second_leg_refused(self, leg: SecondLeg, reason: str) -> None:
        """The application asked for somebody whom it may not, or cannot, transfer the callee to."""
        ...


class Phone(Protocol):
    """Carries attempts: SIP, media and VoiceXML in service, a model of callees in a simulation."""

    async def place(self, placement: Placement, progress: Progress) -> Ending:
        """Carry one attempt from the INVITE to its end.

        When the task is cancelled, the phone ends the call at the far end (CANCEL or BYE) before it lets the
        cancellation pass.
        """
        ...
