"""Keys as input on the telephone: which prompts they may interrupt, and what they mean. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mirabelle.grammar import Grammar, GrammarError
from mirabelle.vxml.collector import Decision, KeyCollector, Matched, NoMatched
from mirabelle.vxml.platform import Input, InputProperties, NoInput, NoMatch, Prompt, Result


def split(prompts: Iterable[Prompt]) -> tuple[list[Prompt], list[Prompt]]:
    """The prompts that must be heard, and those that input may interrupt (VoiceXML 2.0 section 4.1.5)."""
    queue = list(prompts)
    last = max((index for index, prompt in enumerate(queue) if not prompt.bargein), default=-1)
    return queue[: last + 1], queue[last + 1 :]


def patient(grammars: Sequence[Grammar], properties: InputProperties, now_ms: int) -> KeyCollector:
    """What collects keys beside something else that goes on, and waits for the first of them for ever.

    Args:
        grammars: those for keys.
        properties: how long further keys may take, and which one ends the input.
        now_ms: the time now.
    """
    return KeyCollector(
        [grammar.keys() for grammar in grammars],
        timeout_ms=None,
        interdigit_ms=properties.interdigit_ms,
        term_ms=properties.term_ms,
        termchar=properties.termchar,
        now_ms=now_ms,
    )


def reply_to(decision: Decision, keyed: Sequence[tuple[int, Grammar]]) -> Input | NoInput | NoMatch:
    """What a session hears of the keys that were collected.

    Args:
        decision: how the input ended.
        keyed: the grammars for keys, in the order of the collector, each with its index in the request.
    """
    match decision:
        case Matched(keys=keys, grammar_index=which):
            index, grammar = keyed[which]
            try:
                found = grammar.match(tuple(keys))
            except GrammarError:
                # Keys whose parse is past the matcher's limits are keys that do not match.
                found = None
            return NoMatch(keys) if found is None else Input("dtmf", keys, (Result(index, found, keys),))
        case NoMatched(keys=keys):
            return NoMatch(keys)
        case _:
            return NoInput()
