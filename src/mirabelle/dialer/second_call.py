"""The second leg of a call: its INVITE over as many trunks as it takes, its sound beside the first leg's, its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mirabelle.calls import routing
from mirabelle.calls.clock import Clock
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.second_leg import Declined, SecondLeg, TransferKind, Want, new_call_id
from mirabelle.dialer.destination import NO_AUTHORIZATION, NO_RESOURCE, NO_ROUTE, Destination, TransferFailed
from mirabelle.dialer.line_media import connect
from mirabelle.dialer.phone import Leave, LegEnding, Placement, Progress
from mirabelle.errors import MirabelleError
from mirabelle.media import events as media
from mirabelle.media.plane import MediaPlane
from mirabelle.media.ports import MediaError
from mirabelle.media.stream import MediaStream
from mirabelle.sip import sdp
from mirabelle.sip.agent import UserAgent
from mirabelle.sip.digest import Credentials
from mirabelle.sip.error import SipError
from mirabelle.sip.events import Answered, Ended, Failed, MediaChanged, Ringing
from mirabelle.sip.outgoing import InviteTarget, OutgoingCall
from mirabelle.sip.user_to_user import HEADER, user_to_user
from mirabelle.vxml.platform import Transfer

DECLINED: Final = MappingProxyType({Want.LEAVE: NO_AUTHORIZATION, Want.ROUTE: NO_ROUTE, Want.ROOM: NO_RESOURCE})
"""What an application catches where a second leg may not leave."""


@dataclass(frozen=True, slots=True)
class SoundLost:
    """The second leg has no media any more."""


@dataclass(frozen=True, slots=True)
class Vanished:
    """Nothing comes from the far end any more, though it answered and holds nobody."""


SecondEvent = Ringing | Answered | Failed | Ended | MediaChanged | TransferFailed | SoundLost | Vanished
"""What a second leg tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a second leg is made with.

    Attributes:
        agent: our SIP user agent.
        plane: the media processes.
        clock: the time.
        ring_timeout: seconds that a number may ring, whatever the application says.
        rtp_timeout: seconds without a packet after which an answered far end counts as gone; 0: never.
        media_address: where far ends are told to send media; empty for the address that the stream has.
        placement: the attempt that reached the one who is transferred.
        progress: grants second legs, and hears of their ends.
        first: the sound of the first leg.
    """

    agent: UserAgent
    plane: MediaPlane
    clock: Clock
    ring_timeout: float
    rtp_timeout: float
    media_address: str
    placement: Placement
    progress: Progress
    first: MediaStream


class SecondCall:
    """One second leg. It begins at once, and tells what happens to it until it is closed.

    Args:
        means: what it is made with.
        destination: whom to call.
        request: what the application asked for.
        wake: called when there is something to `take`.
    """

    def __init__(self, means: Means, destination: Destination, request: Transfer, wake: Callable[[], None]) -> None:
        self._means = means
        self._destination = destination
        self._request = request
        self._wake = wake
        self._told: deque[SecondEvent] = deque()
        self._stream: MediaStream | None = None
        self._offer = b""
        self._bridged = self._closing = self._undisturbed = False
        self._answered_at: float | None = None
        self._task = asyncio.create_task(self._run(), name=f"second leg of call {means.placement.call.call_id}")
        self._task.add_done_callback(self._done)

    def take(self) -> SecondEvent | None:
        """The next thing that happened, if there is one."""
        return self._told.popleft() if self._told else None

    async def hear(self, description: sdp.SessionDescription | None) -> None:
        """Let the two hear each other: early, from the answer on, or at another place than before.

        Raises:
            SipError: the far end said nothing of its sound that we can use.
            MediaError: a stream is lost.
        """
        assert self._stream is not None
        answered = self._answered_at is not None
        if answered:  # one that holds us, whatever it says of it, need not send
            await self._stream.watch_silence(0)
        sends = await connect(self._stream, self._offer, description)
        if answered and sends:
            await self._stream.watch_silence(self._means.rtp_timeout)
        if not self._bridged:
            await self._means.first.bridge(self._stream)
            self._bridged = True

    def begin_to_close(self) -> None:
        """Tell the far end that it is over, CANCEL or BYE, and stop to tell of it here."""
        if not self._closing:
            self._closing = True
            if not self._undisturbed:
                self._task.cancel()

    async def closed(self) -> None:
        """Wait until nothing of it is left: no call, no room on a trunk, no port. A fault of ours comes out here."""
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()

    # --- its course ---------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        means = self._means
        try:
            self._stream = await means.plane.open(beside=means.first)
        except MediaError as error:
            self._tell(TransferFailed(NO_RESOURCE, str(error)))
            return
        host, port = self._stream.local
        self._offer = sdp.offer(means.media_address or host, port)
        hearing = asyncio.create_task(self._hear_stream(self._stream))
        try:
            await self._try_trunks()
        except MirabelleError as error:
            self._tell(TransferFailed(NO_ROUTE, str(error)))
        finally:
            with self._uninterrupted():
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
                await self._stream.close()

    @contextlib.contextmanager
    def _uninterrupted(self) -> Iterator[None]:
        """While it lasts, who closes waits: what was taken is given back, and what happened is written down."""
        self._undisturbed = True
        try:
            yield
        finally:
            self._undisturbed = False

    async def _hear_stream(self, stream: MediaStream) -> None:
        while not isinstance(event := await stream.next_event(), media.Lost):
            if isinstance(event, media.WentSilent):
                self._tell(Vanished())
            # Its keys reach the other end by themselves.
        self._tell(SoundLost())

    async def _try_trunks(self) -> None:
        until = self._means.clock.monotonic() + self._request.connecttimeout_ms / 1000
        tried: tuple[str, ...] = ()
        before: Failed | None = None
        while True:
            leg = self._leg()
            with self._uninterrupted():
                leave = await self._means.progress.second_leg(leg, tried)
            if isinstance(leave, Declined):
                # What a trunk said of the number is more than that there is no other trunk.
                self._tell(before or TransferFailed(DECLINED[leave.want], leave.reason))
                return
            before = await self._dial(leg, leave, until)
            if before is None or leave.trunk is None or self._closing:
                return
            tried = (*tried, leave.trunk.name)

    def _leg(self) -> SecondLeg:
        attempt = self._means.placement
        return SecondLeg(
            call_id=attempt.call.call_id,
            attempt_id=attempt.attempt_id,
            e164=self._destination.e164,
            sip_call_id=new_call_id(),
            kind=kind_of(self._request),
        )

    async def _dial(self, leg: SecondLeg, leave: Leave, until: float) -> Failed | None:
        """Carry one INVITE to its end, and tell of it; returns it instead where another trunk is to be tried."""
        ending, over = LegEnding(outcome=Outcome.CANCELED), None
        try:
            if not self._closing:
                await asyncio.sleep(max(0.0, (leave.at - self._means.clock.now()).total_seconds()))
                over = await self._carry(await self._invite(leg, leave, until - self._means.clock.monotonic()))
                ending = self._ending(over)
                if isinstance(over, Failed) and over.verdict.elsewhere and leave.trunk is not None:
                    return None if self._closing else over
                self._tell(over)
        except SipError:
            ending = LegEnding(outcome=Outcome.FAILED)
            raise
        finally:
            with self._uninterrupted():
                await self._means.progress.second_leg_ended(leg, leave, ending)
        return None

    async def _carry(self, outgoing: OutgoingCall) -> Failed | Ended:
        """From the INVITE to the end of it, which comes by itself or when it is closed: then it is hung up first."""
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await self._follow(outgoing)
        finally:
            with self._uninterrupted():
                await outgoing.bye()
        return await _last(outgoing)

    def _ending(self, over: Failed | Ended) -> LegEnding:
        if isinstance(over, Failed):
            return LegEnding.of(over)
        seconds = 0 if self._answered_at is None else round(self._means.clock.monotonic() - self._answered_at)
        return LegEnding(outcome=Outcome.ANSWERED, sip_status=200, duration=seconds)

    async def _invite(self, leg: SecondLeg, leave: Leave, patience: float) -> OutgoingCall:
        means, number, trunk = self._means, self._destination.number, leave.trunk
        aai = self._request.aai
        if trunk is None:
            assert self._destination.address is not None
            target, caller_id = InviteTarget(self._destination.address), means.placement.caller_id
        else:
            assert number is not None
            target = InviteTarget.number(number.e164, trunk.host)
            caller_id = number.caller_id or routing.caller_id(trunk, number.e164)
        return await means.agent.invite(
            target,
            self._offer,
            call_id=leg.sip_call_id,
            credentials=Credentials(trunk.username, trunk.password) if trunk and trunk.username else None,
            caller_id=caller_id,
            ring_timeout=max(0.0, min(patience, means.ring_timeout)),
            fields=[(HEADER, user_to_user(aai))] if aai else [],
        )

    async def _follow(self, outgoing: OutgoingCall) -> None:
        """Tell what happens until it is over."""
        while not isinstance(event := await outgoing.next_event(), Failed | Ended):
            if isinstance(event, Answered):
                self._answered_at = self._means.clock.monotonic()
                await self._press()
            if isinstance(event, Answered | Ringing | MediaChanged):
                self._tell(event)

    async def _press(self) -> None:
        """Send the keys that the number asks for; they leave as soon as there is somewhere to send them."""
        keys = "" if self._destination.number is None else self._destination.number.keys
        if keys and self._stream is not None:
            await self._stream.send_digits(keys)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Whoever waits for a second leg that a fault ended must not wait for ever."""
        if not task.cancelled() and task.exception() is not None:
            self._tell(TransferFailed(NO_RESOURCE, "The second leg was ended by a fault of the server."))

    def _tell(self, event: SecondEvent) -> None:
        self._told.append(event)
        self._wake()


def kind_of(request: Transfer) -> TransferKind:
    """The kind of transfer that an application asked for."""
    match request.type:
        case "blind" | "consultation":
            return request.type
        case _:
            return "bridge"


async def _last(outgoing: OutgoingCall) -> Failed | Ended:
    """How a call that is over ended: known already, so nothing is waited for."""
    while not isinstance(event := await outgoing.next_event(), Failed | Ended):
        pass
    return event
