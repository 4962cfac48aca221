"""Which variables exist where, and the uses of those that do not (VoiceXML 2.0, 5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from mirabelle.vxml.analysis.code import Code, Use, engine_names, read_expression
from mirabelle.vxml.analysis.finding import Finding, Rule, Severity, shown, suggestion
from mirabelle.vxml.analysis.page import Page, Site
from mirabelle.vxml.analysis.source import Place
from mirabelle.vxml.elements import ELEMENTS, FORM_ITEMS, HANDLERS, INPUT_ITEMS, Kind
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.expressions import is_name
from mirabelle.vxml.xml import Element

SESSION_VARIABLES: Final = frozenset(
    {
        "call_id",
        "call_parameters",
        "calledid",
        "callerid",
        "campaign_parameters",
        "connection",
        "id",
        "message_reference",
        "phone_number",
    }
)
"""What the scope of the session holds in a telephone call."""

SCOPES: Final = frozenset({"session", "application", "document", "dialog"})
_EXPRESSIONS: Final = frozenset({Kind.EXPRESSION, Kind.CONDITION})
_INITIAL: Final = frozenset({"data", "script", "var"})
_IN_A_FUNCTION: Final = "Whoever calls this function meets error.semantic: "


@dataclass(slots=True)
class Names:
    """The variables of one scope.

    Attributes:
        declared: by name, the place where each is declared first.
        open: whether there may be others that nobody can tell from the documents.
    """

    declared: dict[str, Place] = field(default_factory=dict)
    open: bool = False

    def add(self, element: Element, code: Code | None) -> None:
        """Take in what one element declares."""
        place = Place(element.line, element.column)
        for name in self._of(element, code):
            self.declared.setdefault(name, place)

    def _of(self, element: Element, code: Code | None) -> Iterable[str]:
        name = element.get("name")
        if element.name == "script":
            if code is None or code.opaque:
                self.open = True
            # What a script writes to undeclared becomes a variable of the scope that it runs in.
            written = [] if code is None else [use.name for use in code.uses if use.written]
            return [*(code.declared if code else ()), *written]
        if element.name == "foreach":
            return [element.get("item")]
        if element.name in ("var", "data"):
            return [name] if name else []
        if element.name in FORM_ITEMS and name:
            return [name, f"{name}$"] if element.name in INPUT_ITEMS else [name]
        return []


class Variables:
    """The scopes of a page, and what in it does not fit them.

    Args:
        page: the page.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._document = self._names(page.document.root.elements())
        self._application = self._of_root()
        self._dialogs = {dialog: self._names(dialog.elements()) for dialog in page.document.dialogs}
        self._containers: dict[Element, Names] = {}
        pages = [page] if page.root is None else [page, page.root]
        programs = [code for each in pages for code in each.scripts.values() if isinstance(code, Code)]
        self._members = frozenset(member for code in programs for member in code.members)
        self._everywhere = frozenset(
            {*engine_names(), *SESSION_VARIABLES, *SCOPES, "lastresult$"} - {"performance", "dialog"}
        )

    def findings(self) -> Iterator[Finding]:
        """What is used and was never declared, is declared twice, or cannot be read as ECMAScript."""
        for site in self._page.sites():
            yield from self._of_attributes(site)
            yield from self._of_names(site)
            yield from self._of_declaration(site)
            if site.element.name == "script":
                yield from self._of_script(site)
        yield from self._twice(self._page.document.root)
        for dialog in self._page.document.dialogs:
            yield from self._twice(dialog)

    def _of_root(self) -> Names:
        root = self._page.root
        if self._page.rootless:
            return Names(open=True)
        return self._document if root is None else _names(root, root.document.root.elements())

    def _names(self, elements: Iterable[Element]) -> Names:
        return _names(self._page, elements)

    def _of_attributes(self, site: Site) -> Iterator[Finding]:
        element = site.element
        kind = ELEMENTS.get(element.name)
        for name, written in element.attributes.items():
            known = kind.attributes.get(name) if kind else None
            if (known is None or known.kind not in _EXPRESSIONS) and (element.name, name) != ("grammar", "expr"):
                continue
            place = self._page.place(element, name)
            try:
                code = read_expression(written)
            except SemanticError as error:
                reason = _unreadable(error)
                yield self._page.error(place, Rule.ECMASCRIPT, f"'{shown(written)}' is no expression: {reason}")
                continue
            yield from self._undeclared(site, code, place)

    def _of_script(self, site: Site) -> Iterator[Finding]:
        element = site.element
        if {"src", "srcexpr"} & set(element.attributes):
            return
        place = self._page.source.content(element)
        code = self._page.scripts.get(element)
        if isinstance(code, SemanticError):
            line = place.line + max(code.line - 1 - _blank_lines(element), 0)
            at = Place(line, 1) if line > place.line else place
            yield self._page.error(at, Rule.ECMASCRIPT, f"The script cannot be run: {_unreadable(code)}")
        elif code is not None:
            yield from self._undeclared(site, code, place, skipped=_blank_lines(element))

    def _undeclared(self, site: Site, code: Code, place: Place, skipped: int | None = None) -> Iterator[Finding]:
        """Hold the names that code takes from outside against the scopes; each is told once."""
        if code.opaque:
            return
        told: set[str] = set()
        for use in code.uses:
            if use.name in told or (skipped is not None and use.written):
                continue
            at = place if skipped is None else _within(place, use, skipped)
            finding = self._fault(site, use, at)
            if finding is not None:
                told.add(use.name)
                yield finding

    def _fault(self, site: Site, use: Use, at: Place) -> Finding | None:
        scopes = self._visible(site)
        if use.name in SCOPES and use.member and (use.name != "dialog" or site.dialog is not None):
            return self._missing_member(site, use, at)
        if use.name in self._everywhere or use.name in self._extra(site):
            return None
        holders = [names for names in scopes if use.name in names.declared]
        if not holders and any(names.open for names in scopes):
            return None
        if holders and (use.deferred or not self._too_early(site, use.name, holders)):
            return None
        if holders:
            line = holders[0].declared[use.name].line
            return self._page.error(
                at, Rule.UNDECLARED, f"'{shown(use.name)}' is used before it is declared, in line {line}; move that up."
            )
        if self._page.serves_as_root and not self._settled(site):
            return None
        known = {name for names in scopes for name in names.declared}
        ending = suggestion(use.name, known)
        what = f"'{shown(use.name)}' is not declared{ending}"
        if ending == ".":
            what = f"'{shown(use.name)}' is not declared; declare it with <var name=\"{shown(use.name)}\"/>."
        if use.deferred:
            return self._page.warning(at, Rule.UNDECLARED, f"{_IN_A_FUNCTION}{what}")
        return self._finding(self._sure(site), at, what)

    def _finding(self, sure: bool, at: Place, message: str) -> Finding:
        severity = Severity.ERROR if sure else Severity.WARNING
        return Finding(self._page.document.uri, at.line, at.column, severity, Rule.UNDECLARED, message)

    def _missing_member(self, site: Site, use: Use, at: Place) -> Finding | None:
        """A look at a variable of a scope that has none of the name; it finds `undefined`."""
        names = self._scope(site, use.name)
        if names is None or names.open or use.asked or use.member in names.declared:
            return None
        if f"{use.name}.{use.member}" in self._members:
            return None
        if use.member in {"lastresult$", use.name} or (use.name == "document" and use.member in SCOPES):
            return None
        ending = suggestion(use.member, set(names.declared))
        what = f"{use.name}.{shown(use.member)} is undefined: the scope {use.name} declares no such variable{ending}"
        return self._page.warning(at, Rule.UNDECLARED, what)

    def _scope(self, site: Site, name: str) -> Names | None:
        match name:
            case "document":
                return self._document
            case "application":
                return self._application
            case "session":
                return Names({each: Place(0, 0) for each in SESSION_VARIABLES})
            case _:
                return self._dialogs.get(site.dialog) if site.dialog is not None else None

    def _visible(self, site: Site) -> list[Names]:
        """The scopes at a place, innermost first; the session's is left out."""
        scopes = [self._document]
        if self._application is not self._document:
            scopes.append(self._application)
        if site.dialog is not None:
            scopes.insert(0, self._dialogs[site.dialog])
        elif site.element is not self._page.document.root and not self._initialises(site):
            # Handlers and links of the document act in whatever dialog is active (2.5, 5.2.4).
            scopes = [*self._dialogs.values(), *scopes]
        if site.container is not None:
            scopes.insert(0, self._contained(site.container))
        return scopes

    def _contained(self, container: Element) -> Names:
        found = self._containers.get(container)
        if found is None:
            found = self._containers[container] = self._names(container.descendants())
        return found

    def _extra(self, site: Site) -> frozenset[str]:
        """What the platform declares at some places."""
        names = set(site.looped)
        if site.dialog is not None or site.container is not None:
            names.add("dialog")
        if (site.container or site.element).name in HANDLERS:
            names |= {"_event", "_message"}
        if site.enumerated:
            names |= {"_prompt", "_dtmf"}
        return frozenset(names)

    def _initialises(self, site: Site) -> bool:
        """Whether it runs while the document or the form is set up, in document order."""
        element = site.element
        return site.container is None and site.item is None and element.name in _INITIAL

    def _too_early(self, site: Site, name: str, holders: list[Names]) -> bool:
        """Whether the name is certainly not there yet."""
        if len(holders) > 1 or site.looped:
            return False
        declared = holders[0].declared[name]
        here = Place(site.element.line, site.element.column)
        if site.container is not None:
            return holders[0] is self._contained(site.container) and declared >= here
        if not self._initialises(site):
            return False
        own = self._document if site.dialog is None else self._dialogs[site.dialog]
        return holders[0] is own and declared >= here

    def _settled(self, site: Site) -> bool:
        """Whether it is certain in which dialog it runs, as it is not of handlers and links of the document."""
        return site.dialog is not None or self._initialises(site)

    def _sure(self, site: Site) -> bool:
        """Whether all dialogs are known in which it may run."""
        return self._settled(site) or bool(self._page.document.application)

    def _of_names(self, site: Site) -> Iterator[Finding]:
        """Names that stand for themselves: in a namelist, and what `<assign>` writes."""
        element = site.element
        if element.name == "assign":
            yield from self._assigned(site)
        if "namelist" not in element.attributes or element.name == "filled":
            return
        place = self._page.place(element, "namelist")
        for written in element.get("namelist").split():
            finding = self._fault(site, Use(written.partition(".")[0].partition("[")[0]), place)
            if finding is not None:
                yield finding

    def _of_declaration(self, site: Site) -> Iterator[Finding]:
        """A name that no variable can have."""
        element = site.element
        name = element.get("name")
        if element.name not in FORM_ITEMS | {"var", "data"} or not name:
            return
        reserved = name.endswith("$")
        if reserved or not is_name(name):
            hint = (
                "those that end in '$' are reserved" if reserved else "write letters and digits, no word of ECMAScript"
            )
            what = f"'{shown(name)}' is not a name a variable can have; {hint}."
            yield self._page.error(self._page.place(element, "name"), Rule.ECMASCRIPT, what)

    def _assigned(self, site: Site) -> Iterator[Finding]:
        written = site.element.get("name")
        place = self._page.place(site.element, "name")
        base, _, member = written.partition(".")
        names = self._scope(site, base) if base in SCOPES else None
        if base == "session":
            message = "The variables of the session cannot be changed; assign to one of your own."
            yield self._page.error(place, Rule.UNDECLARED, message)
        elif names is not None and member and "." not in member and "[" not in member:
            known = {*names.declared, "lastresult$"}
            if not names.open and member not in known and written not in self._members:
                ending = suggestion(member, set(names.declared))
                what = f"'{shown(written)}' is not declared, so that it cannot be assigned to{ending}"
                yield self._page.error(place, Rule.UNDECLARED, what)
        else:
            finding = self._fault(site, Use(base.partition("[")[0]), place)
            if finding is not None:
                yield finding

    def _twice(self, holder: Element) -> Iterator[Finding]:
        """Variables of one scope that are declared again; of form items the document itself is at fault."""
        seen: dict[str, Element] = {}
        for element in holder.elements():
            name = element.get("name")
            if not name or element.name not in FORM_ITEMS | {"var", "data"}:
                continue
            first = seen.setdefault(name, element)
            if first is not element and "var" in (first.name, element.name):
                what = f"'{shown(name)}' is declared already, in line {first.line}; give one of the two another name."
                yield self._page.warning(self._page.place(element, "name"), Rule.DUPLICATE, what)


def _names(page: Page, elements: Iterable[Element]) -> Names:
    names = Names()
    for element in elements:
        names.add(element, page.code(element))
    return names


def _within(place: Place, use: Use, skipped: int) -> Place:
    """A place in a script, whose first lines may have been blank."""
    line = use.line - skipped
    return Place(place.line + line, use.column + 1 if line > 0 else place.column)


def _blank_lines(element: Element) -> int:
    """How many line ends stand before the first word of an element's text."""
    text = element.text()
    return text[: len(text) - len(text.lstrip())].count("\n")


def _unreadable(error: SemanticError) -> str:
    return f"{error.reason.removeprefix('SyntaxError: ').rstrip('.')}."
