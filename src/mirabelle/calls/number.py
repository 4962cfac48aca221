"""Telephone numbers as callers give them, and whether they can be dialled.

The grammar is that of `mirabelle.calls.tel_uri` (RFC 3966 and RFC 2806, with or without `tel:`); what numbers exist
is known to `phonenumbers`.
"""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, ValidationResult

from mirabelle.calls.tel_uri import (
    MOST_CHARACTERS,
    NumberError,
    Rfc,
    TelUri,
    encoded,
    parse_uri,
    without_separators,
)

__all__ = [
    "MOST_CHARACTERS",
    "NumberError",
    "PhoneNumber",
    "Rfc",
    "TelUri",
    "e164_of",
    "is_plain",
    "parse",
    "parse_uri",
    "with_plus",
]

BadAni = Literal["decline", "default"]
"""What to do with an `;ani=` that is no caller id: refuse the number, or call with the default caller id."""

_PLAIN: Final = re.compile(r"(?:tel:)?(\+?[0-9]{7,15})", re.ASCII | re.IGNORECASE)
_GLOBAL: Final = re.compile(r"\+[0-9]{7,15}", re.ASCII)
_LEADING_SPACE: Final = re.compile(r"((?:tel:)?) ([0-9][^;]*)(.*)", re.ASCII | re.IGNORECASE | re.DOTALL)
_CALLER_ID: Final = re.compile(r"[0-9]{10}", re.ASCII)
_TYPED: Final = dict.fromkeys(map(ord, " \t\u00a0\u2007\u202f"), "") | dict.fromkeys(
    map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"
)
_OURS: Final = ("postd", "ani", "ext", "isub", "phone-context")
_REGISTERED: Final = frozenset(
    {"cic", "cpc", "enumdi", "isub-encoding", "npdi", "oli", "premium-rate", "rn", "rn-context", "tgrp"}
    | {"trunk-context", "tsp", "verstat"}
)
_UNREADABLE: Final = MappingProxyType(
    {
        NumberParseException.INVALID_COUNTRY_CODE: "it begins with the code of no country",
        NumberParseException.NOT_A_NUMBER: "it has too few digits",
        NumberParseException.TOO_SHORT_AFTER_IDD: "there are too few digits after the international prefix",
        NumberParseException.TOO_SHORT_NSN: "it has too few digits",
        NumberParseException.TOO_LONG: "it has too many digits",
    }
)
_NORTH_AMERICAN_DIGITS: Final = 11


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that can be dialled.

    Attributes:
        e164: `+` and digits.
        post_dial: keys to send after the answer: 0-9, A-D, `*`, `#`, `p` (one second), `w` (wait for quiet).
        caller_id: the ten digits given as `;ani=`; empty where none were.
        extension: the digits given as `;ext=`.
        subaddress: the ISDN subaddress given as `;isub=`, in lower case; one character for each byte.
        caller_id_fault: what is wrong with the `;ani=` that was passed over; empty where nothing is.
    """

    e164: str
    post_dial: str = ""
    caller_id: str = ""
    extension: str = ""
    subaddress: str = ""
    caller_id_fault: str = field(default="", compare=False)

    @property
    def keys(self) -> str:
        """Everything to press after the answer: the extension after one second, then `post_dial`."""
        return f"p{self.extension}{self.post_dial}" if self.extension else self.post_dial

    def uri(self) -> str:
        """The telephone URL, in the canonical form of RFC 3966; `parse` reads it back as this very number."""
        given = (
            ("ext", self.extension),
            ("isub", encoded(self.subaddress)),
            ("ani", self.caller_id),
            ("postd", encoded(self.post_dial)),
        )
        return TelUri(self.e164, tuple(each for each in given if each[1])).canonical()


def parse(text: str, *, country: str | None = None, bad_ani: BadAni = "decline") -> PhoneNumber:
    """Read a telephone number.

    Args:
        text: `+16175550123`, `tel:+16175550123;postd=p12;ani=8005551212`.
        country: the ISO 3166 country whose national numbers are understood; None accepts none.
        bad_ani: what to do with an `;ani=` that is not ten digits: `decline` refuses the number, `default` leaves
            `caller_id` empty and says why in `caller_id_fault`.

    Raises:
        NumberError: no number, a part that is not understood, or a number that cannot exist.
    """
    if match := _PLAIN.fullmatch(text):
        return PhoneNumber(_national(match[1], country))
    if len(text) > MOST_CHARACTERS:
        raise NumberError(f"The number is longer than {MOST_CHARACTERS} characters.")
    uri = parse_uri(with_plus(text).translate(_TYPED).strip(), context_needed=False)
    for name, _ in uri.parameters:
        _check_name(name)
    caller_id, fault = _caller_id(uri)
    if fault and bad_ani == "decline":
        raise NumberError(fault)
    post_dial = without_separators(uri.value("postd") or "").upper().replace("P", "p").replace("W", "w")
    return PhoneNumber(
        e164=_dialled(uri, country),
        post_dial=post_dial,
        caller_id=caller_id,
        extension=without_separators(uri.value("ext") or ""),
        subaddress=_subaddress(uri),
        caller_id_fault=fault,
    )


def is_plain(text: str) -> bool:
    """Whether a text is `+` and digits that `parse` would return unchanged, as `e164` with nothing beside it.

    Never true where `parse` would refuse it; not always where it would not. For those who read numbers by the million.
    """
    return _GLOBAL.fullmatch(text) is not None and _is_plain(text)


def with_plus(text: str) -> str:
    """Undo what a form does to a `+` that was not escaped: there it becomes a space.

    It is put back where the number then exists, and where nobody can have meant a national number of North America.
    A reader of anything but a form takes the space away instead.
    """
    match = _LEADING_SPACE.fullmatch(text)
    if match is None:
        return text
    digits = without_separators(match[2].replace(" ", ""))
    if re.fullmatch(r"[2-9][0-9]{9}", digits, re.ASCII) or not _exists("+" + digits):
        return text
    return f"{match[1]}+{match[2]}{match[3]}"


def _exists(e164: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(e164))
    except NumberParseException:
        return False


def _check_name(name: str) -> None:
    if name in _OURS or name in _REGISTERED:
        return
    if name.startswith("m-"):
        raise NumberError(f"The parameter '{name[:20]}' is not known, and its 'm-' says that it must not be ignored.")
    if near := difflib.get_close_matches(name, _OURS, 1, 0.75):
        raise NumberError(f"The parameter '{name[:20]}' is not known; did you mean '{near[0]}'?")


def _caller_id(uri: TelUri) -> tuple[str, str]:
    """The caller id, and what is wrong with it."""
    given = uri.value("ani")
    if given is None:
        return "", ""
    digits = without_separators(given)
    if _CALLER_ID.fullmatch(digits):
        return digits, ""
    return "", "'ani' takes exactly ten digits, without the leading 1."


def _subaddress(uri: TelUri) -> str:
    # Letters of ASCII only: the rest are bytes that mean nothing to us.
    return (uri.value("isub") or "").encode("latin-1").lower().decode("latin-1")


def _dialled(uri: TelUri, country: str | None) -> str:
    """The number that is dialled: global as it is, local in its context or in the country."""
    if uri.is_global:
        return _e164(uri.number, None)
    if not re.fullmatch(r"[0-9]+", uri.number, re.ASCII):
        raise NumberError(f"'{uri.number}' is not a number of the telephone network; give '+' and digits.")
    if not uri.contexts:
        return _national(uri.number, country)
    reasons: list[str] = []
    for context in uri.contexts:
        try:
            return _in_context(uri.number, context, country)
        except NumberError as error:
            reasons.append(str(error))
    raise NumberError(reasons[0])


def _in_context(digits: str, context: str, country: str | None) -> str:
    """A local number where it is valid (RFC 3966 section 5.1.5, RFC 2806 section 2.5.2)."""
    if re.fullmatch(r"\+[0-9]+", context, re.ASCII):
        return _e164(context + digits, None)
    if re.fullmatch(r"[0-9]+", context, re.ASCII):
        return _national(context + digits, country)
    raise NumberError(
        f"'{digits}' is a number inside '{context[:40]}', which cannot be dialled from outside; "
        "give '+' and the country code."
    )


def _national(digits: str, country: str | None) -> str:
    """A number with or without `+`; without, it is one of the country, or of North America with its 1 in front."""
    if digits.startswith("+"):
        return _e164(digits, None)
    north_american = len(digits) == _NORTH_AMERICAN_DIGITS and digits.startswith("1")
    if country is None:
        if not north_american:
            raise NumberError("The number needs '+' and the country code in front.")
        return _e164("+" + digits, None)
    if north_american and not _is_national(digits, country):
        return _e164("+" + digits, None)
    return _e164(digits, country)


def _is_national(digits: str, country: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, country))
    except NumberParseException:
        return False


def _e164(digits: str, country: str | None) -> str:
    """The number in the form of E.164, if one like it can exist."""
    if country is None and _is_plain(digits):
        return digits
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException as error:
        raise NumberError(f"The number cannot be read: {_UNREADABLE.get(error.error_type, error)}.") from error
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.IS_POSSIBLE:
            pass
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            raise NumberError(
                "No such number can exist: its area code is missing, so its length is that of a local one."
            )
        case _:
            raise NumberError(f"No such number can exist: its length does not fit its country.{_lengths(number)}")
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if e164.startswith(("+10", "+11")):
        raise NumberError("No such number can exist: an area code of North America never begins with 0 or 1.")
    return e164


def _lengths(number: phonenumbers.PhoneNumber) -> str:
    plan = _plan(str(number.country_code))
    if plan is None or not plan.lengths:
        return ""
    possible = " or ".join(map(str, sorted(plan.lengths)))
    given = len(phonenumbers.national_significant_number(number))
    return f" After +{number.country_code} come {possible} digits, not {given}."


@dataclass(frozen=True, slots=True)
class _Plan:
    """What there is to know about the numbers behind one country code.

    Attributes:
        size: how many digits the code has.
        lengths: of the digits after it.
        trunk_prefix: what `phonenumbers` takes away from their front, where it is there.
    """

    size: int
    lengths: frozenset[int]
    trunk_prefix: re.Pattern[str] | None


def _is_plain(digits: str) -> bool:
    """Whether it is a possible number already, and `phonenumbers` would change nothing of it: the fast way."""
    plan = _plan_of(digits[1:4])
    if plan is None or len(digits) - 1 - plan.size not in plan.lengths or digits.startswith(("+10", "+11")):
        return False
    return plan.trunk_prefix is None or plan.trunk_prefix.match(digits[1 + plan.size :]) is None


@functools.lru_cache(maxsize=1_000)
def _plan_of(beginning: str) -> _Plan | None:
    """The plan of numbers that begin with these three digits; None where no country code does."""
    return next((plan for size in (1, 2, 3) if (plan := _plan(beginning[:size])) is not None), None)


@functools.lru_cache(maxsize=2_000)
def _plan(calling_code: str) -> _Plan | None:
    """The plan behind a country code; None where there is no such code."""
    if not calling_code.isdecimal() or calling_code.startswith("0"):
        return None
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code))
    if regions is None:
        return None
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(calling_code), regions[0])
    if metadata is None or metadata.general_desc is None:
        return None
    prefix = metadata.national_prefix_for_parsing
    lengths = frozenset(length for length in metadata.general_desc.possible_length if length > 0)
    return _Plan(len(calling_code), lengths, re.compile(prefix) if prefix else None)


def e164_of(text: str) -> str:
    """The digits that are dialled for a number as the ledger keeps it; the text itself where it is none any more."""
    if is_plain(text):
        return text
    try:
        return parse(text, bad_ani="default").e164
    except NumberError:
        return text
