"""English words for numbers, read back as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

DIGITS: Final = {
    "zero": 0, "oh": 0, "o": 0, "one": 1, "two": 2, "three": 3, "four": 4,
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
TEENS: Final = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES: Final = {"million": 1_000_000, "thousand": 1_000}
ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
WORDS: Final = (*DIGITS, *TEENS, *TENS, *SCALES, "hundred", "and", "a")
"""Every word of a cardinal number."""


def digits(words: Sequence[str]) -> str | None:
    """Return the digits that were said one by one; None where something else was, or nothing."""
    said = [str(DIGITS[word]) if word in DIGITS else word for word in words]
    return "".join(said) if said and all(len(one) == 1 and one in "0123456789" for one in said) else None


def cardinal(words: Sequence[str]) -> int | None:
    """Return the number that was said: `two hundred and five` is 205; None where it is none."""
    total, rest = 0, list(words)
    for scale, factor in SCALES.items():
        if scale in rest:
            place = rest.index(scale)
            part = _below_a_thousand(rest[:place])
            if not part:
                return None
            total += part * factor
            rest = rest[place + 1 :]
            if rest[:1] == ["and"]:
                rest = rest[1:]
            if not rest:
                return total
    last = _below_a_thousand(rest)
    return None if last is None or (total and not last) else total + last


def below_a_hundred(words: Sequence[str]) -> int | None:
    """Return a number up to 99; None where the words are none."""
    match list(words):
        case [word] if word in DIGITS:
            return DIGITS[word]
        case [word] if word in TEENS:
            return TEENS[word]
        case [word] if word in TENS:
            return TENS[word]
        case [word] if word.isascii() and word.isdigit() and len(word) <= 2:
            return int(word)
        case [ten, unit] if ten in TENS and DIGITS.get(unit):
            return TENS[ten] + DIGITS[unit]
        case _:
            return None


def ordinal(words: Sequence[str]) -> int | None:
    """Return a day of the month: `twenty third` is 23; plain numbers count too. None where the words are none."""
    match list(words):
        case [word] if word in ORDINALS:
            return ORDINALS[word]
        case [ten, unit] if ten in TENS and 0 < ORDINALS.get(unit, 0) < 10:
            return TENS[ten] + ORDINALS[unit]
        case other:
            return below_a_hundred(other)


def year(words: Sequence[str]) -> int | None:
    """Return a year: `nineteen ninety nine`, `twenty oh six`, `two thousand and six`; None where it is none."""
    for place in range(1, len(words)):
        century, rest = below_a_hundred(words[:place]), words[place:]
        if century is None or not 10 <= century <= 99:
            continue
        if rest[0] in ("oh", "o") and len(rest) == 2:
            unit = below_a_hundred(rest[1:])
            if unit is not None and unit < 10:
                return century * 100 + unit
            continue
        within = 0 if list(rest) == ["hundred"] else below_a_hundred(rest)
        if within is not None and (within >= 10 or list(rest) == ["hundred"]):
            return century * 100 + within
    spelled = digits(words)
    if spelled is not None and len(spelled) == 4:
        return int(spelled)
    whole = cardinal(words)
    return whole if whole is not None and 1_000 <= whole <= 9_999 else None


def _below_a_thousand(words: Sequence[str]) -> int | None:
    if "hundred" not in words:
        return below_a_hundred(words)
    place = list(words).index("hundred")
    hundreds = 1 if list(words[:place]) in (["a"], ["one"]) else below_a_hundred(words[:place])
    if not hundreds:
        return None
    rest = list(words[place + 1 :])
    if rest[:1] == ["and"]:
        rest = rest[1:]
        if not rest:
            return None
    within = below_a_hundred(rest) if rest else 0
    return None if within is None or (rest and not within) else hundreds * 100 + within
