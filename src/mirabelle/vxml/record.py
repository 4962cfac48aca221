"""`<record>` (VoiceXML 2.0, 2.3.6)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from mirabelle.vxml.active import Active, ForItem
from mirabelle.vxml.duration import milliseconds
from mirabelle.vxml.ecmascript import JsObject
from mirabelle.vxml.inputs import Heard, begin_waiting, mark_passed, take_input, tell, tell_mark
from mirabelle.vxml.items import FormItem
from mirabelle.vxml.machine import Machine, Recording, Steps
from mirabelle.vxml.platform import RECORDING_TYPES, HungUp, Input, NoInput, Note, NoteKind, Record, Recorded
from mirabelle.vxml.signals import Thrown
from mirabelle.vxml.trace import Filled

MOST_MS: Final = 3_600_000
"""The longest recording: an hour."""


def record(machine: Machine, item: FormItem, active: Sequence[Active]) -> Steps[Heard | list[FormItem]]:
    """Record the caller and fill the item's variable and its shadow.

    What keys ended before there was any sound fills nothing, and is no noinput either (2.3.6).

    Returns:
        Input that matched a grammar from outside the item and thereby ended the recording; otherwise the items that
        were filled: this one or none.

    Raises:
        Thrown: noinput, connection.disconnect.hangup or an error.
    """
    element = item.element
    kind = element.get("type").strip().lower() or machine.dialect.record_type
    if kind not in RECORDING_TYPES:
        raise Thrown("error.unsupported.format", f"<record> cannot make '{kind[:60]}'; it can make audio/x-wav.")
    begin_waiting(machine)
    properties = machine.properties
    prompts = machine.take_queue()
    reply = yield Record(
        prompts,
        beep=element.get("beep") == "true",
        maxtime_ms=min(milliseconds(element.get("maxtime", "60s")), MOST_MS),
        finalsilence_ms=milliseconds(element.get("finalsilence", "3s")),
        dtmfterm=element.get("dtmfterm", "true") != "false",
        type=kind,
        grammars=tuple(one.grammar for one in active),
        properties=properties.for_input(prompts[-1].timeout_ms if prompts else None),
    )
    machine.waited(reply)
    match reply:
        case Recorded(input=None | Input(results=())):
            if key := reply.termchar:
                # As if a grammar of the item's own had matched it (2.3.6).
                keyed = {"confidence": 1.0, "utterance": key, "inputmode": "dtmf", "interpretation": key}
                tell(machine, [keyed | mark_passed(reply)])
        case Recorded(input=Input() as spoken):
            heard = take_input(machine, spoken, active)
            if not isinstance(heard.owner, ForItem):
                return heard
        case HungUp():
            if reply.recording:
                _fill(machine, item, Recorded(reply.recording, kind, reply.duration_ms))
            raise machine.lost()
        case NoInput():
            tell_mark(machine, item, reply)
            raise Thrown("noinput")
        case _:
            raise Thrown("error.noresource", "The line cannot record.")
    yield Note(NoteKind.RECORD, f"{item.name} {reply.duration_ms} ms, {len(reply.data)} bytes")
    return _fill(machine, item, reply)


def _fill(machine: Machine, item: FormItem, recorded: Recorded) -> list[FormItem]:
    if not recorded.data:
        return []
    item.filled = True
    handle = machine.keep(Recording(recorded.data, recorded.content_type))
    if not item.name:
        return [item]
    machine.scopes.assign_value(item.variable, handle)
    shadow: dict[str, int | str] = {
        "duration": recorded.duration_ms,
        "size": len(recorded.data),
        "maxtime": recorded.maxtime,
    }
    if recorded.termchar:
        shadow["termchar"] = recorded.termchar
    shadow |= mark_passed(recorded)
    machine.scopes.assign_value(f"{item.variable}$", JsObject(json.dumps(shadow)))
    if machine.tracer is not None:
        machine.tracer.tell(Filled(item.name, json.dumps(handle)))
    return [item]
