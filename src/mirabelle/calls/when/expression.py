"""Expressions of time: from words to an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mirabelle.calls.when.arithmetic import Moment, moment
from mirabelle.calls.when.error import WhenError
from mirabelle.calls.when.grammar import scanner
from mirabelle.calls.when.lexeme import Lexeme
from mirabelle.calls.when.meaning import MEANINGS
from mirabelle.calls.when.notation import END
from mirabelle.calls.when.reading import Reading
from mirabelle.calls.when.scanner import Token
from mirabelle.calls.when.words import AMOUNTS
from mirabelle.calls.when.zones import Place

MOST_CHARACTERS: Final = 80
"""The longest expression that is read."""

IN_GAP: Final = "The clocks there are put forward past that time of the day: it does not exist. A later time was taken."
"""The warning of a time that does not exist."""
IN_FOLD: Final = "The clocks there are put back past that time of the day: it comes twice. One of the two was taken."
"""The warning of a time that comes twice."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WHITESPACE: Final = " \t\n\v\f\r"


@dataclass(frozen=True, slots=True)
class Understood:
    """What an expression means.

    Attributes:
        instant: in the zone of the present instant, to the second.
        zone: the zone that the expression was read in.
        in_gap: the clocks there are put forward past the time of the day that was asked for; a later one was taken.
        in_fold: the clocks there are put back past the time of the day that was asked for; one of two was taken.
    """

    instant: datetime
    zone: str
    in_gap: bool
    in_fold: bool

    @property
    def warning(self) -> str:
        """What is to be said of it; empty for nothing."""
        return IN_GAP if self.in_gap else IN_FOLD if self.in_fold else ""


def parse(expression: str, *, now: datetime) -> datetime:
    """The instant that an expression means.

    Args:
        expression: `tomorrow 9:30`, `+2 days`; at most 80 characters.
        now: the present instant, aware; what is not said comes from it, and its zone is that of the clock meant.

    Returns:
        The instant in the zone of `now`, to the second.

    Raises:
        WhenError: something was not understood; the message says which word.
    """
    return explain(expression, now).instant


def explain(expression: str, now: datetime) -> Understood:
    """What an expression means, and what is to be said about it.

    Args:
        expression: as for `parse`.
        now: as for `parse`.

    Raises:
        WhenError: something was not understood; the message says which word.
    """
    found = _moment(expression, now)
    try:
        instant = (_EPOCH + timedelta(seconds=found.seconds)).astimezone(now.tzinfo)
    except (OverflowError, ValueError) as error:
        raise WhenError(f"'{_shown(expression)}' lies outside of the years 1 to 9999.") from error
    return Understood(instant, found.zone.name, found.in_gap, found.in_fold)


def seconds(expression: str, *, now: datetime) -> int:
    """The Unix time that an expression means; the year may be one that a `datetime` cannot have.

    Args:
        expression: as for `parse`.
        now: as for `parse`.

    Raises:
        WhenError: something was not understood; the message says which word.
    """
    return _moment(expression, now).seconds


def _moment(expression: str, now: datetime) -> Moment:
    if now.tzinfo is None:
        raise WhenError("The present instant has no time zone; give it one.")
    if len(expression) > MOST_CHARACTERS:
        raise WhenError(f"The time has {len(expression)} characters; at most {MOST_CHARACTERS} are allowed.")
    if not expression:
        raise WhenError("The time is empty; say one, such as 'tomorrow 9:30'.")
    reading = _read(expression.strip(_WHITESPACE))
    zone = now.tzinfo
    name = zone.key if isinstance(zone, ZoneInfo) and zone.key else str(zone)
    return moment(reading, (now - _EPOCH) // timedelta(seconds=1), Place(zone, name))


def _read(text: str) -> Reading:
    reading = Reading()
    for token in scanner().tokens(text):
        if token.form is None:
            raise WhenError(f"'{_word_around(text, token)}' is not understood.")
        try:
            MEANINGS[token.form](reading, Lexeme(token.text))
        except WhenError as error:
            raise WhenError(f"'{_word_around(text, token)}' {error}.") from error
    return reading


def _word_around(text: str, token: Token) -> str:
    """The words that a piece of the text lies in, as far as they can be printed."""
    start, end = token.start, token.start + len(token.text.rstrip(_WHITESPACE + END))
    while start > 0 and text[start - 1] not in _WHITESPACE:
        start -= 1
    end = _end_of_word(text, end)
    if text[start:end].lower() in AMOUNTS or text[start:end].strip("+-").isdecimal():
        # It is the next word that does not fit: there are no things of that name.
        end = _end_of_word(text, end + 1)
    return _shown(text[start:end])


def _end_of_word(text: str, at: int) -> int:
    while at < len(text) and text[at] not in _WHITESPACE:
        at += 1
    return min(at, len(text))


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else "\ufffd" for each in text)
