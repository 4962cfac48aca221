"""A document under analysis: its text, what it fetches, and its elements with what surrounds them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from mirabelle.vxml.analysis.code import Code
from mirabelle.vxml.analysis.finding import Finding, Rule, Severity
from mirabelle.vxml.analysis.source import Place, Source
from mirabelle.vxml.elements import DIALOGS, FORM_ITEMS, HANDLERS
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed
from mirabelle.vxml.xml import Element

if TYPE_CHECKING:
    from mirabelle.vxml.document import Document

T = TypeVar("T")

Asking: TypeAlias = Generator[Fetch, Fetched | FetchFailed, T]
"""A part of the analysis: yields what is to be fetched, is sent the answer, returns a `T`."""

CONTAINERS: Final = HANDLERS | {"block", "filled"}
"""What holds executable content and has variables of its own while it runs."""


@dataclass(frozen=True, slots=True)
class Site:
    """An element, and what it stands in.

    Attributes:
        element: the element.
        dialog: the form or menu; None at the level of the document.
        item: the form item; of a menu the menu itself.
        container: the block, `<filled>` or handler that executes it.
        looped: the variables of the `<foreach>` elements around it, which repeat it.
        enumerated: whether it is in an `<enumerate>`.
    """

    element: Element
    dialog: Element | None = None
    item: Element | None = None
    container: Element | None = None
    looped: frozenset[str] = frozenset()
    enumerated: bool = False

    @property
    def inherited(self) -> bool:
        """Whether it is in a handler of the document, which acts in whatever document is active (5.2.4)."""
        return self.dialog is None and self.container is not None


@dataclass(slots=True)
class Page:
    """One document of an application.

    Attributes:
        document: the document, free of faults.
        source: its text.
        root: its application root; None where it is its own, or where that could not be had.
        rootless: whether it names a root that could not be had, so that nobody knows what that declares.
        serves_as_root: whether another document of the analysis names it as its root.
        scripts: what its `<script>` elements say, or why they say nothing; those that could not be had are left out.
        entered: the fragments by which other documents of the analysis lead here; an empty one is the first dialog.
        dialect: what the platform decides.
    """

    document: Document
    source: Source
    root: Page | None = None
    rootless: bool = False
    serves_as_root: bool = False
    scripts: dict[Element, Code | SemanticError] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)
    dialect: Dialect = field(default_factory=Dialect)
    _sites: tuple[Site, ...] = ()
    _named: dict[str, Element] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sites = tuple(_all_sites(self.document.root))
        self._named = {dialog.get("id"): dialog for dialog in reversed(self.document.dialogs) if dialog.get("id")}

    def sites(self) -> tuple[Site, ...]:
        """All elements in document order, with what they stand in."""
        return self._sites

    def dialog(self, name: str) -> Element | None:
        """The form or menu with that `id`, or None."""
        return self._named.get(name)

    def code(self, script: Element) -> Code | None:
        """What a `<script>` says; None where nobody can tell."""
        found = self.scripts.get(script)
        return found if isinstance(found, Code) else None

    def place(self, element: Element, attribute: str = "") -> Place:
        """Where an element, or the value of its attribute, stands."""
        return self.source.attribute(element, attribute) if attribute else Place(element.line, element.column)

    def error(self, place: Place, rule: Rule, message: str) -> Finding:
        """A finding of this document that throws an event."""
        return Finding(self.document.uri, place.line, place.column, Severity.ERROR, rule, message)

    def warning(self, place: Place, rule: Rule, message: str) -> Finding:
        """A finding of this document that throws nothing."""
        return Finding(self.document.uri, place.line, place.column, Severity.WARNING, rule, message)


def _all_sites(root: Element) -> Iterator[Site]:
    waiting = [Site(root)]
    while waiting:
        site = waiting.pop()
        yield site
        waiting.extend(reversed([_inside(site, child) for child in site.element.elements()]))


def _inside(site: Site, child: Element) -> Site:
    above = site.element
    dialog = site.dialog or (above if above.name in DIALOGS else None)
    item = site.item or (above if above.name in FORM_ITEMS or above.name == "menu" else None)
    container = site.container or (above if above.name in CONTAINERS else None)
    looped = site.looped | {above.get("item")} if above.name == "foreach" else site.looped
    return Site(child, dialog, item, container, looped, site.enumerated or above.name == "enumerate")
