"""What takes control away from executable content: events and transitions.

They are exceptions inside the machine, and never leave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mirabelle.vxml.errors import SemanticError

if TYPE_CHECKING:
    from mirabelle.vxml.document import Document
    from mirabelle.vxml.scopes import Kept
    from mirabelle.vxml.xml import Element

EndKind = Literal["exit", "hangup", "error", "disconnect"]


class Thrown(Exception):
    """An event looks for its handler (VoiceXML 2.0, 5.2).

    Attributes:
        name: dotted, such as `error.badfetch.http.404`.
        message: what `_message` will be; None for undefined.
    """

    def __init__(self, name: str, message: str | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.message = message


def event_of(error: Thrown | SemanticError) -> Thrown:
    """The event that an interrupted piece of executable content throws."""
    return error if isinstance(error, Thrown) else Thrown("error.semantic", str(error))


class Transition(Exception):
    """Control moves. The subclasses say where."""

    def arrived(self) -> None:
        """Forget the way here.

        The functions that it came through hold it, as it holds them: until the garbage collector looks, all that they
        knew would stay, documents and grammars included.
        """
        self.__traceback__ = self.__context__ = None


@dataclass(slots=True)
class Arrival:
    """Input that matched a grammar of a dialog other than the one it was collected in.

    Attributes:
        meaning: its interpretation, as JSON has it.
        choice: the `<choice>` that was matched, where the dialog is a menu.
    """

    meaning: Any
    choice: Element | None = None


class GoToDialog(Transition):
    """To a dialog of a document that was fetched and parsed already, so that nothing can fail any more.

    Attributes:
        document: where it is; the current one for a bare fragment.
        root: its application root; None where it is its own.
        dialog: the form or menu; None for the first of the document.
        fresh: whether the document is entered anew (its variables are initialised) rather than moved about in.
        fresh_root: whether the application root's variables are initialised too.
        arrival: input that comes along.
    """

    def __init__(
        self,
        document: Document,
        root: Document | None,
        dialog: Element | None,
        *,
        fresh: bool,
        fresh_root: bool,
        arrival: Arrival | None = None,
    ) -> None:
        super().__init__()
        self.document = document
        self.root = root
        self.dialog = dialog
        self.fresh = fresh
        self.fresh_root = fresh_root
        self.arrival = arrival


class GoToItem(Transition):
    """To a form item of the current dialog (`goto nextitem`)."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Returned(Transition):
    """Out of a subdialog.

    Attributes:
        values: by name, what the caller's variable gets; kept, so that objects come over whole.
        event: what to throw in the caller instead; empty for none.
        message: the message of that event.
    """

    def __init__(self, values: Mapping[str, Kept], event: str = "", message: str | None = None) -> None:
        super().__init__()
        self.values = dict(values)
        self.event = event
        self.message = message


@dataclass(slots=True, eq=False)
class Ending(Transition):
    """Out of the session.

    Attributes:
        kind: how it ended.
        error: the event nobody caught.
        detail: its message.
        values: names and JSON values of `<exit>`.
        begun: whether there was a first document.
    """

    kind: EndKind
    error: str = ""
    detail: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    begun: bool = True
