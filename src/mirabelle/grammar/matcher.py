"""The matcher: an Earley chart over the network, one column per word, fed one word at a time."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.network import Network, Part, Step

MOST_WORDS: Final = 500
"""The longest input that is matched, in words or keys."""
MOST_STEPS: Final = 1_000_000
"""How many steps of matching one input may cost before it is given up."""

_Item = tuple[int, int]
_Words = Mapping[str, Sequence[int]]
_NONE: Final[_Words] = MappingProxyType({})


def plain(word: str) -> str:
    """Return a word without regard to case and to how its accents are encoded."""
    return unicodedata.normalize("NFC", word.casefold())


class Tables:
    """The network sorted by what each state asks for; made once per grammar, shared by all its matches."""

    __slots__ = ("_folded", "anything", "calls", "ends", "free", "network", "words")

    def __init__(self, network: Network) -> None:
        self.network = network
        self.free: list[tuple[int, ...]] = []
        self.words: list[_Words] = []
        self._folded: list[_Words] | None = None
        self.anything: list[tuple[int, ...]] = []
        self.calls: list[tuple[tuple[int, int, bool], ...]] = []
        for edges in network.edges:
            self.free.append(tuple(edge.target for edge in edges if edge.step in (Step.FREE, Step.TAG)))
            self.words.append(_by_word((edge.word, edge.target) for edge in edges if edge.step is Step.WORD))
            self.anything.append(tuple(edge.target for edge in edges if edge.step is Step.ANY))
            calls = (edge for edge in edges if edge.step is Step.CALL)
            parts = network.parts
            self.calls.append(
                tuple((edge.rule, edge.target, parts[edge.rule].null_rank >= 0 and not edge.moving) for edge in calls)
            )
        self.ends = {part.final: index for index, part in enumerate(network.parts)}

    @property
    def folded(self) -> list[_Words]:
        """As `words`, with plain words."""
        if self._folded is None:
            self._folded = [
                _by_word((plain(word), target) for word, targets in asked.items() for target in targets)
                for asked in self.words
            ]
        return self._folded


def _by_word(asked: Iterable[tuple[str, int]]) -> _Words:
    found: dict[str, list[int]] = {}
    for word, target in asked:
        found.setdefault(word, []).append(target)
    return found or _NONE


class Column:
    """What can be under way after some words."""

    __slots__ = ("callers", "completed", "items")

    def __init__(self) -> None:
        self.items: dict[_Item, None] = {}
        self.callers: dict[int, list[_Item]] = {}
        self.completed: dict[_Item, int] = {}


class Chart:
    """A match under way.

    Attributes:
        words: what was fed.
        columns: one more than there are words.
    """

    __slots__ = ("_fold", "_start", "_steps", "_tables", "_words", "columns", "words")

    def __init__(self, tables: Tables, start: int, fold: bool = False) -> None:
        """Begin to match part `start`.

        Args:
            tables: the network.
            start: the part.
            fold: whether case and the encoding of accents mean nothing.
        """
        self._tables = tables
        self._start = start
        self._fold = fold
        self._words = tables.folded if fold else tables.words
        self._steps = 0
        self.words: list[str] = []
        self.columns: list[Column] = []
        self._close([(tables.network.parts[start].start, 0)])

    @property
    def part(self) -> Part:
        """What is being matched."""
        return self._tables.network.parts[self._start]

    @property
    def network(self) -> Network:
        """What is walked."""
        return self._tables.network

    @property
    def start(self) -> int:
        """The index of the part that is being matched."""
        return self._start

    @property
    def is_complete(self) -> bool:
        """Whether the words so far are a match."""
        return (self._start, 0) in self.columns[-1].completed

    @property
    def can_continue(self) -> bool:
        """Whether more words could make a match."""
        words, anything = self._words, self._tables.anything
        return any(words[state] or anything[state] for state, _ in self.columns[-1].items)

    @property
    def is_alive(self) -> bool:
        """Whether the words so far are a match or the beginning of one."""
        return bool(self.columns[-1].items)

    def feed(self, word: str) -> bool:
        """Take one more word; return whether what was said so far can still be part of a match.

        Raises:
            GrammarError: the input is too long, or matching it takes more than `MOST_STEPS` steps.
        """
        if len(self.words) >= MOST_WORDS:
            raise GrammarError(f"The input is longer than {MOST_WORDS:,} words.")
        tables, asked = self._tables, plain(word) if self._fold else word
        agenda: list[_Item] = []
        for state, origin in self.columns[-1].items:
            agenda.extend((target, origin) for target in self._words[state].get(asked, ()))
            agenda.extend((target, origin) for target in tables.anything[state])
        self.words.append(word)
        self._close(agenda)
        return self.is_alive

    def feed_all(self, words: Sequence[str]) -> bool:
        """Take several words; stop where nothing can match any more."""
        return all(self.feed(word) for word in words)

    def takes(self, asked: str, position: int) -> bool:
        """Tell whether the word at `position` is the one the grammar asks for."""
        said = self.words[position]
        return plain(asked) == plain(said) if self._fold else asked == said

    def _close(self, agenda: list[_Item]) -> None:
        tables, column, here = self._tables, Column(), len(self.words)
        parts, items, callers = tables.network.parts, column.items, column.callers
        self.columns.append(column)
        while agenda:
            item = agenda.pop()
            self._steps += 1
            if item in items:
                continue
            if self._steps > MOST_STEPS:
                raise GrammarError(
                    f"Matching the input takes more than {MOST_STEPS:,} steps; the grammar is too ambiguous."
                )
            items[item] = None
            state, origin = item
            agenda.extend((target, origin) for target in tables.free[state])
            for called, after, may_be_empty in tables.calls[state]:
                if (waiting := callers.get(called)) is None:
                    callers[called] = waiting = []
                    agenda.append((parts[called].start, here))
                waiting.append((after, origin))
                if may_be_empty:
                    agenda.append((after, origin))
            if (ended := tables.ends.get(state)) is not None and (ended, origin) not in column.completed:
                column.completed[ended, origin] = len(column.completed)
                if origin != here:
                    agenda.extend(self.columns[origin].callers.get(ended, ()))
