"""From what the caller said to variables (VoiceXML 2.0, 3.1.6, 5.1.5 and the process phase of appendix C)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mirabelle.grammar import GrammarError
from mirabelle.grammar.semantics import SemanticsError
from mirabelle.vxml.active import Active, ForItem, Owner
from mirabelle.vxml.ecmascript import UNDEFINED, Engine, JsObject, Value, encode
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.items import FormItem, FormState
from mirabelle.vxml.machine import Machine, Recording, Steps
from mirabelle.vxml.platform import (
    Collect,
    HungUp,
    Input,
    NoInput,
    NoMatch,
    NoResource,
    Recorded,
    Result,
    Transferred,
)
from mirabelle.vxml.signals import Ending, Thrown
from mirabelle.vxml.trace import Filled

_RUN: Final = "(function(run){return function(source){return 's'+JSON.stringify(String(run(source)));};})(eval)"


@dataclass(frozen=True, slots=True)
class Heard:
    """Input that matched, and what is to be made of its best hypothesis.

    Attributes:
        input: as the platform told it.
        meaning: the interpretation, as JSON has it; or `undefined`, or a number that JSON does not know.
        active: the grammar it was.
    """

    input: Input
    meaning: Any
    active: Active

    @property
    def owner(self) -> Owner:
        """What a match of the grammar does."""
        return self.active.owner


def listen(machine: Machine, active: Sequence[Active], item: FormItem) -> Steps[Heard]:
    """Play what is queued, and wait for input that matches; `item` is told which mark was passed, where none does.

    Raises:
        Thrown: noinput, nomatch, maxspeechtimeout or connection.disconnect.hangup.
        Ending: there is no caller to wait for.
    """
    begin_waiting(machine)
    prompts = machine.take_queue()
    properties = machine.properties.for_input(prompts[-1].timeout_ms if prompts else None)
    hotword = bool(prompts) and prompts[-1].bargeintype == "hotword"
    grammars = tuple(one.grammar for one in active)
    reply = yield Collect(prompts, grammars, properties, hotword)
    machine.waited(reply)
    if isinstance(reply, NoMatch | NoInput):
        tell_mark(machine, item, reply)
    match reply:
        case Input(results=()) | NoMatch(too_long=False):
            # Input that matches nothing counts as a recognition, too (5.1.5).
            unmatched = {"confidence": 0.0, "utterance": reply.utterance, "inputmode": reply.mode}
            tell(machine, [unmatched | mark_passed(reply) | _recorded(machine, reply)])
            raise Thrown("nomatch")
        case Input():
            return take_input(machine, reply, active)
        case NoMatch():
            raise Thrown("maxspeechtimeout")
        case HungUp():
            raise machine.lost()
        case NoInput():
            raise Thrown("noinput")
        case NoResource(detail=detail):
            raise Thrown("error.noresource", detail)
        case _:
            raise Thrown("error.noresource", "The line did not say what the caller did.")


def begin_waiting(machine: Machine) -> None:
    """Enter the waiting state: what was heard before is forgotten (5.1.5), and final processing ends here (1.5.4).

    Raises:
        Ending: the caller is gone.
    """
    if machine.gone:
        raise Ending("exit")
    machine.scopes.set_result(None)


def tell(machine: Machine, entries: Sequence[Mapping[str, Any]]) -> None:
    """Let `application.lastresult$` say what was heard: one entry for each hypothesis (5.1.5)."""
    shown = [
        {name: encode(as_value(value)) if name == "interpretation" else value for name, value in entry.items()}
        for entry in entries
    ]
    machine.scopes.set_result(json.dumps(shown))


def _interpretation(result: Result, active: Sequence[Active]) -> Any:
    """What a hypothesis means, as JSON has it; or `undefined`, or a number that JSON does not know.

    Raises:
        SemanticError: a tag of the grammar cannot be run.
    """
    owner = active[result.grammar].owner
    if isinstance(owner, ForItem) and owner.option is not None:
        return owner.option.value
    try:
        return result.match.interpret(_run_apart, lambda name: UNDEFINED if name == "undefined" else float(name))
    except (SemanticsError, GrammarError) as error:
        raise SemanticError(str(error)) from error


def _run_apart(program: str) -> str:
    """Run semantic tags, away from the application's variables."""
    return str(json.loads(Engine().install(_RUN)(program)[1:]))


