"""Tags that only write literals, `out.way = 'on';`: what they mean is known without an engine (SISR 1.0 section 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mirabelle.grammar.model import Mode, Tag, TagFormat
from mirabelle.grammar.parse import Node

# Literals whose notation ECMAScript and Python read alike: no escapes, no fractions, no octal.
_LITERAL: Final = (
    r"""'[^'\\\x00-\x1f\u2028\u2029]*'|"[^"\\\x00-\x1f\u2028\u2029]*"|0|-?[1-9][0-9]{0,14}|true|false|null"""
)
# An object has its integers first and a prototype of its own: names that are either are left to the engine.
_WRITE: Final = re.compile(rf"\s*out(?:\.(?!__)([A-Za-z_]\w*))?\s*=\s*({_LITERAL})\s*(?:;|\Z)", re.ASCII)
_NOTHING: Final = re.compile(r"[\s;]*\Z", re.ASCII)
_WORDS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Constant:
    """A meaning that is known."""

    value: Any


def constant(nodes: Sequence[Node], words: Sequence[str], mode: Mode) -> Constant | None:
    """The meaning of a parse whose tags only write literals to `out`.

    Args:
        nodes: the rules of the parse; those that a rule refers to come after it.
        words: what was said.
        mode: how words are joined where a rule has no tags.

    Returns:
        None where there are other tags, or a program in the header.
    """
    if any(node.document.tags for node in nodes):
        return None
    values: dict[int, Any] = {}
    for node in reversed(nodes):
        tags = [child.text for child in node.children if isinstance(child, Tag)]
        if tags:
            found = _written(tags) if node.document.tag_format is TagFormat.SCRIPT else None
            if found is None:
                return None
            values[id(node)] = found.value
            continue
        said = tuple(words[node.first : node.last])
        rules = [child for child in node.children if isinstance(child, Node)]
        if node.document.reading is not None:
            values[id(node)] = node.document.reading(said)
        elif rules:
            values[id(node)] = values[id(rules[-1])]
        else:
            values[id(node)] = ("" if mode is Mode.DTMF else " ").join(said)
    return Constant(values[id(nodes[0])])


def _written(tags: Iterable[str]) -> Constant | None:
    """What `out` is after the tags of a rule."""
    out: Any = {}
    for tag in tags:
        at = 0
        while not _NOTHING.match(tag, at):
            write = _WRITE.match(tag, at)
            # What is no object takes no property, and says nothing.
            if write is None or (write[1] and not isinstance(out, dict)):
                return None
            value = _value(write[2])
            if write[1]:
                out[write[1]] = value
            else:
                out = value
            at = write.end()
    return Constant(out)


def _value(literal: str) -> Any:
    if literal[0] in "'\"":
        return literal[1:-1]
    return _WORDS[literal] if literal in _WORDS else int(literal)
