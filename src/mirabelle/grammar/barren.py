"""Rules that no input can ever match, and why: what `Grammar.can_match` says, told of each rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from mirabelle.grammar.grammar import Grammar
from mirabelle.grammar.model import (
    Alternatives,
    Document,
    Expansion,
    Repeat,
    Rule,
    RuleRef,
    Sequence,
    Special,
    Tag,
    Token,
)


class Cause(Enum):
    """Why a rule matches nothing; the value is the end of a sentence about it."""

    VOID = "every way through it meets VOID, or an empty list of alternatives"
    RECURSION = "it refers to itself on every way through it, so that no input is ever complete"
    BARREN = "every way through it meets a rule that can never match"
    SILENCE = "it matches without any input, and so nothing that a caller could say or press"


@dataclass(frozen=True, slots=True)
class Barren:
    """A rule that can never match.

    Attributes:
        rule: the rule, with its name and line.
        document: the grammar document it stands in.
        cause: why.
    """

    rule: Rule
    document: Document
    cause: Cause


_Key: TypeAlias = tuple[str, str]
_Known: TypeAlias = set[_Key]

_PASSABLE: Final = frozenset({Special.NULL, Special.GARBAGE})


def barren(grammar: Grammar) -> tuple[Barren, ...]:
    """The rules of a grammar, and of those that it refers to, that can never match; in the order of the documents."""
    return tuple(_Rules(grammar).barren())


class _Rules:
    """All rules that a grammar is made of, by the document and the name."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        documents = {document.uri: document for document in (grammar.document, *grammar.documents.values())}
        self._rules = {(uri, name): (doc, rule) for uri, doc in documents.items() for name, rule in doc.rules.items()}
        self._completed = self._fixed(self._completes)
        self._moved = self._fixed(self._moves)

    def barren(self) -> Iterator[Barren]:
        entries = {(self._grammar.document.uri, name) for name in self._grammar.entry}
        for key, (document, rule) in self._rules.items():
            if key not in self._completed:
                yield Barren(rule, document, self._cause(key))
            elif key in entries and key not in self._moved:
                yield Barren(rule, document, Cause.SILENCE)

    def _fixed(self, holds: Callable[[Document, Expansion, _Known], bool]) -> _Known:
        """The rules for which something holds, where it may rest on other rules but not on itself."""
        known: _Known = set()
        grew = True
        while grew:
            found = {
                k for k, (doc, rule) in self._rules.items() if k not in known and holds(doc, rule.expansion, known)
            }
            known |= found
            grew = bool(found)
        return known

    def _cause(self, key: _Key) -> Cause:
        document, rule = self._rules[key]
        if not self._completes(document, rule.expansion, set(self._rules)):
            return Cause.VOID
        reached: _Known = set()
        waiting = [key]
        while waiting:
            at, each = self._rules[waiting.pop()]
            found = {self._key(at, reference) for reference in _references(each.expansion)} - self._completed - reached
            reached |= found
            waiting += found
        return Cause.RECURSION if key in reached else Cause.BARREN

    def _key(self, document: Document, reference: RuleRef) -> _Key:
        target, name = self._grammar.find(document, reference)
        return target.uri, name

    def _completes(self, document: Document, expansion: Expansion, known: _Known) -> bool:
        """Whether an expansion comes to an end where these rules do."""
        match expansion:
            case Token() | Tag():
                return True
            case Special():
                return expansion in _PASSABLE
            case RuleRef():
                return self._key(document, expansion) in known
            case Sequence(items):
                return all(self._completes(document, item, known) for item in items)
            case Alternatives(items):
                return any(self._completes(document, item.expansion, known) for item in items)
            case Repeat():
                return expansion.low == 0 or self._completes(document, expansion.expansion, known)

    def _moves(self, document: Document, expansion: Expansion, known: _Known) -> bool:
        """Whether an expansion can take input, where these rules can."""
        match expansion:
            case Token():
                return True
            case Tag():
                return False
            case Special():
                return expansion is Special.GARBAGE
            case RuleRef():
                return self._key(document, expansion) in known
            case Sequence(items):
                return self._completes(document, expansion, self._completed) and any(
                    self._moves(document, item, known) for item in items
                )
            case Alternatives(items):
                return any(self._moves(document, item.expansion, known) for item in items)
            case Repeat():
                return expansion.high != 0 and self._moves(document, expansion.expansion, known)


def _references(expansion: Expansion) -> Iterator[RuleRef]:
    match expansion:
        case RuleRef():
            yield expansion
        case Sequence(items):
            for item in items:
                yield from _references(item)
        case Alternatives(items):
            for alternative in items:
                yield from _references(alternative.expansion)
        case Repeat():
            yield from _references(expansion.expansion)
