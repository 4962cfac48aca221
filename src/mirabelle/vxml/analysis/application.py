"""The analysis of an application: a document, its root, and where asked for the documents that it leads to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urldefrag, urljoin

from mirabelle.vxml.analysis import destinations, grammars, handlers, prompts, properties
from mirabelle.vxml.analysis.code import read_program
from mirabelle.vxml.analysis.finding import Finding, Rule, Severity
from mirabelle.vxml.analysis.page import Asking, Page
from mirabelle.vxml.analysis.source import Place, Source
from mirabelle.vxml.analysis.throwing import throwing
from mirabelle.vxml.analysis.variables import Variables
from mirabelle.vxml.document import Document, document_of
from mirabelle.vxml.errors import DocumentError, SemanticError
from mirabelle.vxml.fetching import SUCCESSES, charset_text
from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed
from mirabelle.vxml.signals import Thrown
from mirabelle.vxml.validation import faults
from mirabelle.vxml.xml import Element, parse_xml

MOST_DOCUMENTS: Final = 100
"""Documents that one analysis looks at, unless it is told otherwise."""

MOST_DEPTH: Final = 5
"""How many steps from the first document the last may be, unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far an analysis goes.

    Attributes:
        follow: whether the documents are looked at that the first leads to, on the same host.
        documents: how many documents at most, the roots of applications included.
        depth: how many steps from the first document at most.
    """

    follow: bool = False
    documents: int = MOST_DOCUMENTS
    depth: int = MOST_DEPTH


@dataclass(frozen=True, slots=True)
class Report:
    """What an analysis found.

    Attributes:
        documents: the addresses of the documents looked at.
        findings: by document, in its order.
        left_out: documents that were not looked at, because there were too many.
    """

    documents: tuple[str, ...]
    findings: tuple[Finding, ...]
    left_out: int = 0

    @property
    def errors(self) -> int:
        """How many of the findings are errors."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many of the findings are warnings."""
        return len(self.findings) - self.errors


def analyse(url: str, extent: Extent | None = None, dialect: Dialect | None = None) -> Asking[Report]:
    """Look at a document and all that belongs to it, without running it.

    Args:
        url: the first document, absolute.
        extent: how far to go; the document and its application root where None.
        dialect: what the platform decides.
    """
    return (yield from _Analysis(extent or Extent(), dialect or Dialect()).of(url))


@dataclass(slots=True)
class _Wanted:
    """A document that is to be looked at.

    Attributes:
        url: its address.
        depth: how many steps it is from the first.
        origin: the page and the place that lead there; None for the first.
        as_root: whether it is wanted as an application root.
    """

    url: str
    depth: int = 0
    origin: tuple[Page, Place] | None = None
    as_root: bool = False


