"""A grammar that was loaded: what it listens to, and what it makes of an input."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mirabelle.grammar.analysis import analyse
from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.evaluation import run
from mirabelle.grammar.matcher import Budget, Chart, Tables
from mirabelle.grammar.model import Document, Mode, Reading, RuleRef
from mirabelle.grammar.network import Builder, Network, words_of
from mirabelle.grammar.parse import Node, Tracer, notation
from mirabelle.grammar.semantics import Evaluate, Other, Value, interpretation, none, plain, program

_ENTRY: Final = ""


class KeyVerdict(enum.Enum):
    """What the keys pressed so far are."""

    MATCH = "match"
    """A match that no further key can extend."""
    MATCH_AND_CONTINUES = "match and continues"
    """A match; further keys could make a longer one."""
    CONTINUES = "continues"
    """The beginning of a match."""
    NO_MATCH = "no match"
    """No match and no beginning of one."""


@dataclass(frozen=True, slots=True)
class Match:
    """An input that a grammar accepted.

    Attributes:
        root: the parse.
        words: the words or keys that were matched.
        mode: what they are.
        reading: what a builtin grammar makes of the words; None for all others.
    """

    root: Node
    words: tuple[str, ...]
    mode: Mode
    reading: Reading | None = None

    @property
    def tree(self) -> str:
        """The parse in the notation of the SRGS report: `$rule["token",$sub["token"]]`."""
        return notation(self.root)

    @property
    def rule(self) -> str:
        """The name of the rule that matched."""
        return self.root.name

    @property
    def utterance(self) -> str:
        """What was said, words apart by a space; or the keys, without."""
        return ("" if self.mode is Mode.DTMF else " ").join(self.words)

    @property
    def interpretation(self) -> Value:
        """The meaning as far as it is known without ECMAScript: a builtin's, literal tags, or the utterance."""
        if self.reading is not None:
            return self.reading(self.words)
        return plain(self.root, self.words, self.mode)

    @property
    def program(self) -> str | None:
        """The ECMAScript whose value is the meaning as JSON text; None where none needs to be run."""
        return None if self.reading is not None else program(self.root, self.words, self.mode)

    def interpret(self, evaluate: Evaluate = run, other: Other = none) -> Value:
        """Return the meaning (SISR 1.0).

        Args:
            evaluate: runs an ECMAScript program and returns its value, a string of JSON; by default in an engine of
                its own with limits of time and memory.
            other: says what stands for a meaning that JSON does not know, as `undefined`; by default None does.

        Raises:
            SemanticsError: a tag cannot be run, or its result cannot be written as JSON.
        """
        text = self.program
        return self.interpretation if text is None else interpretation(text, evaluate, other)


