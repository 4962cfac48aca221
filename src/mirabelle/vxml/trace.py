"""The seam by which the interpreter tells what it does, step by step, for whoever looks for a fault.

The interpreter holds a `Tracer` or None. Where there is none, a step costs one comparison and is never made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class Entered:
    """A dialog is entered (VoiceXML 2.0, 1.5).

    Attributes:
        uri: of the document.
        dialog: `form` or `menu`.
        id: of the dialog; empty where it has none.
        line: of the dialog.
        depth: subdialogs around it.
    """

    step: ClassVar[str] = "enter"
    uri: str
    dialog: str
    id: str
    line: int
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that was not chosen, and why."""

    item: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Selected:
    """The select phase is over (appendix C).

    Attributes:
        item: the element chosen; empty where none is left and the dialog ends.
        name: of its variable.
        line: of the item.
        why: a phrase.
        skipped: the items before it.
    """

    step: ClassVar[str] = "select"
    item: str
    name: str
    line: int
    why: str
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class ScopeContent:
    """One open scope; an anonymous one has no name."""

    scope: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collecting:
    """The collect phase begins: an item is visited.

    Attributes:
        item: the element.
        name: of its variable.
        line: of the item.
        prompt_count: its prompt counter.
        prompted: whether its prompts are selected; after an event only where the handler asked for it (5.3.6).
        scopes: what is open, the innermost last.
    """

    step: ClassVar[str] = "collect"
    item: str
    name: str
    line: int
    prompt_count: int
    prompted: bool
    scopes: tuple[ScopeContent, ...]


@dataclass(frozen=True, slots=True)
class ActiveGrammar:
    """One grammar that listens.

    Attributes:
        precedence: 1 is tried first (3.1.4).
        scope: `item`, `dialog`, `document`, `application` or `platform`.
        mode: `dtmf` or `voice`.
        element: whose it is: `grammar`, `choice`, `option`, `link`, `field`; `universals` for the platform's.
        line: of that element; 0 for the platform's.
        fills: what a match does: `item`, `form`, `link`, `event` or `dialog`.
    """

    precedence: int
    scope: str
    mode: str
    element: str
    line: int
    fills: str


@dataclass(frozen=True, slots=True)
class Listening:
    """The grammars that are active for an item."""

    step: ClassVar[str] = "grammars"
    grammars: tuple[ActiveGrammar, ...]


@dataclass(frozen=True, slots=True)
class Processing:
    """The process phase begins with input that matched.

    Attributes:
        utterance: the words or keys.
        meaning: the interpretation, as JSON; or the name of what JSON does not know.
        fills: as of `ActiveGrammar`.
        line: of the element whose grammar it was; 0 for the platform's.
    """

    step: ClassVar[str] = "process"
    utterance: str
    meaning: str
    fills: str
    line: int


@dataclass(frozen=True, slots=True)
class Filled:
    """An item's variable has got a value from input, as JSON."""

    step: ClassVar[str] = "fill"
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An event was thrown (5.2).

    Attributes:
        event: its name.
        message: what `_message` is; None for undefined.
        count: how often it occurred at this item or in this form.
    """

    step: ClassVar[str] = "event"
    event: str
    message: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Handled:
    """The handler of an event is chosen (5.2.4).

    Attributes:
        event: its name.
        handler: the element; empty for that of the platform.
        line: of the handler.
        holder: the element that holds the handler; empty for the platform.
        action: what the platform does where the handler is its own; empty otherwise.
    """

    step: ClassVar[str] = "handler"
    event: str
    handler: str
    line: int
    holder: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Executed:
    """An element of executable content is executed (5.3)."""

    step: ClassVar[str] = "execute"
    element: str
    line: int


@dataclass(frozen=True, slots=True)
class Evaluated:
    """ECMAScript was evaluated.

    Attributes:
        source: the expression or the program.
        name: the variable that got the value; empty where none did.
        value: as a literal; empty for a program, and where it failed.
        error: what went wrong; empty where nothing did.
    """

    step: ClassVar[str] = "evaluate"
    source: str
    name: str = ""
    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class FetchTold:
    """Something was fetched.

    Attributes:
        method: `GET` or `POST`.
        url: what was asked for.
        purpose: `document`, `script`, `grammar`, `audio` or `data`.
        status: of the answer; 0 where there was none.
        size: bytes of the answer.
        reason: why there was no answer; empty where there was one.
    """

    step: ClassVar[str] = "fetch"
    method: str
    url: str
    purpose: str
    status: int
    size: int = 0
    reason: str = ""


Step = (
    Entered
    | Selected
    | Collecting
    | Listening
    | Processing
    | Filled
    | Raised
    | Handled
    | Executed
    | Evaluated
    | FetchTold
)
"""Anything that is told."""


class Tracer(Protocol):
    """Listens to what the interpreter does."""

    def tell(self, step: Step) -> None:
        """Take one step. It is called where the machine computes, and must not block."""
