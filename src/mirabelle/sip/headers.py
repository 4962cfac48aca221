"""Header fields: an ordered list whose names match in any case and in their compact form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from types import MappingProxyType
from typing import Any, Final, TypeVar

from mirabelle.sip.error import SipError
from mirabelle.sip.fields import split_values

COMPACT: Final = MappingProxyType(
    {
        "a": "accept-contact",
        "b": "referred-by",
        "c": "content-type",
        "d": "request-disposition",
        "e": "content-encoding",
        "f": "from",
        "i": "call-id",
        "j": "reject-contact",
        "k": "supported",
        "l": "content-length",
        "m": "contact",
        "n": "identity-info",
        "o": "event",
        "r": "refer-to",
        "s": "subject",
        "t": "to",
        "u": "allow-events",
        "v": "via",
        "x": "session-expires",
        "y": "identity",
    }
)
"""The one-letter names (IANA registry of SIP header fields)."""

TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+\Z")
"""A token (RFC 3261 section 25.1)."""

_T = TypeVar("_T")
_KNOWN: Final = MappingProxyType(
    {
        spelling: name
        for name in (
            *(
                "accept",
                "allow",
                "authorization",
                "call-id",
                "contact",
                "content-length",
                "content-type",
                "cseq",
                "date",
            ),
            *("expires", "from", "max-forwards", "min-se", "p-asserted-identity", "proxy-authenticate", "require"),
            *("proxy-authorization", "reason", "record-route", "retry-after", "route", "server", "session-expires"),
            *("subject", "supported", "timestamp", "to", "unsupported", "user-agent", "via", "warning"),
            "www-authenticate",
        )
        for spelling in (
            name,
            name.title(),
            {"call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate"}.get(name, name.upper()),
        )
    }
    | {spelling: name for letter, name in COMPACT.items() for spelling in (letter, letter.upper())}
)
"""The usual spellings: most look-ups end here."""


def field_key(name: str) -> str:
    """The key of a field's name: lower case, written out."""
    known = _KNOWN.get(name)
    return name.lower() if known is None else known


class Headers:
    """Header fields in their order. Names match in any case and in their compact form."""

    __slots__ = ("_fields", "_parsed")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: list[tuple[str, str, str]] = [(field_key(name), name, value) for name, value in fields]
        self._parsed: dict[str, Any] = {}

    @classmethod
    def read(cls, lines: Iterable[str]) -> Headers:
        """Fields from unfolded lines; a line that is none is passed over."""
        headers = cls()
        for line in lines:
            name, colon, value = line.partition(":")
            name = name.rstrip()
            key = _KNOWN.get(name)
            if key is None:
                if not colon or not TOKEN.match(name):
                    continue
                key = name.lower()
            headers._fields.append((key, name, value.strip().replace("\r", " ")))
        return headers

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((name, value) for _, name, value in self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise SipError(f"The message has no {name} field.")
        return value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return [(key, value) for key, _, value in self._fields] == [(key, value) for key, _, value in other._fields]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({[(name, value) for _, name, value in self._fields]!r})"

    def get(self, name: str) -> str | None:
        """The first field of that name as it was written, None where there is none."""
        key = field_key(name)
        for known, _, value in self._fields:
            if known == key:
                return value
        return None

    def keys(self) -> list[str]:
        """The key of each field, in order."""
        return [key for key, _, _ in self._fields]

    def all(self, name: str) -> list[str]:
        """Every field of that name as it was written, in order."""
        key = field_key(name)
        return [value for known, _, value in self._fields if known == key]

    def values(self, name: str) -> list[str]:
        """Every value of that name, in order, with comma-separated values taken apart.

        Raises:
            SipError: a quoted string or a bracket does not end.
        """
        return [value for text in self.all(name) for value in split_values(text)]

    def add(self, name: str, value: str) -> None:
        """Append a field.

        Raises:
            SipError: the value holds a line break, which would forge another field.
        """
        self._fields.append(_field(name, value))
        self._parsed.pop(field_key(name), None)

    def prepend(self, name: str, value: str) -> None:
        """Put a field in front of all others."""
        self._fields.insert(0, _field(name, value))
        self._parsed.pop(field_key(name), None)

    def set(self, name: str, value: str) -> None:
        """Replace every field of that name by one, at the place of the first."""
        key = field_key(name)
        entry = _field(name, value)
        for index, (known, _, _) in enumerate(self._fields):
            if known == key:
                rest = [other for other in self._fields[index + 1 :] if other[0] != key]
                self._fields[index:] = [entry, *rest]
                break
        else:
            self._fields.append(entry)
        self._parsed.pop(key, None)

    def remove(self, name: str) -> None:
        """Drop every field of that name."""
        key = field_key(name)
        self._fields = [entry for entry in self._fields if entry[0] != key]
        self._parsed.pop(key, None)

    def copy(self) -> Headers:
        """The same fields in a list of its own."""
        copied = Headers()
        copied._fields = list(self._fields)
        copied._parsed = dict(self._parsed)
        return copied

    def parsed(self, key: str, read: Callable[[Headers], _T]) -> _T:
        """What `read` makes of the fields called `key` (in lower case, written out), remembered until they change."""
        try:
            found: _T = self._parsed[key]
        except KeyError:
            found = self._parsed[key] = read(self)
        return found


def _field(name: str, value: str) -> tuple[str, str, str]:
    if "\n" in value or "\r" in value:
        raise SipError(f"The value of {name} holds a line break.")
    return field_key(name), name, value
