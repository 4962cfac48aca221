"""The user agent without its socket: which call a message belongs to, and what no call answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random
from typing import Final, Protocol

from mirabelle.calls.clock import Clock
from mirabelle.sip import sdp
from mirabelle.sip.error import SipError
from mirabelle.sip.exchange import Address, Scheduler, ServerTransaction, Wire
from mirabelle.sip.layer import TransactionLayer
from mirabelle.sip.message import Request, Response
from mirabelle.sip.reply import reply
from mirabelle.sip.transaction import Timers
from mirabelle.sip.uri import Uri, bracketed

ALLOW: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY"
"""The methods that we answer."""
METHODS: Final = frozenset(ALLOW.split(", "))
SDP_TYPE: Final = "application/sdp"

_LOG: Final = logging.getLogger(__name__)


class Leg(Protocol):
    """One call, as the core sees it."""

    def on_request(self, transaction: ServerTransaction) -> None:
        """A request inside the call's dialog."""
        ...

    def on_ack(self, request: Request) -> None:
        """The ACK of a 2xx of ours."""
        ...

    def on_stray_response(self, response: Response) -> None:
        """A response whose transaction is over."""
        ...

    def abandon(self, reason: str) -> None:
        """End now: nothing can be sent any more."""
        ...


class Locate(Protocol):
    """Finds the address of a URI's host."""

    def __call__(self, target: Uri, then: Callable[[Address | None, str], None], /) -> None:
        """Call `then` with the address, or with None and the reason; at once where no name has to be looked up."""
        ...


class Core:
    """All calls of one socket.

    Attributes:
        layer: the transactions.
        scheduler: sets timers.
        clock: tells events' times.
        locate: finds addresses.
        on_invite: called with the transaction of each INVITE that begins a call; without it they are answered 480.
        on_late_response: called with each response that belongs to no call; without it they are dropped.
    """

    def __init__(
        self,
        *,
        wire: Wire,
        scheduler: Scheduler,
        clock: Clock,
        locate: Locate,
        local: Callable[[Address], Address],
        user_agent: str,
        rng: Random,
        timers: Timers | None = None,
    ) -> None:
        """Args: local: the address we give a peer at that address, so that it can reach us."""
        self.layer = TransactionLayer(user=self, wire=wire, scheduler=scheduler, timers=timers or Timers(), rng=rng)
        self.scheduler = scheduler
        self.clock = clock
        self.locate = locate
        self.on_invite: Callable[[ServerTransaction], None] | None = None
        self.on_late_response: Callable[[Response], None] | None = None
        self._local = local
        self._user_agent = user_agent
        self._legs: dict[tuple[str, str], Leg] = {}

    @property
    def legs(self) -> int:
        """The calls that are known, those just over included."""
        return len(self._legs)

    def via(self, peer: Address) -> str:
        """Our Via towards a peer, with a fresh branch."""
        host, port = self._local(peer)
        return f"SIP/2.0/UDP {bracketed(host)}:{port};branch={self.layer.branch()};rport"

    def contact(self, peer: Address) -> str:
        """Our Contact towards a peer."""
        host, port = self._local(peer)
        return f"<sip:{bracketed(host)}:{port}>"

    def host(self, peer: Address) -> str:
        """The host part of our own addresses towards a peer."""
        return bracketed(self._local(peer)[0])

    def describe(self, message: Request | Response) -> None:
        """Say what we are and can."""
        message.headers.add("Allow", ALLOW)
        message.headers.add("User-Agent" if isinstance(message, Request) else "Server", self._user_agent)

    def adopt(self, call_id: str, local_tag: str, leg: Leg) -> None:
        """Send what belongs to a call to it from now on."""
        self._legs[call_id, local_tag] = leg

    def retire(self, call_id: str, local_tag: str) -> None:
        """Forget a call that is over, once nothing late can come for it."""
        self.scheduler.call_later(self.layer.timers.give_up, self._legs.pop, (call_id, local_tag), None)

    def close(self) -> None:
        """End every call and every transaction: the socket closes."""
        for leg in list(self._legs.values()):
            leg.abandon("our SIP socket was closed")
        self._legs.clear()
        self.layer.stop()

    def on_request(self, transaction: ServerTransaction) -> None:
        """Answer a new request, or hand it to its call."""
        request = transaction.request
        try:
            self._dispatch(transaction)
        except SipError as error:
            _LOG.info("a %s was refused: %s", request.method, error)
            transaction.respond(reply(request, error.status, to_tag=self.layer.token()))

    def on_ack(self, request: Request) -> None:
        """Hand an ACK to its call. A stray one is dropped: an ACK is never answered."""
        leg = self._legs.get((request.call_id, request.to.tag))
        if leg is not None:
            leg.on_ack(request)

    def on_stray_response(self, response: Response) -> None:
        """Hand a late response to its call, or to whoever takes those of no call."""
        leg = self._legs.get((response.call_id, response.from_.tag))
        if leg is not None:
            leg.on_stray_response(response)
        elif self.on_late_response is not None:
            self.on_late_response(response)

    def _dispatch(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if request.method == "CANCEL":
            self._on_cancel(transaction)
        elif request.method not in METHODS:
            self._refuse(transaction, 405, ("Allow", ALLOW))
        elif request.to.tag:
            leg = self._legs.get((request.call_id, request.to.tag))
            if leg is None:
                self._refuse(transaction, 481)
            else:
                leg.on_request(transaction)
        elif self.layer.merged(request):
            self._refuse(transaction, 482)
        elif not request.target().is_sip:
            self._refuse(transaction, 416)
        elif required := unsupported(request):
            self._refuse(transaction, 420, ("Unsupported", required))
        elif request.method == "INVITE":
            self._on_invite(transaction)
        elif request.method == "OPTIONS":
            response = reply(request, 200, to_tag=self.layer.token())
            response.headers.add("Accept", SDP_TYPE)
            self.describe(response)
            transaction.respond(response)
        else:
            self._refuse(transaction, 481)

    def _on_cancel(self, transaction: ServerTransaction) -> None:
        invite = self.layer.canceled_by(transaction.request)
        if invite is None:
            self._refuse(transaction, 481)
        elif invite.on_cancel is None:
            transaction.respond(reply(transaction.request, 200, to_tag=self.layer.token()))
        else:
            invite.on_cancel(transaction)

    def _on_invite(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        encoding = (request.headers.get("content-encoding") or "identity").strip().lower()
        if request.body and request.content_type not in ("", SDP_TYPE):
            self._refuse(transaction, 415, ("Accept", SDP_TYPE))
        elif request.body and encoding != "identity":
            self._refuse(transaction, 415, ("Accept-Encoding", "identity"))
        elif self.on_invite is None:
            self._refuse(transaction, 480)
        else:
            if request.body:
                sdp.parse(request.body)  # one that cannot be read is refused, and not taken for none
            self.on_invite(transaction)

    def _refuse(self, transaction: ServerTransaction, status: int, *headers: tuple[str, str]) -> None:
        response = reply(transaction.request, status, to_tag=self.layer.token())
        for name, value in headers:
            response.headers.add(name, value)
        transaction.respond(response)


def unsupported(request: Request) -> str:
    """What a request requires and we do not have, as an Unsupported field has it; empty for nothing.

    Source: RFC 3261 section 8.2.2.3. We have no extension that could be required.

    Raises:
        SipError: the field cannot be read.
    """
    return ", ".join(value for value in request.headers.values("require") if value)
