"""Grammars out of a key sequence or a phrase, as options, choices and links give them (VoiceXML 2.0)."""

from __future__ import annotations

import enum
import re
from typing import Final

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.grammar import Grammar
from mirabelle.grammar.model import Document, Expansion, Mode, Repeat, Rule, Sequence, Tag, TagFormat, Token
from mirabelle.grammar.network import is_key

_RULE: Final = "choice"
_MARKS: Final = re.compile(r"[^\w\s'’-]+")


class Accept(enum.StrEnum):
    """How much of a phrase must be said (VoiceXML 2.0 section 2.2.5)."""

    EXACT = "exact"
    """All of it."""
    APPROXIMATE = "approximate"
    """Any of its words, in their order."""


def keys_grammar(keys: str, *, interpretation: str | None = None) -> Grammar:
    """Make a grammar of one key sequence.

    Args:
        keys: `12#`; white space between keys means nothing.
        interpretation: what the sequence means; the keys themselves where nothing is given.

    Raises:
        GrammarError: there are no keys, or something that is none.
    """
    pressed = [key for key in keys.upper() if not key.isspace()]
    if not pressed or not all(is_key(key) for key in pressed):
        raise GrammarError(f"'{keys}' is not a sequence of keys: 0-9, *, #, A-D are.")
    return _grammar([Token(key) for key in pressed], Mode.DTMF, "", interpretation)


def phrase_grammar(
    phrase: str,
    *,
    accept: str = Accept.EXACT,
    interpretation: str | None = None,
    language: str = "",
) -> Grammar:
    """Make a grammar of one phrase.

    Args:
        phrase: the words; punctuation between them means nothing.
        accept: "exact" or "approximate".
        interpretation: what the phrase means; the words said where nothing is given.
        language: the language of the words.

    Raises:
        GrammarError: there are no words, or `accept` is neither of the two.
    """
    words = _MARKS.sub(" ", phrase).split()
    if not words:
        raise GrammarError("A phrase needs at least one word.")
    if accept not in tuple(Accept):
        raise GrammarError(f"accept is '{accept}'; it must be 'exact' or 'approximate'.")
    tokens = [Token(word) for word in words]
    if accept == Accept.EXACT:
        return _grammar(tokens, Mode.VOICE, language, interpretation)
    return _some_of(tokens, language, interpretation)


def _some_of(tokens: list[Token], language: str, interpretation: str | None) -> Grammar:
    optional = [Repeat(token, 0, 1) for token in tokens]
    grammar = _grammar(optional, Mode.VOICE, language, interpretation)

    def reading(words: tuple[str, ...]) -> str | None:
        # A phrase of which no word was said is silence, not a match.
        if not words:
            return None
        return " ".join(words) if interpretation is None else interpretation

    return Grammar(grammar.document, reading=reading)


def _grammar(items: list[Token] | list[Repeat], mode: Mode, language: str, interpretation: str | None) -> Grammar:
    expansions: list[Expansion] = [*items]
    if interpretation is not None:
        expansions.append(Tag(interpretation))
    rules = {_RULE: Rule(_RULE, Sequence(tuple(expansions)), public=True)}
    document = Document("", mode, rules, language=language, root=_RULE, tag_format=TagFormat.LITERAL)
    return Grammar(document)
