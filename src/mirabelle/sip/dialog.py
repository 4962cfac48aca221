"""Dialogs: what both ends remember of a call (RFC 3261 section 12). Pure: no I/O and no clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mirabelle.sip.error import SipError
from mirabelle.sip.fields import NameAddr
from mirabelle.sip.headers import Headers
from mirabelle.sip.message import Request, Response
from mirabelle.sip.transaction import Timers
from mirabelle.sip.uri import Uri
from mirabelle.sip.uri import parse as parse_uri

MAX_FORWARDS: Final = "70"


class Dialog:
    """One end's view of a dialog.

    Attributes:
        call_id: the Call-ID.
        local: our address with our tag.
        remote: the peer's address with its tag, empty for a peer of RFC 2543.
        target: where requests go: the peer's latest Contact.
        routes: the Route values that each request carries, as written.
        local_cseq: the number of our latest request.
        remote_cseq: that of the peer's latest, None before its first.
    """

    __slots__ = ("call_id", "local", "local_cseq", "remote", "remote_cseq", "routes", "target")

    def __init__(
        self,
        *,
        call_id: str,
        local: NameAddr,
        remote: NameAddr,
        target: str,
        routes: tuple[str, ...],
        local_cseq: int,
        remote_cseq: int | None,
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.target = target
        self.routes = routes
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq

    @classmethod
    def calling(cls, request: Request, response: Response) -> Dialog:
        """The dialog that a response to our INVITE makes (RFC 3261 section 12.1.2).

        Where the response has no Contact the target stays the Request-URI: a careless peer can still be hung up on.

        Raises:
            SipError: the response's addresses cannot be read.
        """
        contact = response.contact
        return cls(
            call_id=request.call_id,
            local=request.from_,
            remote=response.to,
            target=contact.uri if contact else request.uri,
            routes=tuple(reversed([value for value in response.headers.values("record-route") if value])),
            local_cseq=request.cseq.number,
            remote_cseq=None,
        )

    @classmethod
    def answered(cls, response: Response) -> Dialog:
        """The dialog of a 2xx to an INVITE of ours that is not there any more.

        Raises:
            SipError: the response's addresses cannot be read.
        """
        contact = response.contact
        return cls(
            call_id=response.call_id,
            local=response.from_,
            remote=response.to,
            target=contact.uri if contact else response.to.uri,
            routes=tuple(reversed([value for value in response.headers.values("record-route") if value])),
            local_cseq=response.cseq.number,
            remote_cseq=None,
        )

    @classmethod
    def called(cls, request: Request, local_tag: str) -> Dialog:
        """The dialog that our response to an INVITE makes (RFC 3261 section 12.1.1).

        Raises:
            SipError: the request's addresses cannot be read.
        """
        contact = request.contact
        local = request.to
        return cls(
            call_id=request.call_id,
            local=NameAddr(local.uri, local.display, {**local.parameters, "tag": local_tag}),
            remote=request.from_,
            target=contact.uri if contact else request.from_.uri,
            routes=tuple(value for value in request.headers.values("record-route") if value),
            local_cseq=0,
            remote_cseq=request.cseq.number,
        )

    def next_hop(self) -> Uri:
        """Whose host and port the next request is sent to (RFC 3261 section 8.1.2).

        Raises:
            SipError: the route or the target is no URI.
        """
        return self._route_uri(self.routes[0]) if self.routes else parse_uri(self.target)

    def request(self, method: str, *, via: str, cseq: int | None = None) -> Request:
        """A request inside the dialog (RFC 3261 section 12.2.1.1).

        Args:
            method: BYE, ACK, INVITE and so on.
            via: our Via with a fresh branch.
            cseq: for an ACK, the number of its INVITE; else the next number is taken.
        """
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        uri, routes = self.target, list(self.routes)
        if routes and self._route_uri(routes[0]).parameter("lr") is None:
            # A strict router: it wants to be the Request-URI, and the target goes last (section 12.2.1.1).
            uri = str(self._route_uri(routes.pop(0)))
            routes.append(f"<{self.target}>")
        headers = Headers([("Via", via), ("Max-Forwards", MAX_FORWARDS)])
        for route in routes:
            headers.add("Route", route)
        headers.add("From", str(self.local))
        headers.add("To", str(self.remote))
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{cseq} {method}")
        return Request(headers, b"", method, uri)

    def admits(self, request: Request) -> bool:
        """Whether a request of the peer's is in order (RFC 3261 section 12.2.2); its number is remembered if so."""
        number = request.cseq.number
        if self.remote_cseq is not None and number < self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def refresh(self, message: Request | Response) -> None:
        """Take over the Contact of a target refresh: an INVITE, an UPDATE, or a 2xx to one."""
        contact = message.contact
        if contact is not None:
            self.target = contact.uri

    @staticmethod
    def _route_uri(route: str) -> Uri:
        start, end = route.find("<"), route.rfind(">")
        if start < 0 or end < start:
            raise SipError("A Route has no address in angle brackets.")
        return parse_uri(route[start + 1 : end].strip())


def repetitions(timers: Timers) -> Iterator[float]:
    """The waits in seconds between the repetitions of a 2xx until its ACK comes (RFC 3261 section 13.3.1.4).

    The last wait ends at 64 * T1 after the first transmission; whoever still has no ACK then gives up.
    """
    wait, passed = timers.t1, 0.0
    while passed < timers.give_up:
        wait = min(wait, timers.give_up - passed)
        yield wait
        passed += wait
        wait = min(2 * wait, timers.t2)