def take_input(machine: Machine, reply: Input, active: Sequence[Active]) -> Heard:
    """Understand input, and fill `application.lastresult$` (5.1.5).

    Args:
        machine: the session.
        reply: input with at least one hypothesis.
        active: the grammars of the request.

    Raises:
        SemanticError: a tag of the grammar cannot be run.
    """
    meanings = [_interpretation(result, active) for result in reply.results]
    entries = [
        {"confidence": r.confidence, "utterance": r.utterance, "inputmode": reply.mode, "interpretation": meaning}
        for r, meaning in zip(reply.results, meanings, strict=True)
    ]
    kept = mark_passed(reply) | _recorded(machine, reply)
    for entry in entries:
        entry |= kept
    tell(machine, entries)
    return Heard(reply, meanings[0], active[reply.results[0].grammar])


def mark_passed(reply: Input | NoInput | NoMatch | Recorded | Transferred) -> dict[str, Any]:
    """The last mark that was passed, as the properties of a result (VoiceXML 2.1, 4); none where there was none."""
    return {"markname": reply.markname, "marktime": reply.marktime_ms} if reply.markname else {}


def tell_mark(machine: Machine, item: FormItem, reply: NoInput | NoMatch | Transferred) -> None:
    """Let `name$` of an item say which mark was passed, and forget one that was passed before."""
    if not item.name or not item.takes_input:
        return
    shadow = f"{item.variable}$"
    if reply.markname or machine.scopes.truth(f"typeof {shadow}.markname !== 'undefined'"):
        machine.scopes.assign_value(f"{shadow}.markname", reply.markname or UNDEFINED)
        machine.scopes.assign_value(f"{shadow}.marktime", reply.marktime_ms if reply.markname else UNDEFINED)


def _recorded(machine: Machine, reply: Input | NoMatch) -> dict[str, Any]:
    """What was said, as the properties of a result (VoiceXML 2.1, 7.1); none where it was not recorded."""
    if reply.recording is None:
        return {}
    handle = machine.keep(Recording(reply.recording, reply.recording_type))
    return {"recording": handle, "recordingsize": len(reply.recording), "recordingduration": reply.recording_ms}


def as_value(meaning: Any) -> Value:
    """A meaning as a value of ECMAScript."""
    return JsObject(json.dumps(meaning)) if isinstance(meaning, dict | list) else meaning


def as_text(meaning: Any) -> str:
    """A meaning as a trace tells it: in JSON, or by the name of what JSON does not know."""
    return "undefined" if meaning is UNDEFINED else json.dumps(meaning)


def fill_item(machine: Machine, item: FormItem, meaning: Any) -> None:
    """Fill one input item from a grammar of its own."""
    found, value = _slot(meaning, item.slot)
    _assign(machine, item, value if found else meaning)


def fill_form(machine: Machine, form: FormState, meaning: Any) -> list[FormItem]:
    """Fill the input items whose slots a form's grammar gave.

    Returns:
        The items that were filled.
    """
    filled = []
    for item in form.items:
        found, value = _slot(meaning, item.slot) if item.takes_input else (False, None)
        if found:
            _assign(machine, item, value)
            filled.append(item)
    return filled


def _assign(machine: Machine, item: FormItem, meaning: Any) -> None:
    item.filled = True
    if item.name:
        machine.scopes.assign_value(item.variable, as_value(meaning))
        if machine.tracer is not None:
            machine.tracer.tell(Filled(item.name, as_text(meaning)))
        set_shadow(machine, item)


def set_shadow(machine: Machine, item: FormItem) -> None:
    """Fill `name$` from the last result (2.3.1)."""
    machine.scopes.copy_result(f"{item.variable}$")


def _slot(meaning: Any, slot: str) -> tuple[bool, Any]:
    """The property of a structured result that a slot names, dotted paths included."""
    if not isinstance(meaning, dict) or not slot:
        return False, None
    if slot in meaning:
        return True, meaning[slot]
    value: Any = meaning
    for part in slot.split("."):
        if not isinstance(value, dict) or part not in value:
            return False, None
        value = value[part]
    return True, value
