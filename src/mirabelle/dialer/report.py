"""The progress of one attempt, in the ledger before anything else happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from mirabelle.calls import routing
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.clock import Clock
from mirabelle.calls.second_leg import Declined, SecondLeg, Want
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.phone import Leave, LegEnding
from mirabelle.dialer.story import Story
from mirabelle.store.dialing_ledger import DialingLedger
from mirabelle.store.ledger import LeaseLost, StoreError

T = TypeVar("T")


class Persist(Protocol):
    """Does one step with the ledger, again and again while the ledger does not answer."""

    async def __call__(self, step: Callable[[], Awaitable[T]], /) -> T:
        """Do it.

        Raises:
            LeaseLost: the call is another dialer's now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all reports of a dialer share.

    Attributes:
        ledger: where progress is written.
        clock: the time.
        story: hears what happens.
        owner: names the dialer's leases.
        trunks: the ways out, by name.
        persist: waits for a ledger that does not answer.
        channel_is_free: called when another call may leave.
    """

    ledger: DialingLedger
    clock: Clock
    story: Story
    owner: str
    trunks: Mapping[str, Trunk]
    persist: Persist
    channel_is_free: Callable[[], None]


class Report:
    """A `mirabelle.dialer.phone.Progress` that is written down.

    Attributes:
        call_id: of the call.
        attempt_id: of the attempt.
        answered_at: when somebody answered; None before.
    """

    def __init__(self, desk: Desk, attempt: Attempt) -> None:
        """Args: attempt: whose progress it is."""
        self._desk = desk
        self._attempt = attempt
        self.call_id = attempt.call_id
        self.attempt_id = attempt.attempt_id
        self.answered_at: datetime | None = None

    async def ringing(self) -> None:
        """See `Progress.ringing`."""
        desk = self._desk
        desk.story("ringing", self.call_id)
        try:
            await desk.ledger.attempt_ringing(self.attempt_id, desk.clock.now())
        except LeaseLost:
            raise
        except StoreError as error:  # nothing depends on it, and whoever is being rung may yet answer
            desk.story("store failed", self.call_id, reason=str(error))

    async def answered(self) -> None:
        """See `Progress.answered`.

        Raises:
            LeaseLost: another dialer has decided about the attempt.
        """
        desk = self._desk
        answered_at = self.answered_at = desk.clock.now()
        try:
            await desk.ledger.attempt_answered(self.attempt_id, answered_at)
        except LeaseLost:  # we were too slow, and another has decided that nobody knows what came of it
            await desk.persist(lambda: desk.ledger.answered_late(self._attempt.sip_call_id, answered_at))
            raise
        desk.story("answered", self.call_id)

    async def second_leg(self, leg: SecondLeg, tried: tuple[str, ...]) -> Leave | Declined:
        """See `Progress.second_leg`."""
        desk = self._desk
        offered: tuple[Trunk, ...] = ()
        if leg.e164 and leg.kind != "blind":
            offered = routing.candidates(leg.e164, tuple(desk.trunks.values()), tried)
            if not offered:
                if not tried:
                    await self.second_leg_refused(leg, routing.NO_TRUNK)
                return Declined(Want.ROUTE, routing.NO_TRUNK)
        try:
            granted = await desk.ledger.begin_transfer(leg, offered, desk.clock.now(), desk.owner)
        except StoreError as error:  # somebody is on the line: it is for the application to say sorry
            desk.story("store failed", leg.call_id, reason=str(error))
            return Declined(Want.ROOM, str(error))
        if isinstance(granted, Declined):
            desk.story("second leg refused", leg.call_id, reason=granted.reason)
            return granted
        desk.story("second leg", leg.call_id, type=leg.kind, trunk=granted.trunk)
        return Leave(desk.trunks.get(granted.trunk), granted.at)

    async def second_leg_ended(self, leg: SecondLeg, leave: Leave, ending: LegEnding) -> None:
        """See `Progress.second_leg_ended`."""
        desk, now = self._desk, self._desk.clock.now()
        desk.story(
            "second leg ended",
            leg.call_id,
            outcome="" if ending.outcome is None else str(ending.outcome),
            sip_status=ending.sip_status,
            duration=ending.duration,
        )
        await desk.persist(
            lambda: desk.ledger.end_transfer(
                leg,
                "" if leave.trunk is None else leave.trunk.name,
                outcome=ending.outcome,
                now=now,
                owner=desk.owner,
                sip_status=ending.sip_status,
                duration=ending.duration,
                full=ending.full,
                retry_after=ending.retry_after,
            )
        )
        desk.channel_is_free()

    async def second_leg_refused(self, leg: SecondLeg, reason: str) -> None:
        """See `Progress.second_leg_refused`."""
        desk, now = self._desk, self._desk.clock.now()
        desk.story("second leg refused", leg.call_id, reason=reason)
        await desk.persist(lambda: desk.ledger.refuse_transfer(leg, reason, now, desk.owner))
