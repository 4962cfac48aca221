"""The symbols of the two textual forms, ABNF and JSGF."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, NamedTuple

from mirabelle.grammar.error import GrammarError

MOST_SYMBOLS: Final = 500_000
"""How many symbols a textual grammar may hold."""

_MARGIN: Final = re.compile(r"(?:\A|\r\n?|\n)[ \t]*\**[ \t]*")
_AT: Final = re.compile(r"(?:\A|(?<=\n))@")


class Symbol(NamedTuple):
    """One symbol.

    Attributes:
        kind: the name of its pattern; `end` behind the last.
        text: as written.
        line: where it stands, from 1.
        apart: whether white space or a comment stands before it.
        note: the documentation comment, `/** ... */`, that stands right before it.
    """

    kind: str
    text: str
    line: int
    apart: bool
    note: str = ""


def symbols(text: str, pattern: re.Pattern[str], *, uri: str, line: int = 1) -> list[Symbol]:
    """Cut a text into symbols.

    Args:
        text: what to cut.
        pattern: one named group per kind; what the groups `space` and `comment` match is dropped.
        uri: for messages.
        line: the line it begins on.

    Raises:
        GrammarError: something that no pattern fits, or too much of it.
    """
    found: list[Symbol] = []
    place, apart, note = 0, True, ""
    while place < len(text):
        match = pattern.match(text, place)
        if match is None:
            raise GrammarError(_misfit(text[place : place + 20]), uri=uri, line=line)
        kind, written = match.lastgroup or "", match.group()
        if kind in ("space", "comment"):
            apart = True
            if written.startswith("/**"):
                note = written
        else:
            found.append(Symbol(kind, written, line, apart, note))
            apart, note = False, ""
        if len(found) > MOST_SYMBOLS:
            raise GrammarError(f"It has more than {MOST_SYMBOLS:,} symbols.", uri=uri, line=line)
        line += written.count("\n")
        place = match.end()
    found.append(Symbol("end", "", line, True))
    return found


def examples(note: str) -> tuple[str, ...]:
    """Return the inputs that a documentation comment gives as `@example` (SRGS 1.0 section 3.3).

    As in Java, what follows `@example` reaches to the next line that begins with `@`; the asterisks at the beginning of
    lines are none of it.
    """
    text = _MARGIN.sub("\n", note.removeprefix("/**").removesuffix("*/"))
    found = [part.removeprefix("example") for part in _AT.split(text)[1:] if part.startswith("example")]
    return tuple(" ".join(example.split()) for example in found if example.strip())


def _misfit(rest: str) -> str:
    for opening, what in (('"', "A quotation mark"), ("'", "A quotation mark"), ("{", "A tag"), ("/*", "A comment")):
        if rest.startswith(opening):
            return f"{what} is not closed."
    return f"'{rest[:1]}' cannot stand here."


class Cursor:
    """Reads symbols one after the other."""

    def __init__(self, found: list[Symbol], uri: str) -> None:
        self._symbols = found
        self._place = 0
        self.uri = uri

    @property
    def next(self) -> Symbol:
        """The symbol to come."""
        return self._symbols[self._place]

    def after(self, count: int) -> Symbol:
        """The symbol `count` places behind the one to come."""
        return self._symbols[min(self._place + count, len(self._symbols) - 1)]

    def before(self, kind: str, following: str) -> list[str]:
        """Return the texts of all symbols of one kind, taken or to come, that stand right before one of another."""
        pairs = pairwise(self._symbols)
        return [symbol.text for symbol, after in pairs if symbol.kind == kind and after.kind == following]

    def take(self) -> Symbol:
        """Take the symbol to come; the end is never passed."""
        symbol = self.next
        self._place = min(self._place + 1, len(self._symbols) - 1)
        return symbol

    def take_if(self, *kinds: str) -> Symbol | None:
        """Take the symbol to come if it is of one of these kinds."""
        return self.take() if self.next.kind in kinds else None

    def expect(self, kind: str, what: str) -> Symbol:
        """Take a symbol of this kind.

        Raises:
            GrammarError: something else stands there; the message says that `what` was expected.
        """
        if self.next.kind != kind:
            raise self.error(f"{what} is expected, not {self.shown()}.")
        return self.take()

    def shown(self) -> str:
        """The symbol to come, for a message."""
        return "the end" if self.next.kind == "end" else f"'{self.next.text[:30]}'"

    def error(self, reason: str) -> GrammarError:
        """An error at the symbol to come."""
        return GrammarError(reason, uri=self.uri, line=self.next.line)
