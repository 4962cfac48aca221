"""What ABNF and JSGF write alike: alternatives, weights, groups, options."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from mirabelle.grammar import checks
from mirabelle.grammar.lexer import Cursor, Symbol
from mirabelle.grammar.model import Alternative, Alternatives, Expansion, Mode, Repeat, Sequence

_DEEPEST: Final = 100


class ExpansionReader(ABC):
    """Reads the expansion of a rule; what a single element may be is up to the form.

    Attributes:
        cursor: where it reads.
        mode: what the grammar listens to.
    """

    def __init__(self, cursor: Cursor, mode: Mode) -> None:
        self.cursor = cursor
        self.mode = mode

    @abstractmethod
    def element(self, depth: int) -> Expansion | None:
        """Read one expansion with what is attached to it; None where none begins."""

    def alternatives(self, depth: int = 0) -> Expansion:
        """Read expansions with `|` between them.

        Raises:
            GrammarError: one of them is missing, or they are nested too deeply.
        """
        if depth > _DEEPEST:
            raise self.cursor.error(f"The rule is nested more than {_DEEPEST} levels deep.")
        read = [self._alternative(depth)]
        while self.cursor.take_if("bar"):
            read.append(self._alternative(depth))
        items = self.weighed(read)
        return items[0].expansion if len(items) == 1 else Alternatives(items)

    def weighed(self, read: list[tuple[Expansion, Symbol | None]]) -> tuple[Alternative, ...]:
        """Give alternatives the weights that are written before them (SRGS 1.0 section 2.4.1).

        Raises:
            GrammarError: a weight that is none.
        """
        return tuple(
            Alternative(expansion)
            if written is None
            else Alternative(expansion, checks.weight(written.text[1:-1], uri=self.cursor.uri, line=written.line))
            for expansion, written in read
        )

    def bracketed(self, depth: int) -> Expansion | None:
        """Read a group in parentheses or an option in brackets; None where neither begins."""
        if self.cursor.take_if("open"):
            inner = self.alternatives(depth + 1)
            self.cursor.expect("close", "')'")
            return inner
        if self.cursor.take_if("option"):
            inner = self.alternatives(depth + 1)
            self.cursor.expect("end_option", "']'")
            return Repeat(inner, 0, 1)
        return None

    def token(self, text: str, line: int) -> Expansion:
        """Make a token of a word.

        Raises:
            GrammarError: it is empty, or no key in a grammar for keys.
        """
        return checks.token(text, self.mode, "", uri=self.cursor.uri, line=line)

    def _alternative(self, depth: int) -> tuple[Expansion, Symbol | None]:
        written = self.cursor.take_if("weight")
        items: list[Expansion] = []
        while (item := self.element(depth)) is not None:
            items.append(item)
        if not items:
            raise self.cursor.error(f"Something to match is expected, not {self.cursor.shown()}.")
        return items[0] if len(items) == 1 else Sequence(tuple(items)), written
