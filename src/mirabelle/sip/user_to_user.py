"""The User-to-User field: a word from one application to the other (RFC 7433)."""

from __future__ import annotations

from typing import Final

from mirabelle.sip.error import SipError

HEADER: Final = "User-to-User"

MOST_OCTETS: Final = 128
"""What the telephone network carries at most (RFC 7433 section 3)."""


def user_to_user(text: str) -> str:
    """The value of the field: the text's UTF-8 in hexadecimal digits, the encoding that every reader must know.

    Raises:
        SipError: the text is longer than the network carries.
    """
    octets = text.encode("utf-8", "replace")
    if len(octets) > MOST_OCTETS:
        raise SipError(f"{len(octets)} octets are more than the {MOST_OCTETS} that a User-to-User field carries.")
    return f"{octets.hex()};encoding=hex"
