"""The one model all grammar formats become: rules and their expansions (SRGS 1.0 sections 2 and 3)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeAlias

MOST_REPEATS: Final = 10_000
"""The highest number a repeat may name."""


Reading: TypeAlias = Callable[[tuple[str, ...]], Any]
"""Says what the words or keys of a builtin rule mean; None where they mean nothing, and are no match."""


class Mode(enum.StrEnum):
    """What a grammar listens to (SRGS 1.0 section 4.6)."""

    VOICE = "voice"
    DTMF = "dtmf"


class TagFormat(enum.Enum):
    """How the text of a tag is to be understood (SISR 1.0 sections 4 and 7)."""

    SCRIPT = "semantics/1.0"
    """ECMAScript that assigns to `out`."""
    LITERAL = "semantics/1.0-literals"
    """The text is the value."""
    UNNAMED = ""
    """No format was declared: ECMAScript in the style of the drafts (`$`), of `out`, slots, or plain text."""
    UNKNOWN = "?"
    """A format nobody here can run; the tags stay in the parse and mean nothing."""


class Special(enum.Enum):
    """The rules every grammar has (SRGS 1.0 section 2.2.3)."""

    NULL = "NULL"
    """Matches without any input."""
    VOID = "VOID"
    """Never matches."""
    GARBAGE = "GARBAGE"
    """Matches any words up to whatever comes next."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word or key, or several words that are one lexical unit, with single spaces between them."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """Text for the semantic interpreter, without its delimiters."""

    text: str


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A reference to a rule.

    Attributes:
        rule: the rule's name; empty for the root rule of another grammar.
        uri: the absolute URI of the other grammar, without fragment; empty for this one.
        shown: the reference as it is written in a parse: `fruit`, `<fruits.gram#fruit>`.
        media_type: the type claimed for the other grammar; empty where none is.
        language: the language attached to the reference.
        line: where it stands.
    """

    rule: str
    uri: str = ""
    shown: str = ""
    media_type: str = ""
    language: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Sequence:
    """Expansions one after the other; an empty one matches without input."""

    items: tuple[Expansion, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of several expansions, with its weight (1 where none is given)."""

    expansion: Expansion
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Expansions of which one is to match."""

    items: tuple[Alternative, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """An expansion that matches `low` to `high` times over; `high` None has no end."""

    expansion: Expansion
    low: int
    high: int | None
    probability: float | None = None


Expansion: TypeAlias = Token | Tag | Special | RuleRef | Sequence | Alternatives | Repeat


@dataclass(frozen=True, slots=True)
class Rule:
    """A named expansion (SRGS 1.0 section 3).

    Attributes:
        public: whether other grammars may refer to it.
        examples: inputs its author gave as examples; they are not checked.
    """

    name: str
    expansion: Expansion
    public: bool = False
    line: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One grammar document as written, whatever its format.

    Attributes:
        uri: where it came from.
        mode: what it listens to.
        language: its language; empty for keys.
        root: the name of the root rule; empty where none is declared.
        rules: by name, in the order of the document.
        tag_format: how its tags are to be understood.
        tags: the tags of the header, run before any other (SISR 1.0 section 3.3.2).
        metas: what its author wrote about it.
        imports: the URIs of grammars whose public rules may be referred to as if they were its own (JSGF section 3.3).
        reading: what the words of each rule mean, in place of tags; None but for a builtin grammar.
    """

    uri: str
    mode: Mode
    rules: Mapping[str, Rule]
    language: str = ""
    root: str = ""
    tag_format: TagFormat = TagFormat.UNNAMED
    tags: tuple[str, ...] = ()
    metas: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    imports: tuple[str, ...] = ()
    reading: Reading | None = None


def tag_format(name: str) -> TagFormat:
    """Return the tag format a grammar declares by `name`, tolerant of case and of the draft's names."""
    plain = name.strip().lower()
    if not plain:
        return TagFormat.UNNAMED
    if plain == "semantics/1.0-literals":
        return TagFormat.LITERAL
    if plain == "semantics/1.0":
        return TagFormat.SCRIPT
    if plain.startswith(("semantics/1.0", "swi-semantics", "x-jsgf", "application/x-jsgf")):
        return TagFormat.UNNAMED
    return TagFormat.UNKNOWN
