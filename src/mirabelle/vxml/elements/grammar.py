"""SRGS XML as VoiceXML has it inside a grammar (VoiceXML 2.0, 3.1; SRGS 1.0)."""

from __future__ import annotations

from typing import Final

from mirabelle.vxml.elements.model import (
    BASE,
    FETCH,
    LANGUAGE,
    TEXT,
    ElementType,
    Kind,
    OneOf,
    attribute,
    element,
    extra,
    needed,
    word,
)

EXPANSION: Final = frozenset({"item", "one-of", "ruleref", "tag", "token"})
"""What a rule or an item may hold besides text."""

ELEMENTS: Final[tuple[ElementType, ...]] = (
    element("example", "is an input that matches", mixed=True),
    element(
        "grammar", "says what the caller may say or press", FETCH, LANGUAGE, BASE,
        attribute("version"), word("mode", "voice", "dtmf", default="voice"), attribute("root", Kind.ID),
        attribute("tag-format"), attribute("src", Kind.URI), attribute("srcexpr", Kind.EXPRESSION, since="2.1"),
        word("scope", "document", "dialog"), attribute("type", Kind.MEDIA_TYPE), attribute("weight"),
        children={"lexicon", "meta", "metadata", "rule", "tag"}, mixed=True,
        groups=(OneOf(("src", "srcexpr", TEXT)),),
    ),
    element(
        "item", "is a part of a rule", attribute("repeat"), attribute("repeat-prob"), attribute("weight"), LANGUAGE,
        children=EXPANSION, mixed=True,
    ),
    element("one-of", "holds alternatives", LANGUAGE, children={"item"}),
    element(
        "rule", "is a named part of a grammar", needed("id", Kind.ID),
        word("scope", "private", "public", default="private"), children=EXPANSION | {"example"}, mixed=True,
    ),
    element(
        "ruleref", "refers to a rule", attribute("uri", Kind.URI), attribute("type", Kind.MEDIA_TYPE),
        word("special", "NULL", "VOID", "GARBAGE"), LANGUAGE, extra("alias"),
        groups=(OneOf(("uri", "special")),),
    ),
    element("tag", "says what a match means", mixed=True),
    element("token", "is a word or a key", LANGUAGE, mixed=True),
)  # fmt: skip
