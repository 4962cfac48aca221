"""ECMAScript, read and not run: which names it uses without declaring them.

Whether it can be read at all is the engine's own word, so that nothing is refused here that would run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from mirabelle.vxml.ecmascript import Engine, JsObject
from mirabelle.vxml.expressions import declarations, expression_of
from mirabelle.vxml.scopes import Scopes

_FUNCTIONS: Final = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
_DECLARED_FUNCTIONS: Final = frozenset({"function_declaration", "generator_function_declaration"})
_BLOCKS: Final = frozenset(
    {"statement_block", "switch_body", "for_statement", "for_in_statement", "class_static_block"}
)
_PATTERNS: Final = frozenset({"array_pattern", "object_pattern", "pair_pattern", "rest_pattern"})
_NAMES: Final = frozenset({"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"})


@dataclass(frozen=True, slots=True)
class Use:
    """A name that the code takes from outside.

    Attributes:
        name: the name.
        line: within the code, counted from 0.
        column: within the line, counted from 0.
        written: whether it is only written.
        deferred: whether that happens in a function, whenever that is called.
        member: the property that is read of it, as in `document.total`; empty for none.
        asked: whether the code asks with `typeof` for that property.
    """

    name: str
    line: int = 0
    column: int = 0
    written: bool = False
    deferred: bool = False
    member: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """What an expression or a program says of its names.

    Attributes:
        uses: what it takes from outside, in its order.
        declared: what it declares, by `var` and as functions.
        members: properties that it writes, as in `application.total = 1`, each with what it is of: `application.total`.
        constant: the text, where it is a literal string and nothing else; None otherwise.
        opaque: whether names may be used that nobody can tell from the text.
    """

    uses: tuple[Use, ...] = ()
    declared: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    constant: str | None = None
    opaque: bool = False


@lru_cache(maxsize=1)
def engine_names() -> frozenset[str]:
    """What every program finds in the engine: `Math`, `parseInt` and the like."""
    found = Scopes(Engine()).evaluate("Object.getOwnPropertyNames(globalThis).join(' ')")
    assert not isinstance(found, JsObject)
    return frozenset({*str(found).split(), "undefined"})


@lru_cache(maxsize=1024)
def read_expression(source: str) -> Code:
    """Read an expression.

    Raises:
        SemanticError: it is none.
    """
    body = expression_of(source)
    # The engine evaluates the expression in brackets of the same kind.
    declarations(f"(()=>({body}\n))")
    return _read(f"({body}\n)", shift=1)


@lru_cache(maxsize=128)
def read_program(source: str) -> Code:
    """Read a program.

    Raises:
        SemanticError: it is none; with the line.
    """
    variables, functions = declarations(source)
    code = _read(source, shift=0)
    return replace(code, declared=frozenset({*variables, *functions}))


def _read(source: str, shift: int) -> Code:
    data = source.encode("utf-8", "replace")
    root = Parser(Language(tree_sitter_javascript.language())).parse(data).root_node
    if root.has_error:
        # The engine understood it, this parser does not: nothing is known, and nothing is said.
        return Code(opaque=True)
    reader = _Reader(data.split(b"\n"), shift)
    reader.read(root)
    uses = (
        replace(use, asked=f"{use.name}.{use.member}" in reader.guarded)
        for use in reader.uses
        if use.name not in reader.guarded
    )
    return Code(tuple(uses), members=frozenset(reader.members), constant=_constant(root), opaque=reader.opaque)


@dataclass(frozen=True, slots=True)
class _Place:
    """A node that waits to be read, and what surrounds it."""

    node: Node
    bound: tuple[frozenset[str], ...]
    written: bool = False
    deferred: bool = False
    within: bool = False


class _Reader:
    """Walks the tree with the names that are bound at each place; without recursion, however deep the code nests."""

    def __init__(self, lines: list[bytes], shift: int) -> None:
        self._lines = lines
        self._shift = shift
        self.uses: list[Use] = []
        self.guarded: set[str] = set()
        self.members: set[str] = set()
        self.opaque = False

    def read(self, root: Node) -> None:
        waiting = [_Place(root, (frozenset({*_hoisted(root), *_lexical(root)}),))]
        while waiting:
            place = waiting.pop()
            if place.node.type in _NAMES:
                self._name(place)
            else:
                waiting.extend(reversed(list(self._below(place))))

    def _name(self, place: _Place) -> None:
        name = _text(place.node)
        if place.within or any(name in names for names in place.bound):
            return
        row, column = place.node.start_point
        before = self._lines[row][:column].decode("utf-8", "replace")
        start = len(before) - (self._shift if row == 0 else 0)
        self.uses.append(Use(name, row, start, place.written, place.deferred, _member(place.node)))

    def _below(self, place: _Place) -> Iterator[_Place]:
        """The children of a node, with what is bound there."""
        node, kind = place.node, place.node.type
        bound, deferred, within = place.bound, place.deferred, place.within
        if kind in _FUNCTIONS:
            bound, deferred = (*bound, _of_function(node)), True
        elif kind in _BLOCKS:
            bound = (*bound, frozenset(_lexical(node)))
        elif kind == "catch_clause":
            bound = (*bound, frozenset(_bindings(node.child_by_field_name("parameter"))))
        elif kind == "class":
            bound = (*bound, frozenset(_bindings(node.child_by_field_name("name"))))
        elif kind == "unary_expression" and self._is_guard(node):
            return
        elif kind == "call_expression" and _text(node.child_by_field_name("function")) == "eval":
            self.opaque = True
        target = _target(node)
        if target is not None and (member := _dotted(target)):
            self.members.add(member)
        for child in node.named_children:
            inside = kind == "with_statement" and child == node.child_by_field_name("body")
            spread = place.written and kind in _PATTERNS and child.type in _PATTERNS | _NAMES
            yield _Place(child, bound, child == target or spread, deferred, within or inside)

    def _is_guard(self, node: Node) -> bool:
        """Whether it is `typeof name`, which is allowed of a name that nobody declared; or of a property."""
        operand = node.child_by_field_name("argument")
        while operand is not None and operand.type == "parenthesized_expression" and operand.named_child_count == 1:
            operand = operand.named_children[0]
        if _text(node.child_by_field_name("operator")) != "typeof" or operand is None:
            return False
        if operand.type == "identifier":
            self.guarded.add(_text(operand))
        elif member := _dotted(operand):
            self.guarded.add(member)
        return operand.type == "identifier"


def _target(node: Node) -> Node | None:
    """The part of a node that is written without being read."""
    if node.type == "assignment_expression":
        return node.child_by_field_name("left")
    if node.type == "for_in_statement" and node.child_by_field_name("kind") is None:
        return node.child_by_field_name("left")
    return None


def _dotted(node: Node) -> str:
    """A property of a name, as in `document.total`; empty for anything else."""
    of = node.child_by_field_name("object")
    if node.type != "member_expression" or of is None or of.type != "identifier":
        return ""
    return f"{_text(of)}.{_text(node.child_by_field_name('property'))}"


def _member(node: Node) -> str:
    parent = node.parent
    if parent is None or parent.type != "member_expression" or parent.child_by_field_name("object") != node:
        return ""
    return _text(parent.child_by_field_name("property"))


def _of_function(node: Node) -> frozenset[str]:
    names = set(_hoisted(node))
    for field in ("parameter", "parameters"):
        names |= set(_bindings(node.child_by_field_name(field)))
    if node.type != "arrow_function":
        names.add("arguments")
    if node.type not in _DECLARED_FUNCTIONS and node.type != "method_definition":
        names |= set(_bindings(node.child_by_field_name("name")))
    return frozenset(names)


def _hoisted(node: Node) -> Iterator[str]:
    """What `var` and functions declare in a function or a program, in whatever block they stand."""
    waiting = list(node.named_children)
    while waiting:
        child = waiting.pop()
        if child.type in _DECLARED_FUNCTIONS:
            yield from _bindings(child.child_by_field_name("name"))
        if child.type in _FUNCTIONS:
            continue
        if child.type == "variable_declarator" and child.parent is not None:
            if child.parent.type == "variable_declaration":
                yield from _bindings(child.child_by_field_name("name"))
        elif child.type == "for_in_statement" and _text(child.child_by_field_name("kind")) == "var":
            yield from _bindings(child.child_by_field_name("left"))
        waiting.extend(child.named_children)


def _lexical(node: Node) -> Iterator[str]:
    """What `let`, `const`, `class` and functions declare in a block."""
    if node.type == "for_in_statement" and _text(node.child_by_field_name("kind")) in ("let", "const"):
        yield from _bindings(node.child_by_field_name("left"))
    for child in node.named_children:
        if child.type == "lexical_declaration":
            for declarator in child.named_children:
                yield from _bindings(declarator.child_by_field_name("name"))
        elif child.type == "class_declaration" or child.type in _DECLARED_FUNCTIONS:
            yield from _bindings(child.child_by_field_name("name"))
        elif child.type in ("switch_case", "switch_default"):
            yield from _lexical(child)


def _bindings(pattern: Node | None) -> Iterator[str]:
    """The names that a pattern binds; not those in its default values."""
    waiting = [pattern] if pattern is not None else []
    while waiting:
        node = waiting.pop()
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            yield _text(node)
        elif node.type in ("assignment_pattern", "object_assignment_pattern"):
            left = node.child_by_field_name("left")
            waiting.extend([left] if left is not None else [])
        elif node.type == "pair_pattern":
            value = node.child_by_field_name("value")
            waiting.extend([value] if value is not None else [])
        else:
            waiting.extend(node.named_children)


def _constant(root: Node) -> str | None:
    """The value of a program that is one literal string without escapes."""
    node = root
    while node.type in ("program", "expression_statement", "parenthesized_expression") and node.named_child_count == 1:
        node = node.named_children[0]
    if node.type != "string" or any(child.type != "string_fragment" for child in node.named_children):
        return None
    return "".join(map(_text, node.named_children))


def _text(node: Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")
