"""Telephone numbers as callers give them: RFC 3966 and RFC 2806 URLs, with or without `tel:`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers

from mirabelle.errors import MirabelleError

MOST_CHARACTERS: Final = 128
"""The longest `phone_number` that is accepted."""

_SEPARATORS: Final = str.maketrans("", "", " -.()")
_POST_DIAL: Final = re.compile(r"[0-9*#A-DpPwW]+\Z")
_CALLER_ID: Final = re.compile(r"[0-9]{10}\Z")


class NumberError(MirabelleError):
    """A telephone number that cannot be dialled; the message says which part is wrong."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that can be dialled.

    Attributes:
        e164: `+` and digits.
        post_dial: keys to send after the answer: 0-9, A-D, `*`, `#`, `p` (one second), `w` (wait for quiet).
        caller_id: the ten digits given as `;ani=`; empty where none were.
    """

    e164: str
    post_dial: str = ""
    caller_id: str = ""


def parse(text: str, *, country: str | None = None) -> PhoneNumber:
    """Read a telephone number.

    Args:
        text: `+16175550123`, `tel:+16175550123;postd=p12;ani=8005551212`.
        country: the ISO 3166 country whose national numbers are understood; None accepts none.

    Raises:
        NumberError: no number, a part that is not understood, or a number that cannot exist.
    """
    if len(text) > MOST_CHARACTERS:
        raise NumberError(f"The number is longer than {MOST_CHARACTERS} characters.")
    body = text.strip()
    if body[:4].lower() == "tel:":
        body = body[4:]
    subscriber, *parameters = body.split(";")
    return PhoneNumber(_e164(subscriber, country), *_parameters(parameters))


def _e164(subscriber: str, country: str | None) -> str:
    digits = subscriber.strip().translate(_SEPARATORS)
    if not digits:
        raise NumberError("There is no number.")
    if not re.fullmatch(r"\+?[0-9]+", digits, re.ASCII):
        raise NumberError("The number holds something other than '+', digits and separators.")
    if not digits.startswith("+"):
        if len(digits) == 11 and digits.startswith("1"):
            digits = "+" + digits
        elif country is None:
            raise NumberError("The number needs '+' and the country code in front.")
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException as error:
        raise NumberError(f"The number cannot be read: {error}.") from error
    if not phonenumbers.is_possible_number(number):
        raise NumberError("No such number can exist: its length does not fit its country.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _parameters(parameters: list[str]) -> tuple[str, str]:
    post_dial = caller_id = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        match name.strip().lower():
            case "postd":
                post_dial = value.translate(_SEPARATORS)
                if not _POST_DIAL.match(post_dial):
                    raise NumberError("'postd' takes the keys 0-9, A-D, '*', '#', and 'p' or 'w' for a wait.")
            case "ani":
                caller_id = value.strip()
                if not _CALLER_ID.match(caller_id):
                    raise NumberError("'ani' takes exactly ten digits, without the leading 1.")
            case _:
                raise NumberError(f"The parameter '{name.strip()[:20]}' is not known; 'postd' and 'ani' are.")
    return post_dial, caller_id
