"""Executable content (VoiceXML 2.0, 5.3; 2.1, 4 to 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NoReturn

from mirabelle.vxml.data import fetch_data
from mirabelle.vxml.document import Document
from mirabelle.vxml.ecmascript import UNDEFINED
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.expressions import base_of
from mirabelle.vxml.fetching import absolute, acquire, charset_text, either, fetch, one_of, plain_request
from mirabelle.vxml.loops import Loop
from mirabelle.vxml.machine import Machine, Steps
from mirabelle.vxml.platform import Disconnect, Note, NoteKind
from mirabelle.vxml.prompts import is_spoken, queue_prompt, queue_text
from mirabelle.vxml.signals import Ending, GoToItem, Returned, Thrown
from mirabelle.vxml.submit import submit
from mirabelle.vxml.trace import Executed
from mirabelle.vxml.xml import Element

MOST_LOGGED: Final = 10_000
"""Characters of a log line; what is longer is cut."""

_SILENT: Final = frozenset({"property", "grammar", "meta", "metadata", "param"})


def execute(machine: Machine, children: Iterable[Element | str]) -> Steps[None]:
    """Execute content in document order.

    What stands between executable elements and is spoken becomes a prompt (5.3.5).

    Raises:
        Thrown: an event.
        Transition: control moves away.
    """
    spoken: list[Element | str] = []
    for child in children:
        if is_spoken(child) or (spoken and isinstance(child, str)):
            spoken.append(child)
            continue
        if isinstance(child, str):
            continue
        if spoken:
            yield from queue_text(machine, tuple(spoken))
            spoken.clear()
        machine.spend()
        if machine.tracer is not None:
            machine.tracer.tell(Executed(child.name, child.line))
        yield from _element(machine, child)
    if spoken:
        yield from queue_text(machine, tuple(spoken))


def _element(machine: Machine, element: Element) -> Steps[None]:
    if element.name in _SILENT:
        return
    executor = _EXECUTORS.get(element.name)
    if executor is None:
        reason = f"<{element.name}> (line {element.line}) is not known in executable content."
        raise Thrown(f"error.unsupported.{element.name}", reason)
    steps = executor(machine, element)
    if steps is not None:
        yield from steps


def declare(machine: Machine, element: Element) -> None:
    """`<var>` (5.3.1)."""
    machine.scopes.declare(machine.declarable(element.get("name")), element.attributes.get("expr"))


def _assign(machine: Machine, element: Element) -> None:
    machine.scopes.assign(element.get("name"), element.get("expr"))


def _if(machine: Machine, element: Element) -> Steps[None]:
    branch: list[Element | str] = []
    chosen = machine.scopes.truth(element.get("cond"))
    done = chosen
    for child in element.children:
        if isinstance(child, Element) and child.name in ("else", "elseif"):
            chosen = not done and (child.name == "else" or machine.scopes.truth(child.get("cond")))
            done = done or chosen
        elif chosen:
            branch.append(child)
    yield from execute(machine, branch)


def _foreach(machine: Machine, element: Element) -> Steps[None]:
    loop = Loop(machine, element)
    while loop.more():
        yield from execute(machine, element.children)


def _clear(machine: Machine, element: Element) -> None:
    form = machine.here.form
    names = element.get("namelist").split()
    if not names and form is not None:
        for item in form.items:
            # A menu has no form items; its counters stay (5.2.2).
            if item.kind != "menu":
                item.clear(machine.scopes)
    for name in names:
        item_found = form.item(name.removeprefix("dialog.")) if form else None
        if item_found is not None:
            item_found.clear(machine.scopes)
        if not machine.scopes.declared(base_of(name)):
            raise SemanticError(f"<clear>: {name[:60]} is not declared.")
        machine.scopes.assign_value(name, UNDEFINED)


def _reprompt(machine: Machine, _element: Element) -> None:
    machine.reprompted = True


def _goto(machine: Machine, element: Element) -> Steps[None]:
    given = one_of(element, "next", "expr", "nextitem", "expritem")
    written = element.get(given) if given in ("next", "nextitem") else machine.scopes.text(element.get(given))
    if given in ("nextitem", "expritem"):
        written = written.strip()
        form = machine.here.form
        if form is None or form.item(written) is None:
            # The dialog handles that, not the item that asked (5.3.7).
            machine.here.item = None
            raise Thrown("error.badfetch", f"The dialog has no form item '{written[:60]}'.")
        raise GoToItem(written)
    transition = yield from acquire(machine, element, written)
    raise transition


def _exit(machine: Machine, element: Element) -> NoReturn:
    given = one_of(element, "expr", "namelist", required=False)
    values: dict[str, str] = {}
    if given == "expr":
        values[""] = machine.scopes.json(element.get("expr"))
    elif given:
        values = {name: machine.scopes.json(name) for name in element.get("namelist").split()}
    raise Ending("exit", values=values)


def _return(machine: Machine, element: Element) -> NoReturn:
    given = one_of(element, "event", "eventexpr", "namelist", required=False)
    if machine.here.caller is None:
        raise SemanticError("<return> stands in a dialog that nobody called as a subdialog.")
    scopes = machine.scopes
    if given in ("event", "eventexpr"):
        event = element.get("event") or scopes.text(element.get("eventexpr"))
        raise Returned({}, event, _message(machine, element))
    values = {}
    for name in element.get("namelist").split():
        scopes.evaluate(name)
        values[name] = scopes.keep(name)
    raise Returned(values)


def _disconnect(machine: Machine, element: Element) -> Steps[None]:
    """Play what is queued, hang up, and go into final processing (5.3.11; 2.1, 8)."""
    names = element.get("namelist").split()
    values = tuple((name, machine.scopes.json(name)) for name in names)
    if machine.gone:
        # A second hang-up would only find the handler that asks for it once more.
        raise Ending("exit")
    yield from machine.flush()
    machine.disconnected = True
    yield Disconnect(values)
    raise Thrown("connection.disconnect.hangup", "The application hung up.")


def _throw(machine: Machine, element: Element) -> NoReturn:
    given = one_of(element, "event", "eventexpr")
    event = element.get("event") if given == "event" else machine.scopes.text(element.get("eventexpr"))
    raise Thrown(event.strip(), _message(machine, element))


def _message(machine: Machine, element: Element) -> str | None:
    """The message of a throw, return, choice or link."""
    given = one_of(element, "message", "messageexpr", required=False)
    if not given:
        return None
    if given == "message":
        return element.get("message")
    expr = element.get("messageexpr")
    # An expression that yields undefined gives no message (5.2.1).
    return None if machine.scopes.evaluate(expr) is UNDEFINED else machine.scopes.text(expr)


def _log(machine: Machine, element: Element) -> Steps[None]:
    parts = [(c if isinstance(c, str) else machine.scopes.text(c.get("expr")))[:MOST_LOGGED] for c in element.children]
    if "expr" in element.attributes:
        parts.append(f" {machine.scopes.text(element.get('expr'))[:MOST_LOGGED]}")
    text = " ".join("".join(parts)[:MOST_LOGGED].split())
    label = element.get("label")
    yield Note(NoteKind.LOG, f"{label}: {text}" if label else text)


def script(machine: Machine, element: Element) -> Steps[None]:
    """`<script>` (5.3.12; 2.1, 2)."""
    given = either(element, "src", "srcexpr")
    if not given:
        machine.scopes.script(element.text())
        return
    reference = element.get("src") if given == "src" else machine.scopes.text(element.get("srcexpr"))
    url = absolute(machine.here.document.base, reference.strip())
    fetched = yield from fetch(machine, plain_request(machine, element, url, "script"))
    machine.scopes.script(charset_text(fetched, element.get("charset")))


def take_action(machine: Machine, element: Element, document: Document | None = None) -> Steps[None]:
    """Do what a `<choice>` or `<link>` says once it was matched (2.2.2, 2.5).

    Args:
        machine: the session.
        element: the choice or link.
        document: the document it stands in, whose base its URIs are relative to; None for the active one.

    Raises:
        Thrown: its event.
        GoToDialog: its destination.
    """
    given = one_of(element, "next", "expr", "event", "eventexpr")
    scopes = machine.scopes
    written = element.get(given) if given in ("next", "event") else scopes.text(element.get(given))
    if given in ("event", "eventexpr"):
        raise Thrown(written.strip(), _message(machine, element))
    transition = yield from acquire(machine, element, written, document=document)
    raise transition


_Executor = Callable[[Machine, Element], "Steps[None] | None"]

_EXECUTORS: Final[dict[str, _Executor]] = {
    "assign": _assign,
    "clear": _clear,
    "data": fetch_data,
    "disconnect": _disconnect,
    "exit": _exit,
    "foreach": _foreach,
    "goto": _goto,
    "if": _if,
    "log": _log,
    "prompt": queue_prompt,
    "reprompt": _reprompt,
    "return": _return,
    "script": script,
    "submit": submit,
    "throw": _throw,
    "var": declare,
}


def known_elements() -> Sequence[str]:
    """The executable elements, by name."""
    return tuple(sorted(_EXECUTORS))
