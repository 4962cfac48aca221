"""A parse: which rules and words of a grammar a match went through (SRGS 1.0 appendix H)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.matcher import Chart
from mirabelle.grammar.model import Document, Tag, Token
from mirabelle.grammar.network import Edge, Step

MOST_NODES: Final = 50_000
"""How many rules a parse may go through."""


@dataclass(slots=True, eq=False)
class Node:
    """One rule of a parse.

    Attributes:
        name: the rule's name; empty for a part that has no level of its own.
        shown: the reference it was reached by: `fruit`, `<fruits.gram#fruit>`.
        document: the grammar the rule belongs to.
        first: the position of its first word.
        last: the position behind its last word.
        children: words, tags and rules, in order.
    """

    name: str
    shown: str
    document: Document
    first: int
    last: int
    children: list[Child] = field(default_factory=list)


Child: TypeAlias = Token | Tag | Node

_Call = tuple[Edge, int, int]


class Tracer:
    """Finds the preferred parse in a complete chart.

    Among several parses the one that takes the earlier (or heavier) alternative and the longer repetition wins. A rule
    that calls itself on the same words is followed only the way it was first completed, so that a parse always ends.
    """

    def __init__(self, chart: Chart) -> None:
        self._network = chart.network
        self._chart = chart
        self._ends: dict[tuple[int, int], list[int]] = {}
        for position, column in enumerate(chart.columns):
            for part, origin in column.completed:
                if origin < position:
                    self._ends.setdefault((part, origin), []).append(position)

    def trace(self) -> Node:
        """Return the parse of all words.

        Raises:
            GrammarError: it goes through more rules than `MOST_NODES`, or costs more than the chart's budget has.
        """
        part = self._chart.part
        root = Node(part.name, part.name, part.document, 0, len(self._chart.words))
        agenda = [(root, self._chart.start)]
        nodes = 0
        while agenda:
            node, index = agenda.pop()
            nodes += 1
            if nodes > MOST_NODES:
                raise GrammarError(f"The parse of the input has more than {MOST_NODES:,} rules.")
            for edge, first, last in self._path(index, node.first, node.last):
                match edge.step:
                    case Step.TAG:
                        node.children.append(Tag(edge.token))
                    case Step.WORD if edge.token:
                        node.children.append(Token(edge.token))
                    case Step.CALL:
                        called = self._network.parts[edge.rule]
                        child = Node(called.name, edge.shown, called.document, first, last)
                        node.children.append(child)
                        agenda.append((child, edge.rule))
        match flat(root):
            case Node("", children=[Node() as entered]):
                return entered
            case whole:
                return whole

    def _path(self, part: int, first: int, last: int) -> list[_Call]:
        """Return the steps through `part` from its start to its end, taking the words from `first` to `last`."""
        goal = (self._network.parts[part].final, last)
        begin = (self._network.parts[part].start, first)
        seen = {begin}
        path: list[_Call] = []
        ways = [self._ways(part, begin, first, last)]
        place = begin
        while place != goal:
            for step in ways[-1]:
                place = (step[0].target, step[2])
                if place not in seen:
                    seen.add(place)
                    path.append(step)
                    ways.append(self._ways(part, place, first, last))
                    break
            else:
                ways.pop()
                path.pop()
        return path

    def _ways(self, part: int, place: tuple[int, int], first: int, last: int) -> Iterator[_Call]:
        state, position = place
        for edge in self._chart.edges(state, position, last):
            match edge.step:
                case Step.FREE | Step.TAG:
                    yield edge, position, position
                case Step.WORD:
                    if position < last and self._chart.takes(edge.word, position):
                        yield edge, position, position + 1
                case Step.ANY:
                    if position < last:
                        yield edge, position, position + 1
                case Step.CALL:
                    for end in self._calls(part, edge, position, (first, last)):
                        yield edge, position, end

    def _calls(self, caller: int, edge: Edge, position: int, span: tuple[int, int]) -> Iterator[int]:
        """Yield where a call may end, the longest way first."""
        parts, called = self._network.parts, edge.rule
        in_circle = parts[caller].circle == parts[called].circle
        ends = self._ends.get((called, position), [])
        for place in range(bisect_right(ends, span[1]) - 1, -1, -1):
            end = ends[place]
            self._chart.budget.spend(1)
            if in_circle and (position, end) == span:
                completed = self._chart.columns[end].completed
                if completed[called, position] >= completed[caller, position]:
                    continue
            yield end
        if parts[called].null_rank >= 0 and not edge.moving:
            nothing = span == (position, position)
            if not (nothing and in_circle and parts[called].null_rank >= parts[caller].null_rank):
                yield position


def flat(root: Node) -> Node:
    """Put the content of nameless parts where they stand."""
    agenda = [root]
    while agenda:
        node = agenda.pop()
        children: list[Child] = []
        pending = list(reversed(node.children))
        while pending:
            child = pending.pop()
            if isinstance(child, Node):
                if not child.name:
                    pending.extend(reversed(child.children))
                    continue
                agenda.append(child)
            children.append(child)
        node.children = children
    return root


def notation(root: Node) -> str:
    """Return the parse in the notation of the SRGS report: `$rule["token",{!{tag}!},$sub["token"]]`."""
    written: list[str] = []
    agenda: list[Child | str] = [root]
    while agenda:
        match agenda.pop():
            case str(text):
                written.append(text)
            case Token(text):
                written.append(f'"{text}"')
            case Tag(text):
                written.append("{!{" + text + "}!}")
            case Node() as node:
                written.append(f"${node.shown}[")
                agenda.append("]")
                for place, child in reversed(list(enumerate(node.children))):
                    agenda.append(child)
                    if place:
                        agenda.append(",")
    return "".join(written)
