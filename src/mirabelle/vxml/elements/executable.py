"""Executable content: what runs in a block, a filled or an event handler (VoiceXML 2.0, 5.3; 2.1)."""

from __future__ import annotations

from typing import Final

from mirabelle.vxml.elements.model import (
    BASE,
    FETCH,
    FETCH_DOCUMENT,
    LANGUAGE,
    TEXT,
    Attribute,
    ElementType,
    Kind,
    OneOf,
    attribute,
    element,
    extra,
    needed,
    word,
)
from mirabelle.vxml.elements.speech import PROMPT_CONTENT

SPOKEN: Final = frozenset({"audio", "enumerate", "value"})
"""What speaks without a prompt around it."""

EXECUTABLE: Final = SPOKEN | {
    "assign", "clear", "data", "disconnect", "exit", "foreach", "goto", "if", "log", "prompt", "reprompt", "return",
    "script", "submit", "throw", "var",
}  # fmt: skip
"""What may stand where actions stand."""

METHOD: Final = Attribute("method", Kind.CHOICE, values=("get", "post", "raw"), default="get")
"""`raw` is an extension: the body is what `rawexpr` yields."""

SENDING: Final = (
    METHOD,
    attribute("enctype", Kind.MEDIA_TYPE, "application/x-www-form-urlencoded"),
    attribute("namelist", Kind.NAMES),
    extra("rawexpr", Kind.EXPRESSION),
)

MESSAGE: Final = (attribute("message"), attribute("messageexpr", Kind.EXPRESSION))
EVENT: Final = (attribute("event", Kind.EVENT), attribute("eventexpr", Kind.EXPRESSION))

_ONE_MESSAGE: Final = OneOf(("message", "messageexpr"), needed=False)

ELEMENTS: Final[tuple[ElementType, ...]] = (
    element("assign", "gives a variable a value", needed("name"), needed("expr", Kind.EXPRESSION)),
    element("clear", "makes form items undefined again", attribute("namelist", Kind.NAMES)),
    element(
        "data", "fetches XML or JSON without leaving the dialog", SENDING, FETCH_DOCUMENT,
        attribute("src", Kind.URI), attribute("srcexpr", Kind.EXPRESSION), attribute("name", Kind.VARIABLE),
        extra("accept", Kind.MEDIA_TYPE), extra("headers"),
        groups=(OneOf(("src", "srcexpr")),), since="2.1",
    ),
    element("disconnect", "ends the call", attribute("namelist", Kind.NAMES, since="2.1")),
    element("else", "begins what is done otherwise"),
    element("elseif", "begins what is done on another condition", needed("cond", Kind.CONDITION)),
    element("enumerate", "reads out the choices", children=PROMPT_CONTENT, mixed=True),
    element(
        "exit", "ends the session", attribute("expr", Kind.EXPRESSION), attribute("namelist", Kind.NAMES),
        groups=(OneOf(("expr", "namelist"), needed=False),),
    ),
    element(
        "foreach", "repeats its content for each member of an array",
        needed("array", Kind.EXPRESSION), needed("item", Kind.VARIABLE), mixed=True, since="2.1", transparent=True,
    ),
    element(
        "goto", "goes on with another item, dialog or document", FETCH_DOCUMENT,
        attribute("next", Kind.URI), attribute("expr", Kind.EXPRESSION),
        attribute("nextitem", Kind.ITEM), attribute("expritem", Kind.EXPRESSION),
        groups=(OneOf(("next", "expr", "nextitem", "expritem")),),
    ),
    element(
        "if", "does what a condition decides", needed("cond", Kind.CONDITION),
        children=EXECUTABLE | {"else", "elseif"}, mixed=True,
    ),
    element(
        "log", "writes a line to the log", attribute("label"), attribute("expr", Kind.EXPRESSION),
        children={"value"}, mixed=True,
    ),
    element(
        "prompt", "queues speech and audio", attribute("bargein", Kind.BOOLEAN, "property bargein"),
        word("bargeintype", "speech", "hotword", default="property bargeintype"),
        attribute("cond", Kind.CONDITION, "true"), attribute("count", Kind.COUNT, "1"),
        attribute("timeout", Kind.DURATION, "property timeout"), LANGUAGE, BASE,
        children=PROMPT_CONTENT, mixed=True,
    ),
    element("reprompt", "plays the prompts again at the next visit"),
    element(
        "return", "ends a subdialog", EVENT, MESSAGE, attribute("namelist", Kind.NAMES),
        groups=(OneOf(("event", "eventexpr", "namelist"), needed=False), _ONE_MESSAGE),
    ),
    element(
        "script", "runs ECMAScript", FETCH, attribute("src", Kind.URI),
        attribute("srcexpr", Kind.EXPRESSION, since="2.1"), attribute("charset"),
        mixed=True, groups=(OneOf(("src", "srcexpr", TEXT)),),
    ),
    element(
        "submit", "sends variables and goes on with the document that answers", SENDING, FETCH_DOCUMENT,
        attribute("next", Kind.URI), attribute("expr", Kind.EXPRESSION),
        groups=(OneOf(("next", "expr")),),
    ),
    element(
        "throw", "throws an event", EVENT, MESSAGE, groups=(OneOf(("event", "eventexpr")), _ONE_MESSAGE),
    ),
    element("value", "speaks the value of an expression", needed("expr", Kind.EXPRESSION)),
    element("var", "declares a variable", needed("name", Kind.VARIABLE), attribute("expr", Kind.EXPRESSION)),
)  # fmt: skip
