"""What all parts of the interpreter share while one session runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from mirabelle.vxml.allowance import Allowance
from mirabelle.vxml.expressions import declarable
from mirabelle.vxml.platform import Audio, HungUp, Item, Note, NoteKind, Play, Prompt, Reply, Request, Speech, Unspoken
from mirabelle.vxml.properties import DEFAULTS, SAFE_DEFAULTS, Properties
from mirabelle.vxml.signals import Ending, GoToDialog, Thrown
from mirabelle.vxml.xml import Element

if TYPE_CHECKING:
    from mirabelle.vxml.cache import ParseCache
    from mirabelle.vxml.document import Document
    from mirabelle.vxml.ecmascript import Engine, Value
    from mirabelle.vxml.items import FormState
    from mirabelle.vxml.scopes import Kept, Scopes
    from mirabelle.vxml.trace import Tracer

T = TypeVar("T")
Steps = Generator[Request, Reply, T]
"""A part of the machine: yields requests, is sent replies, returns a `T`."""

MOST_STEPS: Final = 10_000
"""Elements executed between two waits for the caller; more is a loop without end."""

MOST_EVENTS: Final = 250
"""Events handled between two waits for the caller; more is a handler that brings about its own event."""

MOST_DEPTH: Final = 20
"""Subdialogs within subdialogs."""

MOST_FETCHES: Final = 500
"""Fetches between two waits for the caller."""

MOST_RECORDINGS: Final = 100
"""Recordings that one session may hold."""

MOST_QUEUED: Final = 1_000
"""Prompts that may wait to be played."""

MOST_QUEUED_BYTES: Final = 64_000_000
"""Characters to speak and bytes of recordings that may wait to be played: over two hours on the line."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the Recommendation leaves to the platform.

    Attributes:
        grammar_type: media type of an inline grammar of plain text that names none.
        properties: defaults of properties.
        messages: whether the platform's own handlers speak (the audio column of VoiceXML 2.0, 5.2.5).
        submit_all: whether a submit without namelist sends all named input items (5.3.8), or nothing.
        transfer_type: the type of a `<transfer>` that names neither `type` nor `bridge`.
        record_type: the type of a `<record>` that names none.
        bargein_spreads: whether a prompt that may be interrupted makes all that are queued after it so (4.1.5 has them
            as they say themselves).
    """

    grammar_type: str = "application/x-jsgf"
    properties: Mapping[str, str] = field(default_factory=lambda: DEFAULTS)
    messages: bool = True
    transfer_type: str = "blind"
    submit_all: bool = True
    record_type: str = "audio/x-wav"
    bargein_spreads: bool = False


CLASSIC: Final = Dialect(
    properties=SAFE_DEFAULTS,
    transfer_type="bridge",
    submit_all=False,
    record_type="audio/basic",
    bargein_spreads=True,
)
"""The dialect of the hosted service whose applications run here unchanged."""


@dataclass(slots=True)
class Context:
    """One execution context: the session's own, or a subdialog's (VoiceXML 2.0, 1.5.2 and 2.3.4).

    Attributes:
        document: the active document.
        root: its application root; None where the document is its own.
        dialog: the active form or menu; None while the document is initialised.
        item: the form item being visited; None between items.
        form: the items and counters of the dialog.
        caller: the context this one returns to.
        events: counters of the events while the document is initialised.
    """

    document: Document
    root: Document | None
    dialog: Element | None = None
    item: Element | None = None
    form: FormState | None = None
    caller: Context | None = None
    events: Counter[str] = field(default_factory=Counter)

    @property
    def counters(self) -> Counter[str]:
        """What counts the events of this place: the item's counters, or the dialog's, or the document's (5.2.2)."""
        if self.form is None:
            return self.events
        item = next((item for item in self.form.items if item.element is self.item), None)
        return item.events if item else self.form.events

    @property
    def depth(self) -> int:
        """How many subdialogs this one is within."""
        return 0 if self.caller is None else self.caller.depth + 1

    def holders(self) -> tuple[Element, ...]:
        """The elements whose handlers and properties apply here, innermost first."""
        inner = (self.item, self.dialog, self.document.root, self.root.root if self.root else None)
        found = [element for element in inner if element is not None]
        # A menu is the dialog and its only item at once.
        return tuple(e for i, e in enumerate(found) if i == 0 or e is not found[i - 1])


@dataclass(frozen=True, slots=True)
class Recording:
    """What the caller recorded; scripts see only its handle."""

    data: bytes
    content_type: str


