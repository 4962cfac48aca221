"""What may be fetched before it is needed: `fetchhint` and the properties of that name (VoiceXML 2.0, 6.1.1, 6.1.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urldefrag

from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.fetching import absolute, request_for
from mirabelle.vxml.machine import Machine, Steps
from mirabelle.vxml.platform import Fetch, Prefetch
from mirabelle.vxml.properties import Properties
from mirabelle.vxml.signals import GoToDialog, Thrown
from mirabelle.vxml.xml import Element

MOST_AHEAD: Final = 32
"""Resources that are named at one transition."""

_PURPOSES: Final = {
    "audio": ("src", "audio"),
    "choice": ("next", "document"),
    "data": ("src", "data"),
    "goto": ("next", "document"),
    "grammar": ("src", "grammar"),
    "link": ("next", "document"),
    "script": ("src", "script"),
    "subdialog": ("src", "document"),
}
"""What fetches: the attribute that says from where, and what for. A `<submit>` never does so early (6.1.3)."""

_UNCERTAIN: Final = frozenset({"catch", "error", "filled", "foreach", "help", "if", "noinput", "nomatch", "option"})
_DIALOGS: Final = frozenset({"form", "menu"})
_HTTP: Final = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an element stands: what its properties are looked up in, innermost first, and what its URIs refer to."""

    holders: tuple[Element, ...]
    base: str

    def within(self, element: Element) -> _Place:
        return _Place((element, *self.holders), _base(self.base, element))


def _base(base: str, element: Element) -> str:
    try:
        return absolute(base, element.get("xml:base")) if element.get("xml:base") else base
    except Thrown:
        return base  # thrown again when the element is executed


def prefetch(machine: Machine, transition: GoToDialog) -> Steps[None]:
    """Name what the dialog that is about to be entered needs for certain, and what its document asks for.

    For certain means: outside of handlers, conditions and repetitions, and for the first prompts. Where an element
    itself says `prefetch`, it is named wherever it stands, as soon as its document is there.
    """
    found: dict[str, Fetch] = {}
    for element, place in _candidates(machine, transition):
        if len(found) == MOST_AHEAD:
            break
        try:
            request = _request(machine, element, place)
        except (Thrown, SemanticError):
            continue  # what is wrong with it is thrown when it is needed (5.2.6)
        if request is not None:
            found.setdefault(request.url, request)
    if found:
        yield Prefetch(tuple(found.values()))


def _candidates(machine: Machine, transition: GoToDialog) -> Iterator[tuple[Element, _Place]]:
    document, root = transition.document, transition.root
    if root is not None and transition.fresh_root and _first(machine, root.root):
        yield from _certain(root.root, _Place((root.root,), root.base))
    place = _Place((document.root, *((root.root,) if root else ())), document.base)
    fresh = transition.fresh and _first(machine, document.root)
    if fresh:
        yield from _certain(document.root, place)
    dialog = transition.dialog or next(iter(document.dialogs), None)
    if dialog is not None and _first(machine, dialog):
        yield from _certain(dialog, place.within(dialog))
    if fresh and any(element.get("fetchhint") == "prefetch" for element in document.root.descendants()):
        yield from _asked_for(document.root, place)


def _first(machine: Machine, element: Element) -> bool:
    """Whether an element is looked through for the first time in this turn: dialogs that go round cost nothing more."""
    seen = id(element) in machine.foreseen
    machine.foreseen.add(id(element))
    return not seen


def _certain(element: Element, place: _Place) -> Iterator[tuple[Element, _Place]]:
    """What an element needs whatever happens in it; dialogs are entered one at a time."""
    for child in element.elements():
        guarded = child.name in _UNCERTAIN or bool({"cond", "expr"} & child.attributes.keys())
        if guarded or child.name in _DIALOGS or child.get("count", "1").strip() != "1":
            continue
        if child.name in _PURPOSES:
            yield child, place
        # What is in an <audio> speaks where the recording cannot be had.
        if child.name != "audio" and child.elements():
            yield from _certain(child, place.within(child))


def _asked_for(element: Element, place: _Place) -> Iterator[tuple[Element, _Place]]:
    """What says itself that it wants to be fetched early, anywhere."""
    for child in element.elements():
        if child.get("fetchhint") == "prefetch" and child.name in _PURPOSES:
            yield child, place
        yield from _asked_for(child, place.within(child))


def _request(machine: Machine, element: Element, place: _Place) -> Fetch | None:
    """How an element will fetch, where it may be done early; None where it may not, or it is not known what."""
    attribute, purpose = _PURPOSES[element.name]
    reference = element.get(attribute).strip()
    sends = element.get("namelist") or element.get("method", "get").lower() != "get"
    if not reference or reference.startswith("#") or sends:
        return None
    properties = Properties((element, *place.holders), machine.dialect.properties)
    hint = element.get("fetchhint") or ("safe" if purpose == "data" else properties.text(f"{purpose}fetchhint"))
    url = urldefrag(absolute(place.within(element).base, reference)).url
    if hint.strip() != "prefetch" or not url.lower().startswith(_HTTP):
        return None
    return request_for(properties, element, url, purpose)
