"""SSML as VoiceXML has it inside prompts (VoiceXML 2.0, 4.1.1; SSML 1.0)."""

from __future__ import annotations

from typing import Final

from mirabelle.vxml.elements.model import (
    BASE,
    FETCH,
    LANGUAGE,
    ElementType,
    Kind,
    OneOf,
    attribute,
    element,
    extra,
    needed,
    word,
)

IN_SENTENCE: Final = frozenset(
    {
        "audio", "break", "emphasis", "enumerate", "foreach", "mark", "phoneme", "prosody", "say-as", "sub", "value",
        "voice",
    }
)  # fmt: skip
"""What a sentence may hold besides text."""

SENTENCES: Final = frozenset({"s", "sentence"})
PARAGRAPHS: Final = frozenset({"p", "paragraph"})

PROMPT_CONTENT: Final = IN_SENTENCE | SENTENCES | PARAGRAPHS | {"lexicon", "meta", "metadata", "speak"}
"""What a prompt may hold besides text. `speak` is an extension that some applications write."""

_SPANS: Final = IN_SENTENCE | SENTENCES | PARAGRAPHS

ELEMENTS: Final[tuple[ElementType, ...]] = (
    element(
        "audio", "plays a recording, or its content where that cannot be had", FETCH,
        attribute("src", Kind.URI), attribute("expr", Kind.EXPRESSION),
        children=_SPANS | {"desc"}, mixed=True, groups=(OneOf(("src", "expr")),),
    ),
    element(
        "break", "is a pause", word("strength", "none", "x-weak", "weak", "medium", "strong", "x-strong"),
        attribute("time", Kind.DURATION), extra("size", Kind.CHOICE, "none", "small", "medium", "large"),
    ),
    element("desc", "describes a recording", LANGUAGE, mixed=True),
    element(
        "emphasis", "stresses its content", word("level", "strong", "moderate", "none", "reduced", default="moderate"),
        children=IN_SENTENCE, mixed=True,
    ),
    element("lexicon", "names a list of pronunciations", needed("uri", Kind.URI), attribute("type", Kind.MEDIA_TYPE)),
    element(
        "mark", "is a place that can be asked for", attribute("name"),
        attribute("nameexpr", Kind.EXPRESSION, since="2.1"), groups=(OneOf(("name", "nameexpr")),),
    ),
    *(
        element(name, "is a paragraph", LANGUAGE, children=IN_SENTENCE | SENTENCES, mixed=True)
        for name in sorted(PARAGRAPHS)
    ),
    element(
        "phoneme", "gives the pronunciation of its content", needed("ph"), attribute("alphabet"), mixed=True,
    ),
    element(
        "prosody", "sets pitch, rate and volume",
        attribute("pitch"), attribute("contour"), attribute("range"), attribute("rate"),
        attribute("duration", Kind.DURATION), attribute("volume"), children=_SPANS, mixed=True,
    ),
    *(element(name, "is a sentence", LANGUAGE, children=IN_SENTENCE, mixed=True) for name in sorted(SENTENCES)),
    element(
        "say-as", "says what its content is, so that it is read well",
        attribute("interpret-as"), attribute("format"), attribute("detail"), extra("type"),
        children={"value", "foreach"}, mixed=True, groups=(),
    ),
    element(
        "speak", "wraps SSML", attribute("version"), LANGUAGE, BASE,
        children=PROMPT_CONTENT - {"speak"}, mixed=True, extension=True,
    ),
    element("sub", "speaks something else instead of its content", needed("alias"), mixed=True),
    element(
        "voice", "changes the voice", LANGUAGE, word("gender", "male", "female", "neutral"),
        attribute("age", Kind.COUNT), attribute("variant", Kind.COUNT), attribute("name"),
        children=_SPANS, mixed=True,
    ),
)  # fmt: skip
