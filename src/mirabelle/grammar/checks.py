"""The checks that hold for a grammar in any form (SRGS 1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.model import (
    MOST_REPEATS,
    Alternatives,
    Document,
    Expansion,
    Mode,
    Repeat,
    RuleRef,
    Sequence,
    Token,
)
from mirabelle.grammar.network import is_key, keys_of
from mirabelle.grammar.reference import RESERVED, is_rule_name

_LANGUAGE: Final = re.compile(r"[A-Za-z0-9]{1,8}([-_][A-Za-z0-9]{1,8})*\Z")
_NUMBER: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)\Z")
_REPEAT: Final = re.compile(r"([0-9]+)(?:(-)([0-9]*))?\Z")


def language(name: str, *, uri: str, line: int) -> None:
    """Refuse a missing or misshapen language (section 4.5)."""
    if not name:
        raise GrammarError("A grammar that listens to words must name its language.", uri=uri, line=line)
    attached(name, uri=uri, line=line)


def attached(name: str, *, uri: str, line: int) -> None:
    """Refuse a misshapen language of a part of a rule (section 2.7)."""
    if not _LANGUAGE.match(name):
        raise GrammarError(f"'{name}' is not the name of a language, as 'en-US' is.", uri=uri, line=line)


def rule_name(name: str, *, uri: str, line: int) -> None:
    """Refuse a name that no rule may have (section 3.1)."""
    if name in RESERVED:
        raise GrammarError(f"'{name}' is the name of a special rule and cannot be defined.", uri=uri, line=line)
    if not is_rule_name(name):
        raise GrammarError(f"'{name}' cannot name a rule: letters, digits and '_' only.", uri=uri, line=line)


def weight(text: str, *, uri: str, line: int) -> float:
    """Read the weight of an alternative (section 2.4.1)."""
    if not _NUMBER.match(text.strip()) or not float(text) > 0:
        raise GrammarError(f"The weight '{text}' is not a positive number without exponent.", uri=uri, line=line)
    return float(text)


def probability(text: str, *, uri: str, line: int) -> float:
    """Read the probability of a repetition (section 2.5.1)."""
    if not _NUMBER.match(text.strip()) or not 0 <= float(text) <= 1:
        raise GrammarError(f"The probability '{text}' is not between 0.0 and 1.0.", uri=uri, line=line)
    return float(text)


def repeat(text: str, *, uri: str, line: int) -> tuple[int, int | None]:
    """Read how often something may be repeated: `n`, `n-m` or `n-` (section 2.5)."""
    found = _REPEAT.match(text.strip())
    if found is None:
        raise GrammarError(f"The repeat '{text}' is neither 'n' nor 'n-m' nor 'n-'.", uri=uri, line=line)
    low = _times(found[1])
    high = low if not found[2] else _times(found[3]) if found[3] else None
    if high is not None and high < low:
        raise GrammarError(f"The repeat '{text}' ends before it begins.", uri=uri, line=line)
    if max(low, high or 0) > MOST_REPEATS:
        raise GrammarError(f"The repeat '{text}' goes beyond {MOST_REPEATS:,}.", uri=uri, line=line)
    return low, high


def _times(written: str) -> int:
    # Nobody needs more digits than tell that the number is too high.
    return int(written.lstrip("0")[:9] or "0")


def token(text: str, mode: Mode, language: str, *, uri: str, line: int) -> Expansion:
    """Make a token, its white space normalised; in a DTMF grammar the keys it names (section 2.1, appendix E)."""
    words = text.split()
    if not words:
        raise GrammarError("A token must not be empty.", uri=uri, line=line)
    if '"' in text:
        raise GrammarError("A token must not hold a quotation mark.", uri=uri, line=line)
    if mode is Mode.VOICE:
        return Token(" ".join(words), language)
    keys = [key for word in words for key in keys_of(word)]
    for key in keys:
        if not is_key(key):
            raise GrammarError(f"'{key}' is not a key: 0-9, *, #, A-D, 'star' and 'pound' are.", uri=uri, line=line)
    tokens = tuple(Token(key) for key in keys)
    return tokens[0] if len(tokens) == 1 else Sequence(tokens)


def document(checked: Document, *, line: int, named_root: bool) -> Document:
    """Refuse a document whose root or whose references within itself lead nowhere (sections 2.2.1 and 4.7)."""
    if named_root and checked.root not in checked.rules:
        raise GrammarError(f"The root rule '{checked.root}' is not defined.", uri=checked.uri, line=line)
    for reference in references(checked):
        if not reference.uri and reference.rule not in checked.rules and not checked.imports:
            reason = f"The rule '{reference.rule}' is referred to and not defined."
            raise GrammarError(reason, uri=checked.uri, line=reference.line)
    return checked


def references(of: Document) -> Iterator[RuleRef]:
    """Yield every reference of a document."""
    agenda = [rule.expansion for rule in of.rules.values()]
    while agenda:
        match agenda.pop():
            case RuleRef() as reference:
                yield reference
            case Sequence(items):
                agenda.extend(items)
            case Alternatives(items):
                agenda.extend(item.expansion for item in items)
            case Repeat() as repeated:
                agenda.append(repeated.expansion)
