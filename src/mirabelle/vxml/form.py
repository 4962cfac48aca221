"""The form interpretation algorithm (VoiceXML 2.0, 2.1.6 and appendix C)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mirabelle.vxml.active import ForDialog, ForEvent, ForItem, ForLink, active_grammars
from mirabelle.vxml.data import fetch_data
from mirabelle.vxml.ecmascript import UNDEFINED, JsObject, Value
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.executable import declare, execute, script, take_action
from mirabelle.vxml.handling import handle
from mirabelle.vxml.inputs import Heard, as_text, fill_form, fill_item, listen
from mirabelle.vxml.items import FormItem, FormState, items_of
from mirabelle.vxml.machine import Machine, Steps
from mirabelle.vxml.prompts import queue_item_prompts
from mirabelle.vxml.record import record
from mirabelle.vxml.scopes import Kept
from mirabelle.vxml.signals import Arrival, GoToDialog, GoToItem, Thrown, event_of
from mirabelle.vxml.subdialog import call_subdialog
from mirabelle.vxml.trace import Collecting, Processing, Selected, Skipped
from mirabelle.vxml.transfer import transfer
from mirabelle.vxml.validation import dialog_fault
from mirabelle.vxml.xml import Element


class FormInterpretation:
    """Runs one dialog, from the moment it is entered until control leaves it.

    A menu runs as a form of one item that cannot be filled (2.2).

    Args:
        machine: the session.
        dialog: the form or menu.
        arrival: input that was collected elsewhere and matched this dialog.
        params: what a subdialog was given.
    """

    def __init__(
        self,
        machine: Machine,
        dialog: Element,
        arrival: Arrival | None = None,
        params: Mapping[str, Value | Kept] | None = None,
    ) -> None:
        self._machine = machine
        self._dialog = dialog
        self._arrival = arrival
        self._params = dict(params or {})
        self._form = FormState(dialog, items_of(dialog))
        self._items = {item.element: item for item in self._form.items}
        self._chosen: FormItem | None = None
        self._silent = False

    def run(self) -> Steps[None]:
        """Interpret until no item is left.

        Raises:
            Transition: control moves away.
        """
        machine = self._machine
        here = machine.here
        here.dialog, here.form, here.item = self._dialog, self._form, None
        depth = machine.scopes.depth
        machine.scopes.push("dialog")
        try:
            yield from self._initialise()
            arrival, self._arrival = self._arrival, None
            if arrival is not None:
                yield from self._guarded(self._arrive(arrival), self._form.items[0] if self._is_menu else None)
            while True:
                machine.spend()
                try:
                    item = self._select()
                except SemanticError as error:
                    yield from self._guarded(_throwing(error), None)
                    continue
                if item is None:
                    return
                yield from self._guarded(self._visit(item), item)
        finally:
            here.dialog = here.form = here.item = None
            # Whoever leaves by a subdialog's end or the session's gives up all scopes at once.
            if machine.scopes.depth > depth:
                machine.scopes.pop_to(depth)

    @property
    def _is_menu(self) -> bool:
        return self._dialog.name == "menu"

    def _guarded(self, steps: Steps[None], item: FormItem | None) -> Steps[None]:
        """Run a part of the main loop; events find their handlers, `goto nextitem` chooses the next item."""
        machine = self._machine
        depth = machine.scopes.depth
        machine.here.item = item.element if item else None
        try:
            try:
                yield from steps
            except (Thrown, SemanticError) as error:
                machine.scopes.pop_to(depth)
                # Until the handler asks otherwise, the next item keeps quiet (5.3.6).
                self._silent = True
                yield from self._handled(event_of(error))
        except GoToItem as transition:
            transition.arrived()
            machine.scopes.pop_to(depth)
            self._chosen = self._form.item(transition.name)
        finally:
            machine.here.item = None

    def _handled(self, event: Thrown) -> Steps[None]:
        try:
            yield from handle(self._machine, event)
        finally:
            self._silent = not self._machine.reprompted

    def _initialise(self) -> Steps[None]:
        """Declare variables and items in document order; one that fails does not keep the others from it."""
        if not self._machine.here.document.strict:
            yield from self._guarded(self._checked(), None)
        for element in self._dialog.elements():
            yield from self._guarded(self._declared(element), None)
        yield from self._guarded(self._params_taken(), None)
        # That was no turn of the loop: the first item speaks whatever happened (appendix C).
        self._silent = False

    def _checked(self) -> Steps[None]:
        reason = dialog_fault(self._dialog)
        if reason:
            yield from _throwing(Thrown("error.badfetch", f"<{self._dialog.name}>, {reason}"))

    def _declared(self, element: Element) -> Steps[None]:
        machine = self._machine
        if element.name == "var":
            self._declare(element)
        elif element.name == "script":
            yield from script(machine, element)
        elif element.name == "data":
            yield from fetch_data(machine, element)
        else:
            item = self._items.get(element)
            if item is not None:
                self._declare_item(item)

    def _params_taken(self) -> Steps[None]:
        if self._params:
            yield from _throwing(SemanticError(f"<param>: the dialog declares no variable {', '.join(self._params)}."))

    def _declare(self, element: Element) -> None:
        name = element.get("name")
        if name in self._params:
            self._machine.scopes.declare_value(name, self._params.pop(name))
        else:
            declare(self._machine, element)

    def _declare_item(self, item: FormItem) -> None:
        scopes = self._machine.scopes
        expr = item.element.attributes.get("expr")
        if item.name:
            # Unlike another <var>, it begins undefined even where there is a variable of its name (appendix C).
            shadow: dict[str, Value] = {f"{item.name}$": JsObject("{}")} if item.takes_input else {}
            scopes.declare_values({self._machine.declarable(item.name): UNDEFINED, **shadow})
            if expr is not None:
                scopes.declare(item.name, expr)
        elif expr is not None and scopes.truth(f"typeof ({expr}) !== 'undefined'"):
            item.filled = True

    def _select(self) -> FormItem | None:
        """The select phase: the chosen item, or the first whose guard condition is not satisfied."""
        scopes = self._machine.scopes
        if self._chosen is not None:
            chosen, self._chosen = self._chosen, None
            return self._selected(chosen, "a goto named it")
        passed: list[tuple[FormItem, str]] = []
        for item in self._form.items:
            if item.is_filled(scopes):
                passed.append((item, "it has a value"))
            elif "cond" in item.element.attributes and not scopes.truth(item.element.get("cond")):
                passed.append((item, "its cond is false"))
            else:
                return self._selected(item, "the first without a value whose cond is true", passed)
        return self._selected(None, "no item is left", passed)

    def _selected(
        self, item: FormItem | None, why: str, passed: Sequence[tuple[FormItem, str]] = ()
    ) -> FormItem | None:
        tracer = self._machine.tracer
        if tracer is not None:
            skipped = tuple(Skipped(each.name or each.kind, each.element.line, because) for each, because in passed)
            kind, name, line = (item.kind, item.name, item.element.line) if item else ("", "", 0)
            tracer.tell(Selected(kind, name, line, why, skipped))
        return item

    def _visit(self, item: FormItem) -> Steps[None]:
        """The collect phase, and the process phase after it."""
        machine = self._machine
        silent, self._silent = self._silent, False
        if machine.tracer is not None:
            scopes, line = machine.scopes.contents(), item.element.line
            prompted = not silent and item.kind != "block"
            machine.tracer.tell(Collecting(item.kind, item.name, line, item.prompts, prompted, scopes))
        if item.kind == "block":
            item.fill(machine.scopes)
            yield from self._anonymous(item.element)
            return
        if not silent:
            yield from queue_item_prompts(machine, item.element, item.prompts)
            item.prompts += 1
        match item.kind:
            case "subdialog":
                yield from call_subdialog(machine, item)
                yield from self._filled([item])
            case "record":
                active = yield from active_grammars(machine, item, modal=item.element.get("modal", "true") != "false")
                came = yield from record(machine, item, active)
                yield from self._process(came) if isinstance(came, Heard) else self._filled(came)
            case "transfer":
                active = yield from active_grammars(machine, item, modal=True)
                yield from transfer(machine, item, active)
                yield from self._filled([item])
            case "object":
                raise Thrown("error.unsupported.objectname", f"No object '{item.element.get('classid')[:100]}' exists.")
            case _:
                active = yield from active_grammars(
                    machine, item, modal=item.element.get("modal") == "true", needed=True
                )
                yield from self._process((yield from listen(machine, active, item)))

    def _process(self, heard: Heard) -> Steps[None]:
        """The process phase for input."""
        machine = self._machine
        if machine.tracer is not None:
            line = heard.active.element.line if heard.active.element else 0
            meaning = as_text(heard.meaning)
            machine.tracer.tell(Processing(heard.input.utterance, meaning, heard.active.fills, line))
        match heard.owner:
            case ForLink(link, document):
                yield from take_action(machine, link, document)
            case ForEvent(event):
                raise Thrown(event)
            case ForDialog(dialog, document, choice):
                if dialog is self._dialog and choice is not None:
                    yield from take_action(machine, choice)
                root = machine.here.root if document is machine.here.document else None
                meant = Arrival(heard.meaning, choice)
                raise GoToDialog(document, root, dialog, fresh=False, fresh_root=False, arrival=meant)
            case ForItem(item):
                fill_item(machine, item, heard.meaning)
                yield from self._uttered([item])
            case _:
                yield from self._fill_form(heard.meaning)

    def _arrive(self, arrival: Arrival) -> Steps[None]:
        """Begin in the process phase, because the caller said this form's words in another dialog."""
        if arrival.choice is not None:
            yield from take_action(self._machine, arrival.choice)
        else:
            yield from self._fill_form(arrival.meaning)

    def _fill_form(self, meaning: Any) -> Steps[None]:
        filled = fill_form(self._machine, self._form, meaning)
        yield from self._uttered(filled)

    def _uttered(self, just_filled: Sequence[FormItem]) -> Steps[None]:
        """What the caller said filled these items: no `<initial>` needs to ask any more."""
        for item in self._form.items:
            if just_filled and item.kind == "initial":
                item.fill(self._machine.scopes)
        yield from self._filled(just_filled)

    def _filled(self, just_filled: Sequence[FormItem]) -> Steps[None]:
        """Execute the `<filled>` actions that are triggered, in document order (2.4)."""
        machine = self._machine
        if not just_filled:
            return
        for element in self._dialog.elements():
            if element.name == "filled":
                machine.here.item = None
                if self._is_triggered(element, just_filled):
                    yield from self._anonymous(element)
                continue
            item_here = next((i for i in just_filled if i.element is element), None)
            if item_here is None:
                continue
            for filled in element.elements("filled"):
                # One before it may have cleared the item.
                if item_here.is_filled(machine.scopes):
                    machine.here.item = element
                    yield from self._anonymous(filled)

    def _is_triggered(self, element: Element, just_filled: Sequence[FormItem]) -> bool:
        """Whether a form's `<filled>` applies after these items were filled.

        Raises:
            SemanticError: a name in its list is not declared.
        """
        names = element.get("namelist").split()
        for name in names:
            if self._form.item(name) is None and not self._machine.scopes.declared(name):
                raise SemanticError(f"<filled>: '{name[:60]}' in the namelist is not declared.")
        items = [i for i in self._form.items if i.takes_input and (not names or i.name in names)]
        if not any(item in just_filled for item in items):
            return False
        wanted = any if element.get("mode") == "any" else all
        return wanted(item.is_filled(self._machine.scopes) for item in items)

    def _anonymous(self, element: Element) -> Steps[None]:
        """Execute the content of an element in a scope of its own."""
        scopes = self._machine.scopes
        depth = scopes.depth
        scopes.push()
        yield from execute(self._machine, element.children)
        scopes.pop_to(depth)


def _throwing(error: Thrown | SemanticError) -> Steps[None]:
    """A part of the main loop that is nothing but an event."""
    raise error
    yield  # type: ignore[unreachable]
