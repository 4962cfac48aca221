"""What a parse means: the semantic interpretation of its tags (SISR 1.0)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from mirabelle.errors import MirabelleError
from mirabelle.grammar.constant import constant
from mirabelle.grammar.model import Document, Mode, Tag, TagFormat
from mirabelle.grammar.parse import Node
from mirabelle.grammar.script import SCRIPT

Value: TypeAlias = Any
"""What JSON can say: None, a bool, a number, a string, a list or a dict."""

Evaluate: TypeAlias = Callable[[str], str]
"""Runs an ECMAScript program whose value is a string, within limits of time and memory, and returns that string."""

Other: TypeAlias = Callable[[str], Value]
"""Says what stands for a value that JSON does not know: `undefined`, `NaN`, `Infinity` or `-Infinity`."""

_MOST_TOLD: Final = 200
_RUN: Final = frozenset({TagFormat.SCRIPT, TagFormat.UNNAMED})
_QUOTED: Final = re.compile(r"""(["'])((?:(?!\1)[^\\\n])*)\1;?\Z""")

# An escape of half a character, unless its other half follows; Python could not encode it again.
_LONE: Final = re.compile(r"\\\\|(\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F]..")


class SemanticsError(MirabelleError):
    """A tag that cannot be run, or whose result cannot be told."""


def none(_name: str) -> Value:
    """Say that `None` stands for whatever JSON does not know."""
    return None


def interpretation(text: str, evaluate: Evaluate, other: Other = none) -> Value:
    """Run a program made by `program` and read what it says.

    Args:
        text: the program.
        evaluate: what runs it.
        other: what stands for a meaning that JSON does not know.

    Raises:
        SemanticsError: a tag failed; the message is the engine's.
    """
    try:
        answer = json.loads(_LONE.sub(_replaced, evaluate(text)))
    except (ValueError, TypeError, RecursionError) as error:
        raise SemanticsError(f"The tags of the grammar gave a result that cannot be read: {error}.") from error
    if not isinstance(answer, dict):
        raise SemanticsError("The tags of the grammar gave a result that cannot be read.")
    if "error" in answer:
        raise SemanticsError(f"A tag of the grammar failed: {str(answer['error'])[:_MOST_TOLD]}.")
    return other(str(answer["other"])) if "other" in answer else answer.get("value")


def _replaced(found: re.Match[str]) -> str:
    return found[0] if found[1] or found[0] == "\\\\" else "\\ufffd"


def said(words: Sequence[str], mode: Mode) -> str:
    """Join words by spaces, keys by nothing."""
    return ("" if mode is Mode.DTMF else " ").join(words)


def plain(root: Node, words: Sequence[str], mode: Mode) -> Value:
    """Return the meaning as far as it goes without ECMAScript.

    The last tag of a rule is its meaning, and that of a builtin rule is what its words say. A rule without tags takes
    the meaning of the last rule it refers to, or else its words (SISR 1.0 section 4.3). Tags that are programs count as
    no tags, unless it is known what they do. Where neither was gone through at all and the grammar names no
    `tag-format`, SISR has no say, and all that was said is the meaning, as recognisers have it.
    """
    if root.document.tag_format is TagFormat.UNNAMED and not any(map(_means, _nodes(root))):
        return said(words[root.first : root.last], mode)
    known = constant(_nodes(root), words, mode) if root.document.tag_format in _RUN else None
    if known is not None:
        return known.value
    node = root
    while True:
        if node.document.reading is not None:
            return node.document.reading(tuple(words[node.first : node.last]))
        tags = [child.text for child in node.children if isinstance(child, Tag)]
        if tags and node.document.tag_format is TagFormat.LITERAL:
            return tags[-1].strip()
        if tags and node.document.tag_format is TagFormat.UNNAMED:
            quoted = _QUOTED.match(tags[-1].strip())
            return quoted[2] if quoted else tags[-1].strip()
        rules = [child for child in node.children if isinstance(child, Node)]
        if tags or not rules:
            return said(words[node.first : node.last], mode)
        node = rules[-1]


def program(root: Node, words: Sequence[str], mode: Mode) -> str | None:
    """Return the ECMAScript that computes the meaning; None where no tag needs to be run.

    Its value is a string of JSON: `{"value": ...}`, or `{"other": "undefined"}` and the like where JSON has no such
    value, or `{"error": "..."}` where a tag failed. All of it is ASCII.
    """
    nodes = _nodes(root)
    if not any(_runs(node) for node in nodes) or constant(nodes, words, mode) is not None:
        return None
    places = {id(node): place for place, node in enumerate(nodes)}
    documents: dict[int, Document] = {id(node.document): node.document for node in nodes}
    numbers = {identity: number for number, identity in enumerate(documents)}
    # Rules of the same words share their text: a parse may hold very many of them.
    spans: dict[tuple[int, int], int] = {}
    for node in nodes:
        spans.setdefault((node.first, node.last), len(spans))
    parse = {
        "scopes": [
            {"unnamed": one.tag_format is TagFormat.UNNAMED, "tags": one.tags if one.tag_format in _RUN else ()}
            for one in documents.values()
        ],
        "texts": [said(words[first:last], mode) for first, last in spans],
        "rules": [
            {
                "name": node.name,
                "scope": numbers[id(node.document)],
                "text": spans[node.first, node.last],
                "literal": node.document.tag_format is TagFormat.LITERAL,
                **_given(node, words),
                "steps": [
                    child.text if isinstance(child, Tag) else places[id(child)]
                    for child in node.children
                    if isinstance(child, Node)
                    or (isinstance(child, Tag) and node.document.tag_format is not TagFormat.UNKNOWN)
                ],
            }
            for node in nodes
        ],
    }
    return f"{SCRIPT}({json.dumps(parse)})"


def _given(node: Node, words: Sequence[str]) -> dict[str, Value]:
    reading = node.document.reading
    return {} if reading is None else {"given": reading(tuple(words[node.first : node.last]))}


def _means(node: Node) -> bool:
    return _tagged(node) or node.document.reading is not None


def _tagged(node: Node) -> bool:
    return any(isinstance(child, Tag) for child in node.children)


def _runs(node: Node) -> bool:
    if node.document.tag_format not in _RUN:
        return False
    return bool(node.document.tags) or _tagged(node)


def _nodes(root: Node) -> list[Node]:
    """Return the rules of a parse, the root first."""
    found = [root]
    for node in found:
        found.extend(child for child in node.children if isinstance(child, Node))
    return found
