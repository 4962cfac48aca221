"""What documents throw, and what their handlers do about an event that comes again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mirabelle.vxml.analysis.code import read_expression
from mirabelle.vxml.analysis.page import Page
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.events import caught_names, handler_count, is_handler, prefixes
from mirabelle.vxml.properties import Properties
from mirabelle.vxml.xml import Element

UNIVERSALS: Final = ("help", "exit", "cancel")
"""The events that the property universals lets the caller throw (6.3.6)."""

_THROWING: Final = frozenset({"choice", "link", "return", "throw"})
_LEAVING: Final = frozenset({"disconnect", "exit", "goto", "return", "submit"})
_MOST_COUNT: Final = 50


@dataclass(frozen=True, slots=True)
class Throwing:
    """The events that a page and its root throw by themselves.

    Attributes:
        names: those that are known.
        computed: whether there are others that nobody can tell.
        universals: those that the caller may say, because some property allows it.
    """

    names: frozenset[str]
    computed: bool
    universals: frozenset[str]


def throwing(page: Page) -> Throwing:
    """Look for all that throws."""
    names: set[str] = set()
    computed = False
    allowed = Properties((), page.dialect.properties).text("universals").split()
    for site in (site for each in (page, page.root) if each is not None for site in each.sites()):
        element = site.element
        if element.name in _THROWING:
            name = _event_of(element)
            computed = computed or name is None
            names.add(name or "")
        elif element.name == "subdialog":
            # One of another document may return any event.
            computed = computed or not element.get("src").strip().startswith("#")
        elif element.name == "property" and element.get("name") == "universals":
            allowed += element.get("value").split()
    universals = UNIVERSALS if "all" in allowed else set(UNIVERSALS) & set(allowed)
    return Throwing(frozenset(names - {""}), computed, frozenset(universals))


def _event_of(element: Element) -> str | None:
    """The event that an element throws; empty for none, None where it is computed."""
    if "eventexpr" not in element.attributes:
        return element.get("event").strip()
    try:
        return read_expression(element.get("eventexpr")).constant
    except SemanticError:
        return None


def holders_of(page: Page, dialog: Element, item: Element) -> list[Element]:
    """The elements whose handlers apply to an item, innermost first."""
    roots = [each.document.root for each in (page, page.root) if each is not None]
    return [item, *([dialog] if dialog is not item else []), *roots]


@dataclass(frozen=True, slots=True)
class Course:
    """What becomes of an item when an event comes again and again.

    Attributes:
        again: how often its prompts are played again; None where nobody knows.
        ends: at which occurrence a handler leaves the dialog for certain; None where none does.
    """

    again: int | None = None
    ends: int | None = None


def course(event: str, holders: Sequence[Element]) -> Course:
    """Follow an event from its first occurrence on, through the handlers of some elements, the innermost first."""
    names = set(prefixes(event))
    handlers = [h for holder in holders for h in holder.elements() if is_handler(h) and names & set(caught_names(h))]
    every = (name for holder in holders for h in holder.elements() if is_handler(h) for name in caught_names(h))
    if any(name.startswith(f"{event}.") for name in every):
        # A handler of some such events only may stay where the others leave.
        return Course()
    last = max(map(handler_count, handlers), default=0)
    again: int | None = 0
    for count in range(1, min(last, _MOST_COUNT) + 1):
        eligible = [handler for handler in handlers if handler_count(handler) <= count]
        if not eligible or any("cond" in handler.attributes for handler in eligible):
            # The handler of the platform, which prompts again, or one that nobody can foresee.
            again = None
            continue
        chosen = max(eligible, key=handler_count)
        if _leaves(chosen):
            return Course(again, count)
        if prompts_again(chosen):
            again = None if again is None or count >= last else again + 1
        if any(element.name in ("throw", "if") for element in chosen.descendants()):
            again = None
    return Course(again if handlers and last <= _MOST_COUNT else None)


def prompts_again(handler: Element) -> bool:
    """Whether a handler may ask for the prompts of the next item (5.3.6)."""
    return any(element.name == "reprompt" for element in handler.descendants())


def _leaves(handler: Element) -> bool:
    """Whether a handler always leaves the dialog."""
    stays = any(e.name == "throw" or {"nextitem", "expritem"} & set(e.attributes) for e in handler.descendants())
    return not stays and any(child.name in _LEAVING for child in handler.elements())