@dataclass(slots=True)
class _Analysis:
    extent: Extent
    dialect: Dialect
    pages: dict[str, Page] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)

    def of(self, url: str) -> Asking[Report]:
        url, fragment = urldefrag(url)
        waiting = deque([_Wanted(url)])
        while waiting:
            wanted = waiting.popleft()
            page = yield from self._page(wanted)
            if page is None:
                continue
            if wanted.depth == 0:
                page.entered.add(fragment)
            if wanted.depth < self.extent.depth:
                waiting.extend(self._further(page, wanted.depth + 1))
        targets = {asked: self.pages[found] for asked, found in self.seen.items() if found in self.pages}
        self._connect(targets)
        for page in self.pages.values():
            self.findings += yield from self._of_page(page, targets)
        self._check_fragment(url, fragment)
        order = {uri: number for number, uri in enumerate(self.seen)}
        ordered = sorted(set(self.findings), key=lambda f: (order.get(f.uri, -1), f.line, f.column, f.message))
        return Report(tuple(dict.fromkeys(self.seen.values())), tuple(ordered), len(self.left_out))

    def _further(self, page: Page, depth: int) -> Iterator[_Wanted]:
        """The documents that a page and its root lead to, where they are to be followed."""
        if not self.extent.follow:
            return
        for each in (page, *([page.root] if page.root is not None else [])):
            for lead in destinations.destinations(each):
                # What a root's handler names is relative to the document that is active then.
                foreign = lead.site.inherited and each is not page
                if destinations.is_followed(lead) and destinations.may_follow(each, lead.uri) and not foreign:
                    yield _Wanted(lead.uri, depth, (each, each.place(lead.site.element, lead.attribute)))

    def _page(self, wanted: _Wanted) -> Asking[Page | None]:
        """The page at an address; None where it was looked at before, cannot be had, or has faults."""
        if wanted.url in self.seen:
            return None
        if len(self.seen) >= self.extent.documents:
            self.left_out.add(wanted.url)
            return None
        self.seen[wanted.url] = wanted.url
        answer = yield Fetch(wanted.url)
        if not isinstance(answer, Fetched) or answer.status not in SUCCESSES:
            self._missing(wanted, answer)
            return None
        self.seen[wanted.url] = uri = urldefrag(answer.url).url
        if uri in self.pages:
            return None
        document = self._document(answer.body, uri)
        if document is None:
            return None
        page = self.pages[uri] = Page(document, Source(answer.body), dialect=self.dialect)
        yield from self._scripts(page)
        if document.application and not wanted.as_root:
            yield from self._root(page)
        return page

    def _document(self, body: bytes, uri: str) -> Document | None:
        try:
            root = parse_xml(body, uri)
            found = list(faults(root, uri))
            document = None if found else document_of(root, uri)
        except DocumentError as error:
            found, document = [error], None
        for fault in found:
            reason = f"{fault.reason[:1].upper()}{fault.reason[1:]}" if fault.reason[:1].isalpha() else fault.reason
            self.findings.append(Finding(uri, fault.line, fault.column, Severity.ERROR, Rule.DOCUMENT, reason))
        return document

    def _missing(self, wanted: _Wanted, answer: Fetched | FetchFailed) -> None:
        why = grammars.failure(wanted.url, answer)
        if wanted.origin is None:
            self.findings.append(Finding(wanted.url, 0, 0, Severity.ERROR, Rule.FETCH, f"It cannot be had: {why}"))
        else:
            page, place = wanted.origin
            what = "The application root" if wanted.as_root else "The document it leads to"
            self.findings.append(page.error(place, Rule.FETCH, f"{what} cannot be had: {why}"))

    def _root(self, page: Page) -> Asking[None]:
        uri = page.document.application
        place = page.place(page.document.root, "application")
        yield from self._page(_Wanted(uri, origin=(page, place), as_root=True))
        root = self.pages.get(self.seen.get(uri, uri))
        page.root, page.rootless = root, root is None
        if root is not None and root.document.application:
            what = "The application root names a root of its own; take its 'application' away."
            self.findings.append(page.error(place, Rule.DOCUMENT, what))
        if root is not None:
            root.serves_as_root = True

    def _scripts(self, page: Page) -> Asking[None]:
        for site in page.sites():
            element = site.element
            if element.name != "script" or "srcexpr" in element.attributes:
                continue
            source: str | None = element.text()
            if "src" in element.attributes:
                source = yield from self._external(page, element)
            if source is None:
                continue
            try:
                page.scripts[element] = read_program(source)
            except SemanticError as error:
                page.scripts[element] = error
                if "src" in element.attributes:
                    what = f"The script cannot be run: {element.get('src')}, line {error.line}: {error.reason}"
                    self.findings.append(page.error(page.place(element, "src"), Rule.ECMASCRIPT, what))

    def _external(self, page: Page, element: Element) -> Asking[str | None]:
        place = page.place(element, "src")
        try:
            url = urldefrag(urljoin(page.document.base, element.get("src").strip())).url
        except ValueError:
            self.findings.append(page.error(place, Rule.FETCH, "The address of the script is not a URI; write one."))
            return None
        answer = yield Fetch(url, purpose="script")
        if not isinstance(answer, Fetched) or answer.status not in SUCCESSES:
            why = f"The script cannot be had: {grammars.failure(url, answer)}"
            self.findings.append(page.error(place, Rule.FETCH, why))
            return None
        try:
            return charset_text(answer, element.get("charset"))
        except Thrown as error:
            self.findings.append(page.error(place, Rule.FETCH, f"The script cannot be read: {error.message}"))
            return None

    def _connect(self, targets: dict[str, Page]) -> None:
        """Tell each page by which of its dialogs other pages enter it."""
        for page in list(self.pages.values()):
            for lead in destinations.destinations(page):
                target = targets.get(lead.uri)
                if target is not None and target is not page:
                    target.entered.add(lead.fragment)

    def _of_page(self, page: Page, targets: dict[str, Page]) -> Asking[list[Finding]]:
        thrown = throwing(page)
        found = [
            *Variables(page).findings(),
            *destinations.missing(page, targets),
            *destinations.unreachable(page),
            *properties.findings(page),
            *handlers.findings(page, thrown),
            *prompts.findings(page, thrown),
        ]
        found += yield from grammars.findings(page)
        return found

    def _check_fragment(self, url: str, fragment: str) -> None:
        page = self.pages.get(self.seen.get(url, url))
        if page is not None and fragment and page.dialog(fragment) is None:
            what = f"It is entered by '#{fragment}', and has no such dialog; name one that it has."
            self.findings.append(page.error(page.place(page.document.root), Rule.DESTINATION, what))
