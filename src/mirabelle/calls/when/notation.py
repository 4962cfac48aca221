r"""The notation that the grammar of times is written in, and its reader.

| Written | Matches |
|---|---|
| `'abc'` | these letters, in either case |
| `"abc"` | exactly these characters |
| `[a-z.\t]` | one of these characters; `\t` is the tab, `\n` the new line, `\0` the end of the text |
| `name` | what is defined under this name, further up |
| `x y` | x, then y |
| `x or y` | one of them |
| `( )` | grouping |
| `x?` `x*` `x+` `x{2,6}` | none or one, any number, at least one, from two to six |

A definition is `name: expression`; it ends where the next line begins that is not indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

END: Final = "\0"
"""What stands for the end of the text."""

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<fold>'[^']+') | (?P<exact>"[^"]+") | (?P<set>\[[^\]]+\]) | (?P<name>\w+)
    | \{(?P<least>\d+),(?P<most>\d+)\} | (?P<sign>[()?*+]))""",
    re.VERBOSE,
)
_TIMES: Final = {"?": (0, 1), "*": (0, None), "+": (1, None)}
_ESCAPES: Final = {"\\t": "\t", "\\n": "\n", "\\0": END}


@dataclass(frozen=True, slots=True)
class OneOf:
    """One character."""

    characters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after the other."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the options."""

    options: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part from `least` to `most` times; None: without limit."""

    part: Expression
    least: int
    most: int | None


Expression = OneOf | Sequence | Choice | Repeat


def read(text: str) -> Mapping[str, Expression]:
    """Read definitions.

    Args:
        text: in the notation above; blank lines and what follows `;` are passed over.

    Returns:
        The definitions in their order.

    Raises:
        ValueError: the notation is wrong, or a name is not defined yet or twice.
    """
    definitions: dict[str, Expression] = {}
    for name, body in _definitions(text):
        if name in definitions:
            raise ValueError(f"'{name}' is defined twice")
        definitions[name] = _Reader(body, definitions).expression()
    return definitions


def _definitions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line.partition(" ;")[0].rstrip() for line in text.splitlines()]
    joined = "\n".join(line for line in lines if line and not line.startswith(";"))
    for definition in re.split(r"\n(?=\S)", joined.strip()):
        name, colon, body = definition.partition(":")
        if not colon:
            raise ValueError(f"no definition: {definition!r}")
        yield name.strip(), " ".join(body.split("\n"))


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, body: str, known: Mapping[str, Expression]) -> None:
        self._body = body.strip()
        self._known = known
        self._at = 0

    def expression(self) -> Expression:
        found = self._choice()
        if self._at < len(self._body):
            raise ValueError(f"not understood: {self._body[self._at :]!r}")
        return found

    def _choice(self) -> Expression:
        options = [self._sequence()]
        while (match := self._peek()) is not None and match["name"] == "or":
            self._at = match.end()
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Expression:
        parts = []
        while (match := self._peek()) is not None and match["name"] != "or" and match["sign"] != ")":
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, part: Expression) -> Expression:
        match = self._peek()
        if match is None or not (match["least"] or (match["sign"] or "(") in _TIMES):
            return part
        self._at = match.end()
        least, most = (int(match["least"]), int(match["most"])) if match["least"] else _TIMES[match["sign"]]
        return Repeat(part, least, most)

    def _atom(self) -> Expression:
        match = self._peek()
        assert match is not None
        self._at = match.end()
        if match["fold"]:
            return _word(each.lower() + each.upper() for each in match["fold"][1:-1])
        if match["exact"]:
            return _word(match["exact"][1:-1])
        if match["set"]:
            return OneOf(frozenset(_members(match["set"][1:-1])))
        if match["name"]:
            return self._named(match["name"])
        if match["sign"] != "(":
            raise ValueError(f"nothing to repeat: {self._body[match.start() :]!r}")
        inner = self._choice()
        closing = self._peek()
        if closing is None or closing["sign"] != ")":
            raise ValueError(f"no ')': {self._body!r}")
        self._at = closing.end()
        return inner

    def _named(self, name: str) -> Expression:
        if name not in self._known:
            raise ValueError(f"'{name}' is not defined yet")
        return self._known[name]

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self._body, self._at)


def _word(letters: Iterator[str] | str) -> Expression:
    parts = tuple(OneOf(frozenset(each)) for each in letters)
    return parts[0] if len(parts) == 1 else Sequence(parts)


def _members(inside: str) -> Iterator[str]:
    for each in re.findall(r"\\.|.-.|.", inside):
        if len(each) == 3:
            yield from map(chr, range(ord(each[0]), ord(each[2]) + 1))
        else:
            yield _ESCAPES.get(each, each)
