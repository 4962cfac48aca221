"""What keys or words mean to the active grammars; the same for every platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mirabelle.grammar import Grammar, GrammarError, Mode
from mirabelle.vxml.collector import KeyCollector, Matched, TypeAhead
from mirabelle.vxml.platform import Input, InputProperties, NoMatch, Result


def match_keys(keys: str, grammars: Sequence[Grammar], properties: InputProperties) -> Input | NoMatch:
    """Match a whole input of keys, without its terminating key.

    Args:
        keys: as they were pressed.
        grammars: of the request, in order of precedence.
        properties: for how many hypotheses are wanted.
    """
    results = []
    for index, grammar in enumerate(grammars):
        if grammar.mode is Mode.DTMF:
            results += _result(index, grammar, tuple(keys), keys)
    return Input("dtmf", keys, tuple(results[: properties.maxnbest])) if results else NoMatch(keys, "dtmf")


def match_words(words: Sequence[str], grammars: Sequence[Grammar], properties: InputProperties) -> Input | NoMatch:
    """Match words, as a recogniser without doubts would.

    Args:
        words: what was said.
        grammars: of the request, in order of precedence.
        properties: for how many hypotheses are wanted.
    """
    said = " ".join(words)
    results = []
    for index, grammar in enumerate(grammars):
        if grammar.mode is Mode.VOICE:
            results += _result(index, grammar, tuple(words), said)
    return Input("voice", said, tuple(results[: properties.maxnbest])) if results else NoMatch(said, "voice")


def match_hypotheses(
    said: Sequence[tuple[Sequence[str], float]], grammars: Sequence[Grammar], properties: InputProperties
) -> Input | NoMatch:
    """Match what a recogniser heard.

    Args:
        said: what may have been said and how sure that is, 0.0 to 1.0; best first.
        grammars: of the request, in order of precedence.
        properties: for how many hypotheses are wanted.

    Returns:
        The first that match; a hypothesis that several grammars accept counts for each of them.
    """
    results: list[Result] = []
    for words, confidence in said:
        found = match_words(words, grammars, properties)
        if isinstance(found, Input):
            results += [replace(each, confidence=confidence) for each in found.results]
    if results:
        return Input("voice", results[0].utterance, tuple(results[: properties.maxnbest]))
    return NoMatch(" ".join(said[0][0]) if said else "", "voice")


def _result(index: int, grammar: Grammar, tokens: tuple[str, ...], said: str) -> list[Result]:
    try:
        match = grammar.match(tokens, rules=grammar.entry)
    except GrammarError:
        # Input past the matcher's limits is input that does not match.
        return []
    return [] if match is None else [Result(index, match, said)]


def collect_keys(ahead: TypeAhead, grammars: Sequence[Grammar], properties: InputProperties) -> Input | NoMatch:
    """Match keys out of the type-ahead buffer, as if no other key followed; those that are not needed stay there.

    A terminating key right after a whole input is taken along. Input that matches nothing empties the buffer.
    """
    collector = KeyCollector(
        [grammar.keys() for grammar in grammars if grammar.mode is Mode.DTMF],
        timeout_ms=properties.timeout_ms,
        interdigit_ms=properties.interdigit_ms,
        term_ms=properties.term_ms,
        termchar=properties.termchar,
        now_ms=0,
    )
    decision = collector.take_from(ahead, 0)
    while decision is None and (deadline := collector.deadline()) is not None:
        decision = collector.tick(deadline)
    if not isinstance(decision, Matched):
        keys = collector.keys or ahead.take()
        ahead.clear()
        return NoMatch(keys, "dtmf")
    if not decision.term_key and len(ahead):
        key = ahead.take()
        if key != properties.termchar:
            ahead.put_back(key)
    return match_keys(decision.keys, grammars, properties)


def match_pressed(keys: str, grammars: Sequence[Grammar], properties: InputProperties) -> Input | NoMatch:
    """Match keys that were pressed in a row, and then no more."""
    ahead = TypeAhead()
    for key in keys:
        ahead.press(key)
    return collect_keys(ahead, grammars, properties)
