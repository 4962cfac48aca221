"""The words of the builtin grammars, in English.

The rules let through more than is meant; what the words mean decides, and words that mean nothing are no match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from mirabelle.grammar import numerals
from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.model import Alternative, Alternatives, Expansion, Reading, Repeat, Sequence, Token

_YES: Final = ("yes", "yeah", "yep", "yup", "sure", "okay", "ok", "true", "correct", "right", "yes please")
_NO: Final = ("no", "nope", "nah", "false", "incorrect", "wrong", "no thanks", "no thank you")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_CURRENCIES: Final = {
    "dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP",
}  # fmt: skip
_CENTS: Final = ("cent", "cents", "pence", "penny")
_HALVES: Final = {
    "a m": "a", "am": "a", "a.m.": "a", "in the morning": "a",
    "p m": "p", "pm": "p", "p.m.": "p", "in the afternoon": "p", "in the evening": "p",
}  # fmt: skip
_MOST_WORDS: Final = 20
_DIGIT_WORDS: Final = (*numerals.DIGITS, *"0123456789")
_NUMBER_WORDS: Final = (*numerals.WORDS, *(str(number) for number in range(100)))


def words(name: str, bounds: tuple[int, int], language: str) -> Expansion:
    """Return what may be said for the builtin type `name`.

    Args:
        name: the type.
        bounds: the least and the most digits.
        language: as in `en-US`.

    Raises:
        GrammarError: its words are not known in this language.
    """
    if not language.lower().startswith("en"):
        reason = f"The words of '{name}' are known in English, not in '{language}'; write a grammar of your own."
        raise GrammarError(reason)
    number = Repeat(_one_of(_NUMBER_WORDS), 1, _MOST_WORDS)
    match name:
        case "boolean":
            return _one_of((*_YES, *_NO))
        case "digits":
            return Repeat(_one_of(_DIGIT_WORDS), *bounds)
        case "number":
            whole = _sequence(number, Repeat(_point(), 0, 1))
            amount = Alternatives((Alternative(whole), Alternative(_point())))
            return _sequence(_optional("minus", "negative", "plus"), amount)
        case "currency":
            unit = _one_of((*_CURRENCIES, *_CENTS, "point"))
            return _sequence(number, Repeat(_sequence(unit, Repeat(_rest_of_price(number), 0, 1)), 0, 1))
        case "phone":
            return _sequence(_many(_DIGIT_WORDS), Repeat(_sequence(Token("extension"), _many(_DIGIT_WORDS)), 0, 1))
        case "date":
            names = (*_NUMBER_WORDS, *numerals.ORDINALS, *_MONTHS, "the", "of", "in")
            return Repeat(_one_of(names), 1, _MOST_WORDS)
        case _:
            names = (*_NUMBER_WORDS, "past", "to", "half", "quarter", "o'clock", "noon", "midnight", "at", *_HALVES)
            return Repeat(_one_of(names), 1, _MOST_WORDS)


def reading(name: str) -> Reading:
    """Return what tells the meaning of the words of the builtin type `name`."""
    read = _READINGS[name]
    return lambda said: read(tuple(word.lower() for word in said))


def _one_of(texts: Iterable[str]) -> Alternatives:
    return Alternatives(tuple(Alternative(Token(text)) for text in dict.fromkeys(texts)))


def _many(texts: Iterable[str]) -> Repeat:
    return Repeat(_one_of(texts), 1, 100)


def _optional(*texts: str) -> Repeat:
    return Repeat(_one_of(texts), 0, 1)


def _sequence(*items: Expansion) -> Sequence:
    return Sequence(items)


def _point() -> Sequence:
    return _sequence(Token("point"), _many(_DIGIT_WORDS))


def _rest_of_price(number: Expansion) -> Sequence:
    return _sequence(_optional("and"), number, _optional(*_CURRENCIES, *_CENTS))


def _read_number(said: tuple[str, ...]) -> str | None:
    sign = "-" if said[0] in ("minus", "negative") else ""
    said = said[1:] if said[0] in ("minus", "negative", "plus") else said
    whole, point, part = _split(said, ("point",))
    number = numerals.cardinal(whole) if whole else 0
    spelled = numerals.digits(whole) if number is None else str(number)
    fraction = numerals.digits(part)
    if spelled is None or (point and fraction is None):
        return None
    return f"{sign}{spelled}.{fraction}" if point else f"{sign}{spelled}"


def _read_currency(said: tuple[str, ...]) -> str | None:
    """Return UUUmm.nn: the currency, empty where none was said, the whole part, two places (appendix P)."""
    whole, unit, rest = _split(said, (*_CURRENCIES, *_CENTS, "point"))
    if not unit:
        return _read_bare_price(said)
    amount = numerals.cardinal(whole)
    rest = rest[1:] if rest[:1] == ("and",) else rest
    if amount is None:
        return None
    if unit in _CENTS:
        return f"{'GBP' if unit in ('pence', 'penny') else 'USD'}0.{amount:02}" if not rest and amount < 100 else None
    if not rest:
        return None if unit == "point" else f"{_CURRENCIES[unit]}{amount}.00"
    part, name, beyond = _split(rest, (*_CURRENCIES, *_CENTS))
    if unit == "point":
        spelled = numerals.digits(part)
        cents = None if spelled is None or len(spelled) > 2 else int(f"{spelled:0<2}")
        cents = numerals.below_a_hundred(part) if cents is None else cents
        if name in _CENTS or cents is None or beyond:
            return None
        return f"{_CURRENCIES.get(name, '')}{amount}.{cents:02}"
    cents = numerals.below_a_hundred(part)
    return None if cents is None or name in _CURRENCIES or beyond else f"{_CURRENCIES[unit]}{amount}.{cents:02}"


def _read_bare_price(said: tuple[str, ...]) -> str | None:
    """Read a price of which nobody said what it is in: `twelve`, `twelve fifty`."""
    amount = numerals.cardinal(said)
    if amount is not None:
        return f"{amount}.00"
    for place in range(1, len(said)):
        amount, cents = numerals.cardinal(said[:place]), numerals.below_a_hundred(said[place:])
        if amount is not None and cents is not None and cents >= 10:
            return f"{amount}.{cents}"
    return None


def _read_phone(said: tuple[str, ...]) -> str | None:
    number, _, extension = _split(said, ("extension",))
    spelled = numerals.digits(extension)
    return f"{numerals.digits(number)}x{spelled}" if spelled else numerals.digits(number)


def _read_date(said: tuple[str, ...]) -> str | None:
    """Return yyyymmdd, with question marks for what was not said (appendix P)."""
    said = tuple(word for word in said if word not in ("the", "of", "in"))
    before, month, after = _split(said, _MONTHS)
    if not month:
        return _read_without_month(said)
    number = _MONTHS.index(month) + 1
    if before:
        day, years = numerals.ordinal(before), after
        if day is None:
            return None
        return _dated(numerals.year(years), number, day, years)
    for length in (2, 1):
        day = numerals.ordinal(after[:length])
        if len(after) >= length and day is not None:
            found = _dated(numerals.year(after[length:]), number, day, after[length:])
            if found is not None:
                return found
    return _dated(numerals.year(after), number, None, after)


def _read_without_month(said: tuple[str, ...]) -> str | None:
    """Only an ordinal can be a day that stands alone: `twenty` may be anything."""
    if said and said[-1] in numerals.ORDINALS:
        day = numerals.ordinal(said)
        return None if day is None or day > 31 else f"??????{day:02}"
    year = numerals.year(said)
    return None if year is None else f"{year}????"


def _dated(year: int | None, month: int, day: int | None, said: tuple[str, ...]) -> str | None:
    longest = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    leap = year is None or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    if month == 2 and not leap:
        longest = 28
    if (said and year is None) or (day is not None and not 1 <= day <= longest):
        return None
    return f"{year or '????'}{month:02}{'??' if day is None else f'{day:02}'}"


def _read_time(said: tuple[str, ...]) -> str | None:
    """Return hhmmx: `a`, `p`, `h` for a clock of 24 hours, `?` where morning or afternoon is open (appendix P)."""
    said = said[1:] if said[:1] == ("at",) else said
    half = ""
    for name, letter in _HALVES.items():
        wanted = tuple(name.split())
        if said[-len(wanted) :] == wanted:
            said, half = said[: -len(wanted)], letter
            break
    if said in (("noon",), ("midnight",)):
        return None if half else {"noon": "1200p", "midnight": "1200a"}[said[0]]
    clock = _clock(said)
    if clock is None or (half and not 1 <= clock[0] <= 12):
        return None
    return f"{clock[0]:02}{clock[1]:02}{half or ('?' if 1 <= clock[0] <= 12 else 'h')}"


def _clock(said: tuple[str, ...]) -> tuple[int, int] | None:
    minutes, direction, hours = _split(said, ("past", "to"))
    if direction:
        away = {("half",): 30, ("quarter",): 15, ("a", "quarter"): 15}.get(minutes) or numerals.below_a_hundred(minutes)
        hour = numerals.below_a_hundred(hours)
        if not away or away > 30 or hour is None or not 1 <= hour <= 12 or (minutes == ("half",) and direction == "to"):
            return None
        return (hour, away) if direction == "past" else ((hour - 2) % 12 + 1, 60 - away)
    for place in range(1, len(said) + 1):
        hour, rest = numerals.below_a_hundred(said[:place]), said[place:]
        if hour is None or hour > 23:
            continue
        if not rest or rest in (("o'clock",), ("hundred",)):
            if place == len(said) or rest:
                return hour, 0
        elif rest[0] in ("oh", "o", "zero") and len(rest) == 2:
            minute = numerals.below_a_hundred(rest[1:])
            if minute is not None and minute < 10:
                return hour, minute
        else:
            minute = numerals.below_a_hundred(rest)
            if minute is not None and 10 <= minute <= 59:
                return hour, minute
    return None


def _split(said: tuple[str, ...], at: Iterable[str]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Part the words at the first of some; the middle is empty where none of them was said."""
    wanted = set(at)
    for place, word in enumerate(said):
        if word in wanted:
            return said[:place], word, said[place + 1 :]
    return said, "", ()


_READINGS: Final[Mapping[str, Callable[[tuple[str, ...]], str | bool | None]]] = {
    "boolean": lambda said: " ".join(said) in _YES,
    "digits": numerals.digits,
    "number": _read_number,
    "currency": _read_currency,
    "phone": _read_phone,
    "date": _read_date,
    "time": _read_time,
}
