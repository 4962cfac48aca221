"""`<subdialog>` (VoiceXML 2.0, 2.3.4)."""

from __future__ import annotations

from mirabelle.vxml.ecmascript import JsObject, Value
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.fetching import acquire, one_of
from mirabelle.vxml.items import FormItem
from mirabelle.vxml.machine import MOST_DEPTH, Machine, Steps
from mirabelle.vxml.scopes import Kept
from mirabelle.vxml.signals import GoToDialog, Returned, Thrown
from mirabelle.vxml.submit import submission_of, with_query
from mirabelle.vxml.trace import Filled
from mirabelle.vxml.xml import Element


def call_subdialog(machine: Machine, item: FormItem) -> Steps[None]:
    """Run a dialog in an execution context of its own, and fill the item with what it returns.

    Raises:
        Thrown: the event it returns, or an error of the call.
        Transition: the session ends in it.
    """
    element = item.element
    caller = machine.here
    if caller.depth >= MOST_DEPTH:
        raise Thrown("error.semantic", f"Subdialogs nest deeper than {MOST_DEPTH}.")
    params = _params(machine, element)
    entry = yield from _entry(machine, element)
    chain = machine.scopes.save()
    try:
        yield from machine.converse(entry, caller, params)
    except Returned as returned:
        returned.arrived()
        machine.scopes.restore(chain)
        machine.context = caller
        _fill(machine, item, returned)


def _params(machine: Machine, element: Element) -> dict[str, Value | Kept]:
    params: dict[str, Value | Kept] = {}
    for param in element.elements("param"):
        if one_of(param, "expr", "value") == "value":
            params[param.get("name")] = param.get("value")
        else:
            params[param.get("name")] = machine.scopes.keep(param.get("expr"))
    return params


def _entry(machine: Machine, element: Element) -> Steps[GoToDialog]:
    """Where the subdialog begins; its contexts are always new ones (1.5.2)."""
    given = one_of(element, "src", "srcexpr")
    reference = element.get("src") if given == "src" else machine.scopes.text(element.get("srcexpr"))
    submission = submission_of(machine, element, element.get("namelist").split())
    bare = reference.strip().startswith("#")
    _, address = with_query(reference.strip(), submission)
    entry = yield from acquire(machine, element, reference if bare else address, None if bare else submission)
    return GoToDialog(entry.document, entry.root, entry.dialog, fresh=True, fresh_root=True)


def _fill(machine: Machine, item: FormItem, returned: Returned) -> None:
    scopes = machine.scopes
    if returned.event:
        for kept in returned.values.values():
            scopes.forget(kept)
        raise Thrown(returned.event, returned.message)
    item.filled = True
    if item.name:
        scopes.assign_value(item.variable, JsObject("{}"))
    for name, kept in returned.values.items():
        if item.name:
            last = name.rpartition(".")[2]
            try:
                scopes.assign_value(f"{item.variable}.{last}", kept)
            except SemanticError:
                scopes.forget(kept)
                raise
        scopes.forget(kept)
    if machine.tracer is not None and item.name:
        machine.tracer.tell(Filled(item.name, scopes.literal(item.variable)))
