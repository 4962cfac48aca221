"""Do-not-call lists: numbers that are never called, by an account or by one campaign."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata

from mirabelle.calls import number
from mirabelle.calls.gate import Verdict
from mirabelle.calls.number import NumberError

MOST_DIGITS: Final = 15
"""Digits of an E.164 number, the country code included (ITU-T E.164 section 6)."""

_SEPARATORS: Final = dict.fromkeys(map(ord, " \t-.()/\u00a0\u2007\u202f\u2010\u2011\u2012\u2013\u2014\u2212"), "")
_PREFIX: Final = re.compile(r"\+?[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DoNotCallEntry:
    """A number, or all numbers that begin alike, that must not be called.

    Attributes:
        key: `+` and digits: one number. With `*` at the end: every number that begins so.
        campaign_id: the campaign that keeps it; None: every campaign of the account.
        reason: why, in the words of whoever added it; may be empty.
    """

    key: str
    campaign_id: int | None = None
    reason: str = ""

    @property
    def is_prefix(self) -> bool:
        """Whether it means more than one number."""
        return self.key.endswith("*")

    def matches(self, e164: str) -> bool:
        """Whether a number is meant. A store answers the same by looking for any of `lookups(e164)`."""
        return e164.startswith(self.key[:-1]) if self.is_prefix else e164 == self.key


@dataclass(frozen=True, slots=True)
class ListedNumber:
    """An entry of a do-not-call list in the ledger.

    Attributes:
        entry_id: the store's key.
        account_id: whose it is.
        entry: the number or prefix, the campaign if it is one campaign's, and why.
        created_at: when it was added.
    """

    entry_id: int
    account_id: int
    entry: DoNotCallEntry
    created_at: datetime


def parse(text: str, *, country: str | None = None, campaign_id: int | None = None) -> DoNotCallEntry:
    """Read an entry as people write it.

    Args:
        text: `+16175550123`, `(617) 555-0123` with a country, `+1 900*`; visual separators change nothing. What says
            whom to ask for behind the number (`;ext=12`) is passed over: nobody behind it is called.
        country: the ISO 3166 country whose national numbers are understood; None accepts none.
        campaign_id: the campaign that keeps the entry; None: every campaign of the account.

    Raises:
        NumberError: it is no number and no prefix of numbers.
    """
    if len(text) > number.MOST_CHARACTERS:
        raise NumberError(f"The number is longer than {number.MOST_CHARACTERS} characters.")
    stripped = text.strip()
    if not stripped.endswith("*"):
        return DoNotCallEntry(number.parse(stripped, country=country).e164, campaign_id)
    return DoNotCallEntry(_prefix(stripped[:-1].translate(_SEPARATORS), country) + "*", campaign_id)


def lookups(e164: str) -> tuple[str, ...]:
    """Every key that an entry may have that means this number, the number itself first, then the longest prefix.

    Args:
        e164: `+` and digits.
    """
    return (e164, *(f"{e164[:end]}*" for end in range(len(e164), 1, -1)))


def verdict(entries_found: Sequence[DoNotCallEntry]) -> Verdict:
    """Whether a number may be called.

    Args:
        entries_found: those of its account, and of its campaign, whose key is one of the number's `lookups`.

    Returns:
        The answer, which never changes by itself. The reason names the list and not the number.
    """
    if not entries_found:
        return Verdict(True, "The number is on no do-not-call list.")
    entry = min(entries_found, key=lambda each: (each.campaign_id is not None, each.is_prefix))
    whose = "account" if entry.campaign_id is None else "campaign"
    how = ", by a prefix" if entry.is_prefix else ""
    why = f" ({entry.reason})" if entry.reason else ""
    return Verdict(False, f"The number is on the do-not-call list of the {whose}{how}{why}.")


def _prefix(digits: str, country: str | None) -> str:
    """The beginning of E.164 numbers that was meant: as it is, or of a country's national numbers."""
    if not _PREFIX.fullmatch(digits):
        raise NumberError(f"A prefix has 1 to {MOST_DIGITS} digits before its '*', such as +1900*.")
    found = digits if digits.startswith("+") else _of_country(digits, country)
    if len(found) > MOST_DIGITS + 1:
        raise NumberError(f"A prefix has at most {MOST_DIGITS} digits, the country code included.")
    if not any(int(found[1:end]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE for end in (2, 3, 4) if found[1:end]):
        raise NumberError("The prefix begins with the code of no country.")
    return found


def _of_country(digits: str, country: str | None) -> str:
    """The prefix that is dialled so inside a country, with what is dialled before national numbers taken away."""
    if country is None:
        raise NumberError("The prefix needs '+' and the country code in front.")
    plan = PhoneMetadata.metadata_for_region(country, None)
    if plan is None:
        raise NumberError(f"There is no country '{country[:20]}'; give its two letters, such as US.")
    abroad = re.match(plan.international_prefix or "(?!)", digits)
    if abroad is not None and digits[abroad.end() :]:
        return f"+{digits[abroad.end() :]}"
    national = digits.removeprefix(plan.national_prefix or "")
    if not national:
        raise NumberError("The prefix means every number of the country; say so with '+' and the country code.")
    return f"+{plan.country_code}{national}"
