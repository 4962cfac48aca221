"""Events: counted, and given to the handler that catches them (VoiceXML 2.0, 5.2)."""

from __future__ import annotations

from collections.abc import Sequence

from mirabelle.vxml.ecmascript import UNDEFINED
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.events import DefaultAction, count_event, default_handler, select_handler
from mirabelle.vxml.executable import execute
from mirabelle.vxml.machine import Machine, Steps
from mirabelle.vxml.platform import Note, NoteKind, Prompt, Speech
from mirabelle.vxml.signals import Ending, Thrown, event_of
from mirabelle.vxml.trace import Handled, Raised
from mirabelle.vxml.xml import SSML, Element


def handle(machine: Machine, event: Thrown) -> Steps[None]:
    """Find the handler of an event and execute it; the events it throws itself are handled in turn.

    Args:
        machine: the session; `reprompted` says afterwards whether the handler wants prompts.
        event: what was thrown where the machine is now; what it is within may handle it, innermost first.

    Raises:
        Transition: the handler moves control away, or the default one ends the session.
    """
    scopes = machine.scopes
    depth = scopes.depth
    while True:
        machine.spend_event(event)
        machine.reprompted = False
        scopes.pop_to(depth)
        here = machine.here
        counters = here.counters
        count_event(counters, event.name)
        if machine.tracer is not None:
            machine.tracer.tell(Raised(event.name, event.message, counters[event.name]))
        yield Note(NoteKind.EVENT, f"{event.name} {event.message or ''}".rstrip())
        try:
            message = UNDEFINED if event.message is None else event.message
            scopes.push(values={"_event": event.name, "_message": message})
            holders = here.holders()
            handler = select_handler(event.name, holders, counters, scopes.truth)
            if machine.tracer is not None:
                machine.tracer.tell(_chosen(event, handler, holders))
            if handler is None:
                _default(machine, event)
            else:
                yield from execute(machine, handler.children)
        except (Thrown, SemanticError) as error:
            event = event_of(error)
            continue
        scopes.pop_to(depth)
        return


def _chosen(event: Thrown, handler: Element | None, holders: Sequence[Element]) -> Handled:
    if handler is None:
        return Handled(event.name, "", 0, "", default_handler(event.name).action.value)
    holder = next((each.name for each in holders if handler in each.elements()), "")
    return Handled(event.name, handler.name, handler.line, holder)


def _default(machine: Machine, event: Thrown) -> None:
    """What the platform does where no document handles the event (5.2.5)."""
    default = default_handler(event.name)
    if default.message and machine.dialect.messages:
        speak = f'<speak version="1.0" xmlns="{SSML}" xml:lang="en-US">{default.message}</speak>'
        machine.enqueue(Prompt((Speech(speak, default.message, "en-US"),)))
    match default.action:
        case DefaultAction.EXIT:
            raise Ending("exit")
        case DefaultAction.FAIL:
            raise Ending("error", event.name, event.message or "")
        case DefaultAction.REPROMPT:
            machine.reprompted = True
        case DefaultAction.NOTHING:
            pass
