"""The variable scopes of a session and the evaluation of expressions within them (VoiceXML 2.0, 5.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from mirabelle.vxml.ecmascript import UNDEFINED, Engine, JsObject, Value, decode, encode, plain
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.expressions import (
    base_of,
    bounded,
    check_assignable,
    check_declarable,
    declarations,
    expression_of,
    is_name,
    literal,
    parts,
)
from mirabelle.vxml.trace import Evaluated, ScopeContent, Tracer

MOST_SCOPES: Final = 64
"""How many scopes may be open at once in one execution context."""

_LONGEST_EXCERPT: Final = 80
_CONNECTION: Final = (
    "(function (c) { if (c && (c.originator === 'local' || c.originator === 'remote')) c.originator = c[c.originator];"
    " return c; })"
)


@dataclass(frozen=True, slots=True)
class Chain:
    """A scope chain that was put aside; give it to `Scopes.restore` once."""

    number: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that stays inside the engine, so that it moves between execution contexts whole."""

    number: int


class Scopes:
    """The scope chain: session, application, document, dialog and anonymous scopes, the innermost last.

    A name is looked up from the innermost scope outwards; a write goes to the scope that declares the name. Each scope
    but an anonymous one holds a variable of its own name that is the scope itself. Where no application scope is
    below it, the document scope answers to `application` too, and the other way round.

    Every method that runs code of the application raises `SemanticError` when that code throws, reads or writes
    a name that nobody declared, or goes past a limit of the engine.

    Args:
        engine: an engine that nothing else uses.
        session: the variables of the session scope; values as JSON has them, nested as they are read
            (`{"connection": {"remote": {"uri": "tel:..."}}}`). A connection's `originator` may be `local` or `remote`,
            and is then that very object (5.1.4).
        tracer: is told of each evaluation.
    """

    def __init__(
        self, engine: Engine, session: Mapping[str, object] | None = None, tracer: Tracer | None = None
    ) -> None:
        self._engine = engine
        self._tracer = tracer
        self._call = engine.install(_source())
        self._names: tuple[str, ...] = ("session",)
        for name, value in (session or {}).items():
            if name == "connection":
                self._do("initialise", name, f"{_CONNECTION}({json.dumps(value)})")
            else:
                self.declare_value(name, JsObject(json.dumps(value)))

    @property
    def depth(self) -> int:
        """How many scopes are open, the session's included."""
        return len(self._names)

    @property
    def names(self) -> tuple[str, ...]:
        """The open scopes from the session inwards; an anonymous one is empty."""
        return self._names

    def push(self, name: str = "", values: Mapping[str, Value] | None = None) -> None:
        """Open a scope within the innermost: `application`, `document`, `dialog`, or anonymous without a name.

        Args:
            name: of the scope.
            values: variables that are in it from the beginning.
        """
        if self.depth == MOST_SCOPES:
            raise SemanticError(f"more than {MOST_SCOPES} scopes are open.")
        self._do("push", name, *([_given(values)] if values else []))
        self._names = (*self._names, name)

    def pop(self) -> None:
        """Close the innermost scope; its variables are gone."""
        self.pop_to(self.depth - 1)

    def pop_to(self, depth: int) -> None:
        """Close scopes until `depth` are open; at least 1, the session's."""
        if not 1 <= depth <= self.depth:
            raise ValueError(f"There are {self.depth} scopes open; {depth} cannot be left.")
        self._do("pop", str(depth))
        self._names = self._names[:depth]

    def reset(self, name: str) -> None:
        """Make the innermost scope of that name empty, and leave those within it open."""
        self._do("reset", name)

    def save(self) -> Chain:
        """Put the chain aside and begin a new one that shares the session scope only: a new execution context."""
        chain = Chain(int(self._do("save")[1:]), self._names)
        self._names = ("session",)
        return chain

    def restore(self, chain: Chain) -> None:
        """Drop the present chain and come back to one put aside."""
        self._do("restore", str(chain.number))
        self._names = chain.names

    def keep(self, expr: str) -> Kept:
        """Evaluate, and hold the very value for `declare_value` or `assign_value`, in whatever context comes."""
        return Kept(int(self._ask("keep", expr)[1:]))

    def forget(self, kept: Kept) -> None:
        """Let go of a kept value."""
        self._do("forget", str(kept.number))

    def declare(self, name: str, expr: str | None = None) -> None:
        """Declare a variable in the innermost scope (`<var>`; VoiceXML 2.0, 5.3.1).

        Args:
            name: without a scope in front.
            expr: its value. None declares it as `undefined`, and leaves it as it is where the scope has it already.
        """
        check_declarable(name)
        if expr is None:
            self._do("declare", name)
        elif (value := literal(expr)) is not None:
            self._told("put", expression_of(expr), name, name, value)
        else:
            self._ask("initialise", expr, name)

    def declare_value(self, name: str, value: Value | Kept) -> None:
        """Declare a variable in the innermost scope with a value at hand; in the session's scope while it is alone."""
        check_declarable(name)
        self._do("put", name, _shown(value))

    def declare_values(self, values: Mapping[str, Value]) -> None:
        """Declare several variables in the innermost scope, which is not the session's."""
        self._do("fill", _given(values))

    def assign(self, name: str, expr: str) -> None:
        """Write a variable that is declared, or a property of an object (`<assign>`; VoiceXML 2.0, 5.3.2).

        Args:
            name: `total`, `document.total`, `order.lines[2]`, `list[i + 1]`.
            expr: the new value.
        """
        check_assignable(name)
        value = literal(expr) if is_name(name) else None
        if value is not None:
            self._told("write", expression_of(expr), name, name, value, "simple")
        else:
            self._ask("assign", expr, name)

    def literal(self, name: str) -> str:
        """The value of a variable as a literal; that it was asked for is told to nobody."""
        try:
            value = decode(self._do("evaluate", name))
        except SemanticError as error:
            return f"({error.reason})"
        return _as_literal(value)

    def assign_value(self, name: str, value: Value | Kept) -> None:
        """The same with a value at hand."""
        check_assignable(name)
        self._do("write", name, _shown(value), *(["simple"] if is_name(name) else []))

    def set_result(self, results: str | None) -> None:
        """Set `application.lastresult$` (VoiceXML 2.0, 5.1.5): an array that also has what its first element has.

        Args:
            results: the hypotheses as JSON, an array of one object or more; None for `undefined`. What each means,
                its property `interpretation`, is a string as `encode` writes it.
        """
        self._do("result", results or "")

    def copy_result(self, name: str) -> None:
        """Write a copy of the best hypothesis to a variable that is declared."""
        self._do("echo", name)

    def evaluate(self, expr: str) -> Value:
        """The value of an expression; objects come as a copy."""
        return decode(self._see("evaluate", expr))

    def truth(self, expr: str) -> bool:
        """The value as ECMAScript's `Boolean()` has it: what `cond` asks."""
        return self._see("truth", expr) == "t"

    def text(self, expr: str) -> str:
        """The value as ECMAScript's `String()` has it: what `<value>` and `<log>` say."""
        return str(decode(self._see("text", expr)))

    def json(self, expr: str) -> str:
        """The value as JSON; `null` for what JSON does not know."""
        return str(decode(self._see("json", expr)))

    def script(self, source: str) -> None:
        """Run a program in the innermost scope (`<script>`; VoiceXML 2.0, 5.3.12).

        Its `var` and function declarations become variables of that scope; `let`, `const` and `class` stay its own.
        `SemanticError.line` says where in the program it failed.
        """
        variables, functions = declarations(bounded(source))
        if "eval" in variables or "eval" in functions:
            raise SemanticError("'eval' is not a name a variable can have.")
        try:
            self._do("script", source, json.dumps(variables), json.dumps(functions))
        except SemanticError as error:
            if self._tracer is not None:
                self._tracer.tell(Evaluated(source, error=error.reason))
            # A line past the end is one of our own code, which the program called by a write to the session's scope.
            line = error.line if error.line <= source.count("\n") + 1 else 0
            raise SemanticError(error.reason, line) from None
        if self._tracer is not None:
            self._tracer.tell(Evaluated(source))

    def declared(self, name: str) -> bool:
        """Whether some scope of the chain has a variable of that name, whatever its value."""
        return self._do("declared", name) == "t"

    def defined(self, name: str) -> bool:
        """Whether the variable is declared and its value is not `undefined`; the name may be dotted."""
        check_assignable(name)
        if plain_parts := parts(name):
            return self._do("defined", name, *plain_parts) == "t"
        return self.declared(base_of(name)) and self._do("truth", f"typeof {name} !== 'undefined'") == "t"

    def field(self, name: str) -> JsObject | str:
        """The value as a form sends it: an object or an array as JSON, all else as ECMAScript's `String()` has it."""
        value = decode(self._see("field", name))
        return value if isinstance(value, JsObject) else str(value)

    def begin_loop(self, array: str, copy: str) -> int | None:
        """Declare a shallow copy of an array in the innermost scope.

        Args:
            array: an expression.
            copy: the name of the copy.

        Returns:
            How many members it has; None where it is no array, and nothing is declared.
        """
        source = expression_of(array)
        length = decode(self._told("loop", source, copy, copy, source))
        return length if isinstance(length, int) else None

    def step(self, item: str, copy: str, at: int) -> None:
        """Write a member of the copy that `begin_loop` made to a variable that is declared."""
        if is_name(item):
            self._told("step", f"{copy}[{at}]", item, item, copy, str(at))
        else:
            self.assign(item, f"{copy}[{at}]")

    def contents(self) -> tuple[ScopeContent, ...]:
        """The open scopes and their variables, the session's first."""
        found = json.loads(str(decode(self._do("contents"))))
        return tuple(ScopeContent(name, tuple(variables)) for name, variables in found)

    def _do(self, operation: str, *arguments: str) -> str:
        if all(map(plain, arguments)):
            return self._call(operation, 0, *arguments)
        return self._call(operation, 1, *map(json.dumps, arguments))

    def _see(self, operation: str, expr: str) -> str:
        """Run what looks at the value of an expression, which a plain name is known for without being read as code."""
        source = expression_of(expr)
        return self._told(operation, source, "", source, *parts(source))

    def _ask(self, operation: str, expr: str, *before: str) -> str:
        """Run what evaluates an expression; an error names the expression."""
        source = expression_of(expr)
        return self._told(operation, source, "".join(before), *before, source)

    def _told(self, operation: str, source: str, name: str, *arguments: str) -> str:
        """Run what evaluates an expression, for a variable or none, and tell of it."""
        try:
            answer = self._do(operation, *arguments)
        except SemanticError as error:
            if self._tracer is not None:
                self._tracer.tell(Evaluated(source, name, error=error.reason))
            shown = source if len(source) <= _LONGEST_EXCERPT else f"{source[:_LONGEST_EXCERPT]}..."
            raise SemanticError(f"{error.reason} (in '{shown}')") from None
        if self._tracer is not None:
            value = self.literal(name) if name else _answered(operation, answer)
            self._tracer.tell(Evaluated(source, name, value))
        return answer


def _answered(operation: str, answer: str) -> str:
    """What an operation of the engine answered, as a literal; empty for a value that stays in the engine."""
    if operation == "keep":
        return ""
    value = decode(answer)
    return str(value) if operation == "json" else _as_literal(value)


def _as_literal(value: Value) -> str:
    if value is UNDEFINED:
        return "undefined"
    return value.json if isinstance(value, JsObject) else json.dumps(value)


@lru_cache(maxsize=1)
def _source() -> str:
    return resources.files("mirabelle.vxml").joinpath("scopes.js").read_text("utf-8")


def _given(values: Mapping[str, Value]) -> str:
    for name in values:
        check_declarable(name)
    return json.dumps([(name, encode(value)) for name, value in values.items()])


def _shown(value: Value | Kept) -> str:
    return f"k{value.number}" if isinstance(value, Kept) else encode(value)
