"""The structures inside the fields that steer a call: Via, addresses, CSeq (RFC 3261 sections 20 and 25)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from mirabelle.sip.error import SipError
from mirabelle.sip.uri import Uri
from mirabelle.sip.uri import parse as parse_uri

MOST_NUMBER: Final = 2**32 - 1
"""The largest number that a field may hold (RFC 3261 section 20.16 and 25.1 leave no room for more)."""

_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_STRING: Final = re.compile(_QUOTED, re.DOTALL)
_PIECE: Final = re.compile(rf'{_QUOTED}|<[^>]*>|[^,"<]+|,', re.DOTALL)
_PARAMETER: Final = re.compile(rf'\s*;\s*([^\s;=,"<>]*)\s*(?:=\s*({_QUOTED}|[^\s;,"]*))?\s*', re.DOTALL)
_VIA: Final = re.compile(
    r"\s*([^\s/;,]+)\s*/\s*([^\s/;,]+)\s*/\s*([^\s/;,]+)\s+(\[[^\]\s]*\]|[^\s:;,\[\]]+)\s*(?::\s*([0-9]{1,5}))?\s*(;.*)?\Z",
    re.DOTALL,
)
_PLAIN_VIA: Final = re.compile(
    r"SIP/2\.0/([A-Z]+) ([A-Za-z0-9.\-]+)(?::([0-9]{1,4}|[1-5][0-9]{4}))?(;.*)?\Z", re.DOTALL
)
_CSEQ: Final = re.compile(r"([0-9]{1,20})\s+(\S+)\Z")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Via:
    """One hop of a Via field (RFC 3261 section 20.42).

    Attributes:
        transport: in upper case.
        host: as written, in lower case.
        port: None where none is written.
        parameters: names in lower case; None for a parameter without a value.
    """

    transport: str
    host: str
    port: int | None = None
    parameters: dict[str, str | None] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        """The branch; empty where there is none."""
        return self.parameters.get("branch") or ""

    @property
    def sent_by(self) -> str:
        """Host and port as one text, for matching transactions."""
        return f"{self.host}:{self.port or 5060}"

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{format_parameters(self.parameters)}"


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A From, To, Contact, Route or Record-Route value (RFC 3261 section 20.10).

    Attributes:
        uri: the address as written, without brackets.
        display: the name in front, unquoted.
        parameters: those of the field, not of the URI; names in lower case.
    """

    uri: str
    display: str = ""
    parameters: dict[str, str | None] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The tag; empty where there is none."""
        return self.parameters.get("tag") or ""

    def address(self) -> Uri:
        """The URI, read.

        Raises:
            SipError: it is none.
        """
        return parse_uri(self.uri)

    def __str__(self) -> str:
        name = f"{quoted(self.display)} " if self.display else ""
        return f"{name}<{self.uri}>{format_parameters(self.parameters)}"


@dataclass(frozen=True, slots=True)
class CSeq:
    """A CSeq field: the number, and the method in its own case."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def quoted(text: str) -> str:
    """A quoted string; a control character becomes a space."""
    safe = "".join(" " if ord(char) < 32 or ord(char) == 127 else char for char in text)
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquoted(text: str) -> str:
    """The text inside a quoted string; a text without quotes as it is."""
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
    return text


def split_values(text: str) -> list[str]:
    """Take comma-separated values apart; commas in quotes and in angle brackets stay.

    Raises:
        SipError: a quoted string or a bracket does not end.
    """
    if "," not in text and '"' not in text and "<" not in text:
        return [text.strip()]
    values: list[str] = []
    current = ""
    position = 0
    while position < len(text):
        match = _PIECE.match(text, position)
        if not match:
            raise SipError(
                f"A quoted string or bracket does not end in '{ascii(text[position : position + 40])[1:-1]}'."
            )
        if match[0] == ",":
            values.append(current.strip())
            current = ""
        else:
            current += match[0]
        position = match.end()
    values.append(current.strip())
    return values


def parse_parameters(text: str) -> dict[str, str | None]:
    """Read `;name=value;name`. Names in lower case; quoted values keep their quotes; empty ones are passed over.

    Raises:
        SipError: something else stands there.
    """
    found: dict[str, str | None] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if not match:
            raise SipError(f"'{ascii(text[position : position + 40])[1:-1]}' is not a parameter.")
        if match[1]:
            found.setdefault(match[1].lower(), match[2])
        position = match.end()
    return found


def format_parameters(parameters: dict[str, str | None]) -> str:
    """Write parameters as `parse_parameters` reads them."""
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in parameters.items())


def parse_via(text: str) -> Via:
    """Read one Via value, white space anywhere the grammar allows it.

    Raises:
        SipError: it names no protocol, no host, or an impossible port.
    """
    plain = _PLAIN_VIA.match(text)
    if plain:  # nearly every one: worth a short way
        port = None if plain[3] is None else int(plain[3])
        return Via(plain[1], plain[2].lower(), port, parse_parameters(plain[4] or ""))
    match = _VIA.match(text)
    if not match:
        raise SipError(f"The Via '{ascii(text[:60])[1:-1]}' names no protocol or no host.")
    port = None if match[5] is None else int(match[5])
    if port is not None and port > 65_535:
        raise SipError(f"The Via port {port} does not exist.")
    return Via(match[3].upper(), match[4].lower(), port, parse_parameters(match[6] or ""))


def parse_name_addr(text: str) -> NameAddr:
    """Read a name-addr or an addr-spec. Without brackets every parameter belongs to the field.

    Raises:
        SipError: an unbalanced quote or bracket, or a bare address that needs brackets.
    """
    if "<" in text:
        return _bracketed(text.strip())
    address, semicolon, rest = text.partition(";")
    address = address.strip()
    if not address or '"' in address or "?" in address or "," in address or " " in address:
        raise SipError(f"The address '{ascii(text[:60])[1:-1]}' is none, or needs angle brackets.")
    return NameAddr(address, "", parse_parameters(semicolon + rest) if semicolon else {})


def _bracketed(text: str) -> NameAddr:
    # By hand, and not by one expression: that would try every split of a long run of spaces.
    name = _STRING.match(text)
    if name:
        display, rest = unquoted(name[0]), text[name.end() :].lstrip()
    else:
        display, bracket, rest = text.partition("<")
        display, rest = display.rstrip(), bracket + rest
    end = rest.find(">")
    address = rest[1:end].strip()
    if not rest.startswith("<") or end < 0 or "<" in address or (not name and '"' in display):
        raise SipError(f"The address '{ascii(text[:60])[1:-1]}' has an unbalanced quote or bracket.")
    if not address:
        raise SipError("An address is empty between its brackets.")
    tail = rest[end + 1 :]
    return NameAddr(address, display, parse_parameters(tail) if tail else {})


def parse_cseq(text: str) -> CSeq:
    """Read a CSeq value.

    Raises:
        SipError: no number below 2**32, or no method.
    """
    match = _CSEQ.match(text.strip())
    if not match or int(match[1]) > MOST_NUMBER:
        raise SipError(f"The CSeq '{ascii(text[:40])[1:-1]}' is not a number below 2**32 and a method.")
    return CSeq(int(match[1]), match[2])


def parse_number(name: str, text: str, most: int = MOST_NUMBER) -> int:
    """Read a field that is one number.

    Raises:
        SipError: it is none, negative, or above `most`.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 20 or int(digits) > most:
        raise SipError(f"The {name} '{ascii(text[:40])[1:-1]}' is not a number from 0 to {most}.")
    return int(digits)
