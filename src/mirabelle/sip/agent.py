"""The user agent: places and takes calls on one UDP socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from random import Random, SystemRandom

from mirabelle import __version__
from mirabelle.calls.clock import Clock, SystemClock
from mirabelle.sip.core import Core
from mirabelle.sip.digest import Credentials
from mirabelle.sip.error import SipError
from mirabelle.sip.exchange import Address, ServerTransaction
from mirabelle.sip.incoming import IncomingCall
from mirabelle.sip.late_answer import LateAnswer, LateAnswers
from mirabelle.sip.outgoing import InviteTarget, OutgoingCall, read_target
from mirabelle.sip.transaction import Timers
from mirabelle.sip.transport import Locator, UdpTransport

__all__ = ["Credentials", "IncomingCall", "InviteTarget", "LateAnswer", "OutgoingCall", "UserAgent"]


class UserAgent:
    """A SIP user agent on one UDP socket; it carries hundreds of calls at once without a task of its own for any.

    Attributes:
        on_invite: called with each call that comes in, on the event loop; it must not block. None: they get 480.
        on_late_answer: called with each answer to a call that this agent does not know, as after a crash, and again
            whenever it is repeated, until it is hung up on. None: they are dropped.
    """

    def __init__(
        self,
        *,
        bind: Address,
        clock: Clock | None = None,
        advertised: Address | None = None,
        user_agent: str = f"Mirabelle/{__version__}",
        rng: Random | None = None,
        timers: Timers | None = None,
    ) -> None:
        """Nothing is opened before `start`.

        Args:
            bind: IP address and port of the socket; port 0 takes a free one.
            clock: tells when events happened.
            advertised: the address peers are to use, where it is not the socket's own (behind NAT).
            user_agent: how we call ourselves.
            rng: where tags, branches and nonces come from; the system's by default, as they must not be guessed.
            timers: T1, T2 and T4.
        """
        self.on_invite: Callable[[IncomingCall], None] | None = None
        self.on_late_answer: Callable[[LateAnswer], None] | None = None
        self._bind = bind
        self._clock = clock or SystemClock()
        self._advertised = advertised
        self._user_agent = user_agent
        self._rng = rng or SystemRandom()
        self._timers = timers or Timers()
        self._transport: UdpTransport | None = None
        self._locator: Locator | None = None
        self._core: Core | None = None

    async def start(self) -> None:
        """Open the socket.

        Raises:
            SipError: the address cannot be had, or the agent runs already.
        """
        if self._core is not None:
            raise SipError("The SIP user agent runs already.")
        transport = UdpTransport(self._receive)
        await transport.open(self._bind)
        self._transport = transport
        self._locator = Locator(lambda: transport.family)
        self._core = Core(
            wire=transport,
            scheduler=asyncio.get_running_loop(),
            clock=self._clock,
            locate=self._locator,
            local=self._local,
            user_agent=self._user_agent,
            rng=self._rng,
            timers=self._timers,
        )
        self._core.on_invite = self._take
        self._core.on_late_response = LateAnswers(self._core, self._late).hear

    @property
    def address(self) -> Address:
        """Where the socket is bound."""
        return self._opened().address

    @property
    def discarded(self) -> int:
        """Messages that were refused as malformed."""
        return self._running().layer.discarded

    async def aclose(self) -> None:
        """Close the socket at once. Calls that still stand end by `transport`, and their peers hear nothing."""
        transport, core, locator = self._transport, self._core, self._locator
        self._core = self._locator = None
        if core is not None:
            core.close()
        if locator is not None:
            await locator.aclose()
        if transport is not None:
            transport.close()
            await transport.closed

    async def invite(
        self,
        target: InviteTarget,
        offer: bytes,
        *,
        call_id: str,
        credentials: Credentials | None = None,
        caller_id: str = "",
        ring_timeout: float = 60.0,
        acknowledge_later: bool = False,
        fields: Iterable[tuple[str, str]] = (),
    ) -> OutgoingCall:
        """Place a call. When this returns the INVITE has been handed to the network.

        Args:
            target: whom to call, through which trunk.
            offer: our session description.
            call_id: the Call-ID; never use one twice.
            credentials: for a trunk that asks for them.
            caller_id: the number we call from.
            ring_timeout: seconds from now until the call is given up as `no_answer`.
            acknowledge_later: the answer is acknowledged by `OutgoingCall.acknowledge`, not at once.
            fields: more header fields of the INVITE.

        Raises:
            SipError: the trunk's host cannot be found, or the agent does not run.
        """
        core = self._running()
        assert self._locator is not None
        address = await self._locator.find(read_target(target))
        return OutgoingCall(
            core,
            target,
            address,
            offer,
            call_id=call_id,
            credentials=credentials,
            caller_id=caller_id,
            ring_timeout=ring_timeout,
            acknowledge_later=acknowledge_later,
            fields=fields,
        )

    def _receive(self, data: bytes, address: Address) -> None:
        if self._core is not None:
            self._core.layer.receive(data, address)

    def _take(self, transaction: ServerTransaction) -> None:
        call = IncomingCall(self._running(), transaction)
        if self.on_invite is None:
            call.reject(480)
        else:
            self.on_invite(call)

    def _late(self, answer: LateAnswer) -> None:
        if self.on_late_answer is not None:
            self.on_late_answer(answer)

    def _local(self, peer: Address) -> Address:
        return self._advertised or self._opened().local(peer)

    def _opened(self) -> UdpTransport:
        if self._transport is None:
            raise SipError("The SIP user agent does not run; call start first.")
        return self._transport

    def _running(self) -> Core:
        if self._core is None:
            raise SipError("The SIP user agent does not run; call start first.")
        return self._core
