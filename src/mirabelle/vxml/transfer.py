"""`<transfer>` (VoiceXML 2.0, 2.3.7; 2.1, 7)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from mirabelle.vxml.active import Active
from mirabelle.vxml.duration import milliseconds
from mirabelle.vxml.fetching import absolute, fetch, one_of, plain_request
from mirabelle.vxml.inputs import begin_waiting, take_input, tell_mark
from mirabelle.vxml.items import FormItem
from mirabelle.vxml.machine import Machine, Steps
from mirabelle.vxml.platform import (
    Audio,
    HungUp,
    Note,
    NoteKind,
    Transfer,
    Transferred,
    TransferResult,
)
from mirabelle.vxml.signals import Thrown
from mirabelle.vxml.trace import Filled
from mirabelle.vxml.xml import Element

_TYPES: Final = frozenset({"blind", "bridge", "consultation"})
_SCHEMES: Final = ("tel:", "sip:", "sips:", "phone:")


def transfer(machine: Machine, item: FormItem, active: Sequence[Active]) -> Steps[None]:
    """Connect the caller to somebody else, and fill the item's variable and its shadow.

    A hot word ends a bridge as `near_end_disconnect`.

    Raises:
        Thrown: connection.disconnect.hangup or .transfer, or an error.
    """
    element = item.element
    kind = _type_of(machine, element)
    dest = _destination(machine, element)
    audio = yield from _transfer_audio(machine, element)
    aai = _aai(machine, element)
    begin_waiting(machine)
    yield Note(NoteKind.TRANSFER, f"{kind} {dest}")
    reply = yield Transfer(
        machine.take_queue(),
        dest=dest,
        type=kind,
        connecttimeout_ms=milliseconds(element.get("connecttimeout", "30s")),
        maxtime_ms=milliseconds(element.get("maxtime", "0s")),
        aai=aai,
        audio=audio,
        grammars=tuple(one.grammar for one in active) if kind == "bridge" else (),
        properties=machine.properties.for_input(None),
    )
    machine.waited(reply)
    match reply:
        case Transferred():
            _after(machine, item, reply, active)
        case HungUp():
            raise machine.lost()
        case _:
            raise Thrown("error.unsupported.transfer", "This line cannot transfer calls.")


def _after(machine: Machine, item: FormItem, reply: Transferred, active: Sequence[Active]) -> None:
    if reply.error:
        raise Thrown(reply.error, reply.detail)
    if reply.result is TransferResult.TRANSFERRED:
        # The caller talks to somebody else from now on; this session goes on without (2.3.7.1).
        machine.hung_up = True
        machine.queue.clear()
        raise Thrown("connection.disconnect.transfer", "The caller was transferred.")
    item.filled = True
    tell_mark(machine, item, reply)
    if not item.name:
        return
    scopes = machine.scopes
    scopes.assign_value(item.variable, str(reply.result))
    if machine.tracer is not None:
        machine.tracer.tell(Filled(item.name, json.dumps(str(reply.result))))
    scopes.assign_value(f"{item.variable}$.duration", round(reply.duration_ms / 1000, 3))
    if reply.input is not None and reply.input.results:
        take_input(machine, reply.input, active)
        scopes.assign_value(f"{item.variable}$.inputmode", reply.input.mode)
        scopes.assign_value(f"{item.variable}$.utterance", reply.input.utterance)


def _type_of(machine: Machine, element: Element) -> str:
    given = one_of(element, "type", "bridge", required=False)
    if not given:
        return machine.dialect.transfer_type
    if given == "bridge":
        return "bridge" if element.get("bridge") == "true" else "blind"
    kind = element.get("type")
    if kind not in _TYPES:
        raise Thrown("error.badfetch", f"<transfer> (line {element.line}): the type '{kind[:40]}' does not exist.")
    return kind


def _destination(machine: Machine, element: Element) -> str:
    given = one_of(element, "dest", "destexpr")
    dest = element.get("dest") if given == "dest" else machine.scopes.text(element.get("destexpr"))
    dest = dest.strip()
    if not dest or (":" in dest and not dest.lower().startswith(_SCHEMES)):
        raise Thrown("error.unsupported.uri", f"'{dest[:100]}' is not a telephone address.")
    if len(dest.partition(":")[2] or dest) < 1 or dest.lower() in _SCHEMES:
        raise Thrown("error.connection.baddestination", f"'{dest[:100]}' names nobody.")
    return dest


def _aai(machine: Machine, element: Element) -> str:
    given = one_of(element, "aai", "aaiexpr", required=False)
    if not given:
        return ""
    return element.get("aai") if given == "aai" else machine.scopes.text(element.get("aaiexpr"))


def _transfer_audio(machine: Machine, element: Element) -> Steps[Audio | None]:
    """What the caller hears while the far end rings; a recording that is missing is no error."""
    reference = element.get("transferaudio").strip()
    if not reference:
        return None
    url = absolute(machine.here.document.base, reference)
    try:
        fetched = yield from fetch(machine, plain_request(machine, element, url, "audio"))
    except Thrown:
        return None
    return Audio(fetched.url, fetched.content_type, fetched.body)
