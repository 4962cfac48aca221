"""Where control goes: destinations that do not exist, and dialogs that nothing leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from mirabelle.vxml.analysis.code import read_expression
from mirabelle.vxml.analysis.finding import Finding, Rule, shown, suggestion
from mirabelle.vxml.analysis.page import Page, Site
from mirabelle.vxml.elements import FORM_ITEMS
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.xml import Element

_REFERRING: Final = {
    "choice": ("next", "expr"),
    "goto": ("next", "expr"),
    "link": ("next", "expr"),
    "subdialog": ("src", "srcexpr"),
    "submit": ("next", "expr"),
}
"""Elements that lead elsewhere: the attribute that says where, and the one that computes it."""

_FOLLOWED: Final = frozenset({"choice", "goto", "link", "subdialog"})


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an element leads.

    Attributes:
        site: the element.
        attribute: the one that says so.
        uri: the document, absolute and without fragment.
        fragment: the dialog; empty for the first.
        inside: whether it stays in the document without fetching it.
    """

    site: Site
    attribute: str
    uri: str
    fragment: str
    inside: bool


def destinations(page: Page) -> Iterator[Destination]:
    """All destinations that can be known without running the document."""
    for site in page.sites():
        if site.element.name not in _REFERRING:
            continue
        attribute, reference = _reference(site.element)
        if reference is None:
            continue
        address, _, fragment = reference.partition("#")
        own = page.document.uri
        try:
            uri = urldefrag(urljoin(page.document.base, address)).url if address else own
        except ValueError:
            continue
        inside = not address and site.element.name != "submit"
        yield Destination(site, attribute, uri, fragment, inside)


def is_followed(destination: Destination) -> bool:
    """Whether the document can be asked for without sending anything along."""
    element = destination.site.element
    plain = element.name in _FOLLOWED and not element.get("namelist") and element.get("method", "get") == "get"
    return plain and not destination.inside


def may_follow(page: Page, uri: str) -> bool:
    """Whether an address is on the same host as the page; files are all on this one."""
    here, there = urlsplit(page.document.uri), urlsplit(uri)
    return (here.scheme, here.netloc) == (there.scheme, there.netloc)


def missing(page: Page, targets: dict[str, Page]) -> Iterator[Finding]:
    """Destinations that do not exist.

    Args:
        page: the page.
        targets: the documents that are known, by address.
    """
    for destination in destinations(page):
        target = page if destination.uri == page.document.uri else targets.get(destination.uri)
        fragment = destination.fragment
        if target is None or not fragment or target.dialog(fragment) is not None:
            continue
        if destination.site.inherited and page.serves_as_root:
            # The fragment is one of the document that is active then.
            continue
        known = {dialog.get("id") for dialog in target.document.dialogs} - {""}
        where = "the document" if target is page else target.document.uri
        place = page.place(destination.site.element, destination.attribute)
        what = f"<{destination.site.element.name}> leads to '#{shown(fragment)}', and {where} has no such dialog"
        yield page.error(place, Rule.DESTINATION, f"{what}{suggestion(fragment, known)}")
    yield from _missing_items(page)
    yield from _missing_params(page)


def _missing_items(page: Page) -> Iterator[Finding]:
    """Form items that `goto` names and that are not there (5.3.7)."""
    for site in page.sites():
        name = site.element.get("nextitem")
        if site.element.name != "goto" or not name:
            continue
        forms = [site.dialog] if site.dialog is not None else list(page.document.dialogs)
        known = {i.get("name") for form in forms for i in form.elements() if i.name in FORM_ITEMS} - {""}
        if name not in known and (site.dialog is not None or page.document.application):
            what = f"<goto> leads to the form item '{shown(name)}', and the dialog has none of that name"
            place = page.place(site.element, "nextitem")
            yield page.error(place, Rule.DESTINATION, f"{what}{suggestion(name, known)}")


def _missing_params(page: Page) -> Iterator[Finding]:
    """Values that a subdialog is given and has no variable for (2.3.4)."""
    for destination in destinations(page):
        element = destination.site.element
        target = page.dialog(destination.fragment) if destination.uri == page.document.uri else None
        if element.name != "subdialog" or target is None:
            continue
        known = {var.get("name") for var in target.elements("var")}
        for param in element.elements("param"):
            name = param.get("name")
            if name not in known:
                what = f"The dialog '{shown(destination.fragment)}' has no <var> for the parameter '{shown(name)}'"
                place = page.place(param, "name")
                yield page.error(place, Rule.DESTINATION, f"{what}{suggestion(name, known)}")


def unreachable(page: Page) -> Iterator[Finding]:
    """Dialogs that nothing leads to, where that is certain."""
    dialogs = page.document.dialogs
    if not dialogs or page.rootless or _computed(page):
        return
    if page.serves_as_root and not page.entered:
        # Only what its leaves lead to is ever run of it.
        return
    begun = [d for d in dialogs if d is dialogs[0] or d.get("id") in page.entered - {""} or is_wide(d)]
    reached, waiting = set[Element](), begun
    leads: dict[Element | None, list[Destination]] = {}
    for lead in destinations(page):
        leads.setdefault(lead.site.dialog, []).append(lead)
    waiting += [d for lead in leads.get(None, ()) for d in _target(page, lead)]
    if page.root is not None:
        inherited = (lead for lead in destinations(page.root) if lead.site.inherited and lead.inside)
        waiting += [d for lead in inherited if (d := page.dialog(lead.fragment)) is not None]
    while waiting:
        dialog = waiting.pop()
        if dialog not in reached:
            reached.add(dialog)
            waiting += [d for lead in leads.get(dialog, ()) for d in _target(page, lead)]
    for dialog in dialogs:
        if dialog not in reached:
            name = f" '{shown(dialog.get('id'))}'" if dialog.get("id") else ""
            hint = "unless another document does, remove it" if name else "give it an id that a <goto> can name"
            what = f"Nothing in the document leads to the <{dialog.name}>{name}; {hint}."
            yield page.warning(page.place(dialog), Rule.UNREACHABLE, what)


def _target(page: Page, lead: Destination) -> list[Element]:
    if lead.uri != page.document.uri:
        return []
    found = page.dialog(lead.fragment) if lead.fragment else page.document.dialogs[0]
    return [found] if found is not None else []


def is_wide(dialog: Element) -> bool:
    """Whether its grammars are active in other dialogs, so that the caller can go there (3.1.3)."""
    grammars = dialog.elements("grammar")
    return dialog.get("scope") == "document" or any(g.get("scope") == "document" for g in grammars)


def _computed(page: Page) -> bool:
    """Whether some destination is known only when the document runs."""
    inherited = (site for site in page.root.sites() if site.inherited) if page.root is not None else ()
    for site in (*page.sites(), *inherited):
        names = _REFERRING.get(site.element.name)
        if names and names[1] in site.element.attributes and _reference(site.element)[1] is None:
            return True
    return False


def _reference(element: Element) -> tuple[str, str | None]:
    """The attribute that says where an element leads, and what it says; None where that is computed."""
    plain, computed = _REFERRING[element.name]
    if plain in element.attributes:
        return plain, element.get(plain).strip()
    try:
        return computed, read_expression(element.get(computed)).constant if computed in element.attributes else None
    except SemanticError:
        return computed, None
