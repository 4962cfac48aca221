"""The interpreter: documents entered one after the other, and the dialogs within them (VoiceXML 2.0, 1.5)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn
from urllib.parse import urldefrag

from mirabelle.vxml.cache import ParseCache
from mirabelle.vxml.data import fetch_data
from mirabelle.vxml.document import Document
from mirabelle.vxml.ecmascript import Engine, Value
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.executable import declare, script
from mirabelle.vxml.fetching import entrance, load_document
from mirabelle.vxml.form import FormInterpretation
from mirabelle.vxml.handling import handle
from mirabelle.vxml.machine import Context, Dialect, Machine, Steps
from mirabelle.vxml.platform import Fetch, Note, NoteKind
from mirabelle.vxml.prefetching import prefetch
from mirabelle.vxml.scopes import Kept, Scopes
from mirabelle.vxml.signals import Ending, GoToDialog, Thrown, event_of
from mirabelle.vxml.trace import Entered, Tracer
from mirabelle.vxml.xml import Element

_SESSION_DEPTH = 1
_APPLICATION_DEPTH = 2


class Interpreter:
    """One session of VoiceXML, as a machine without I/O.

    Args:
        variables: what the session scope holds, `connection` for one.
        cache: documents and grammars parsed before; of its own where None.
        dialect: what the Recommendation leaves open.
        tracer: is told of each step.
    """

    def __init__(
        self,
        variables: Mapping[str, object] | None = None,
        cache: ParseCache | None = None,
        dialect: Dialect | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        engine = Engine()
        self._machine = Machine(
            engine=engine,
            scopes=Scopes(engine, variables, tracer),
            cache=cache or ParseCache(),
            dialect=dialect or Dialect(),
            converse=self._converse,
            tracer=tracer,
        )

    def run(self, start: Fetch) -> Steps[Ending]:
        """Run the application that `start` fetches, to its end."""
        try:
            return (yield from self._machine.allowance.over(self._run(start)))
        finally:
            # Whoever still holds a part of the session does not hold the engine's memory; and nobody holds all of it,
            # as the machine and this, holding each other, would until the garbage collector looks.
            self._machine.engine.close()
            del self._machine

    def _run(self, start: Fetch) -> Steps[Ending]:
        machine, begun = self._machine, False
        try:
            url, fragment = urldefrag(start.url)
            document = yield from load_document(machine, replace(start, url=url))
            begun = True
            try:
                entry = yield from entrance(machine, document, start, fragment)
            except Thrown as refused:
                entry = yield from self._refused(document, refused)
            yield from self._converse(entry, None, {})
        except Ending as ending:
            ending.arrived()
            ended = ending
        except (Thrown, SemanticError) as error:
            event = event_of(error)
            ended = Ending("error", event.name, event.message or "", begun=begun)
        if ended.kind == "error":
            yield Note(NoteKind.ERROR, f"{ended.error} {ended.detail}".rstrip())
        # The caller may leave during the last words; there is nothing more to tell the application then.
        with contextlib.suppress(Thrown):
            yield from machine.flush()
        return self._concluded(ended)

    def _refused(self, document: Document, event: Thrown) -> Steps[GoToDialog]:
        """The first document cannot be entered; where there is no other, its own handlers get the event (5.3.7)."""
        machine = self._machine
        machine.context = Context(document, None)
        machine.scopes.push("document")
        machine.scopes.declare("lastresult$")
        try:
            yield from self._initialised(document)
            yield from handle(machine, event)
        except GoToDialog as onward:
            onward.arrived()
            return onward
        raise Ending("exit")

    def _concluded(self, ending: Ending) -> Ending:
        """What the end is called once it is known who hung up."""
        if ending.kind == "exit" and self._machine.disconnected:
            return Ending("disconnect", values=ending.values)
        if ending.kind == "exit" and self._machine.hung_up:
            return Ending("hangup", values=ending.values)
        return ending

    def _converse(
        self, entry: GoToDialog, caller: Context | None, params: Mapping[str, Value | Kept]
    ) -> Steps[NoReturn]:
        """Run dialogs until control leaves this execution context."""
        machine = self._machine
        machine.context = Context(entry.document, entry.root, caller=caller)
        transition = entry
        while True:
            machine.spend()
            try:
                yield from self._enter(transition)
                dialogs = transition.document.dialogs
                dialog = transition.dialog or (dialogs[0] if dialogs else None)
                if dialog is None:
                    raise Ending("exit")
                if machine.tracer is not None:
                    uri, depth = transition.document.uri, machine.here.depth
                    machine.tracer.tell(Entered(uri, dialog.name, dialog.get("id"), dialog.line, depth))
                yield from FormInterpretation(machine, dialog, transition.arrival, params).run()
                # The form is full and said nowhere to go (appendix C).
                raise Ending("exit")
            except GoToDialog as onward:
                onward.arrived()
                transition = onward
                params = {}

    def _enter(self, transition: GoToDialog) -> Steps[None]:
        """Set the scopes up that the transition needs, and keep those it keeps (1.5.2)."""
        machine = self._machine
        scopes, here = machine.scopes, machine.here
        moved = transition.document is not here.document
        here.dialog = here.form = here.item = None
        if transition.fresh_root:
            scopes.pop_to(_SESSION_DEPTH)
            if transition.root is not None:
                here.document, here.root = transition.root, None
                scopes.push("application")
                scopes.declare("lastresult$")
                yield from self._initialised(transition.root)
                scopes.push("document")
            else:
                scopes.push("document")
                scopes.declare("lastresult$")
        elif transition.fresh:
            scopes.pop_to(_APPLICATION_DEPTH)
            scopes.push("document")
        elif moved:
            scopes.pop_to(_APPLICATION_DEPTH)
        here.document, here.root = transition.document, transition.root
        yield from prefetch(machine, transition)
        if transition.fresh:
            yield from self._initialised(transition.document)

    def _initialised(self, document: Document) -> Steps[None]:
        """Execute what a document declares; events find the document's handlers, and then the rest follows."""
        machine = self._machine
        depth = machine.scopes.depth
        machine.here.events.clear()
        for element in document.root.elements():
            machine.spend()
            try:
                yield from _executed(machine, element)
            except (Thrown, SemanticError) as error:
                machine.scopes.pop_to(depth)
                yield from handle(machine, event_of(error))


def _executed(machine: Machine, element: Element) -> Steps[None]:
    """Execute a child of a document, if it is one that declares something."""
    if element.name == "var":
        declare(machine, element)
    elif element.name == "script":
        yield from script(machine, element)
    elif element.name == "data":
        yield from fetch_data(machine, element)
