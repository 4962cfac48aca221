"""Checking a document against the tables of elements, and the few rules that no table can hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from mirabelle.vxml.duration import milliseconds
from mirabelle.vxml.elements import (
    CONTROL_ITEMS,
    DIALOGS,
    ELEMENTS,
    FORM_ITEMS,
    INPUT_ITEMS,
    TEXT,
    Attribute,
    ElementType,
    Kind,
)
from mirabelle.vxml.elements import grammar as srgs
from mirabelle.vxml.elements import speech as ssml
from mirabelle.vxml.errors import DocumentError, SemanticError
from mirabelle.vxml.xml import SRGS, SSML, VXML, Element

VERSIONS: Final = ("2.0", "2.1")
"""The versions that are understood. What 2.1 added is allowed under 2.0 as well, because applications do so."""

_SPACE: Final = " \t\r\n"
_ANYWHERE: Final = frozenset({"xml:id", "xml:space"})
"""Attributes of XML itself that mean nothing to an interpreter, whatever they stand on."""
_HOMES: Final[Mapping[str, frozenset[str]]] = {
    SSML: frozenset(kind.name for kind in ssml.ELEMENTS) | {"meta", "metadata"},
    SRGS: frozenset(kind.name for kind in srgs.ELEMENTS) | {"lexicon", "meta", "metadata"},
}


class _Fault(Exception):
    """A rule that an element breaks."""

    def __init__(self, element: Element, reason: str) -> None:
        super().__init__(reason)
        self.element = element
        self.reason = reason


_LEFT_TO_RUNNING: Final = frozenset(
    {
        "audio", "choice", "data", "exit", "goto", "grammar", "link", "mark", "param", "return", "script", "subdialog",
        "submit", "throw", "transfer",
    }
)  # fmt: skip
"""Elements whose alternatives are looked at again when they are executed, to throw `error.badfetch` there."""

_LEFT_TO_ENTERING: Final = INPUT_ITEMS | DIALOGS | {"choice", "link"}
"""Elements whose rules are looked at again when their dialog is entered, or they are listened for."""


def validate(root: Element, uri: str, *, strict: bool = True) -> None:
    """Check a whole document.

    A document without a namespace is accepted, because applications of older platforms leave it out.

    Args:
        root: its outermost element.
        uri: for messages only.
        strict: whether an element that has two attributes of which it may have one is a fault of the document. The
            Recommendation has such an element throw `error.badfetch` when it is executed (5.3.7, 5.3.8 and others).
            Without it, what `dialog_fault` finds is left to that as well.

    Raises:
        DocumentError: the first fault in document order, with its line and column.
    """
    for fault in faults(root, uri, strict=strict):
        raise fault


def dialog_fault(dialog: Element) -> str:
    """What is wrong with a form that was let in: the names of its items, its `<filled>`, the scopes of its grammars.

    Args:
        dialog: a form or menu of a document that was read with `strict` off.

    Returns:
        A sentence about the first fault; empty where there is none. A menu's choices are looked at when they are
        listened for.
    """
    if dialog.name != "form":
        return ""
    try:
        _check_form(dialog)
        for item in dialog.elements():
            if item.name in INPUT_ITEMS:
                _check_input_item(item)
    except _Fault as fault:
        return f"line {fault.element.line}: {fault.reason}"
    return ""


def faults(root: Element, uri: str, *, strict: bool = True) -> Iterator[DocumentError]:
    """Find all faults of a document, one of each element at most; those of its ids come last.

    Args:
        root: its outermost element.
        uri: for messages only.
        strict: as for `validate`.
    """
    for fault in _faults(root, strict=strict):
        yield DocumentError(uri, fault.element.line, fault.element.column, fault.reason)


def _faults(root: Element, *, strict: bool) -> Iterator[_Fault]:
    try:
        _check_root(root)
    except _Fault as fault:
        yield fault
        return
    yield from _check_tree(root, strict=strict)
    try:
        _check_ids(root)
    except _Fault as fault:
        yield fault


def _check_root(root: Element) -> None:
    if root.name != "vxml":
        raise _Fault(root, f"the document is <{root.name}>, not <vxml>.")
    if root.namespace not in ("", VXML):
        raise _Fault(root, f"<vxml> is in the namespace '{root.namespace}'; that of VoiceXML is '{VXML}'.")
    version = root.attributes.get("version")
    if version is not None and version not in VERSIONS:
        raise _Fault(root, f"the version is '{version}'; '2.0' and '2.1' are understood.")


def _check_tree(root: Element, *, strict: bool) -> Iterator[_Fault]:
    # Each entry: an element, the one around it, and the row that says what may stand there.
    waiting: list[tuple[Element, Element | None, ElementType]] = [(root, None, ELEMENTS["vxml"])]
    while waiting:
        element, parent, around = waiting.pop()
        try:
            kind = ELEMENTS["vxml"] if parent is None else _permitted(element, parent, around, root.namespace)
        except _Fault as fault:
            # What stands in an element that may not be there is nobody's business.
            yield fault
            continue
        model = around if kind.transparent else kind
        try:
            _check_element(element, kind, model, strict=strict)
        except _Fault as fault:
            yield fault
        if not kind.opaque:
            waiting.extend((child, element, model) for child in reversed(element.elements()))


def _check_element(element: Element, kind: ElementType, model: ElementType, *, strict: bool) -> None:
    _check_attributes(element, kind)
    if strict or element.name not in _LEFT_TO_RUNNING:
        _check_groups(element, kind)
    if kind.opaque:
        return
    rule = _RULES.get(element.name)
    if rule and (strict or element.name not in _LEFT_TO_ENTERING):
        rule(element)
    if not model.mixed:
        for child in element.children:
            if isinstance(child, str) and child.strip(_SPACE):
                raise _Fault(element, f"<{element.name}> holds text: '{_excerpt(child)}'; text belongs in a prompt.")


def _permitted(child: Element, parent: Element, model: ElementType, namespace: str) -> ElementType:
    kind = ELEMENTS.get(child.name)
    if kind is None:
        raise _Fault(child, f"<{child.name}> is not an element of VoiceXML{_nearest(child.name, ELEMENTS)}.")
    if child.name not in model.children:
        raise _Fault(child, f"<{child.name}> may not stand in <{parent.name}>.")
    if child.namespace != namespace and child.name not in _HOMES.get(child.namespace, ()):
        raise _Fault(child, f"<{child.name}> is in the namespace '{child.namespace}', where VoiceXML does not have it.")
    return kind


def _check_attributes(element: Element, kind: ElementType) -> None:
    attributes = element.attributes
    for name in kind.required:
        if name not in attributes:
            raise _Fault(element, f"<{element.name}> needs the attribute '{name}'.")
    for name, value in attributes.items():
        known = kind.attributes.get(name)
        if known is not None:
            check = _CHECKS.get(known.kind)
            if check and (reason := check(known, value)):
                raise _Fault(element, f"'{name}' of <{element.name}> is '{_excerpt(value)}'; {reason}.")
        elif not name.startswith("{") and name not in _ANYWHERE:
            near = _nearest(name, kind.attributes)
            raise _Fault(element, f"<{element.name}> has no attribute '{name}'{near}.")


def _check_groups(element: Element, kind: ElementType) -> None:
    attributes = element.attributes
    for group in kind.groups:
        given = [name for name in group.names if (_has_content(element) if name == TEXT else name in attributes)]
        if len(given) > 1 or (group.needed and not given):
            names = [("content" if name == TEXT else f"'{name}'") for name in group.names]
            much = "exactly" if group.needed else "at most"
            raise _Fault(element, f"<{element.name}> takes {much} one of {', '.join(names[:-1])} and {names[-1]}.")


def _has_content(element: Element) -> bool:
    return any(not isinstance(child, str) or child.strip(_SPACE) for child in element.children)


def _boolean(_: Attribute, value: str) -> str:
    return "" if value in ("true", "false") else "write 'true' or 'false'"


def _duration(_: Attribute, value: str) -> str:
    try:
        milliseconds(value)
    except SemanticError:
        return "write a time such as '3s', '1.5s' or '300ms'"
    return ""


def _count(attribute: Attribute, value: str) -> str:
    if value.isascii() and value.isdigit() and len(value) < 10 and (attribute.name != "count" or int(value)):
        return ""
    return "write a whole number" + (" from 1 on" if attribute.name == "count" else "")


def _word(attribute: Attribute, value: str) -> str:
    return "" if value in attribute.values else f"write one of {', '.join(attribute.values)}"


def _identifier(_: Attribute, value: str) -> str:
    good = value and not any(character in value for character in " \t\r\n#")
    return "" if good else "an identifier holds neither space nor '#' and is not empty"


_CHECKS: Final[Mapping[Kind, Callable[[Attribute, str], str]]] = {
    Kind.BOOLEAN: _boolean,
    Kind.DURATION: _duration,
    Kind.COUNT: _count,
    Kind.CHOICE: _word,
    Kind.ID: _identifier,
}


def _check_if(element: Element) -> None:
    closed = False
    for child in element.elements():
        if closed and child.name in ("else", "elseif"):
            raise _Fault(child, f"<{child.name}> comes after <else>.")
        closed = closed or child.name == "else"


def _check_form(form: Element) -> None:
    names: dict[str, Element] = {}
    for item in form.elements():
        name = item.get("name")
        if item.name in FORM_ITEMS and name and names.setdefault(name, item) is not item:
            raise _Fault(item, f"the form has two items called '{name}'; the other is in line {names[name].line}.")
    for filled in form.elements("filled"):
        for name in filled.get("namelist").split():
            named = names.get(name)
            if named is not None and named.name in CONTROL_ITEMS:
                raise _Fault(filled, f"'{name}' is a <{named.name}>; the namelist of <filled> takes input items.")


def _check_input_item(item: Element) -> None:
    for filled in item.elements("filled"):
        for name in ("mode", "namelist"):
            if name in filled.attributes:
                raise _Fault(filled, f"<filled> within <{item.name}> takes no '{name}'; it speaks of that item only.")
    _check_grammars(item)


def _check_grammars(element: Element) -> None:
    for grammar in element.elements("grammar"):
        if "scope" in grammar.attributes:
            raise _Fault(
                grammar, f"<grammar> within <{element.name}> takes no 'scope'; it is that of <{element.name}>."
            )


def _check_menu(menu: Element) -> None:
    # Looked at again when the menu is entered.
    if menu.get("dtmf") != "true":
        return
    for choice in menu.elements("choice"):
        if choice.get("dtmf") not in ("", "*", "#", "0"):
            raise _Fault(choice, "where <menu> has dtmf='true' the 'dtmf' of a <choice> is '*', '#' or '0'.")


def _check_raw(element: Element) -> None:
    if ("rawexpr" in element.attributes) != (element.get("method") == "raw"):
        raise _Fault(element, "'rawexpr' and method='raw' belong together.")


_RULES: Final[Mapping[str, Callable[[Element], None]]] = {
    "if": _check_if,
    "form": _check_form,
    "menu": _check_menu,
    "link": _check_grammars,
    "choice": _check_grammars,
    "submit": _check_raw,
    "data": _check_raw,
    **dict.fromkeys(INPUT_ITEMS, _check_input_item),
}
"""What a table cannot say, by element."""


def _check_ids(root: Element) -> None:
    seen: dict[str, Element] = {}
    for dialog in _dialogs(root):
        name = dialog.get("id")
        if name and seen.setdefault(name, dialog) is not dialog:
            raise _Fault(dialog, f"the id '{name}' is there already, in line {seen[name].line}.")


def _dialogs(root: Element) -> Iterator[Element]:
    return (child for child in root.elements() if child.name in DIALOGS)


def _nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name[:40], known, n=1)
    return f"; '{near[0]}' is" if near else ""


def _excerpt(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