@dataclass(slots=True)
class Machine:
    """The state of a session that outlives dialogs.

    Attributes:
        engine: ECMAScript.
        scopes: its variables.
        cache: documents and grammars parsed before.
        dialect: what the platform decides.
        converse: runs dialogs from a transition on until control leaves the context.
        tracer: is told of each step; None where nobody listens.
        queue: prompts that wait to be played.
        hung_up: the caller is gone; what remains is final processing (VoiceXML 2.0, 1.5.4).
        disconnected: the application hung up.
        recordings: by handle.
        moved: where documents were found that had moved, by the address asked for.
        foreseen: the elements, by identity, that were looked through since the last wait for what can be fetched ahead.
        reprompted: whether the handler that runs asked for the next item's prompts.
        steps: elements executed since the last wait.
        fetches: fetches since the last wait.
        events: events since the last wait.
        allowance: the time to compute since the last wait.
    """

    engine: Engine
    scopes: Scopes
    cache: ParseCache
    dialect: Dialect
    converse: Callable[[GoToDialog, Context | None, Mapping[str, Value | Kept]], Steps[NoReturn]]
    tracer: Tracer | None = None
    context: Context | None = None
    queue: list[Prompt] = field(default_factory=list)
    hung_up: bool = False
    disconnected: bool = False
    recordings: dict[str, Recording] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    foreseen: set[int] = field(default_factory=set)
    reprompted: bool = False
    steps: int = 0
    fetches: int = 0
    events: int = 0
    allowance: Allowance = field(default_factory=Allowance)
    _queued_bytes: int = 0

    @property
    def here(self) -> Context:
        """The execution context; there is one as soon as the first document is."""
        if self.context is None:
            raise Ending("error", "error.badfetch", "There is no document yet.")
        return self.context

    @property
    def properties(self) -> Properties:
        """The properties in effect."""
        return Properties(self.here.holders(), self.dialect.properties)

    @property
    def gone(self) -> bool:
        """Whether there is no caller any more: final processing (VoiceXML 2.0, 1.5.4)."""
        return self.hung_up or self.disconnected

    def declarable(self, name: str) -> str:
        """The name, unless the dialect has it reserved for the platform.

        Raises:
            SemanticError: it is.
        """
        return declarable(name)

    def spend(self) -> None:
        """Count a step.

        Raises:
            Ending: the application runs in circles without ever waiting for the caller, or computes for too long.
        """
        self.steps += 1
        self.allowance.check()
        if self.steps > MOST_STEPS:
            reason = f"The application took more than {MOST_STEPS} steps without waiting for the caller."
            raise Ending("error", "error.semantic", reason)

    def spend_fetch(self) -> None:
        """Count a fetch.

        Raises:
            Ending: the application fetches in circles, or computed for too long.
        """
        self.fetches += 1
        self.allowance.check()
        if self.fetches > MOST_FETCHES:
            reason = f"The application fetched more than {MOST_FETCHES} times without waiting for the caller."
            raise Ending("error", "error.badfetch", reason)

    def spend_event(self, event: Thrown) -> None:
        """Count an event.

        Raises:
            Ending: handling events only leads to more of them.
        """
        self.events += 1
        if self.events > MOST_EVENTS:
            reason = (
                f"More than {MOST_EVENTS} events were thrown without waiting for the caller, {event.name} the last."
            )
            raise Ending("error", "error.semantic", reason)

    def waited(self, reply: Reply) -> None:
        """The session waited for something outside: a new turn begins.

        Args:
            reply: what came of it.

        Raises:
            Thrown: `error.unsupported.language`; that took no time, and the turn goes on.
        """
        if isinstance(reply, Unspoken):
            raise Thrown("error.unsupported.language", reply.detail)
        self.events = 0
        self.steps = 0
        self.fetches = 0
        self.foreseen.clear()
        self.engine.new_turn()
        self.allowance.renew()

    def enqueue(self, prompt: Prompt) -> None:
        """Let a prompt wait until something plays it; nobody hears it once the caller is gone.

        Raises:
            Ending: more waits than anybody will listen to.
        """
        if self.gone:
            return
        if len(self.queue) >= MOST_QUEUED:
            reason = f"More than {MOST_QUEUED} prompts are queued and nothing plays them."
            raise Ending("error", "error.semantic", reason)
        if not self.queue:
            self._queued_bytes = 0
        self._queued_bytes += sum(_size(item) for item in prompt.items)
        if self._queued_bytes > MOST_QUEUED_BYTES:
            reason = f"The prompts that are queued hold more than {MOST_QUEUED_BYTES} bytes and nothing plays them."
            raise Ending("error", "error.noresource", reason)
        self.queue.append(prompt)

    def keep(self, recording: Recording) -> str:
        """Keep a recording; returns the handle that scripts know it by.

        Raises:
            Thrown: `error.noresource`, when there are too many.
        """
        if len(self.recordings) >= MOST_RECORDINGS:
            raise Thrown("error.noresource", f"One session may hold {MOST_RECORDINGS} recordings.")
        handle = f"recorded:{len(self.recordings) + 1}"
        self.recordings[handle] = recording
        return handle

    def take_queue(self) -> tuple[Prompt, ...]:
        """All that waits to be played, which then waits no more."""
        taken = tuple(self.queue)
        self.queue.clear()
        if not self.dialect.bargein_spreads:
            return taken
        first = next((at for at, prompt in enumerate(taken) if prompt.bargein), len(taken))
        return taken[:first] + tuple(replace(prompt, bargein=True) for prompt in taken[first:])

    def flush(self) -> Steps[None]:
        """Play what is queued, to the end.

        Raises:
            Thrown: the caller hung up meanwhile, or a prompt could not be spoken.
        """
        if not self.queue or self.gone:
            self.queue.clear()
            return
        reply = yield Play(self.take_queue())
        self.waited(reply)
        if isinstance(reply, HungUp):
            raise self.lost()

    def lost(self) -> Thrown:
        """The caller is gone; returns the event to throw."""
        self.hung_up = True
        self.queue.clear()
        return Thrown("connection.disconnect.hangup", "The caller hung up.")

    def note(self, kind: NoteKind, text: str) -> Steps[None]:
        """Have a line written."""
        yield Note(kind, text)


def _size(item: Item) -> int:
    match item:
        case Speech():
            return len(item.ssml) + len(item.text)
        case Audio():
            return len(item.data)
        case _:
            return 0
