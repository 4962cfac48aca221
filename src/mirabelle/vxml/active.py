"""Which grammars are active, and whose they are (VoiceXML 2.0, 3.1.3 and 3.1.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urldefrag

from mirabelle.grammar import (
    Accept,
    Grammar,
    GrammarError,
    Parsed,
    UnknownBuiltin,
    UnresolvedReference,
    builtin,
    keys_grammar,
    load,
    phrase_grammar,
)
from mirabelle.vxml.choices import Choice, choices_of, options_of
from mirabelle.vxml.document import Document
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.fetching import absolute, either, fetch, one_of, plain_request
from mirabelle.vxml.items import FormItem
from mirabelle.vxml.machine import Dialect, Machine, Steps
from mirabelle.vxml.platform import Fetch
from mirabelle.vxml.signals import Thrown
from mirabelle.vxml.trace import ActiveGrammar, Listening
from mirabelle.vxml.xml import Element

MOST_ACTIVE: Final = 2_000
"""Grammars that may listen at once; each key is tried on all of them."""

MOST_STATES: Final = 250_000
"""States of their networks, those of choices and options not counted."""

BYTES_PER_STATE: Final = 500
"""What a state takes in memory, roughly."""

MOST_REFERENCES: Final = 64
"""Grammars that one grammar may refer to, directly and indirectly."""

_XML_TYPES: Final = ("application/srgs+xml", "application/grammar+xml", "application/xml", "text/xml")
KNOWN_TYPES: Final = frozenset(
    {*_XML_TYPES, "application/srgs", "application/grammar", "application/x-jsgf", "application/jsgf", "text/x-jsgf"}
)
"""Media types of grammars that can be read."""
_UNIVERSALS: Final = ("help", "exit", "cancel")


@dataclass(frozen=True, slots=True)
class ForItem:
    """The grammar fills one input item; an option's gives it a value of its own."""

    item: FormItem
    option: Choice | None = None


@dataclass(frozen=True, slots=True)
class ForForm:
    """The grammar fills the form that is active."""


@dataclass(frozen=True, slots=True)
class ForDialog:
    """The grammar belongs to another dialog, or is a choice of the active menu or of another.

    Attributes:
        dialog: the form or menu.
        document: which document it is in.
        choice: the choice of the menu.
    """

    dialog: Element
    document: Document
    choice: Element | None = None


@dataclass(frozen=True, slots=True)
class ForLink:
    """The grammar is a link's, in this document."""

    link: Element
    document: Document


@dataclass(frozen=True, slots=True)
class ForEvent:
    """The grammar is one of the platform's universals."""

    event: str


Owner = ForItem | ForForm | ForDialog | ForLink | ForEvent

_FILLS: Final[dict[type[Owner], str]] = {
    ForItem: "item",
    ForForm: "form",
    ForDialog: "dialog",
    ForLink: "link",
    ForEvent: "event",
}


@dataclass(frozen=True, slots=True)
class Active:
    """An active grammar and what its match means.

    Attributes:
        grammar: the grammar.
        owner: what a match does.
        scope: of whom it is: `item`, `dialog`, `document`, `application` or `platform`.
        element: what gave it; None for the platform's.
    """

    grammar: Grammar
    owner: Owner
    scope: str = "item"
    element: Element | None = None

    @property
    def fills(self) -> str:
        """What a match does, in a word."""
        return _FILLS[type(self.owner)]


def active_grammars(machine: Machine, item: FormItem, *, modal: bool, needed: bool = False) -> Steps[list[Active]]:
    """The grammars that listen while an item is visited, in order of precedence.

    Args:
        machine: the session.
        item: the item.
        modal: whether only its own grammars count.
        needed: whether input is expected, so that there has to be one.

    Raises:
        Thrown: `error.badfetch`, `error.unsupported.format` and the like, when one of them cannot be had.
        SemanticError: there is none where one is needed (3.1.4).
    """
    found = yield from _gathered(machine, item, modal=modal)
    if needed and not found.found:
        raise SemanticError(f"<{item.kind}> (line {item.element.line}) waits for input, and no grammar is active.")
    wanted = found.wanted()
    if machine.tracer is not None:
        machine.tracer.tell(_listening(wanted))
    return wanted


