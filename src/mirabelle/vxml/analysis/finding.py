"""What an analysis has to say."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_LONGEST_NAME: Final = 60
_FARTHEST: Final = 3
_MOST_NAMES: Final = 500


class Severity(enum.StrEnum):
    """How bad it is."""

    ERROR = "error"
    """Whoever comes by here meets an event of the kind `error`."""
    WARNING = "warning"
    """It works, and hardly as it was meant."""


class Rule(enum.StrEnum):
    """What a finding is about; scripts tell findings apart by it."""

    DESTINATION = "destination"
    DOCUMENT = "document"
    DUPLICATE = "duplicate"
    ECMASCRIPT = "ecmascript"
    FETCH = "fetch"
    GRAMMAR = "grammar"
    HANDLER = "handler"
    PROMPT = "prompt"
    PROPERTY = "property"
    UNDECLARED = "undeclared"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        uri: the document.
        line: counted from 1; 0 where it is of the document as a whole.
        column: the same.
        severity: how bad it is.
        rule: what it is about.
        message: a sentence that says what to do.
    """

    uri: str
    line: int
    column: int
    severity: Severity
    rule: Rule
    message: str


def suggestion(name: str, known: Collection[str]) -> str:
    """The end of a sentence about a name that does not exist: the nearest that does, where one is near."""
    short = name[:_LONGEST_NAME]
    # Names of very different lengths are not near, and a document may hold very many.
    alike = sorted(each for each in known if abs(len(each) - len(short)) <= _FARTHEST)[:_MOST_NAMES]
    near = get_close_matches(short, alike, n=1, cutoff=0.75)
    return f"; did you mean '{near[0]}'?" if near else "."


def shown(name: str) -> str:
    """A name from a document, short enough for a sentence."""
    plain = " ".join(name.split())
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[: _LONGEST_NAME - 3]}..."
