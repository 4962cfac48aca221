"""The grammar of telephone URLs: RFC 3966 (the tel URI) and its predecessor RFC 2806. Knows no numbering plan."""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mirabelle.errors import MirabelleError

MOST_CHARACTERS: Final = 128
"""The longest `phone_number` that is accepted."""
VISUAL_SEPARATORS: Final = "-.()"
"""What may stand between digits and means nothing (RFC 3966 section 3)."""

_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNPRINTABLE: Final = re.compile(r"[^!-~]")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PARAMETER_CHARACTERS: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789[]/:&+$-_.!~*'()"
)
_URIC: Final = _PARAMETER_CHARACTERS | frozenset("?@=,")
_UNRESERVED: Final = _PARAMETER_CHARACTERS - frozenset("[]/:&+$!*'()")
_TIDY: Final = re.compile(r"[A-Za-z0-9*_.~-]*")
_LABEL: Final = "[A-Z0-9](?:[-A-Z0-9]*[A-Z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)*[A-Z](?:[-A-Z0-9]*[A-Z0-9])?\.?", re.ASCII | re.IGNORECASE)
"""A domain name (RFC 3966 section 3, domainname)."""
_KEYS: Final = re.compile(r"\+?[0-9A-D*#pw]+", re.ASCII | re.IGNORECASE)
_SEPARATED: Final = str.maketrans("", "", VISUAL_SEPARATORS)


class NumberError(MirabelleError):
    """A telephone number that cannot be dialled; the message says which part is wrong."""


class Rfc(enum.Enum):
    """Whose grammar a telephone URL is held to."""

    RFC2806 = "RFC 2806"
    RFC3966 = "RFC 3966"
    EITHER = "RFC 3966 or RFC 2806"
    """What both have, in any order: how clients' URLs are read."""


@dataclass(frozen=True, slots=True)
class TelUri:
    """A telephone URL, taken apart.

    Attributes:
        number: the digits without visual separators; `+` in front where the number is global.
        parameters: names in lower case, values percent-encoded where they must be and nowhere else; None where there
            is no `=`. In the order of the URL.
    """

    number: str
    parameters: tuple[tuple[str, str | None], ...] = ()

    @property
    def is_global(self) -> bool:
        """Whether the number means the same everywhere (RFC 3966 section 5.1.4)."""
        return self.number.startswith("+")

    @property
    def contexts(self) -> tuple[str, ...]:
        """Where the number is valid: prefixes, without separators, or names (RFC 3966 section 5.1.5)."""
        found = (decoded(value or "") for name, value in self.parameters if name == "phone-context")
        return tuple(_comparable_context(each) for each in found)

    def value(self, name: str) -> str | None:
        """The first value of a parameter, percent-encoding undone; empty where it has none, None where it is absent."""
        return next((decoded(value or "") for each, value in self.parameters if each == name), None)

    def canonical(self) -> str:
        """The one URL of all those that mean the same (RFC 3966 sections 3 and 4).

        Lower case; no separators; `ext` and `isub` first, then `phone-context`, then the rest by name.
        """
        rank = {"ext": 0, "isub": 1, "phone-context": 2}
        ordered = sorted(
            ((name, _canonical_value(name, value)) for name, value in self.parameters),
            key=lambda each: (rank.get(each[0], 3), each[0], each[1]),
        )
        unique = dict.fromkeys(f";{name}{value}" for name, value in ordered)
        return f"tel:{encoded(self.number.lower())}{''.join(unique)}"

    def __str__(self) -> str:
        parameters = (f";{name}" if value is None else f";{name}={value}" for name, value in self.parameters)
        return f"tel:{encoded(self.number)}{''.join(parameters)}"