class KeyMatcher:
    """Matches keys as they are pressed."""

    __slots__ = ("_chart", "_given_up", "_grammar")

    def __init__(self, grammar: Grammar, chart: Chart) -> None:
        self._grammar = grammar
        self._chart = chart
        self._given_up = False

    @property
    def verdict(self) -> KeyVerdict:
        """What the keys so far are. Before the first key: whether the grammar accepts silence."""
        if self._given_up:
            return KeyVerdict.NO_MATCH
        if self._chart.is_complete and self._grammar.accepts(self.keys):
            return KeyVerdict.MATCH_AND_CONTINUES if self._chart.can_continue else KeyVerdict.MATCH
        return KeyVerdict.CONTINUES if self._chart.can_continue else KeyVerdict.NO_MATCH

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys so far."""
        return tuple(self._chart.words)

    def feed(self, key: str) -> KeyVerdict:
        """Take one more key. Keys beyond the limits of the matcher match nothing.

        Args:
            key: one of 0-9, `*`, `#`, A-D.
        """
        try:
            self._chart.feed(key.upper())
        except GrammarError:
            self._given_up = True
        return self.verdict

    def match(self) -> Match | None:
        """Return the match of exactly the keys so far; None where they are none."""
        return None if self._given_up else self._grammar.traced(self._chart)


class Grammar:
    """A grammar and all it refers to, ready to match.

    Attributes:
        document: the grammar as written.
        documents: the grammars it refers to, by URI.
        entry: the rules an input may match by default: the root, or where there is none every public rule.
        reading: what all the words mean, of a builtin grammar or a phrase; None for all others.
    """

    __slots__ = ("_parts", "_tables", "document", "documents", "entry", "reading")

    def __init__(
        self,
        document: Document,
        *,
        documents: dict[str, Document] | None = None,
        entry: Sequence[str] = (),
        reading: Reading | None = None,
    ) -> None:
        self.document = document
        self.documents = documents or {}
        self.entry = tuple(entry) or ((document.root,) if document.root else self.public_rules)
        self.reading = reading or document.reading
        self._tables: Tables | None = None
        self._parts: dict[str, int] = {}

    @property
    def mode(self) -> Mode:
        """Whether it listens to words or keys; compares equal to "voice" and "dtmf"."""
        return self.document.mode

    @property
    def language(self) -> str:
        """Its language, as in `en-US`; empty for keys."""
        return self.document.language

    @property
    def uri(self) -> str:
        """Where it came from."""
        return self.document.uri

    @property
    def root(self) -> str:
        """The name of its root rule; empty where none is declared."""
        return self.document.root

    @property
    def public_rules(self) -> tuple[str, ...]:
        """The names of its public rules."""
        return tuple(rule.name for rule in self.document.rules.values() if rule.public)

    @property
    def states(self) -> int:
        """How large its network is; 0 until it is prepared."""
        return 0 if self._tables is None else len(self._tables.network.edges)

    @property
    def can_match(self) -> bool:
        """Whether there is any input that the entry accepts; `$VOID` and endless recursion accept none."""
        network = self._network().network
        start = network.parts[self._parts[_ENTRY]].start
        return bool(network.edges[start])

    def only(self, rule: str) -> Grammar:
        """Return the same grammar, entered by one of its rules, as a reference `grammar#rule` does.

        Raises:
            GrammarError: there is no such rule, or it is private.
        """
        found = self.document.rules.get(rule)
        if found is None:
            raise GrammarError(f"It has no rule '{rule}'.", uri=self.uri)
        if not found.public:
            raise GrammarError(f"The rule '{rule}' is private; declare it public.", uri=self.uri, line=found.line)
        return Grammar(self.document, documents=self.documents, entry=(rule,), reading=self.reading)

    def match(self, tokens: Sequence[str], *, rules: Iterable[str] | None = None) -> Match | None:
        """Match a whole input.

        Words are compared as written first; where that is no match, without regard to case and to how accents are
        encoded. The rules are tried in turn: the entry first and then, as a processor may activate any of them
        (SRGS 1.0 section 3.2), the public ones.

        Args:
            tokens: words, or keys; a token with spaces inside counts as several.
            rules: the only rules that may match; `Grammar.entry` is what a reference without a fragment activates.

        Raises:
            GrammarError: the input is longer than the matcher allows, or takes too many steps; or one of `rules` is
                neither in the entry nor public.
        """
        words = words_of(tokens, self.mode)
        known = dict.fromkeys((*self.entry, *self.public_rules))
        names = tuple(known if rules is None else dict.fromkeys(rules))
        for name in names:
            if name not in known:
                raise GrammarError(f"The rule '{name}' cannot be activated; declare it public.", uri=self.uri)
        budget = Budget()
        for fold in (False, True) if self.mode is Mode.VOICE else (False,):
            for name in names:
                chart = Chart(self._network(), self._parts[name], fold, budget)
                if chart.feed_all(words) and (match := self.traced(chart)) is not None:
                    return match
        return None

    def keys(self) -> KeyMatcher:
        """Begin to match keys as they are pressed, against the rules of `entry`.

        Raises:
            GrammarError: it listens to words.
        """
        if self.mode is not Mode.DTMF:
            raise GrammarError("It listens to words, not to keys; declare the mode 'dtmf'.", uri=self.uri)
        tables = self._network()
        return KeyMatcher(self, Chart(tables, self._parts[_ENTRY]))

    def prepare(self) -> None:
        """Do the work now that the first match would do.

        Raises:
            GrammarError: the grammar needs more states than any may have, or is nested too deeply.
        """
        self._network()

    def entered(self) -> tuple[Network, int]:
        """Its network, and the part of it that an input enters by default.

        Raises:
            GrammarError: the grammar needs more states than any may have, or is nested too deeply.
        """
        tables = self._network()
        return tables.network, self._parts[_ENTRY]

    def accepts(self, words: tuple[str, ...]) -> bool:
        """Tell whether words its rules match also mean something; only builtins are choosier than their rules."""
        return self.reading is None or self.reading(words) is not None

    def traced(self, chart: Chart) -> Match | None:
        """Return the match in a chart of this grammar; None where it is not complete."""
        if not chart.is_complete or not self.accepts(tuple(chart.words)):
            return None
        return Match(Tracer(chart).trace(), tuple(chart.words), self.mode, self.reading)

    def _network(self) -> Tables:
        if self._tables is None:
            builder = Builder(self.find)
            network, parts = builder.build(self.document, dict.fromkeys((*self.entry, *self.public_rules)))
            parts[_ENTRY] = builder.choice(self.document, [parts[name] for name in self.entry])
            analyse(network)
            self._parts = parts
            self._tables = Tables(network)
        return self._tables

    def find(self, document: Document, reference: RuleRef) -> tuple[Document, str]:
        """Return the rule a reference in one of its documents means."""
        uri = reference.uri
        if not uri and reference.rule not in document.rules:
            uri = exporters(document, reference.rule, self.documents)[0]
        target = self.documents[uri] if uri else document
        return target, reference.rule or target.root


def exporters(document: Document, rule: str, documents: Mapping[str, Document]) -> list[str]:
    """Return the URIs of the grammars that a document imports as a whole and that have such a public rule."""
    return [uri for uri in document.imports if rule in documents[uri].rules and documents[uri].rules[rule].public]
