"""Rules become a network of states: what the matcher walks."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.model import (
    Alternatives,
    Document,
    Expansion,
    Mode,
    Repeat,
    RuleRef,
    Sequence,
    Special,
    Tag,
    Token,
)

MOST_STATES: Final = 200_000
"""The largest network that is built; a grammar beyond it is refused."""
MOST_EDGES: Final = 400_000
"""How many ways from one state to the next it may have."""

_DEEPEST: Final = 200


class Step(enum.Enum):
    """What an edge of the network asks for."""

    FREE = enum.auto()
    TAG = enum.auto()
    WORD = enum.auto()
    ANY = enum.auto()
    CALL = enum.auto()


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one state to the next.

    Attributes:
        target: the state it leads to.
        word: the word asked for (WORD).
        token: the token that is complete with this word (WORD), or the tag's text (TAG).
        rule: the part that is called (CALL).
        shown: how the reference is written in a parse; empty for a part without a name.
        moving: whether the call must take some input: a repetition that need not be is not made for nothing.
    """

    step: Step
    target: int
    word: str = ""
    token: str = ""
    rule: int = -1
    shown: str = ""
    moving: bool = False


@dataclass(slots=True)
class Part:
    """A rule, or a part of one that is entered more than once.

    Attributes:
        document: the grammar it belongs to; empty name: it has no level of its own in the parse.
        null_rank: the order in which it was found to match without input; -1: it cannot.
        circle: parts with the same number can reach each other.
    """

    name: str
    document: Document
    start: int
    final: int
    null_rank: int = -1
    circle: int = -1


class Network:
    """States, edges and parts of a grammar with all that it refers to.

    Edges stand in the order of preference: what comes first in the grammar (or weighs more) is tried first.
    """

    __slots__ = ("edges", "part_of", "parts")

    def __init__(self) -> None:
        self.edges: list[list[Edge]] = []
        self.part_of: list[int] = []
        self.parts: list[Part] = []

    def callers(self) -> Iterable[tuple[int, Edge]]:
        """Yield every call with the part it stands in."""
        for state, edges in enumerate(self.edges):
            for edge in edges:
                if edge.step is Step.CALL:
                    yield self.part_of[state], edge


Find = Callable[[Document, RuleRef], tuple[Document, str]]
"""Tells which rule of which document a reference means; the checks have made sure that there is one."""


class _Link(Protocol):
    def __call__(self, source: int, target: int, moving: bool = False) -> None: ...


