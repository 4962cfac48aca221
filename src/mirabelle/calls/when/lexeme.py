"""One piece of an expression, read from left to right."""

from __future__ import annotations

import math
from typing import Final

from mirabelle.calls.when import zones
from mirabelle.calls.when.error import WhenError
from mirabelle.calls.when.notation import END
from mirabelle.calls.when.words import AMOUNTS, MONTHS, UNITS, Unit

_NOON: Final = 12
_CENTURY: Final = 100
_FIRST_OF_LAST_CENTURY: Final = 70
_WRITTEN_OUT: Final = 4
_LARGEST: Final = 2**63 - 1
_BEFORE_A_NAME: Final = " \t-./"
_AFTER_A_UNIT: Final = " ,\t;:/.-()"
_DIGITS: Final = frozenset("0123456789")


class Lexeme:
    """The fields of a token; each is looked for from where the one before it ended."""

    def __init__(self, text: str) -> None:
        """Begin at the left.

        Args:
            text: has one of the grammar's forms.
        """
        self.text = text.partition(END)[0]
        self._at = 0

    def next_is(self, characters: str) -> bool:
        """Whether the next character is one of these; never at the end."""
        following = self.text[self._at : self._at + 1]
        return following != "" and following in characters

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self.text)

    def number(self, most_digits: int = 2) -> int | None:
        """The next number, of at most so many digits; None where no digit is left."""
        digits = self._digits(most_digits)
        return int(digits) if digits else None

    def some(self, most_digits: int = 2) -> int:
        """The next number where the form says that there is one."""
        return self.number(most_digits) or 0

    def year(self, most_digits: int = 4) -> int | None:
        """The next number as a year: 0 to 69 are of this century, 70 to 99 of the last, unless four digits say more."""
        digits = self._digits(most_digits)
        if not digits:
            return None
        number = int(digits)
        if len(digits) >= _WRITTEN_OUT or number >= _CENTURY:
            return number
        return number + (2000 if number < _FIRST_OF_LAST_CENTURY else 1900)

    def signed(self, most_digits: int = 24) -> int:
        """The next number with the signs before it; two minus signs cancel each other.

        Raises:
            WhenError: it has more than 64 bits.
        """
        sign = 1
        while not self.ended and self.text[self._at] not in _DIGITS:
            sign = -sign if self.text[self._at] == "-" else sign
            self._at += 1
        number = sign * self.some(most_digits)
        if not -_LARGEST - 1 <= number <= _LARGEST:
            raise WhenError("is too large a number")
        return number

    def microseconds(self) -> int:
        """The fraction that begins at the next point or colon."""
        digits = self._digits(len(self.text))
        return math.trunc(int(digits) * 10 ** (6 - len(digits))) if digits else 0

    def month(self) -> int:
        """The number of the month that is named next."""
        self._skip(_BEFORE_A_NAME)
        return MONTHS.get(self._word().lower(), 0)

    def skip_day_suffix(self) -> None:
        """Pass over `st`, `nd`, `rd` and `th`."""
        if self.text[self._at : self._at + 2].lower() in {"st", "nd", "rd", "th"}:
            self._at += 2

    def amount(self) -> tuple[int, bool]:
        """How many the next word means, and whether it is `this`."""
        self._skip(_BEFORE_A_NAME)
        word = self._word().lower()
        return AMOUNTS.get(word, 0), word == "this"

    def unit(self) -> tuple[Unit, int] | None:
        """What the next word counts."""
        self._skip(" \t")
        start = self._at
        while not self.ended and self.text[self._at] not in _AFTER_A_UNIT:
            self._at += 1
        return UNITS.get(self.text[start : self._at].lower())

    def noon_side(self, hour: int) -> int:
        """The hour of the day, from an hour of twelve and the `am` or `pm` that comes next."""
        while not self.ended and not self.next_is("AaPp"):
            self._at += 1
        if self.next_is("Aa"):
            return hour - _NOON if hour == _NOON else hour
        return hour if hour == _NOON else hour + _NOON

    def zone(self) -> zones.Zone:
        """What is left, as a zone."""
        return zones.read(self.text[self._at :])

    def _digits(self, most: int) -> str:
        while not self.ended and self.text[self._at] not in _DIGITS:
            self._at += 1
        start = self._at
        while not self.ended and self.text[self._at] in _DIGITS and self._at - start < most:
            self._at += 1
        return self.text[start : self._at]

    def _word(self) -> str:
        start = self._at
        while not self.ended and self.text[self._at].isascii() and self.text[self._at].isalpha():
            self._at += 1
        return self.text[start : self._at]

    def _skip(self, characters: str) -> None:
        while self.next_is(characters):
            self._at += 1
