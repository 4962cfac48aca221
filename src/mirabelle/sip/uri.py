"""URIs as SIP writes them: RFC 3261 section 19.1, and any other scheme as an opaque text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from mirabelle.sip.error import SipError

MOST_CHARACTERS: Final = 16_384
"""The longest URI that is read."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)\Z", re.DOTALL)
_PLAIN: Final = re.compile(r"(sips?):(?:([A-Za-z0-9+_.\-]+)@)?([a-z0-9.\-]+)(?::([0-9]{1,4}))?\Z")
_HOSTPORT: Final = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9_.\-]+)(?::([0-9]{1,5}))?\Z")
_FORBIDDEN: Final = re.compile(r'[\x00-\x20<>"\x7f]')
_USER_SAFE: Final = "-_.!~*'()&=+$,;?/"


@dataclass(frozen=True, slots=True)
class Uri:
    """A URI.

    Attributes:
        scheme: in lower case.
        user: as written, escapes kept; empty where there is none.
        password: as written; None where there is none.
        host: in lower case, IPv6 in its brackets; empty for schemes other than sip and sips.
        port: None where none is written.
        parameters: name and value, None for a parameter without one; escapes kept.
        headers: what follows the question mark.
        opaque: what follows the colon, for schemes other than sip and sips.
    """

    scheme: str
    host: str = ""
    user: str = ""
    port: int | None = None
    password: str | None = None
    parameters: tuple[tuple[str, str | None], ...] = ()
    headers: str = ""
    opaque: str = ""

    @property
    def is_sip(self) -> bool:
        """Whether this is a sip or sips URI."""
        return self.scheme in ("sip", "sips")

    @property
    def unescaped_user(self) -> str:
        """The user part with its escapes resolved."""
        return unquote(self.user)

    def parameter(self, name: str) -> str | None:
        """The value of a parameter: empty where it has none, None where it is not there. Case does not matter."""
        wanted = name.lower()
        for key, value in self.parameters:
            if unquote(key).lower() == wanted:
                return "" if value is None else unquote(value)
        return None

    def __str__(self) -> str:
        if not self.is_sip:
            return f"{self.scheme}:{self.opaque}"
        secret = "" if self.password is None else f":{self.password}"
        user = f"{self.user}{secret}@" if self.user or secret else ""
        port = "" if self.port is None else f":{self.port}"
        rest = "".join(f";{key}" if value is None else f";{key}={value}" for key, value in self.parameters)
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{self.host}{port}{rest}{headers}"


def sip_uri(user: str, host: str, port: int | None = None) -> Uri:
    """A sip URI; what the user part may not hold is escaped.

    Args:
        user: as people write it; empty for none.
        host: a name or an address; a bare IPv6 address gets its brackets.
        port: None for the default.
    """
    return Uri("sip", host=bracketed(host).lower(), user=quote(user, safe=_USER_SAFE), port=port)


def bracketed(host: str) -> str:
    """A host as a URI writes it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def hostport(text: str) -> tuple[str, int | None]:
    """Split `host:port`; the host keeps an IPv6 address's brackets.

    Raises:
        SipError: no host, or a port that cannot be.
    """
    match = _HOSTPORT.match(text)
    if not match:
        raise SipError(f"'{_shown(text)}' is not a host.")
    port = None if match[2] is None else int(match[2])
    if port is not None and port > 65_535:
        raise SipError(f"The port {port} does not exist.")
    return match[1].lower(), port


def parse(text: str) -> Uri:
    """Read a URI of any scheme.

    Raises:
        SipError: it has no scheme, holds characters no URI holds, or its host is none.
    """
    if len(text) > MOST_CHARACTERS:
        raise SipError(f"A URI is longer than {MOST_CHARACTERS} characters.")
    plain = _PLAIN.match(text)
    if plain:  # nearly every one: worth a short way
        return Uri(plain[1], plain[3], plain[2] or "", int(plain[4]) if plain[4] else None)
    if _FORBIDDEN.search(text):
        raise SipError(f"The URI '{_shown(text)}' holds a space, a bracket, a quote or a control character.")
    match = _SCHEME.match(text)
    if not match:
        raise SipError(f"The URI '{_shown(text)}' has no scheme.")
    scheme, rest = match[1].lower(), match[2]
    if scheme not in ("sip", "sips"):
        if not rest:
            raise SipError(f"The URI '{_shown(text)}' is empty after its scheme.")
        return Uri(scheme, opaque=rest)
    # "@" cannot stand unescaped in parameters or headers, while ";" and "?" can in the user part.
    userinfo, at, address = rest.rpartition("@")
    user, colon, password = userinfo.partition(":")
    if at and not user:
        raise SipError(f"The URI '{_shown(text)}' has an empty user.")
    address, _, headers = address.partition("?")
    place, _, parameters = address.partition(";")
    host, port = hostport(place)
    return Uri(scheme, host, user, port, password if colon else None, _parameters(parameters), headers)


def check_uri(text: str) -> None:
    """Refuse what `parse` would refuse, without reading the usual ones.

    Raises:
        SipError: as of `parse`.
    """
    if not _PLAIN.match(text):
        parse(text)


def _parameters(text: str) -> tuple[tuple[str, str | None], ...]:
    if not text:
        return ()
    found: list[tuple[str, str | None]] = []
    for part in text.split(";"):
        key, equals, value = part.partition("=")
        if key:
            found.append((key, value if equals else None))
    return tuple(found)


def _shown(text: str) -> str:
    return ascii(text[:60])[1:-1]
