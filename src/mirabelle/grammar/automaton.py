"""Grammars as one finite automaton: the states and words that a recogniser searches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.grammar import Grammar
from mirabelle.grammar.matcher import plain
from mirabelle.grammar.network import Network, Step

MOST_PLACES: Final = 50_000
"""How many places in the rules are looked at; grammars beyond it are refused."""
MOST_ARCS: Final = 20_000
"""How many words the automaton may lead over, each counted as often as it stands there."""

_Place = tuple[int, int, tuple[int, ...]]
"""A network, a state in it, and the states after the calls that led there."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A word that leads from one state to the next.

    Attributes:
        source: a state.
        target: a state.
        word: in lower case.
    """

    source: int
    target: int
    word: str


@dataclass(frozen=True, slots=True)
class Automaton:
    """What some grammars accept together. It begins in state 0; no two arcs of a state have the same word.

    Attributes:
        arcs: all of them.
        finals: the states in which an input may end.
        written: how the grammars write a word.
        own: words of the application's grammars; the others are of builtin ones alone.
    """

    arcs: tuple[Arc, ...]
    finals: frozenset[int]
    written: dict[str, str]
    own: frozenset[str]

    def accepts(self, words: Iterable[str]) -> bool:
        """Tell whether words, in lower case, are a whole input."""
        moves = {(arc.source, arc.word): arc.target for arc in self.arcs}
        state = 0
        for word in words:
            if (state, word) not in moves:
                return False
            state = moves[state, word]
        return state in self.finals


def automaton(grammars: Iterable[Grammar]) -> Automaton:
    """Write out what the entries of some grammars for words accept.

    What `$GARBAGE` lets pass is left out: such a place accepts no words there.

    Raises:
        GrammarError: a rule refers to itself, so that no finite automaton is the same; or it is too large.
    """
    return _Builder([each.entered() for each in grammars]).build()


class _Builder:
    def __init__(self, entered: Sequence[tuple[Network, int]]) -> None:
        self._networks = [network for network, _ in entered]
        self._begin = [(index, network.parts[part].start, ()) for index, (network, part) in enumerate(entered)]
        self._finals_of = [{part.final for part in network.parts} for network in self._networks]
        self._reached: dict[frozenset[_Place], tuple[frozenset[_Place], bool]] = {}
        self._looked_at = 0
        self._written: dict[str, str] = {}
        self._own: set[str] = set()

    def build(self) -> Automaton:
        first, ends = self._reach(self._begin)
        numbers = {first: 0}
        finals = {0} if ends else set[int]()
        arcs: list[Arc] = []
        waiting = [first]
        while waiting:
            state = waiting.pop()
            for word, places in self._words(state).items():
                following, ends = self._reach(places)
                if following not in numbers:
                    numbers[following] = len(numbers)
                    waiting.append(following)
                if ends:
                    finals.add(numbers[following])
                arcs.append(Arc(numbers[state], numbers[following], word))
                if len(arcs) > MOST_ARCS:
                    raise GrammarError(f"The grammar is too large to be listened to: more than {MOST_ARCS:,} words.")
        return Automaton(tuple(arcs), frozenset(finals), self._written, frozenset(self._own))

    def _words(self, state: frozenset[_Place]) -> dict[str, list[_Place]]:
        """The words that may follow, and where each of them leads."""
        found: dict[str, list[_Place]] = {}
        for index, at, back in sorted(state):
            network = self._networks[index]
            for edge in network.edges[at]:
                if edge.step is Step.WORD:
                    word = plain(edge.word)
                    self._written.setdefault(word, edge.word)
                    if network.parts[network.part_of[at]].document.reading is None:
                        self._own.add(word)
                    found.setdefault(word, []).append((index, edge.target, back))
        return found

    def _reach(self, places: Iterable[_Place]) -> tuple[frozenset[_Place], bool]:
        """The places before a word that can be reached without one, and whether the input may end here."""
        # All words of a choice lead to the same places.
        key = frozenset(places)
        if key not in self._reached:
            self._reached[key] = self._search(key)
        return self._reached[key]

    def _search(self, places: frozenset[_Place]) -> tuple[frozenset[_Place], bool]:
        seen: set[_Place] = set()
        ends = False
        agenda = list(places)
        while agenda:
            place = agenda.pop()
            if place in seen:
                continue
            seen.add(place)
            self._count()
            index, at, back = place
            if at in self._finals_of[index]:
                ends = ends or not back
                agenda += [(index, back[-1], back[:-1])] if back else []
            agenda += self._without_words(place)
        return frozenset(place for place in seen if self._asks(place)), ends

    def _without_words(self, place: _Place) -> list[_Place]:
        index, at, back = place
        network = self._networks[index]
        found: list[_Place] = []
        for edge in network.edges[at]:
            if edge.step in (Step.FREE, Step.TAG):
                found.append((index, edge.target, back))
            elif edge.step is Step.CALL:
                called = network.parts[edge.rule]
                inside = {network.part_of[each] for each in (at, *back)}
                if edge.rule in inside:
                    raise GrammarError(
                        f"The rule '{called.name}' refers to itself and cannot be listened to; write a repetition."
                    )
                found.append((index, called.start, (*back, edge.target)))
        return found

    def _asks(self, place: _Place) -> bool:
        index, at, _ = place
        return any(edge.step is Step.WORD for edge in self._networks[index].edges[at])

    def _count(self) -> None:
        self._looked_at += 1
        if self._looked_at > MOST_PLACES:
            raise GrammarError(f"The grammar is too large to be listened to: more than {MOST_PLACES:,} places.")
