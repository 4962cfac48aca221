"""The document, its dialogs, their items and their event handlers (VoiceXML 2.0, 1.5, 2, 5.2, 6)."""

from __future__ import annotations

from typing import Final

from mirabelle.vxml.elements.executable import EVENT, EXECUTABLE, MESSAGE, SENDING, SPOKEN
from mirabelle.vxml.elements.model import (
    BASE,
    FETCH_DOCUMENT,
    LANGUAGE,
    ElementType,
    Kind,
    OneOf,
    attribute,
    element,
    needed,
    word,
)

HANDLERS: Final = frozenset({"catch", "error", "help", "noinput", "nomatch"})
"""What handles events."""

INPUT_ITEMS: Final = frozenset({"field", "object", "record", "subdialog", "transfer"})
CONTROL_ITEMS: Final = frozenset({"block", "initial"})
FORM_ITEMS: Final = INPUT_ITEMS | CONTROL_ITEMS
DIALOGS: Final = frozenset({"form", "menu"})

_ITEM: Final = (
    attribute("name", Kind.ITEM),
    attribute("expr", Kind.EXPRESSION),
    attribute("cond", Kind.CONDITION, "true"),
)
_HANDLING: Final = (attribute("count", Kind.COUNT, "1"), attribute("cond", Kind.CONDITION, "true"))
_SCOPE: Final = word("scope", "dialog", "document", default="dialog")
_WHERE: Final = (attribute("next", Kind.URI), attribute("expr", Kind.EXPRESSION))
_GOING: Final = (
    OneOf(("next", "expr", "event", "eventexpr")),
    OneOf(("message", "messageexpr"), needed=False),
)
_ACCEPT: Final = ("exact", "approximate")
_INSIDE: Final = SPOKEN | HANDLERS | {"filled", "prompt", "property"}

ELEMENTS: Final[tuple[ElementType, ...]] = (
    element("block", "is executable content in a form", _ITEM, children=EXECUTABLE, mixed=True),
    element("catch", "handles events", attribute("event", Kind.EVENTS), _HANDLING, children=EXECUTABLE, mixed=True),
    element(
        "choice", "is an item of a menu", _WHERE, EVENT, MESSAGE, FETCH_DOCUMENT,
        attribute("dtmf", Kind.KEYS), word("accept", *_ACCEPT, default="that of the menu"),
        children=SPOKEN | {"grammar"}, mixed=True, groups=_GOING,
    ),
    *(
        element(name, f"handles {what}", _HANDLING, children=EXECUTABLE, mixed=True)
        for name, what in (
            ("error", "errors"),
            ("help", "a call for help"),
            ("noinput", "silence"),
            ("nomatch", "input that matches nothing"),
        )
    ),
    element(
        "field", "asks for one input", _ITEM, attribute("type"), attribute("slot"),
        attribute("modal", Kind.BOOLEAN, "false"), children=_INSIDE | {"grammar", "link", "option"}, mixed=True,
    ),
    element(
        "filled", "runs when input items are filled", word("mode", "all", "any", default="all"),
        attribute("namelist", Kind.NAMES), children=EXECUTABLE, mixed=True,
    ),
    element(
        "form", "is a dialog of items to fill", attribute("id", Kind.ID), _SCOPE,
        children=FORM_ITEMS | HANDLERS | {"data", "filled", "grammar", "link", "property", "script", "var"},
    ),
    element(
        "initial", "asks for several inputs at once", _ITEM,
        children=SPOKEN | HANDLERS | {"link", "prompt", "property"}, mixed=True,
    ),
    element(
        "link", "goes elsewhere, or throws, whenever its grammar matches", _WHERE, EVENT, MESSAGE, FETCH_DOCUMENT,
        attribute("dtmf", Kind.KEYS), children={"grammar"}, groups=_GOING,
    ),
    element(
        "menu", "is a dialog of choices", attribute("id", Kind.ID), _SCOPE,
        attribute("dtmf", Kind.BOOLEAN, "false"), word("accept", *_ACCEPT, default="exact"),
        children=SPOKEN | HANDLERS | {"choice", "prompt", "property"}, mixed=True,
    ),
    element(
        "meta", "says something about the document", attribute("name"), attribute("http-equiv"), needed("content"),
        groups=(OneOf(("name", "http-equiv")),),
    ),
    element("metadata", "holds metadata in any notation", mixed=True, opaque=True),
    element(
        "object", "calls something the platform adds", _ITEM, FETCH_DOCUMENT,
        attribute("classid", Kind.URI), attribute("codebase", Kind.URI), attribute("codetype", Kind.MEDIA_TYPE),
        attribute("data", Kind.URI), attribute("type", Kind.MEDIA_TYPE), attribute("archive"),
        children=_INSIDE | {"param"}, mixed=True,
    ),
    element(
        "option", "is one of the inputs of a field", attribute("dtmf", Kind.KEYS),
        word("accept", *_ACCEPT, default="exact"), attribute("value"), mixed=True,
    ),
    element(
        "param", "passes a value to a subdialog or an object", needed("name"),
        attribute("expr", Kind.EXPRESSION), attribute("value"), word("valuetype", "data", "ref", default="data"),
        attribute("type", Kind.MEDIA_TYPE), groups=(OneOf(("expr", "value")),),
    ),
    element("property", "sets how the platform behaves", needed("name"), needed("value")),
    element(
        "record", "records the caller", _ITEM, attribute("modal", Kind.BOOLEAN, "true"),
        attribute("beep", Kind.BOOLEAN, "false"), attribute("maxtime", Kind.DURATION, "60s"),
        attribute("finalsilence", Kind.DURATION, "3s"), attribute("dtmfterm", Kind.BOOLEAN, "true"),
        attribute("type", Kind.MEDIA_TYPE, "audio/x-wav"), children=_INSIDE | {"grammar"}, mixed=True,
    ),
    element(
        "subdialog", "calls another dialog as a function", _ITEM, SENDING, FETCH_DOCUMENT,
        attribute("src", Kind.URI), attribute("srcexpr", Kind.EXPRESSION),
        children=_INSIDE | {"param"}, mixed=True, groups=(OneOf(("src", "srcexpr")),),
    ),
    element(
        "transfer", "connects the caller to somebody else", _ITEM,
        attribute("dest", Kind.URI), attribute("destexpr", Kind.EXPRESSION), attribute("bridge", Kind.BOOLEAN, "false"),
        word("type", "blind", "bridge", "consultation", since="2.1"),
        attribute("connecttimeout", Kind.DURATION, "30s"), attribute("maxtime", Kind.DURATION, "0s"),
        attribute("transferaudio", Kind.URI), attribute("aai"), attribute("aaiexpr", Kind.EXPRESSION),
        children=_INSIDE | {"grammar"}, mixed=True,
        groups=(
            OneOf(("dest", "destexpr")),
            OneOf(("aai", "aaiexpr"), needed=False),
            OneOf(("bridge", "type"), needed=False),
        ),
    ),
    element(
        "vxml", "is the document", attribute("application", Kind.URI), needed("version"), BASE, LANGUAGE,
        children=DIALOGS | HANDLERS | {"data", "link", "meta", "metadata", "property", "script", "var"},
    ),
)  # fmt: skip
