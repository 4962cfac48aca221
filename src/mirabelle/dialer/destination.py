"""Where a `<transfer>` leads: its `dest` understood, and held to what is allowed. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mirabelle.calls import number, transfer_rule
from mirabelle.calls.number import NumberError, PhoneNumber
from mirabelle.calls.transfer_rule import TransferRule
from mirabelle.errors import MirabelleError
from mirabelle.sip import uri
from mirabelle.sip.error import SipError
from mirabelle.sip.uri import Uri

BAD_DESTINATION: Final = "error.connection.baddestination"
NO_AUTHORIZATION: Final = "error.connection.noauthorization"
NO_RESOURCE: Final = "error.connection.noresource"
NO_ROUTE: Final = "error.connection.noroute"
UNSUPPORTED_URI: Final = "error.unsupported.uri"

_DIGITS: Final = re.compile(r"\+?[0-9*#][0-9*#().-]{2,}")


class TransferFailed(MirabelleError):
    """A transfer came to nothing before anybody could be asked.

    Attributes:
        event: what the application catches (VoiceXML 2.0, 2.3.7.3).
    """

    def __init__(self, event: str, message: str) -> None:
        super().__init__(message)
        self.event = event


@dataclass(frozen=True, slots=True)
class Destination:
    """Whom to call: one of the two.

    Attributes:
        number: a number of the telephone network.
        address: a SIP address.
    """

    number: PhoneNumber | None = None
    address: Uri | None = None

    @property
    def e164(self) -> str:
        """The number; empty for an address."""
        return "" if self.number is None else self.number.e164


def destination(dest: str, rule: TransferRule, *, callee: str, country: str = "") -> Destination:
    """Understand what an application asks for.

    Args:
        dest: `tel:+16175550188;postd=12`, a bare number, `sip:agent@pbx.example.com`.
        rule: what is allowed.
        callee: the number of the one who is transferred.
        country: whose national numbers are understood, two capital letters; empty for none.

    Raises:
        TransferFailed: it is no address that can be called, or none that is allowed.
    """
    scheme, colon, rest = dest.partition(":")
    scheme = scheme.lower() if colon else "tel"
    if scheme == "sip":
        return _address(dest, rule)
    if scheme not in ("tel", "phone"):
        raise TransferFailed(UNSUPPORTED_URI, f"The URI {dest[:100]} is not a supported URI format")
    try:
        # A caller id that is none is passed over, as the dialer does it.
        called = number.parse(rest if colon else dest, country=country or None, bad_ani="default")
    except NumberError as error:
        raise TransferFailed(BAD_DESTINATION, _discreet(error)) from error
    verdict = transfer_rule.of_number(rule, called.e164, callee=callee, country=country)
    if not verdict.open:
        raise TransferFailed(NO_AUTHORIZATION, verdict.reason)
    return Destination(number=called)


def _address(dest: str, rule: TransferRule) -> Destination:
    try:
        address = uri.parse(dest)
    except SipError as error:
        raise TransferFailed(BAD_DESTINATION, _discreet(error)) from error
    if address.headers or address.password is not None:
        raise TransferFailed(
            BAD_DESTINATION, "A SIP address to transfer to holds neither header fields nor a password."
        )
    verdict = transfer_rule.of_host(rule, address.host, address.port)
    if not verdict.open:
        raise TransferFailed(NO_AUTHORIZATION, verdict.reason)
    return Destination(address=address)


def _discreet(error: MirabelleError) -> str:
    """What is wrong, without the digits of whoever was to be called: the message is logged."""
    return _DIGITS.sub("(digits)", str(error))
