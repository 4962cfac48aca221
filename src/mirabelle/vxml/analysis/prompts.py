"""Prompts whose count is never reached, where that is certain (VoiceXML 2.0, 4.1.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mirabelle.vxml.analysis.finding import Finding, Rule
from mirabelle.vxml.analysis.page import CONTAINERS, Page
from mirabelle.vxml.analysis.throwing import Throwing, course, holders_of, prompts_again
from mirabelle.vxml.elements import FORM_ITEMS
from mirabelle.vxml.events import caught_names, handler_count, is_handler
from mirabelle.vxml.properties import Properties
from mirabelle.vxml.xml import Element


def findings(page: Page, thrown: Throwing) -> Iterator[Finding]:
    """Prompts that nothing reaches.

    Args:
        page: the page.
        thrown: what it and its root throw.
    """
    emptied = _emptied(page)
    for site in page.sites():
        item = site.element
        if item.name in CONTAINERS:
            yield from _counted_in_content(page, item)
        elif item.name in FORM_ITEMS or item.name == "menu":
            yield from _first_silent(page, item)
            if item.name in ("field", "menu", "initial") and not emptied.may_be(item):
                yield from _uncounted(page, site.dialog or item, item, thrown)


def _counted_in_content(page: Page, container: Element) -> Iterator[Finding]:
    for element in container.descendants():
        if element.name == "prompt" and "count" in element.attributes:
            what = f"The count of a <prompt> has no effect in <{container.name}>; count the handler, or use <if>."
            yield page.warning(page.place(element, "count"), Rule.PROMPT, what)


def _first_silent(page: Page, item: Element) -> Iterator[Finding]:
    """An item whose prompts all wait for a later visit."""
    prompts = item.elements("prompt")
    counts = [handler_count(prompt) for prompt in prompts]
    spoken = any(isinstance(c, str) and c.strip() for c in item.children) or any(
        item.elements(name) for name in ("audio", "value", "enumerate")
    )
    if counts and min(counts) > 1 and not spoken:
        what = f"Nothing is said at the first visit of this <{item.name}>: no <prompt> has the count 1; give one."
        yield page.warning(page.place(prompts[0], "count"), Rule.PROMPT, what)


def _uncounted(page: Page, dialog: Element, item: Element, thrown: Throwing) -> Iterator[Finding]:
    """Prompts for visits that never come, because the handlers leave, or never ask for the prompts again (4.1.6)."""
    most = _most_visits(page, dialog, item, thrown)
    for prompt in item.elements("prompt"):
        if most is not None and handler_count(prompt) > most:
            times = "once" if most == 1 else f"{most} times"
            hint = "let a handler say <reprompt/> and not leave before, or remove it"
            what = f"The <prompt> of count {handler_count(prompt)} is never played: prompts are played {times} at most"
            yield page.warning(page.place(prompt, "count"), Rule.PROMPT, f"{what}; {hint}.")


def _most_visits(page: Page, dialog: Element, item: Element, thrown: Throwing) -> int | None:
    """How often the prompts of an item can be played while its form is active; None where nobody knows."""
    if page.rootless or thrown.computed or dialog.elements("grammar"):
        return None
    holders = holders_of(page, dialog, item)
    events = {"noinput", "nomatch", *thrown.names, *thrown.universals}
    if _hears_words(page, holders):
        events.add("maxspeechtimeout")
    for handler in (each for holder in holders for each in holder.elements() if is_handler(each)):
        if prompts_again(handler) and not set(caught_names(handler)) <= events:
            return None
    visits = 1
    for event in sorted(events):
        again = course(event, holders).again
        if again is None:
            return None
        visits += again
    return visits


def _hears_words(page: Page, holders: Sequence[Element]) -> bool:
    """Whether somebody may speak too long there: only grammars that all say that they are for keys rule it out."""
    if "voice" not in Properties(holders, page.dialect.properties).text("inputmodes").split():
        return False
    grammars = [
        g for holder in holders for each in (holder, *holder.elements("link")) for g in each.elements("grammar")
    ]
    item = holders[0]
    return bool(item.get("type") or item.elements("option") or item.elements("choice")) or any(
        grammar.get("mode") != "dtmf" for grammar in grammars
    )


@dataclass(frozen=True, slots=True)
class _Emptied:
    """The items that something may make unfilled again, or choose without need.

    Attributes:
        all: whether that may be any.
        names: of their variables.
    """

    all: bool
    names: frozenset[str]

    def may_be(self, item: Element) -> bool:
        return self.all or item.get("name") in self.names


def _emptied(page: Page) -> _Emptied:
    names: set[str] = set()
    for site in page.sites():
        element = site.element
        if element.name == "clear" or {"nextitem", "expritem"} & set(element.attributes):
            return _Emptied(True, frozenset())
        if element.name == "assign":
            names.add(element.get("name").rpartition(".")[2])
        elif element.name == "script":
            code = page.code(element)
            if code is None or code.opaque:
                return _Emptied(True, frozenset())
            names |= {use.name for use in code.uses}
    return _Emptied(False, frozenset(names - {""}))
