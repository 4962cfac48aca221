"""SIP messages: reading what carriers send, and writing what the RFC wants (RFC 3261 section 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from mirabelle.sip.error import SipError
from mirabelle.sip.fields import CSeq, NameAddr, Via, parse_cseq, parse_name_addr, parse_number, parse_via
from mirabelle.sip.headers import TOKEN, Headers
from mirabelle.sip.uri import Uri, check_uri
from mirabelle.sip.uri import parse as parse_uri

MOST_BYTES: Final = 65_536
"""The largest message that is read."""
MOST_FIELDS: Final = 512
"""The most header fields that are read."""

_FOLD: Final = re.compile(r"\n[ \t]+")
_REQUEST_LINE: Final = re.compile(r"([^ ]+) ([^ ]+) ([A-Za-z]+/[0-9]+\.[0-9]+)\Z")
_STATUS_LINE: Final = re.compile(r"(SIP/[0-9]+\.[0-9]+)[ \t]+([0-9]+)(?:[ \t](.*))?\Z", re.IGNORECASE)
_ONCE: Final = ("call-id", "from", "to", "cseq", "max-forwards")
_CONTENT_LENGTH: Final = "Content-Length"


@dataclass(slots=True)
class _Message:
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.headers["call-id"].strip()

    @property
    def cseq(self) -> CSeq:
        """The CSeq."""
        return self.headers.parsed("cseq", lambda headers: parse_cseq(headers["cseq"]))

    @property
    def from_(self) -> NameAddr:
        """Who sent the request of this transaction."""
        return self.headers.parsed("from", lambda headers: parse_name_addr(headers["from"]))

    @property
    def to(self) -> NameAddr:
        """Whom the request of this transaction is for."""
        return self.headers.parsed("to", lambda headers: parse_name_addr(headers["to"]))

    @property
    def vias(self) -> list[Via]:
        """Every hop, the latest first."""
        return self.headers.parsed("via", lambda headers: [parse_via(value) for value in headers.values("via")])

    @property
    def via(self) -> Via:
        """The latest hop.

        Raises:
            SipError: there is none.
        """
        hops = self.vias
        if not hops:
            raise SipError("The message has no Via field.")
        return hops[0]

    @property
    def contacts(self) -> list[NameAddr]:
        """Every Contact; empty where there is none, or the `*` of a REGISTER."""
        return self.headers.parsed(
            "contact",
            lambda headers: [parse_name_addr(value) for value in headers.values("contact") if value not in ("", "*")],
        )

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact, None where there is none."""
        contacts = self.contacts
        return contacts[0] if contacts else None

    def addresses(self, name: str) -> list[NameAddr]:
        """The values of a field of addresses, such as Route or Record-Route, in order."""
        return [parse_name_addr(value) for value in self.headers.values(name) if value]

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty where there is none."""
        return (self.headers.get("content-type") or "").partition(";")[0].strip().lower()

    def _encode(self, start_line: str) -> bytes:
        lines = [start_line]
        lines.extend(f"{name}: {value}" for name, value in self.headers if name.lower() not in ("content-length", "l"))
        lines.append(f"{_CONTENT_LENGTH}: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


@dataclass(slots=True)
class Request(_Message):
    """A request.

    Attributes:
        method: in its own case: methods tell capitals apart.
        uri: the Request-URI as written.
    """

    method: str = ""
    uri: str = ""

    def target(self) -> Uri:
        """The Request-URI, read.

        Raises:
            SipError: it is none.
        """
        return parse_uri(self.uri)

    def encode(self) -> bytes:
        """The bytes to send; the Content-Length is that of the body, whatever the fields say."""
        return self._encode(f"{self.method} {self.uri} SIP/2.0")


@dataclass(slots=True)
class Response(_Message):
    """A response.

    Attributes:
        status: 100 to 699.
        reason: the phrase for people.
    """

    status: int = 0
    reason: str = ""

    def encode(self) -> bytes:
        """The bytes to send; the Content-Length is that of the body, whatever the fields say."""
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")


class MalformedRequest(SipError):
    """A request that is broken, but whose sender can perhaps be told.

    Attributes:
        request: what could be read of it; each of its parts may still raise.
    """

    def __init__(self, error: SipError, request: Request) -> None:
        super().__init__(str(error), status=error.status)
        self.request = request


def parse(data: bytes) -> Request | Response:
    """Read one message, as a datagram carries it.

    Tolerated: compact names, folded lines, bare LF, any bytes in texts (kept by surrogateescape), white space around
    colons, lines without a colon (dropped), bytes after the body (dropped), a missing Content-Length.

    Args:
        data: the whole datagram.

    Raises:
        MalformedRequest: a request that breaks a rule: a field missing, twice, or unreadable; `status` says how to
            answer it.
        SipError: anything else that is not a message.
    """
    if len(data) > MOST_BYTES:
        raise SipError(f"The message is longer than {MOST_BYTES} bytes.", status=513)
    head, rest = _split(data.lstrip(b"\r\n"))
    message = _read_head(head.decode("utf-8", "surrogateescape"))
    try:
        _check(message)
        message.body = _body(message, rest)
    except SipError as error:
        if isinstance(message, Request):
            raise MalformedRequest(error, message) from error
        raise
    return message


def _split(data: bytes) -> tuple[bytes, bytes]:
    """The head, and what follows the blank line after it."""
    ends = [(at, length) for at, length in ((data.find(b"\n\r\n"), 3), (data.find(b"\n\n"), 2)) if at >= 0]
    if not ends:
        return data, b""
    at, length = min(ends)
    return data[:at].removesuffix(b"\r"), data[at + length :]


def _read_head(head: str) -> Request | Response:
    if "\r" in head:
        head = head.replace("\r\n", "\n")
    if "\n " in head or "\n\t" in head:
        head = _FOLD.sub(" ", head)
    start_line, *lines = head.split("\n")
    if len(lines) > MOST_FIELDS:
        raise SipError(f"The message has more than {MOST_FIELDS} header fields.", status=513)
    headers = Headers.read(lines)
    match = _STATUS_LINE.match(start_line)
    if match:
        if match[1].upper() != "SIP/2.0":
            raise SipError(f"The version of a response is {match[1]}, not SIP/2.0.")
        status = parse_number("status", match[2], 699)
        if status < 100 or len(match[2]) != 3:
            raise SipError(f"The status {match[2]} does not exist.")
        return Response(headers, b"", status, (match[3] or "").replace("\r", " "))
    match = _REQUEST_LINE.match(start_line)
    if not match:
        parts = start_line.split()
        if len(parts) >= 3 and parts[-1].upper().startswith("SIP/") and TOKEN.match(parts[0]):
            broken = Request(headers, b"", parts[0], "")
            raise MalformedRequest(
                SipError("The request line is not 'method URI version' with one space each."), broken
            )
        raise SipError("The first line is neither a request's nor a response's.")
    request = Request(headers, b"", match[1], match[2])
    if not TOKEN.match(request.method):
        raise SipError("The method holds a character that no method may hold.")
    if match[3].upper() != "SIP/2.0":
        raise MalformedRequest(SipError(f"The version is {match[3][:20]}, not SIP/2.0.", status=505), request)
    return request


def _check(message: Request | Response) -> None:
    headers = message.headers
    keys = headers.keys()
    for name in _ONCE:
        found = keys.count(name)
        if found > 1:
            raise SipError(f"The message has {found} {name} fields.")
        if not found and name != "max-forwards":
            raise SipError(f"The message has no {name} field.")
    if not message.call_id:
        raise SipError("The Call-ID is empty.")
    check_uri(message.from_.uri)
    check_uri(message.to.uri)
    via, cseq = message.via, message.cseq
    if isinstance(message, Request):
        check_uri(message.uri)
        if cseq.method != message.method:
            raise SipError(f"The CSeq is that of a {cseq.method[:20]}, the request is a {message.method[:20]}.")
        if "?" in message.uri and message.target().headers:
            raise SipError("The Request-URI carries header fields.")
        if via.transport == "" or any(not contact.uri for contact in message.contacts):
            raise SipError("The Via or the Contact is empty.")
        hops = headers.get("max-forwards")
        if hops is not None:
            parse_number("Max-Forwards", hops, 255)


def _body(message: Request | Response, rest: bytes) -> bytes:
    lengths = {value.strip() for value in message.headers.all(_CONTENT_LENGTH)}
    if not lengths:
        return rest
    if len(lengths) > 1:
        raise SipError("The message has several Content-Length fields that differ.")
    length = parse_number(_CONTENT_LENGTH, lengths.pop())
    if length > len(rest):
        raise SipError(f"The Content-Length is {length}, but only {len(rest)} bytes follow.")
    return rest[:length]
