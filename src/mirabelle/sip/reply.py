"""Responses to requests, and the requests that answer responses (RFC 3261 sections 8.2.6, 9.1 and 17.1.1.3)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from mirabelle.sip.fields import NameAddr, Via
from mirabelle.sip.headers import Headers
from mirabelle.sip.message import Request, Response

PHRASES: Final = MappingProxyType(
    {
        100: "Trying",
        180: "Ringing",
        183: "Session Progress",
        200: "OK",
        400: "Bad Request",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        415: "Unsupported Media Type",
        416: "Unsupported URI Scheme",
        420: "Bad Extension",
        480: "Temporarily Unavailable",
        481: "Call/Transaction Does Not Exist",
        482: "Loop Detected",
        486: "Busy Here",
        487: "Request Terminated",
        488: "Not Acceptable Here",
        489: "Bad Event",
        491: "Request Pending",
        500: "Server Internal Error",
        503: "Service Unavailable",
        505: "Version Not Supported",
        513: "Message Too Large",
        600: "Busy Everywhere",
        603: "Decline",
    }
)
"""The phrases of the statuses that we send."""


def reply(request: Request, status: int, *, to_tag: str = "", reason: str = "") -> Response:
    """The response to a request, without a body.

    What cannot be read of a broken request is copied as it came.

    Args:
        request: what is answered.
        status: 100 to 699.
        to_tag: put on the To field where it has none.
        reason: the phrase; that of RFC 3261 where empty.
    """
    source = request.headers
    fields = [("Via", value) for value in source.all("via")]
    for name in ("From", "To", "Call-ID", "CSeq"):
        fields.extend((name, value) for value in source.all(name)[:1])
    response = Response(Headers(fields), b"", status, reason or PHRASES.get(status, "Status"))
    to = source.get("to")
    if to_tag and to is not None and not _has_tag(request):
        response.headers.set("To", f"{_bracketed(request)};tag={to_tag}")
    return response


def _has_tag(request: Request) -> bool:
    return ";tag" in request.headers["to"].replace(" ", "").lower() and bool(request.to.tag)


def _bracketed(request: Request) -> str:
    value = request.headers["to"]
    # Without brackets a parameter of the URI and one of the field look alike; the field's own tag is safe either way.
    return value if "<" in value or ";" not in value else str(request.to)


def failure_ack(invite: Request, response: Response) -> Request:
    """The ACK of a 300-699, part of the INVITE's own transaction (RFC 3261 section 17.1.1.3)."""
    headers = Headers([("Via", str(invite.via)), ("Max-Forwards", "70")])
    for route in invite.headers.all("route"):
        headers.add("Route", route)
    headers.add("From", invite.headers["from"])
    headers.add("To", response.headers["to"])
    headers.add("Call-ID", invite.call_id)
    headers.add("CSeq", f"{invite.cseq.number} ACK")
    return Request(headers, b"", "ACK", invite.uri)


def cancel(invite: Request) -> Request:
    """The CANCEL of an INVITE: same branch, same fields (RFC 3261 section 9.1)."""
    headers = Headers([("Via", str(invite.via)), ("Max-Forwards", "70")])
    for route in invite.headers.all("route"):
        headers.add("Route", route)
    for name in ("From", "To", "Call-ID"):
        headers.add(name, invite.headers[name])
    headers.add("CSeq", f"{invite.cseq.number} CANCEL")
    return Request(headers, b"", "CANCEL", invite.uri)


def received(request: Request, address: tuple[str, int]) -> None:
    """Note in the top Via where a request really came from (RFC 3261 section 18.2.1, RFC 3581 section 4)."""
    via = request.via
    parameters = dict(via.parameters)
    host, port = address
    wants_port = "rport" in parameters
    if wants_port:
        parameters["rport"] = str(port)
    if wants_port or via.host.strip("[]") != host:
        parameters["received"] = host
    if parameters == via.parameters:
        return
    rest = request.headers.values("via")[1:]
    request.headers.set("Via", ", ".join([str(Via(via.transport, via.host, via.port, parameters)), *rest]))


def return_address(request: Request, address: tuple[str, int]) -> tuple[str, int]:
    """Where the response goes: to the sender, at the port it asked for (RFC 3261 section 18.2.2, RFC 3581)."""
    via = request.via
    if "rport" in via.parameters:
        return address
    return address[0], via.port or 5060


def tagged(address: NameAddr, tag: str) -> NameAddr:
    """The address with another tag."""
    return NameAddr(address.uri, address.display, {**address.parameters, "tag": tag})
