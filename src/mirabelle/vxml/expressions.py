"""What can be known of names, expressions and scripts before the engine of a session runs them."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Final

import quickjs

from mirabelle.vxml.ecmascript import EVALUATION_MS, LONGEST_SOURCE, MEMORY_BYTES, STACK_BYTES, encode
from mirabelle.vxml.errors import SemanticError

_IDENTIFIER: Final = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_NAME: Final = r"(?:[^\W\d]|\$)[\w$]*"
_OPERAND: Final = rf"(?:[0-9]{{1,9}}|{_NAME}(?:\.{_NAME})*)"
_INDEX: Final = rf"(?:'[^'\\]*'|\"[^\"\\]*\"|\s*{_OPERAND}(?:\s*[-+]\s*{_OPERAND})*\s*)"
_LEFT_HAND: Final = re.compile(rf"{_NAME}(?:\.{_NAME}|\[{_INDEX}\])*")
_PLAIN: Final = re.compile(r"([A-Za-z_$][\w$]*)(?:\.([A-Za-z_$][\w$]*))?", re.ASCII)
_LITERAL: Final = re.compile(
    r"""'[^'\\\x00-\x1f\u2028\u2029]{0,200}'|"[^"\\\x00-\x1f\u2028\u2029]{0,200}"|0|-?[1-9][0-9]{0,14}|true|false|null"""
)
_WORDS: Final = {"true": "t", "false": "f", "null": "n"}
_UNUSABLE: Final = frozenset(
    [
        "arguments",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "eval",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "import",
        "in",
        "instanceof",
        "new",
        "null",
        "return",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "var",
        "void",
        "while",
        "with",
    ]
)


def is_name(text: str) -> bool:
    """Whether a variable may be called so."""
    return _IDENTIFIER.fullmatch(text) is not None and text not in _UNUSABLE


def base_of(name: str) -> str:
    """The variable that a dotted or indexed name begins with."""
    return re.split(r"[.\[]", name, maxsplit=1)[0]


def declarable(name: str) -> str:
    """The name, unless it is one that the platform gives itself (VoiceXML 2.0, 5.1).

    Those that begin with an underscore are reserved, too. Applications have them all the same, and none is in our way.

    Args:
        name: of a variable or form item.

    Raises:
        SemanticError: it is reserved.
    """
    if name.endswith("$"):
        raise SemanticError(f"'{name[:60]}' is not a name a variable can have; those that end in '$' are reserved.")
    return name


def bounded(source: str) -> str:
    """A script, unless it is too long.

    Raises:
        SemanticError: it is.
    """
    if len(source) > LONGEST_SOURCE:
        raise SemanticError(f"the script is longer than {LONGEST_SOURCE} characters.")
    return source


def expression_of(source: str) -> str:
    """What the engine evaluates of an expression as it is written.

    Raises:
        SemanticError: it is empty, or too long.
    """
    # A semicolon at the end is no expression, but old applications write it.
    body = bounded(source).strip().rstrip("; \t\r\n")
    if not body:
        raise SemanticError("the expression is empty.")
    return body


def check_declarable(name: str) -> None:
    """Refuse what a variable cannot be called.

    Raises:
        SemanticError: it is no name.
    """
    if not is_name(name):
        why = "; a variable is declared without a scope or an object in front" if "." in name else ""
        raise SemanticError(f"'{name[:60]}' is not a name a variable can have{why}.")


def check_assignable(name: str) -> None:
    """Refuse what is neither a variable nor a property of one.

    Raises:
        SemanticError: it is neither.
    """
    if not _LEFT_HAND.fullmatch(name):
        raise SemanticError(f"'{name[:60]}' is not something that can be assigned to.")


def parts(source: str) -> tuple[str, ...]:
    """The name that an expression is, or the name and the member; none where it is more than that."""
    found = _PLAIN.fullmatch(source)
    if found is None or found[1] in _UNUSABLE:
        return ()
    return (found[1],) if found[2] is None else (found[1], found[2])


def literal(expr: str) -> str | None:
    """A literal that ECMAScript and Python read alike, encoded; None for every other expression."""
    body = expr.strip()
    if not _LITERAL.fullmatch(body):
        return None
    if body[0] in "'\"":
        return encode(body[1:-1])
    return _WORDS.get(body) or f"d{body}"


_DECLARED: Final = """(function () {
  "use strict";
  const { getOwnPropertyNames } = Object, { deleteProperty } = Reflect, { stringify } = JSON, everything = globalThis;
  for (const name of getOwnPropertyNames(everything)) deleteProperty(everything, name);
  const before = getOwnPropertyNames(everything);
  return () => stringify(getOwnPropertyNames(everything)
    .filter((name) => !before.includes(name)).map((name) => [name, typeof everything[name] === "function"]));
})()"""


@lru_cache(maxsize=64)
def declarations(source: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names a program declares with `var` and as functions, found by the engine's own parser.

    The program is instantiated as a global one in an engine of its own, where nothing else is declared, and stopped
    before its first statement.

    Raises:
        SemanticError: it cannot be parsed.
    """
    context = quickjs.Context()
    context.set_memory_limit(MEMORY_BYTES)
    context.set_max_stack_size(STACK_BYTES)
    context.set_time_limit(EVALUATION_MS / 1000)
    found = context.eval(_DECLARED)
    try:
        context.eval("throw 0;" + source.replace("\0", " "))
    except quickjs.JSException as error:
        message = str(error).partition("\n")[0]
        # Without memory the engine cannot say much: its error comes without a text, or not at all.
        if message == "null" or message.startswith("InternalError"):
            raise SemanticError("the script is too large.") from None
        if message != "0":
            line = re.search(r"<input>:([0-9]+)", str(error))
            raise SemanticError(message, int(line[1]) if line else 0) from None
    except UnicodeError:
        raise SemanticError("the script holds half of a surrogate pair.") from None
    try:
        names = json.loads(found())
    except (quickjs.JSException, TypeError) as error:
        raise SemanticError("the script declares too much.") from error
    return tuple(n for n, function in names if not function), tuple(n for n, function in names if function)