def _listening(active: list[Active]) -> Listening:
    told = []
    for number, one in enumerate(active, start=1):
        name, line = (one.element.name, one.element.line) if one.element else ("universals", 0)
        told.append(ActiveGrammar(number, one.scope, str(one.grammar.mode), name, line, one.fills))
    return Listening(tuple(told))


def _gathered(machine: Machine, item: FormItem, *, modal: bool) -> Steps[_Gathering]:
    here = machine.here
    gathered = _Gathering(machine)
    if item.kind == "menu":
        yield from gathered.menu(item.element, here.document)
    else:
        yield from gathered.item(item)
    if modal:
        return gathered
    gathered.scope = "dialog"
    if here.dialog is not None and here.dialog.name == "form":
        yield from gathered.within(here.dialog, here.document, ForForm())
    gathered.scope = "document"
    yield from gathered.document(here.document, here.dialog)
    gathered.scope = "application"
    if here.root is not None:
        yield from gathered.document(here.root, here.dialog)
    gathered.scope = "platform"
    gathered.universals()
    return gathered


class _Gathering:
    """Collects grammars from the innermost scope outwards."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._states = 0
        self.found: list[Active] = []
        self.scope = "item"

    def wanted(self) -> list[Active]:
        """Those of a mode that the property inputmodes lets in."""
        modes = self._machine.properties.words("inputmodes", "dtmf", "voice")
        return [active for active in self.found if active.grammar.mode in modes]

    def _add(self, grammar: Grammar, owner: Owner, element: Element | None) -> None:
        self._states += grammar.states
        if len(self.found) == MOST_ACTIVE or self._states > MOST_STATES:
            reason = (
                f"More than {MOST_ACTIVE} grammars, or grammars of more than {MOST_STATES} states, would be active."
            )
            raise Thrown("error.noresource", reason)
        self.found.append(Active(grammar, owner, self.scope, element))

    def grammars(self, element: Element, document: Document, owner: Owner) -> Steps[None]:
        for child in element.elements("grammar"):
            self._add((yield from load_grammar(self._machine, child, document)), owner, child)

    def link(self, link: Element, document: Document) -> Steps[None]:
        _check_destination(link)
        yield from self.grammars(link, document, ForLink(link, document))
        self._keys(link.get("dtmf"), ForLink(link, document), link)

    def within(self, element: Element, document: Document, owner: Owner) -> Steps[None]:
        """What a form or an item listens to; of equals the first in the document wins (3.1.4)."""
        options = {option.element: option for option in options_of(element)}
        for child in element.elements():
            if child.name == "grammar":
                self._add((yield from load_grammar(self._machine, child, document)), owner, child)
            elif child.name == "link":
                yield from self.link(child, document)
            elif child in options and isinstance(owner, ForItem):
                self._choice(options[child], document, ForItem(owner.item, options[child]))

    def item(self, item: FormItem) -> Steps[None]:
        yield from self.within(item.element, self._machine.here.document, ForItem(item))
        if item.kind == "field" and item.element.get("type"):
            for grammar in builtins(self._machine, item.element.get("type")):
                self._add(grammar, ForItem(item), item.element)

    def menu(self, menu: Element, document: Document) -> Steps[None]:
        for choice in choices_of(menu):
            owner = ForDialog(menu, document, choice.element)
            _check_destination(choice.element)
            yield from self.grammars(choice.element, document, owner)
            self._choice(choice, document, owner)

    def document(self, document: Document, active: Element | None) -> Steps[None]:
        """Links of the document, and its dialogs whose grammars have document scope."""
        for child in document.root.elements():
            if child is active:
                continue
            whole = child.get("scope") == "document"
            if child.name == "link":
                yield from self.link(child, document)
            elif child.name == "menu" and whole:
                yield from self.menu(child, document)
            elif child.name == "form":
                yield from self._open(child, document, whole=whole)

    def _open(self, form: Element, document: Document, *, whole: bool) -> Steps[None]:
        """The grammars of a form that its document or they themselves open to other dialogs (3.1.3)."""
        for grammar in form.elements("grammar"):
            if (grammar.get("scope") or ("document" if whole else "")) == "document":
                loaded = yield from load_grammar(self._machine, grammar, document)
                self._add(loaded, ForDialog(form, document), grammar)

    def universals(self) -> None:
        named = self._machine.properties.text("universals").split()
        for event in _UNIVERSALS:
            if event in named or "all" in named:
                self._add(phrase_grammar(event, language="en-US"), ForEvent(event), None)

    def _choice(self, choice: Choice, document: Document, owner: Owner) -> None:
        """Its words, unless it has grammars of its own, and its keys."""
        if choice.element.elements("grammar"):
            self._keys(choice.dtmf, owner, choice.element)
        else:
            self._words(choice, document, owner)
            self._keys(choice.keys, owner, choice.element)

    def _words(self, choice: Choice, document: Document, owner: Owner) -> None:
        # Signs alone cannot be said; where there are keys, those are enough.
        sayable = not choice.keys or any(character.isalnum() for character in choice.prompt)
        if choice.prompt and sayable:
            accept = Accept.APPROXIMATE if choice.approximate else Accept.EXACT
            try:
                grammar = phrase_grammar(choice.prompt, accept=accept, language=document.xml_lang or "en-US")
            except GrammarError as error:
                raise Thrown(
                    "error.badfetch", f"{choice.element.name} (line {choice.element.line}): {error}"
                ) from error
            self._add(grammar, owner, choice.element)

    def _keys(self, keys: str, owner: Owner, element: Element) -> None:
        if not keys.strip():
            return
        try:
            self._add(keys_grammar(keys), owner, element)
        except GrammarError as error:
            raise Thrown("error.badfetch", str(error)) from error


def _check_destination(element: Element) -> None:
    """A choice or link that cannot say where it goes is no use to anybody from the start (2.2.2, 2.5).

    Raises:
        Thrown: `error.badfetch`; also where its grammars claim a scope of their own (3.1.3).
    """
    one_of(element, "next", "expr", "event", "eventexpr")
    one_of(element, "message", "messageexpr", required=False)
    if any("scope" in grammar.attributes for grammar in element.elements("grammar")):
        raise Thrown("error.badfetch", f"<grammar> within <{element.name}> (line {element.line}) takes no 'scope'.")


def cached(machine: Machine, data: bytes, uri: str, kind: str, loading: Callable[[], Grammar]) -> Grammar:
    """A grammar that was loaded before, or is loaded now.

    Raises:
        Thrown: `error.badfetch`, when it may not be loaded.
        Ending: the turn took too long.
    """
    machine.allowance.check()
    try:
        return machine.cache.get(
            data, ("grammar", uri, kind), loading, lambda grammar: len(data) + BYTES_PER_STATE * grammar.states
        )
    except UnresolvedReference:
        raise
    except GrammarError as error:
        raise Thrown("error.badfetch", str(error)) from error


def builtins(machine: Machine, field_type: str) -> tuple[Grammar, ...]:
    """The builtin grammars of a field's type, for keys and for words (2.0 appendix P).

    Raises:
        Thrown: `error.unsupported.builtin` for a type that does not exist, `error.badfetch` for parameters that
            contradict each other or that it does not have.
    """
    return tuple(_builtin(machine, f"builtin:{family}/{field_type.strip()}") for family in ("dtmf", "grammar"))


def _builtin(machine: Machine, uri: str) -> Grammar:
    try:
        return machine.cache.get(b"", ("builtin", uri), lambda: builtin(uri))
    except UnknownBuiltin as error:
        raise Thrown("error.unsupported.builtin", str(error)) from error
    except GrammarError as error:
        raise Thrown("error.badfetch", str(error)) from error


def load_grammar(machine: Machine, element: Element, document: Document) -> Steps[Grammar]:
    """Load the grammar a `<grammar>` element holds or names.

    Args:
        machine: the session.
        element: the element.
        document: where it stands; its URIs are relative to that (2.5).

    Raises:
        Thrown: `error.badfetch` when it cannot be had, `error.unsupported.format` when nobody here can read it.
    """
    named = either(element, "src", "srcexpr", "expr")
    claimed = element.get("type").partition(";")[0].strip().lower()
    if claimed and claimed not in KNOWN_TYPES:
        raise Thrown("error.unsupported.format", f"<grammar> (line {element.line}): '{claimed[:60]}' cannot be read.")
    base = absolute(document.base, element.get("xml:base"))
    if named:
        reference = element.get("src") if named == "src" else machine.scopes.text(element.get(named))
        return (yield from _external(machine, element, base, reference.strip(), claimed))
    return (yield from _inline(machine, element, base, claimed, document))


def _external(machine: Machine, element: Element, base: str, reference: str, claimed: str) -> Steps[Grammar]:
    if reference.startswith("builtin:"):
        return _builtin(machine, reference)
    url, fragment = urldefrag(absolute(base, reference))
    fetched = yield from fetch(machine, plain_request(machine, element, url, "grammar"))
    uri = f"{fetched.url}#{fragment}" if fragment else fetched.url
    kind = claimed or fetched.content_type
    mode = element.get("mode") or None
    return (yield from _loaded(machine, fetched.body, uri, kind, mode=mode, language="", inline=False))


def _inline(machine: Machine, element: Element, base: str, claimed: str, document: Document) -> Steps[Grammar]:
    mode = element.get("mode") or None
    language = element.get("xml:lang") or document.xml_lang or "en-US"
    if element.elements():
        # The element goes along with its own xml:base.
        source = element.serialise().encode()
        return (
            yield from _loaded(machine, source, document.base, "application/srgs+xml", mode=None, language=language)
        )
    text = element.text().strip()
    if not text or claimed in _XML_TYPES:
        raise Thrown("error.badfetch", f"<grammar> (line {element.line}) is empty, or not of the type {claimed}.")
    kind = claimed or type_of(text, machine.dialect)
    return (yield from _loaded(machine, text.encode(), base, kind, mode=mode, language=language))


def type_of(text: str, dialect: Dialect) -> str:
    """The media type of an inline grammar of text that names none."""
    return "application/srgs" if text.startswith("#ABNF") else dialect.grammar_type


def _loaded(
    machine: Machine, data: bytes, uri: str, kind: str, *, mode: str | None, language: str, inline: bool = True
) -> Steps[Grammar]:
    """Load a grammar, fetching what it refers to as it turns out to be needed."""
    library: dict[str, tuple[bytes, str]] = {}
    parsed = Parsed()

    def loading() -> Grammar:
        return load(
            data,
            uri=uri,
            media_type=kind or None,
            resolve=lambda wanted, _: library.get(wanted),
            mode=mode,
            language=language,
            inline=inline,
            parsed=parsed,
        )

    about = f"{kind} {mode} {language}"
    for _ in range(MOST_REFERENCES):
        try:
            return cached(machine, data, uri, about, loading)
        except UnresolvedReference as missing:
            url = missing.reference
        properties = machine.properties
        request = Fetch(
            url,
            purpose="grammar",
            timeout_ms=properties.time("fetchtimeout"),
            maxage=properties.seconds("grammarmaxage"),
            maxstale=properties.seconds("grammarmaxstale"),
        )
        fetched = yield from fetch(machine, request)
        library[url] = (fetched.body, fetched.content_type)
    raise Thrown("error.badfetch", f"{uri} refers to more than {MOST_REFERENCES} grammars.")
