"""A phone whose far ends are a model: what the dialer dials in a simulation."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mirabelle.calls.clock import Clock
from mirabelle.calls.outcome import Outcome
from mirabelle.dialer.phone import Ending, Placement, Progress
from mirabelle.sandbox.callee_model import Act, CalleeModel, Reaction
from mirabelle.sandbox.carrier_model import Carrier, CarrierLimits
from mirabelle.sip import verdict
from mirabelle.sip.headers import Headers

MACHINE: Final = "answeringmachine"
VOICE: Final = "voice"

REFUSALS: Final[Mapping[Reaction, tuple[int, str]]] = MappingProxyType(
    {
        Reaction.BUSY: (486, "Busy Here"),
        Reaction.REJECT: (603, "Decline"),
        Reaction.FAIL: (500, "Server Internal Error"),
        Reaction.UNALLOCATED: (404, "Not Found"),
    }
)
"""The final answers of callees that do not pick up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long the network takes.

    Attributes:
        to_ring: seconds from the INVITE to the first ring.
        to_refuse: seconds from the INVITE to a refusal that needs nobody to decide: busy, unallocated, a fault.
        ring_timeout: seconds from the INVITE after which we give up.
    """

    to_ring: float = 1.5
    to_refuse: float = 1.0
    ring_timeout: float = 60.0


USUAL_DELAYS: Final = Delays()


class ModelPhone:
    """A `mirabelle.dialer.phone.Phone` without a network.

    Args:
        model: the callees.
        limits: what the carrier of each trunk allows.
        clock: the time.
        delays: of the network.
    """

    def __init__(self, model: CalleeModel, limits: CarrierLimits, clock: Clock, delays: Delays = USUAL_DELAYS) -> None:
        self._model = model
        self._limits = limits
        self._clock = clock
        self._delays = delays
        self._carriers: dict[str, Carrier] = {}
        self._placed: dict[int, int] = {}

    async def place(self, placement: Placement, progress: Progress) -> Ending:
        """Carry one attempt from the INVITE to its end."""
        carrier = self._carriers.setdefault(placement.trunk.name, Carrier(self._limits))
        refusal = carrier.invite(self._clock.monotonic())
        if refusal:
            await asyncio.sleep(0)
            return refused(503, refusal, retry_after=self._limits.retry_after)
        call = placement.call
        # A call that another trunk tries at once finds the same callee in another mood.
        attempt = self._placed[call.call_id] = self._placed.get(call.call_id, 0) + 1
        try:
            act = self._model.act(call.call_id, attempt, placement.number, self._clock.now(), call.zone)
            return await self._carry(act, progress)
        finally:
            carrier.over()

    async def _carry(self, act: Act, progress: Progress) -> Ending:
        delays = self._delays
        if act.reaction in (Reaction.BUSY, Reaction.FAIL, Reaction.UNALLOCATED):
            await asyncio.sleep(delays.to_refuse)
            return refused(*REFUSALS[act.reaction])
        await asyncio.sleep(delays.to_ring)
        await progress.ringing()
        left = max(0.0, delays.ring_timeout - delays.to_ring)
        if act.ring_seconds >= left:
            await asyncio.sleep(left)
            return Ending(outcome=Outcome.NO_ANSWER, sip_status=487, detail="Nobody answered in time.")
        await asyncio.sleep(_to_millisecond(act.ring_seconds))
        if not act.answers:
            return refused(*REFUSALS[act.reaction])
        await progress.answered()
        await asyncio.sleep(_to_millisecond(act.talk_seconds))
        callee_type = MACHINE if act.reaction is Reaction.MACHINE else VOICE
        return Ending(
            outcome=Outcome.ANSWERED, sip_status=200, duration=round(act.talk_seconds), callee_type=callee_type
        )


def refused(status: int, reason: str, *, retry_after: int | None = None) -> Ending:
    """What an attempt amounts to that was refused, judged as in service.

    Args:
        status: of the final answer.
        reason: its phrase.
        retry_after: the seconds in its Retry-After, where it has one.
    """
    headers = Headers([] if retry_after is None else [("Retry-After", str(retry_after))])
    found = verdict.verdict(status, reason, headers)
    return Ending(
        outcome=found.outcome,
        sip_status=status,
        detail=found.detail,
        full=found.outcome is Outcome.CAPACITY,
        retry_after=found.retry_after,
        elsewhere=found.elsewhere,
    )


def _to_millisecond(seconds: float) -> float:
    return round(seconds, 3)
