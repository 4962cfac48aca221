"""Cuts a text into the longest pieces that the grammar knows.

The grammar's expressions become a nondeterministic automaton (Thompson's construction), which is made deterministic
as far as the texts that are read need it. The time for a text grows with its length and with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mirabelle.calls.when.notation import END, Choice, Expression, OneOf, Repeat, Sequence


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text.

    Attributes:
        form: the form of the grammar that it has; None where it has none.
        text: the piece.
        start: where it begins.
    """

    form: str | None
    text: str
    start: int


@dataclass(slots=True)
class _State:
    """What may follow after some characters: another state, or the nodes that one is made of when it is needed."""

    accepts: int | None
    moves: dict[str, _State | frozenset[int]]


class Scanner:
    """The automaton of some forms: the longest match wins, and of equals the form that comes first."""

    def __init__(self, forms: Mapping[str, Expression]) -> None:
        self._names = tuple(forms)
        self._edges: list[list[tuple[frozenset[str], int]]] = []
        self._free: list[list[int]] = []
        self._accepts: dict[int, int] = {}
        self._states: dict[frozenset[int], _State] = {}
        self._sets: dict[frozenset[int], frozenset[int]] = {}
        start = self._node()
        for index, expression in enumerate(forms.values()):
            first, last = self._build(expression)
            self._free[start].append(first)
            self._accepts[last] = index
        self._start = self._state(self._closure([start]))

    def tokens(self, text: str) -> Iterator[Token]:
        """The pieces of a text, from left to right; a character that begins no form is a piece of its own.

        The last piece may hold the mark of the end, `END`.
        """
        marked = text + END
        at = 0
        while at < len(marked):
            form, end = self._longest(marked, at)
            yield Token(form, marked[at:end], at)
            at = end

    def _longest(self, text: str, start: int) -> tuple[str | None, int]:
        state = self._start
        found, end = None, start + 1
        for at in range(start, len(text)):
            character = text[at]
            following = state.moves.get(character)
            if following is None:
                break
            if not isinstance(following, _State):
                following = state.moves[character] = self._state(self._closure(following))
            state = following
            if state.accepts is not None:
                found, end = state.accepts, at + 1
        return (None if found is None else self._names[found]), end

    def _node(self) -> int:
        self._edges.append([])
        self._free.append([])
        return len(self._edges) - 1

    def _build(self, expression: Expression) -> tuple[int, int]:
        """Add an expression; its first and its last node."""
        if isinstance(expression, OneOf):
            first, last = self._node(), self._node()
            self._edges[first].append((expression.characters, last))
            return first, last
        if isinstance(expression, Sequence):
            return self._chain(expression.parts)
        if isinstance(expression, Choice):
            first, last = self._node(), self._node()
            for option in expression.options:
                begin, end = self._build(option)
                self._free[first].append(begin)
                self._free[end].append(last)
            return first, last
        return self._repeat(expression)

    def _chain(self, parts: Iterable[Expression]) -> tuple[int, int]:
        first = last = self._node()
        for part in parts:
            begin, end = self._build(part)
            self._free[last].append(begin)
            last = end
        return first, last

    def _repeat(self, expression: Repeat) -> tuple[int, int]:
        first, at = self._chain([expression.part] * expression.least)
        last = self._node()
        self._free[at].append(last)
        if expression.most is None:
            begin, end = self._build(expression.part)
            self._free[last].append(begin)
            self._free[end].append(last)
            return first, last
        for _ in range(expression.most - expression.least):
            begin, end = self._build(expression.part)
            self._free[at].append(begin)
            self._free[end].append(last)
            at = end
        return first, last

    def _closure(self, nodes: Iterable[int]) -> frozenset[int]:
        found = set(nodes)
        waiting = list(found)
        while waiting:
            for target in self._free[waiting.pop()]:
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return frozenset(found)

    def _state(self, nodes: frozenset[int]) -> _State:
        state = self._states.get(nodes)
        if state is None:
            moves: dict[str, set[int]] = {}
            for node in nodes:
                for characters, target in self._edges[node]:
                    for character in characters:
                        moves.setdefault(character, set()).add(target)
            accepts = min((self._accepts[node] for node in nodes if node in self._accepts), default=None)
            state = _State(accepts, {character: self._shared(targets) for character, targets in moves.items()})
            self._states[nodes] = state
        return state

    def _shared(self, nodes: set[int]) -> frozenset[int]:
        """The nodes; equal sets are kept once."""
        found = frozenset(nodes)
        return self._sets.setdefault(found, found)
