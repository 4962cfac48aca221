"""The words a grammar listens to, as a recogniser wants them for a hint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mirabelle.grammar.grammar import Grammar
from mirabelle.grammar.model import Alternatives, Expansion, Repeat, Sequence, Token


def vocabulary(grammars: Iterable[Grammar], most: int) -> tuple[str, ...]:
    """The words and phrases of some grammars, each once, in the order of the documents.

    Every rule of every document counts, also one that the entry does not lead to.

    Args:
        grammars: those for words.
        most: how many are wanted at most.
    """
    found: dict[str, None] = {}
    for grammar in grammars:
        for document in (grammar.document, *grammar.documents.values()):
            for rule in document.rules.values():
                for word in _words(rule.expansion):
                    found[word] = None
                    if len(found) >= most:
                        return tuple(found)
    return tuple(found)


def _words(expansion: Expansion) -> Iterator[str]:
    waiting = [expansion]
    while waiting:
        match waiting.pop():
            case Token(text=text):
                yield text
            case Sequence(items=items):
                waiting += reversed(items)
            case Alternatives(items=alternatives):
                waiting += [each.expansion for each in reversed(alternatives)]
            case Repeat(expansion=inner):
                waiting.append(inner)
            case _:
                pass