class Builder:
    """Builds the network of some rules and of everything they refer to."""

    def __init__(self, find: Find) -> None:
        self.network = Network()
        self._find = find
        self._known: dict[tuple[int, str], int] = {}
        self._wanted: list[int] = []
        self._document: Document | None = None
        self._part = -1
        self._edges = 0

    def build(self, document: Document, rules: Iterable[str]) -> tuple[Network, dict[str, int]]:
        """Build the network and say which part each of `rules` became.

        Raises:
            GrammarError: the grammar needs more than `MOST_STATES` states or `MOST_EDGES` edges, or is nested too
                deeply.
        """
        starts = {rule: self._rule(document, rule) for rule in rules}
        while self._wanted:
            part = self.network.parts[self._wanted.pop()]
            self._document, self._part = part.document, self.network.part_of[part.start]
            self._link(part.start, part.document.rules[part.name].expansion, part.final, 0)
        return self.network, starts

    def choice(self, document: Document, parts: Iterable[int]) -> int:
        """Add a nameless part that is any one of `parts`."""
        chosen = self._new_part("", document)
        for part in parts:
            name = self.network.parts[part].name
            start, final = self.network.parts[chosen].start, self.network.parts[chosen].final
            self._add(start, Edge(Step.CALL, final, rule=part, shown=name))
        return chosen

    def _rule(self, document: Document, name: str) -> int:
        key = (id(document), name)
        if key not in self._known:
            self._known[key] = self._new_part(name, document)
            self._wanted.append(self._known[key])
        return self._known[key]

    def _new_part(self, name: str, document: Document) -> int:
        index = len(self.network.parts)
        start, final = self._state(index), self._state(index)
        self.network.parts.append(Part(name, document, start, final))
        return index

    def _state(self, part: int | None = None) -> int:
        if len(self.network.edges) >= MOST_STATES:
            raise GrammarError(f"The grammar is too large: it needs more than {MOST_STATES:,} states.")
        self.network.edges.append([])
        self.network.part_of.append(self._part if part is None else part)
        return len(self.network.edges) - 1

    def _add(self, state: int, edge: Edge) -> None:
        self._edges += 1
        if self._edges > MOST_EDGES:
            raise GrammarError(
                f"The grammar is too large: written out it has more than {MOST_EDGES:,} words and rules."
            )
        self.network.edges[state].append(edge)

    def _link(self, source: int, expansion: Expansion, target: int, depth: int) -> None:
        if depth > _DEEPEST:
            raise GrammarError(f"The grammar is nested more than {_DEEPEST} levels deep.")
        match expansion:
            case Token():
                self._words(source, expansion.text, target)
            case Tag():
                self._add(source, Edge(Step.TAG, target, token=expansion.text))
            case Special.NULL:
                self._add(source, Edge(Step.FREE, target))
            case Special.VOID:
                pass
            case Special.GARBAGE:
                middle = self._state()
                self._add(source, Edge(Step.FREE, middle))
                self._add(middle, Edge(Step.FREE, target))
                self._add(middle, Edge(Step.ANY, middle))
            case RuleRef():
                called, shown = self._reference(expansion)
                self._add(source, Edge(Step.CALL, target, rule=called, shown=shown))
            case Sequence():
                self._sequence(source, expansion, target, depth)
            case Alternatives():
                for alternative in sorted(expansion.items, key=lambda one: -one.weight):
                    # Nothing ever leads back into `source`, so that all alternatives may leave from it.
                    self._link(source, alternative.expansion, target, depth + 1)
            case Repeat():
                self._repeat(source, expansion, target, depth)

    def _words(self, source: int, text: str, target: int) -> None:
        *before, last = text.split(" ")
        for word in before:
            following = self._state()
            self._add(source, Edge(Step.WORD, following, word=word))
            source = following
        self._add(source, Edge(Step.WORD, target, word=last, token=text))

    def _sequence(self, source: int, sequence: Sequence, target: int, depth: int) -> None:
        for item in sequence.items:
            following = self._state()
            self._link(source, item, following, depth + 1)
            source = following
        self._add(source, Edge(Step.FREE, target))

    def _repeat(self, source: int, repeat: Repeat, target: int, depth: int) -> None:
        """Any number of repetitions of what takes no input is the same as one (SRGS 1.0 section 2.5)."""
        if repeat.high == 0:
            self._add(source, Edge(Step.FREE, target))
            return
        if _takes_nothing(repeat.expansion):
            once = self._state()
            self._add(source, Edge(Step.FREE, once))
            self._link(once, repeat.expansion, target, depth + 1)
            if repeat.low == 0:
                self._add(source, Edge(Step.FREE, target))
            return
        link = self._repeated(repeat, depth)
        for _ in range(repeat.low):
            following = self._state()
            link(source, following)
            source = following
        if repeat.high is None:
            head = self._state()
            self._add(source, Edge(Step.FREE, head))
            body = self._state()
            self._add(head, Edge(Step.FREE, body))
            link(body, head, moving=True)
            self._add(head, Edge(Step.FREE, target))
            return
        for _ in range(repeat.high - repeat.low):
            body, following = self._state(), self._state()
            self._add(source, Edge(Step.FREE, body))
            link(body, following, moving=True)
            self._add(source, Edge(Step.FREE, target))
            source = following
        self._add(source, Edge(Step.FREE, target))

    def _repeated(self, repeat: Repeat, depth: int) -> _Link:
        """Write the body once and call it, where writing it out each time would be long."""
        body = repeat.expansion
        times = max(repeat.low + 1 if repeat.high is None else repeat.high, 1)
        if isinstance(body, RuleRef):
            called, shown = self._reference(body)
        elif times > 2 and not isinstance(body, Token):
            assert self._document is not None
            outer = self._part
            called, shown = self._new_part("", self._document), ""
            self._part = called
            self._link(self.network.parts[called].start, body, self.network.parts[called].final, depth + 1)
            self._part = outer
        else:
            return lambda source, target, moving=False: self._link(source, body, target, depth + 1)

        def call(source: int, target: int, moving: bool = False) -> None:
            self._add(source, Edge(Step.CALL, target, rule=called, shown=shown, moving=moving))

        return call

    def _reference(self, reference: RuleRef) -> tuple[int, str]:
        assert self._document is not None
        document, name = self._find(self._document, reference)
        return self._rule(document, name), reference.shown or name


def _takes_nothing(expansion: Expansion) -> bool:
    match expansion:
        case Tag() | Special.NULL | Special.VOID:
            return True
        case Sequence():
            return all(_takes_nothing(item) for item in expansion.items)
        case Alternatives():
            return all(_takes_nothing(item.expansion) for item in expansion.items)
        case Repeat():
            return expansion.high == 0 or _takes_nothing(expansion.expansion)
        case _:
            return False


def words_of(texts: Iterable[str], mode: Mode) -> tuple[str, ...]:
    """Split tokens into what the matcher compares: words, or for a DTMF grammar single keys.

    No word holds a quotation mark: one that stands around several words is left out.
    """
    words = [word for text in texts for word in text.replace('"', " ").split()]
    if mode is Mode.VOICE:
        return tuple(words)
    return tuple(key for word in words for key in keys_of(word))


def keys_of(word: str) -> tuple[str, ...]:
    """Return the keys a token of a DTMF grammar names (SRGS 1.0 appendix E), or the word itself where it names none."""
    lower = word.lower()
    if lower in _KEY_NAMES:
        return (_KEY_NAMES[lower],)
    if all(character in _KEYS for character in word.upper()):
        return tuple(word.upper())
    return (word,)


_KEYS: Final = frozenset("0123456789*#ABCD")
_KEY_NAMES: Final = {"star": "*", "pound": "#", "hash": "#"}


def is_key(word: str) -> bool:
    """Tell whether `word` is one of the sixteen keys."""
    return len(word) == 1 and word in _KEYS