def parse_uri(
    text: str, *, rfc: Rfc = Rfc.EITHER, future_extensions: bool = True, context_needed: bool = True
) -> TelUri:
    """Take a telephone URL apart, with or without `tel:`.

    Args:
        text: `tel:+1-617-555-0123;ext=12`, `7042;phone-context=example.com`.
        rfc: the grammar it is held to.
        future_extensions: whether parameters that the grammar does not name are accepted.
        context_needed: whether a local number needs `phone-context`; False where the reader knows where it is valid.

    Raises:
        NumberError: the text is no such URL; the message says which part.
    """
    if len(text) > MOST_CHARACTERS:
        raise NumberError(f"The number is longer than {MOST_CHARACTERS} characters.")
    if (place := text.lower().find("tel:")) > 0:
        raise NumberError(f"There is other text before the number; give '{text[place : place + 60]}' alone.")
    if odd := _UNPRINTABLE.search(text):
        raise NumberError(f"The number holds something other than '+', digits and separators: {odd[0]!a}.")
    if _BROKEN_ESCAPE.search(text):
        raise NumberError("A '%' must be followed by two hexadecimal digits; '%' itself is written '%25'.")
    body = text[4:] if text[:4].lower() == "tel:" else text
    subscriber, *parts = body.split(";")
    grammar = _grammar(rfc)
    number = _number(subscriber, grammar)
    parameters = _parameters(parts, grammar, future_extensions=future_extensions)
    if context_needed and not number.startswith("+") and all(name != "phone-context" for name, _ in parameters):
        raise NumberError(
            "The number has no '+' and the country code in front, and no ';phone-context=' that says where it is valid."
        )
    return TelUri(number, parameters)


def encoded(text: str, keep: frozenset[str] = _PARAMETER_CHARACTERS) -> str:
    """Percent-encode what may not stand in a parameter (RFC 3966 section 3, paramchar)."""
    return "".join(
        each if each in keep else "".join(f"%{byte:02X}" for byte in each.encode("latin-1")) for each in text
    )


