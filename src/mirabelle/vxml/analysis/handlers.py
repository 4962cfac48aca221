"""Event handlers that nothing reaches, where that is certain (VoiceXML 2.0, 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mirabelle.vxml.analysis.finding import Finding, Rule, shown, suggestion
from mirabelle.vxml.analysis.page import CONTAINERS, Page
from mirabelle.vxml.analysis.throwing import UNIVERSALS, Throwing, course, holders_of
from mirabelle.vxml.elements import FORM_ITEMS
from mirabelle.vxml.events import caught_names, handler_count, is_handler, prefixes
from mirabelle.vxml.xml import Element

_OF_THE_PLATFORM: Final = ("connection", "error", "maxspeechtimeout", "noinput", "nomatch")
_THROWN_BY_IT: Final = (
    "connection.disconnect.hangup",
    "connection.disconnect.transfer",
    "error.badfetch",
    "error.noresource",
    "error.semantic",
    "error.unsupported",
    *_OF_THE_PLATFORM,
)
_LISTENING: Final = frozenset({"field", "initial", "menu", "record", "transfer"})


def findings(page: Page, thrown: Throwing) -> Iterator[Finding]:
    """Handlers that nothing reaches.

    Args:
        page: the page.
        thrown: what it and its root throw.
    """
    for site in page.sites():
        holder = site.element
        if holder.name in CONTAINERS:
            continue
        for handler in filter(is_handler, holder.elements()):
            yield from _unthrown(page, holder, handler, thrown)
        if holder.name in FORM_ITEMS or holder.name == "menu":
            yield from _too_late(page, site.dialog or holder, holder)


def _unthrown(page: Page, holder: Element, handler: Element, thrown: Throwing) -> Iterator[Finding]:
    """A handler of events that neither the documents nor the platform throw there."""
    if thrown.computed or (holder.name == "vxml" and (page.serves_as_root or not page.document.dialogs)):
        # Those of a root are for whatever its leaves throw.
        return
    names = caught_names(handler)
    unknown = [name for name in names if not _may_come(holder, name, thrown)]
    if len(unknown) < len(names):
        return
    shown_names = ", ".join(f"'{shown(name)}'" for name in unknown)
    if set(unknown) <= set(UNIVERSALS):
        hint = f"set the property universals to '{unknown[0]}', or let a <link> throw it"
        what = f"<{handler.name}> is never executed: nothing throws {shown_names}; {hint}."
    elif set(unknown) <= {"noinput", "nomatch"}:
        what = f"<{handler.name}> is never executed: nothing here waits for the caller; remove it."
    else:
        ending = suggestion(unknown[0], {*thrown.names, *_THROWN_BY_IT, *UNIVERSALS})
        what = f"<{handler.name}> is never executed: nothing throws {shown_names}{ending}"
    yield page.warning(page.place(handler, "event"), Rule.HANDLER, what)


def _may_come(holder: Element, name: str, thrown: Throwing) -> bool:
    if not name or any(name in prefixes(event) for event in thrown.names):
        return True
    if name in UNIVERSALS:
        return name in thrown.universals
    if name in ("noinput", "nomatch"):
        return any(element.name in _LISTENING for element in holder.descendants())
    return name.split(".")[0] in _OF_THE_PLATFORM


def _too_late(page: Page, dialog: Element, item: Element) -> Iterator[Finding]:
    """Handlers of an item for occurrences that never come, because an earlier one leaves (5.2.2)."""
    holders = holders_of(page, dialog, item)
    for handler in filter(is_handler, item.elements()):
        ends = [course(name, holders).ends if name else None for name in caught_names(handler)]
        latest = max((end for end in ends if end is not None), default=0)
        if page.rootless or None in ends or handler_count(handler) <= latest:
            continue
        what = f"<{handler.name}> of count {handler_count(handler)} is never executed: the handler of count {latest}"
        yield page.warning(page.place(handler, "count"), Rule.HANDLER, f"{what} leaves the dialog; swap or remove one.")
