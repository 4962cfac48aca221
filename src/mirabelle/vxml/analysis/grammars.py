"""Grammars that cannot be loaded or can never match, and inputs that wait for none (VoiceXML 2.0, 3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import urldefrag, urljoin

from mirabelle.grammar import (
    Grammar,
    GrammarError,
    UnresolvedReference,
    builtin,
    keys_grammar,
    load,
    load_element,
)
from mirabelle.grammar.barren import barren
from mirabelle.vxml.active import KNOWN_TYPES, MOST_REFERENCES, type_of
from mirabelle.vxml.analysis.code import read_expression
from mirabelle.vxml.analysis.destinations import is_wide
from mirabelle.vxml.analysis.finding import Finding, Rule, shown
from mirabelle.vxml.analysis.page import Asking, Page, Site
from mirabelle.vxml.analysis.source import Place
from mirabelle.vxml.choices import choices_of
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.fetching import SUCCESSES
from mirabelle.vxml.platform import Fetch, Fetched
from mirabelle.vxml.properties import Properties
from mirabelle.vxml.xml import Element

_BUILTIN: Final = "builtin:"
_HINTS: Final = {
    "field": "give it a <grammar>, an <option> or a type",
    "initial": "give the form a <grammar>",
    "menu": "give it a <choice>",
}


def findings(page: Page) -> Asking[list[Finding]]:
    """What is wrong with the grammars of a page; those that its elements name are fetched."""
    found: list[Finding] = []
    wide = _wide(page)
    for site in page.sites():
        element = site.element
        if element.name == "grammar":
            found += yield from _of_grammar(page, element)
        elif element.name == "field" and element.get("type"):
            found += _of_type(page, element)
        elif element.name == "menu":
            found += _of_choices(page, element)
        found += _of_keys(page, element)
        if element.name in ("field", "initial", "menu"):
            found += _deaf(page, site, wide)
    return found


def _of_grammar(page: Page, element: Element) -> Asking[list[Finding]]:
    reference = _reference(element)
    claimed = element.get("type").partition(";")[0].strip().lower()
    if claimed and claimed not in KNOWN_TYPES:
        what = f"Nobody here reads grammars of the type '{shown(claimed)}'; write it in SRGS and name its type."
        return [page.error(page.place(element, "type"), Rule.GRAMMAR, what)]
    if reference is None:
        return []
    place = page.place(element, "src" if "src" in element.attributes else "")
    library: dict[str, tuple[bytes, str]] = {}
    base = page.document.base
    try:
        base = urljoin(base, element.get("xml:base").strip())
        url, _, fragment = urljoin(base, reference).partition("#")
    except ValueError:
        return [page.error(place, Rule.GRAMMAR, f"'{shown(reference)}' is not a URI; write one.")]
    if reference and not reference.startswith(_BUILTIN):
        answer = yield Fetch(url, purpose="grammar")
        if not isinstance(answer, Fetched) or answer.status not in SUCCESSES:
            return [page.error(place, Rule.FETCH, f"The grammar cannot be had: {failure(url, answer)}")]
        library[url] = (answer.body, answer.content_type)
    for _ in range(MOST_REFERENCES):
        try:
            grammar = _loaded(page, element, reference, base, f"{url}#{fragment}" if fragment else url, library)
        except UnresolvedReference as missing:
            answer = yield Fetch(missing.reference, purpose="grammar")
            if not isinstance(answer, Fetched) or answer.status not in SUCCESSES:
                at = _line(page, element, reference, missing.line)
                what = f"A grammar it refers to cannot be had: {failure(missing.reference, answer)}"
                return [page.error(at, Rule.FETCH, what)]
            library[missing.reference] = (answer.body, answer.content_type)
        except GrammarError as error:
            return [_unloadable(page, element, reference, error)]
        else:
            return list(_barren(page, element, reference, grammar))
    return [page.error(place, Rule.GRAMMAR, f"The grammar refers to more than {MOST_REFERENCES} others; join some.")]


def _loaded(
    page: Page, element: Element, reference: str, base: str, uri: str, library: dict[str, tuple[bytes, str]]
) -> Grammar:
    """Load a grammar as the interpreter does, from an element, so that its lines are those of the document."""
    mode = element.get("mode") or None
    if reference.startswith(_BUILTIN):
        return builtin(reference)
    if reference:
        data, kind = library[urldefrag(uri).url]
        claimed = element.get("type").partition(";")[0].strip().lower()
        return load(
            data, uri=uri, media_type=claimed or kind or None, resolve=lambda wanted, _: library.get(wanted), mode=mode
        )
    language = element.get("xml:lang") or page.document.xml_lang or "en-US"
    if element.elements():
        # The element has its own xml:base.
        own = page.document.base
        return load_element(element, uri=own, resolve=lambda wanted, _: library.get(wanted), language=language)
    text = element.text().strip()
    return load(
        text.encode(),
        uri=base,
        media_type=element.get("type").partition(";")[0].strip().lower() or type_of(text, page.dialect),
        resolve=lambda wanted, _: library.get(wanted),
        mode=mode,
        language=language,
        inline=True,
    )


def _unloadable(page: Page, element: Element, reference: str, error: GrammarError) -> Finding:
    at = _line(page, element, reference, error.line)
    where = f"{reference}, line {error.line}: " if reference and error.line else ""
    return page.error(at, Rule.GRAMMAR, f"The grammar cannot be loaded: {where}{error.reason}")


def _barren(page: Page, element: Element, reference: str, grammar: Grammar) -> Iterator[Finding]:
    for each in barren(grammar):
        at = _line(page, element, reference, each.rule.line if each.document is grammar.document else 0)
        what = f"The rule '{each.rule.name}' can never match: {each.cause.value}."
        if not grammar.can_match or each.rule.name in grammar.entry:
            yield page.error(at, Rule.GRAMMAR, f"The grammar can never match. {what}")
        else:
            yield page.warning(at, Rule.GRAMMAR, what)


def _line(page: Page, element: Element, reference: str, line: int) -> Place:
    """Where in the page a line of its grammar is."""
    if reference or not line:
        return page.place(element, "src" if "src" in element.attributes else "")
    if element.elements():
        found = next((each for each in element.descendants() if each.line == line), element)
        return page.place(found)
    return Place(page.source.content(element).line + line - 1, 1)


def _of_type(page: Page, field: Element) -> Iterator[Finding]:
    try:
        for family in ("dtmf", "grammar"):
            builtin(f"{_BUILTIN}{family}/{field.get('type').strip()}")
    except GrammarError as error:
        reason = error.reason.removeprefix("'").replace(f"{_BUILTIN}dtmf/", "'", 1)
        yield page.error(page.place(field, "type"), Rule.GRAMMAR, reason)


def _of_keys(page: Page, element: Element) -> Iterator[Finding]:
    """Keys of choices, links and options that no telephone has."""
    if element.name not in ("choice", "link", "option"):
        return
    keys = element.get("dtmf").strip()
    try:
        if keys:
            keys_grammar(keys)
    except GrammarError as error:
        yield page.error(page.place(element, "dtmf"), Rule.GRAMMAR, error.reason)


def _of_choices(page: Page, menu: Element) -> Iterator[Finding]:
    """Choices that an earlier one takes the key or the words from (3.1.4)."""
    keys: dict[str, Element] = {}
    words: dict[str, Element] = {}
    for choice in choices_of(menu):
        own = bool(choice.element.elements("grammar"))
        pressed, said = choice.dtmf if own else choice.keys, "" if own else choice.prompt.lower()
        for table, value, what in ((keys, pressed, "key"), (words, said, "words")):
            if not value:
                continue
            first = table.setdefault(value, choice.element)
            if first is not choice.element:
                message = (
                    f"The choice in line {first.line} has the same {what} '{shown(value)}' and always comes first."
                )
                yield page.warning(page.place(choice.element), Rule.DUPLICATE, message)


def _deaf(page: Page, site: Site, wide: list[Element]) -> Iterator[Finding]:
    """An input for which no grammar is active, where that is certain: a visit throws `error.semantic` (3.1.4)."""
    item = site.element
    if page.rootless or "cond" in item.attributes or (site.dialog is None and item.name != "menu"):
        return
    dialog = item if item.name == "menu" else site.dialog
    assert dialog is not None
    pages = [page.document.root, *([page.root.document.root] if page.root is not None else [])]
    holders = [item, dialog, *pages]
    if item.get("type") or any(h.elements("grammar") or h.elements("link") for h in holders):
        return
    if item.elements("option") or item.elements("choice"):
        return
    universals = Properties(holders, page.dialect.properties).text("universals").split()
    if all(each is dialog for each in wide) and not set(universals) - {"none"}:
        what = f"The <{item.name}> waits for input, and no grammar is active there; {_HINTS[item.name]}."
        yield page.error(page.place(item), Rule.GRAMMAR, what)


def _wide(page: Page) -> list[Element]:
    """The dialogs whose grammars are active in others, two at most (3.1.3)."""
    pages = [each for each in (page, page.root) if each is not None]
    dialogs = (dialog for each in pages for dialog in each.document.dialogs)
    return list(islice(filter(is_wide, dialogs), 2))


def _reference(element: Element) -> str | None:
    """The address of a grammar; empty for one that stands in the document, None for one that is computed."""
    for name in ("srcexpr", "expr"):
        if name in element.attributes:
            try:
                return read_expression(element.get(name)).constant
            except SemanticError:
                return None
    return element.get("src").strip()


def failure(url: str, answer: object) -> str:
    """Why something could not be had, as a sentence."""
    if isinstance(answer, Fetched) and url.startswith("file:"):
        return f"{url} is not there, or may not be read; put it there, or change the address."
    if isinstance(answer, Fetched):
        return f"{url} answered {answer.status}; put it there, or change the address."
    return str(getattr(answer, "reason", answer))