def decoded(text: str) -> str:
    """Undo the percent-encoding: one character for each byte."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "%" in text else text


def without_separators(text: str) -> str:
    """The same without visual separators."""
    return text.translate(_SEPARATED)


@dataclass(frozen=True, slots=True)
class _Grammar:
    """One RFC's rules, as data.

    Attributes:
        number: a global or a local number, percent-encoding undone.
        forms: what the values of the parameters that it names look like, percent-encoding undone.
        as_written: those whose form speaks of the value as it is written.
        leading: those that must come first, in this order, to be what they are; later they are extensions.
        extension: the name and value of any other parameter, as written.
        repeatable: those that may be there more than once; None: all.
    """

    number: re.Pattern[str]
    forms: Mapping[str, re.Pattern[str]]
    as_written: frozenset[str]
    leading: tuple[str, ...]
    extension: re.Pattern[str]
    repeatable: frozenset[str] | None


@functools.cache
def _grammar(rfc: Rfc) -> _Grammar:
    separated = "[-.()]*"
    digits = rf"{separated}[0-9][-.()0-9]*"
    keys = rf"{separated}[0-9A-D*#pw][-.()0-9A-D*#pw]*"
    global_prefix = rf"\+{digits}"
    domain = _DOMAIN.pattern
    private = r"[!-\"$-',/:<-@E-OQ-VX-`e-oq-vx-~][!-:<-~]*"
    lexeme = r"(?:[!$&'*+.0-9A-Z^_`|~-]|%(?:2[13-7ABDE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5[EF]|60|7[CE]))+"
    quoted = r"%22(?:%5C%[0-7][0-9A-F]|%5C[!$&-~]|%(?!22|5C)(?:[2-689A-F][0-9A-F]|7[0-9A-E])|[!$&-~])*%22"
    pvalue = r"(?:[][A-Z0-9/:&+$_.!~*'()-]|%[0-9A-F]{2})+"
    uric = r"(?:[][A-Z0-9/:&+$_.!~*'()?@=,-]|%[0-9A-F]{2})+"
    extension = rf"[A-Z0-9-]+(?:={pvalue})?"
    future = rf"{lexeme}(?:=(?:{lexeme}(?:\?{lexeme})?|{quoted}))?"
    forms = {
        Rfc.RFC3966: {"isub": uric, "ext": digits, "phone-context": f"{global_prefix}|{domain}"},
        Rfc.RFC2806: {"isub": digits, "postd": keys, "phone-context": rf"{global_prefix}|{keys}", "tsp": domain},
        Rfc.EITHER: {
            "isub": uric,
            "ext": digits,
            "ani": ".*",
            "postd": keys,
            "phone-context": rf"{global_prefix}|{keys}|{domain}",
            "tsp": domain,
        },
    }[rfc]
    compiled = {name: re.compile(form, re.ASCII | re.IGNORECASE) for name, form in forms.items()}
    if rfc is not Rfc.RFC3966:
        context = rf"(?i:{forms['phone-context']})|{private}"
        compiled["phone-context"] = re.compile(context, re.ASCII)
    local = {
        Rfc.RFC3966: rf"{separated}[0-9A-F*#][-.()0-9A-F*#]*",
        Rfc.RFC2806: keys,
        Rfc.EITHER: rf"{separated}[0-9A-F*#pw][-.()0-9A-F*#pw]*",
    }[rfc]
    others = {Rfc.RFC3966: extension, Rfc.RFC2806: future, Rfc.EITHER: f"{extension}|{future}"}[rfc]
    repeatable = {Rfc.RFC3966: frozenset[str](), Rfc.RFC2806: None, Rfc.EITHER: frozenset({"phone-context", "tsp"})}
    return _Grammar(
        number=re.compile(rf"{global_prefix}|{local}", re.ASCII | re.IGNORECASE),
        forms=MappingProxyType(compiled),
        as_written=frozenset() if rfc is Rfc.RFC2806 else frozenset({"isub"}),
        leading=("isub", "postd") if rfc is Rfc.RFC2806 else (),
        extension=re.compile(others, re.ASCII | re.IGNORECASE),
        repeatable=repeatable[rfc],
    )


_EXPECTED: Final = MappingProxyType(
    {
        "ext": "'ext' takes the digits of an extension.",
        "isub": "'isub' takes the digits of a subaddress.",
        "postd": "'postd' takes the keys 0-9, A-D, '*', '#', and 'p' or 'w' for a wait.",
        "phone-context": "'phone-context' takes '+' and the first digits of a number, or a domain name.",
        "tsp": "'tsp' takes the domain name of a telephone company.",
    }
)


def _number(subscriber: str, grammar: _Grammar) -> str:
    digits = decoded(subscriber)
    if not digits:
        raise NumberError("There is no number.")
    if not grammar.number.fullmatch(digits):
        raise NumberError("The number holds something other than '+', digits and separators.")
    return without_separators(digits)


def _parameters(parts: list[str], grammar: _Grammar, *, future_extensions: bool) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    leading = list(grammar.leading)
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.lower()
        form = grammar.forms.get(name)
        if name in grammar.leading:
            form = form if name in leading else None
            leading = leading[leading.index(name) + 1 :] if name in leading else leading
        else:
            leading = []
        if form is None:
            _check_extension(name, part, grammar, future_extensions=future_extensions)
        elif not form.fullmatch(value if name in grammar.as_written else decoded(value)):
            raise NumberError(_EXPECTED[name])
        if grammar.repeatable is not None and name not in grammar.repeatable and any(name == each for each, _ in found):
            raise NumberError(f"The parameter '{name[:20]}' is there more than once.")
        found.append((name, _tidy(name, value) if equals else None))
    return tuple(found)


def _check_extension(name: str, part: str, grammar: _Grammar, *, future_extensions: bool) -> None:
    if not future_extensions:
        raise NumberError(f"The parameter '{name[:20]}' is not known, or stands in the wrong place.")
    if not grammar.extension.fullmatch(part.replace("#", "%23")):
        raise NumberError(f"The parameter '{part[:20]}' is not of the form ';name=value'.")


def _tidy(name: str, value: str) -> str:
    """The value with only those characters percent-encoded that must be (RFC 3986 section 6.2.2)."""
    if _TIDY.fullmatch(value):
        return value
    bare = _ESCAPE.sub(
        lambda match: char if (char := chr(int(match[1], 16))) in _UNRESERVED else match[0].upper(), value
    )
    # A "?" that was written as such parts the value of an extension of RFC 2806 (future-extension).
    return encoded(bare, (_URIC if name == "isub" else _PARAMETER_CHARACTERS) | {"%", "?"})


def _comparable_context(context: str) -> str:
    """Digits without separators, or a name in lower case without the dot at its end; `a.bc` is a name."""
    bare = without_separators(context)
    if _DOMAIN.fullmatch(context) is None and _KEYS.fullmatch(bare):
        return bare.lower()
    return context.lower().removesuffix(".")


def _canonical_value(name: str, value: str | None) -> str:
    if value is None:
        return ""
    if name == "phone-context":
        value = encoded(_comparable_context(decoded(value)))
    elif name in {"ext", "postd", "ani"}:
        value = encoded(without_separators(decoded(value)) or decoded(value))
    return "=" + re.sub(r"%..", lambda match: match[0].upper(), value.lower())
