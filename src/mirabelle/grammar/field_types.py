"""The builtin grammars of VoiceXML 2.0 (appendix P): boolean, date, digits, currency, number, phone, time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from mirabelle.grammar import spoken
from mirabelle.grammar.error import GrammarError, UnknownBuiltin
from mirabelle.grammar.grammar import Grammar
from mirabelle.grammar.model import (
    Alternative,
    Alternatives,
    Document,
    Expansion,
    Mode,
    Reading,
    Repeat,
    Rule,
    Sequence,
    Token,
)
from mirabelle.grammar.network import is_key

MOST_DIGITS: Final = 100
"""How many keys an open-ended builtin takes at most."""

_URI: Final = re.compile(r"(?:builtin:(?:(dtmf|grammar|voice)/)?)?([A-Za-z]+)(?:\?(.*))?\Z", re.DOTALL)

_DIGIT: Final = Alternatives(tuple(Alternative(Token(key)) for key in "0123456789"))

Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Type:
    """One type: how its keys are made into a rule, and what keys or words mean."""

    keys: Callable[[Parameters], Expansion]
    read_keys: Callable[[Parameters], Reading]
    parameters: frozenset[str] = frozenset()


def builtin(uri: str, mode: str | None = None, *, language: str = "en-US") -> Grammar:
    """Return a builtin grammar.

    Args:
        uri: `digits`, `digits?length=4`, `builtin:dtmf/digits?minlength=3;maxlength=5`, `builtin:grammar/boolean`.
        mode: "dtmf" or "voice"; by default what the URI says, or else keys.
        language: of the words; only those of English are known.

    Raises:
        UnknownBuiltin: no such type.
        GrammarError: a parameter that is not known, or one that contradicts another.
    """
    found = _URI.match(uri.strip())
    if found is None or found[2] not in TYPES:
        raise UnknownBuiltin(f"'{uri}' is not a builtin grammar; {', '.join(TYPES)} are.", uri=uri)
    name = found[2]
    chosen = Mode(mode) if mode in ("dtmf", "voice") else Mode.VOICE if found[1] in ("grammar", "voice") else Mode.DTMF
    parameters = _parameters(uri, name, found[3] or "")
    kind = TYPES[name]
    if chosen is Mode.DTMF:
        expansion, reading = kind.keys(parameters), kind.read_keys(parameters)
        language = ""
    else:
        bounds = lengths(parameters) if name == "digits" else (0, 0)
        expansion, reading = spoken.words(name, bounds, language), spoken.reading(name)
    rules = {name: Rule(name, expansion, public=True)}
    return Grammar(Document(uri, chosen, rules, language=language, root=name, reading=reading))


def _parameters(uri: str, name: str, query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for written in filter(None, (part.strip() for part in re.split("[;&]", query))):
        key, equals, value = written.partition("=")
        if key not in TYPES[name].parameters or not equals:
            allowed = ", ".join(sorted(TYPES[name].parameters)) or "none"
            raise GrammarError(f"'{written}' is no parameter of {name}; it takes: {allowed}.", uri=uri)
        if key in parameters:
            raise GrammarError(f"The parameter '{key}' is given twice.", uri=uri)
        parameters[key] = value.strip()
    return parameters


def _sequence(*items: Expansion) -> Sequence:
    return Sequence(items)


def _boolean_keys(parameters: Parameters) -> Expansion:
    yes, no = _yes_and_no(parameters)
    return Alternatives((Alternative(Token(yes)), Alternative(Token(no))))


def _yes_and_no(parameters: Parameters) -> tuple[str, str]:
    yes, no = parameters.get("y", "1").upper(), parameters.get("n", "2").upper()
    for key in (yes, no):
        if not is_key(key):
            raise GrammarError(f"'{key}' is not a key; 'y' and 'n' take one key each.")
    if yes == no:
        raise GrammarError(f"'y' and 'n' are both '{yes}'; they must differ.")
    return yes, no


def _boolean_read(parameters: Parameters) -> Reading:
    yes, _ = _yes_and_no(parameters)
    return lambda keys: keys == (yes,)


def lengths(parameters: Parameters) -> tuple[int, int]:
    """Return the least and the most digits that the parameters of `digits` allow.

    Raises:
        GrammarError: a length that is none, or lengths that contradict each other.
    """
    read: dict[str, int] = {}
    for name, text in parameters.items():
        if not re.fullmatch("[0-9]{1,4}", text, re.ASCII) or not 0 < int(text) <= MOST_DIGITS:
            raise GrammarError(f"'{name}' is '{text}'; it must be a number from 1 to {MOST_DIGITS}.")
        read[name] = int(text)
    low = read.get("minlength", 1)
    high = read.get("maxlength", max(MOST_DIGITS, low))
    if (exact := read.get("length")) is not None:
        if len(read) > 1 and not (low <= exact <= high):
            raise GrammarError("'length' contradicts 'minlength' or 'maxlength'; give one of them.")
        return exact, exact
    if low > high:
        raise GrammarError(f"'minlength' is {low} and 'maxlength' is {high}; the first must not be greater.")
    return low, high


def _digits_keys(parameters: Parameters) -> Expansion:
    low, high = lengths(parameters)
    return Repeat(_DIGIT, low, high)


def _many(low: int) -> Repeat:
    return Repeat(_DIGIT, low, MOST_DIGITS)


def _decimal_keys(_: Parameters) -> Expansion:
    whole = _sequence(_many(1), Repeat(_sequence(Token("*"), _many(0)), 0, 1))
    return Alternatives((Alternative(whole), Alternative(_sequence(Token("*"), _many(1)))))


def _currency_keys(_: Parameters) -> Expansion:
    cents = Repeat(_DIGIT, 0, 2)
    whole = _sequence(_many(1), Repeat(_sequence(Token("*"), cents), 0, 1))
    return Alternatives((Alternative(whole), Alternative(_sequence(Token("*"), Repeat(_DIGIT, 1, 2)))))


def _read_number(keys: tuple[str, ...]) -> str | None:
    whole, star, part = "".join(keys).partition("*")
    return f"{whole or '0'}.{part}" if star and part else whole


def _read_currency(keys: tuple[str, ...]) -> str | None:
    whole, _, part = "".join(keys).partition("*")
    return f"{whole or '0'}.{part:0<2}"


def _phone_keys(_: Parameters) -> Expansion:
    return _sequence(_many(1), Repeat(_sequence(Token("*"), _many(1)), 0, 1))


def _read_date(keys: tuple[str, ...]) -> str | None:
    text = "".join(keys)
    return text if is_date(text) else None


def is_date(text: str) -> bool:
    """Tell whether eight digits are a day of the calendar, yyyymmdd."""
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _read_time(keys: tuple[str, ...]) -> str | None:
    hour, minute = int("".join(keys[:2])), int("".join(keys[2:]))
    if hour > 23 or minute > 59:
        return None
    # Keys cannot tell morning from afternoon, except by an hour no twelve-hour clock has.
    return f"{hour:02}{minute:02}{'?' if 1 <= hour <= 12 else 'h'}"


def _fixed(length: int) -> Callable[[Parameters], Expansion]:
    return lambda _: Repeat(_DIGIT, length, length)


def _always(reading: Reading) -> Callable[[Parameters], Reading]:
    return lambda _: reading


TYPES: Final[Mapping[str, _Type]] = {
    "boolean": _Type(_boolean_keys, _boolean_read, frozenset({"y", "n"})),
    "date": _Type(_fixed(8), _always(_read_date)),
    "digits": _Type(_digits_keys, _always("".join), frozenset({"minlength", "maxlength", "length"})),
    "currency": _Type(_currency_keys, _always(_read_currency)),
    "number": _Type(_decimal_keys, _always(_read_number)),
    "phone": _Type(_phone_keys, _always(lambda keys: "".join(keys).replace("*", "x"))),
    "time": _Type(_fixed(4), _always(_read_time)),
}
"""The types by name."""
