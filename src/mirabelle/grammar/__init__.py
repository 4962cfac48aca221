"""Grammars: SRGS, JSGF and builtin ones become one model with one matcher."""

from __future__ import annotations

from mirabelle.grammar.error import GrammarError, UnknownBuiltin, UnresolvedReference
from mirabelle.grammar.field_types import builtin
from mirabelle.grammar.grammar import Grammar, KeyMatcher, KeyVerdict, Match
from mirabelle.grammar.loading import Parsed, load, load_element
from mirabelle.grammar.model import Mode
from mirabelle.grammar.phrase import Accept, keys_grammar, phrase_grammar
from mirabelle.grammar.semantics import Evaluate, SemanticsError, Value

__all__ = [
    "Accept",
    "Evaluate",
    "Grammar",
    "GrammarError",
    "KeyMatcher",
    "KeyVerdict",
    "Match",
    "Mode",
    "Parsed",
    "SemanticsError",
    "UnknownBuiltin",
    "UnresolvedReference",
    "Value",
    "builtin",
    "keys_grammar",
    "load",
    "load_element",
    "phrase_grammar",
]
