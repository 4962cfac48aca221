"""Dialogs: what both ends remember of a call (RFC 3261 section 12). Pure: no I/O and no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mirabelle.sip.error import SipError
from mirabelle.sip.fields import NameAddr, parse_name_addr, split_values
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

        Somebody answered, so there is a dialog whatever the response looks like: without a Contact that we can send
        to, the target stays the Request-URI, and a Record-Route that cannot be read is passed over. A careless peer
        can still be acknowledged and hung up on.
        """
        return cls(
            call_id=request.call_id,
            local=request.from_,
            remote=response.to,
            target=_target(response, request.uri),
            routes=tuple(reversed(_readable_routes(response))),
            local_cseq=request.cseq.number,
            remote_cseq=None,
        )

    @classmethod
    def answered(cls, response: Response) -> Dialog:
        """The dialog of a 2xx to an INVITE of ours that is not there any more.

        Without a Contact that we can send to, the target is the address that was called.
        """
        return cls(
            call_id=response.call_id,
            local=response.from_,
            remote=response.to,
            target=_target(response, response.to.uri),
            routes=tuple(reversed(_readable_routes(response))),
            local_cseq=response.cseq.number,
            remote_cseq=None,
        )

    @classmethod
    def called(cls, request: Request, local_tag: str) -> Dialog:
        """The dialog that our response to an INVITE makes (RFC 3261 section 12.1.1).

        Raises:
            SipError: its Contact or a Record-Route is no SIP address.
        """
        contact = request.contact
        local = request.to
        return cls(
            call_id=request.call_id,
            local=NameAddr(local.uri, local.display, {**local.parameters, "tag": local_tag}),
            remote=request.from_,
            target=_request_uri(contact.uri) if contact else request.from_.uri,
            routes=tuple(_route(value) for value in request.headers.values("record-route") if value),
            local_cseq=0,
            remote_cseq=request.cseq.number,
        )

    def next_hop(self) -> Uri:
        """Whose host and port the next request is sent to (RFC 3261 section 8.1.2).

        Raises:
            SipError: the route or the target is no URI.
        """
        return _route_uri(self.routes[0]) if self.routes else parse_uri(self.target)

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
        if routes and _route_uri(routes[0]).parameter("lr") is None:
            # A strict router: it wants to be the Request-URI, and the target goes last (section 12.2.1.1).
            uri = _request_uri(str(_route_uri(routes.pop(0))))
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
        """Take over the Contact of a target refresh: an INVITE, an UPDATE, or a 2xx to one.

        One that we could not send to is passed over: the old target is more likely to be reached.
        """
        self.target = _target(message, self.target)


def _target(message: Request | Response, otherwise: str) -> str:
    """The address of a message's Contact; `otherwise` where there is none that we could send to."""
    try:
        contact = message.contact
        return otherwise if contact is None else _request_uri(contact.uri)
    except SipError:
        return otherwise  # the same as none: a call that stands is worth more than the reason


def _readable_routes(response: Response) -> list[str]:
    found: list[str] = []
    for field in response.headers.all("record-route"):
        try:
            found += [_route(value) for value in split_values(field) if value]
        except SipError:
            continue  # without it we may still come through, with it nothing could be sent
    return found


def _route(value: str) -> str:
    """A Record-Route value as a Route carries it: some forget its brackets.

    Raises:
        SipError: it is no SIP address.
    """
    route = value if "<" in value else f"<{value}>"
    _sip(_route_uri(route))
    return route


def _route_uri(route: str) -> Uri:
    return parse_name_addr(route).address()


def _request_uri(text: str) -> str:
    """An address as a Request-URI has it: without header fields (RFC 3261 section 19.1.1, table 1).

    Raises:
        SipError: it is no SIP address.
    """
    uri = _sip(parse_uri(text))
    return str(replace(uri, headers="")) if uri.headers else text


def _sip(uri: Uri) -> Uri:
    if not uri.is_sip:
        raise SipError(f"Requests of a call cannot be sent to a {uri.scheme} address.")
    return uri


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
