"""Whom an application may transfer a callee to. Pure; what numbers cost and where they are is known to `phonenumbers`.

An application is written by somebody, fetched from somewhere, and fed with what callees key in. Whoever can make it
dial a number of their choosing can make its operator pay for it. So numbers are allowed by rule, and those that cost
more than a call to their country only where somebody says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from mirabelle.calls.gate import Verdict

COUNTRY: Final = "country"
"""Numbers of the country that the callee's number is in, and its freephone numbers."""
ANY: Final = "any"
"""Numbers of every country."""
COSTLY: Final = "costly"
"""Premium-rate and shared-cost numbers and those of satellites, where another entry allows their country."""
NONE: Final = "none"
"""No number."""

MOST_ENTRIES: Final = 100
"""Entries of one rule."""

_WORDS: Final = (COUNTRY, ANY, COSTLY, NONE)
_NUMBER: Final = re.compile(r"\+[0-9]{1,15}")
_HOST: Final = re.compile(r"(?:\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9.-]{0,253})(?::[0-9]{1,5})?")
_NOWHERE: Final = "001"
"""The region of numbers that are in no country."""
_DEAR: Final = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


@dataclass(frozen=True, slots=True)
class TransferRule:
    """What is allowed.

    Attributes:
        to: entries, each of which allows some numbers: `country`, `any`, a prefix such as `+1617`, or a whole number,
            which is allowed whatever it costs; `costly` adds to what the others allow.
        sip_hosts: hosts of SIP addresses, in lower case, with a port where that matters.
    """

    to: tuple[str, ...] = (COUNTRY,)
    sip_hosts: tuple[str, ...] = ()


USUAL: Final = TransferRule()
"""Where nobody says anything."""


def check_entry(text: str) -> str:
    """Refuse what is no entry of `to`.

    Raises:
        ValueError: it is neither a word that is known, nor `+` and digits.
    """
    if text not in _WORDS and not _NUMBER.fullmatch(text):
        raise ValueError(f"write {', '.join(_WORDS)}, or + and digits, such as +1617 or a whole number")
    return text


def check_host(text: str) -> str:
    """A host of SIP addresses in lower case.

    Raises:
        ValueError: it is none.
    """
    host = text.lower()
    if not _HOST.fullmatch(host):
        raise ValueError("write a host such as pbx.example.com, with or without :port")
    return host


def entries(text: str) -> tuple[str, ...]:
    """The entries of `to` as one text has them, between commas.

    Raises:
        ValueError: one of them is none, or there are too many.
    """
    found = tuple(check_entry(each.strip()) for each in text.split(",") if each.strip())
    if len(found) > MOST_ENTRIES:
        raise ValueError(f"write {MOST_ENTRIES} of them at most")
    return found


def of_number(rule: TransferRule, e164: str, *, callee: str, country: str = "") -> Verdict:
    """Whether somebody may be transferred to a number.

    Args:
        rule: what is allowed.
        e164: the number, `+` and digits.
        callee: the number of the one who is transferred.
        country: their country, two capital letters, where their number does not tell it.

    Returns:
        The answer. The reason holds no number.
    """
    if e164 in rule.to:
        return Verdict(True, "The number itself is allowed.")
    parsed = _parsed(e164)
    if parsed is None:
        return Verdict(False, "No such number can exist.")
    if not _covered(rule.to, e164, parsed, callee, country):
        return Verdict(False, "No entry of the transfer rule covers the number; add its country, prefix or itself.")
    if COSTLY not in rule.to and _costs_more(parsed):
        return Verdict(False, "Calls to the number cost extra, and only 'costly' or the whole number allows it.")
    return Verdict(True, "An entry of the transfer rule covers the number.")


def of_host(rule: TransferRule, host: str, port: int | None) -> Verdict:
    """Whether somebody may be transferred to a SIP address.

    Args:
        rule: what is allowed.
        host: of the address, in lower case.
        port: of the address; None where it has none.
    """
    if host in rule.sip_hosts or f"{host}:{5060 if port is None else port}" in rule.sip_hosts:
        return Verdict(True, "The host is allowed.")
    return Verdict(False, "The host is none of [transfer] sip_hosts.")


def _covered(to: Sequence[str], e164: str, parsed: phonenumbers.PhoneNumber, callee: str, country: str) -> bool:
    if ANY in to or any(e164.startswith(each) for each in to if each.startswith("+")):
        return True
    if COUNTRY not in to:
        return False
    theirs = _parsed(callee)
    if phonenumbers.number_type(parsed) == PhoneNumberType.TOLL_FREE:
        # One plan, one set of freephone numbers: those of North America are not those of one country.
        return theirs is not None and theirs.country_code == parsed.country_code
    home = (theirs and phonenumbers.region_code_for_number(theirs)) or country
    return bool(home) and phonenumbers.region_code_for_number(parsed) == home


def _costs_more(parsed: phonenumbers.PhoneNumber) -> bool:
    kind = phonenumbers.number_type(parsed)
    beyond = phonenumbers.region_code_for_country_code(parsed.country_code or 0) == _NOWHERE
    return kind in _DEAR or (beyond and kind != PhoneNumberType.TOLL_FREE)


def _parsed(e164: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(e164)
    except NumberParseException:
        return None
