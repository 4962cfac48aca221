"""The switchboard of one call: what its application may connect the callee to, and the legs that this makes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from mirabelle.calls.outcome import Outcome
from mirabelle.calls.second_leg import Declined, SecondLeg
from mirabelle.dialer.destination import (
    BAD_DESTINATION,
    NO_AUTHORIZATION,
    NO_ROUTE,
    Destination,
    TransferFailed,
    destination,
)
from mirabelle.dialer.phone import Leave, LegEnding
from mirabelle.dialer.second_call import DECLINED, Means, SecondCall, kind_of
from mirabelle.sip.error import SipError
from mirabelle.sip.outgoing import InviteTarget, OutgoingCall
from mirabelle.sip.referral import refer_to
from mirabelle.sip.uri import Uri
from mirabelle.sip.user_to_user import user_to_user
from mirabelle.vxml.platform import Transfer


class Referred(Protocol):
    """A REFER under way."""

    async def ended(self, outcome: Outcome | None, sip_status: int = 0) -> None:
        """Write down what came of it; None where nobody knows."""
        ...


class Switchboard:
    """Connects the callee of one call elsewhere.

    Args:
        means: what second legs are made with.
        first: the first leg.
    """

    def __init__(self, means: Means, first: OutgoingCall) -> None:
        self._means = means
        self._first = first
        self._calls: list[SecondCall] = []

    async def dial(self, request: Transfer, wake: Callable[[], None]) -> SecondCall:
        """Begin a second leg.

        Args:
            request: what the application asked for.
            wake: called when the leg has something to tell.

        Raises:
            TransferFailed: it may not be dialled.
        """
        await self._closed()
        destined = await self._destination(request)
        call = SecondCall(self._means, destined, request, wake)
        self._calls.append(call)
        return call

    async def refer(self, request: Transfer) -> Referred:
        """Ask the callee's end to call somebody else.

        Raises:
            TransferFailed: it may not be asked, or cannot.
        """
        destined = await self._destination(request)
        leg = self._leg(request, destined.e164)
        progress = self._means.progress
        leave = await progress.second_leg(leg, ())
        if isinstance(leave, Declined):
            raise TransferFailed(DECLINED[leave.want], leave.reason)
        referral = _Referral(self._means, leg, leave)
        try:
            self._first.refer(refer_to(self._target(destined), request.aai))
        except SipError as error:
            await referral.ended(Outcome.FAILED)
            raise TransferFailed(NO_ROUTE, str(error)) from error
        return referral

    def begin_to_close(self) -> None:
        """Tell the far ends of all second legs that it is over."""
        for call in self._calls:
            call.begin_to_close()

    async def aclose(self) -> None:
        """End all second legs; returns when nothing of them is left."""
        self.begin_to_close()
        await self._closed()

    async def _closed(self) -> None:
        await asyncio.gather(*(call.closed() for call in self._calls))
        self._calls.clear()

    async def _destination(self, request: Transfer) -> Destination:
        placement = self._means.placement
        try:
            if request.aai:
                user_to_user(request.aai)
            return destination(
                request.dest, placement.transfer_rule, callee=placement.number.e164, country=placement.country
            )
        except SipError as error:
            raise TransferFailed(BAD_DESTINATION, f"aai: {error}") from error
        except TransferFailed as error:
            # What is wrong with an address is told with the address, which the audit must not hold.
            reason = str(error) if error.event == NO_AUTHORIZATION else error.event
            await self._means.progress.second_leg_refused(self._leg(request, ""), reason)
            raise

    def _leg(self, request: Transfer, e164: str) -> SecondLeg:
        placement = self._means.placement
        return SecondLeg(
            call_id=placement.call.call_id,
            attempt_id=placement.attempt_id,
            e164=e164,
            sip_call_id="",
            kind=kind_of(request),
        )

    def _target(self, destined: Destination) -> Uri:
        """Whom the peer is to call: a number is called through the trunk that the first leg took."""
        if destined.address is not None:
            return destined.address
        return InviteTarget.number(destined.e164, self._means.placement.trunk.host).uri


class _Referral:
    def __init__(self, means: Means, leg: SecondLeg, leave: Leave) -> None:
        self._means = means
        self._leg = leg
        self._leave = leave

    async def ended(self, outcome: Outcome | None, sip_status: int = 0) -> None:
        ending = LegEnding(outcome=outcome, sip_status=sip_status)
        await self._means.progress.second_leg_ended(self._leg, self._leave, ending)
