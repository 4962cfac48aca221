"""The matcher: an Earley chart over the network, one column per word, fed one word at a time."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from heapq import merge
from types import MappingProxyType
from typing import Final

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.network import Edge, Network, Part, Step

MOST_WORDS: Final = 500
"""The longest input that is matched, in words or keys."""
MOST_STEPS: Final = 1_000_000
"""How many steps one input may cost before it is given up: all rules that are tried, and the parse."""

_FEW: Final = 8

_Item = tuple[int, int]
_Words = Mapping[str, Sequence[int]]
_NONE: Final[_Words] = MappingProxyType({})


def plain(word: str) -> str:
    """Return a word without regard to case and to how its accents are encoded."""
    return unicodedata.normalize("NFC", word.casefold())


class Budget:
    """The steps that one input may still cost.

    Attributes:
        left: how many.
    """

    __slots__ = ("left",)

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take some away.

        Raises:
            GrammarError: there were not that many left.
        """
        self.left -= steps
        if self.left < 0:
            raise GrammarError(
                f"Matching the input takes more than {MOST_STEPS:,} steps; the grammar is too ambiguous."
            )


class Tables:
    """The network sorted by what each state asks for; made once per grammar, shared by all its matches."""

    __slots__ = ("_folded", "_places", "anything", "calls", "ends", "free", "network", "readings", "words")

    def __init__(self, network: Network) -> None:
        self.network = network
        self.free: list[tuple[int, ...]] = []
        self.words: list[_Words] = []
        self._folded: list[_Words] | None = None
        self._places: dict[tuple[int, bool], tuple[list[int], _Words]] = {}
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
        self.readings = {
            index: part.document.reading
            for index, part in enumerate(network.parts)
            if part.name and part.document.reading is not None
        }

    @property
    def folded(self) -> list[_Words]:
        """As `words`, with plain words."""
        if self._folded is None:
            self._folded = [
                _by_word((plain(word), target) for word, targets in asked.items() for target in targets)
                for asked in self.words
            ]
        return self._folded

    def edges(self, state: int, word: str | None, fold: bool) -> Sequence[Edge]:
        """Return the edges that may be taken from a state, in order of preference.

        Args:
            state: the state.
            word: what was said there; None behind the last word.
            fold: whether the word is plain.
        """
        edges = self.network.edges[state]
        if len(edges) <= _FEW:
            return edges
        if (state, fold) not in self._places:
            others = [place for place, edge in enumerate(edges) if edge.step is not Step.WORD]
            asked = ((edge.word, place) for place, edge in enumerate(edges) if edge.step is Step.WORD)
            named = _by_word((plain(word), place) for word, place in asked) if fold else _by_word(asked)
            self._places[state, fold] = others, named
        others, named = self._places[state, fold]
        return [edges[place] for place in merge(others, named.get(word or "", ()))]


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
        budget: what matching and its parse may still cost.
    """

    __slots__ = ("_fold", "_start", "_tables", "_words", "budget", "columns", "words")

    def __init__(self, tables: Tables, start: int, fold: bool = False, budget: Budget | None = None) -> None:
        """Begin to match part `start`.

        Args:
            tables: the network.
            start: the part.
            fold: whether case and the encoding of accents mean nothing.
            budget: what it may cost; a whole one of its own where None is given.

        Raises:
            GrammarError: it costs more.
        """
        self._tables = tables
        self._start = start
        self._fold = fold
        self._words = tables.folded if fold else tables.words
        self.budget = budget or Budget()
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
            GrammarError: the input is too long, or matching it costs more than the budget has.
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

    def edges(self, state: int, position: int, last: int) -> Sequence[Edge]:
        """Return the edges that may lead on from a state at a position, in order of preference.

        Raises:
            GrammarError: to look at them all costs more than the budget has.
        """
        said = self.words[position] if position < last else None
        edges = self._tables.edges(state, plain(said) if said and self._fold else said, self._fold)
        self.budget.spend(1 + len(edges))
        return edges

    def _close(self, agenda: list[_Item]) -> None:
        tables, column, here, budget = self._tables, Column(), len(self.words), self.budget
        parts, items, callers = tables.network.parts, column.items, column.callers
        self.columns.append(column)
        while agenda:
            item = agenda.pop()
            if item in items:
                budget.left -= 1
                continue
            items[item] = None
            state, origin = item
            agenda.extend((target, origin) for target in tables.free[state])
            calls = tables.calls[state]
            budget.spend(1 + len(calls))
            for called, after, may_be_empty in calls:
                if (waiting := callers.get(called)) is None:
                    callers[called] = waiting = []
                    agenda.append((parts[called].start, here))
                waiting.append((after, origin))
                if may_be_empty:
                    agenda.append((after, origin))
            ended = tables.ends.get(state)
            if ended is not None and (ended, origin) not in column.completed and self._means(ended, origin):
                column.completed[ended, origin] = len(column.completed)
                if origin != here:
                    agenda.extend(self.columns[origin].callers.get(ended, ()))

    def _means(self, part: int, origin: int) -> bool:
        """Whether the words that a part took mean anything; a builtin rule lets more through than does."""
        reading = self._tables.readings.get(part)
        if reading is None:
            return True
        self.budget.spend(1)
        return reading(tuple(self.words[origin:])) is not None
