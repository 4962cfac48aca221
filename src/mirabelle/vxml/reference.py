"""The reference of the language, written from the tables of elements: `python -m mirabelle.vxml.reference`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from mirabelle.vxml.elements import (
    EXECUTABLE,
    TEXT,
    Attribute,
    ElementType,
    Kind,
    OneOf,
    dialogs,
    executable,
    grammar,
    speech,
)
from mirabelle.vxml.machine import CLASSIC, Dialect
from mirabelle.vxml.properties import DEFAULTS

CHAPTERS: Final[tuple[tuple[str, tuple[ElementType, ...]], ...]] = (
    ("The document and its dialogs", dialogs.ELEMENTS),
    ("Executable content", executable.ELEMENTS),
    ("Speech", speech.ELEMENTS),
    ("Grammars", grammar.ELEMENTS),
)

_SYNTHESISER: Final = "Goes to the synthesiser as it is."
_HINT: Final = "`prefetch`: fetched as soon as the document is there. See [fetching](fetching.md)."
_MAXAGE: Final = "Seconds that a copy may be old; `0` asks the server. See [fetching](fetching.md)."
_MAXSTALE: Final = "Seconds that a copy may be past its time, where the server does not forbid it."
_OF_FETCHING: Final = ("fetchaudio", "fetchhint", "fetchtimeout", "maxage", "maxstale")
_OWN_KEYS: Final = "By extension, words that are keys themselves may be pressed where there is no `dtmf`."
_NO_VOICE: Final = (
    "On the telephone, words in a language that no voice speaks throw `error.unsupported.language` when it is their "
    "turn; `xx-YY` is spoken as `xx` where there is nothing closer. See [speech](speech.md)."
)
_NO_LEXICON: Final = "Taken, without effect."

ELEMENT_REMARKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "object": "No object exists: a visit throws `error.unsupported.objectname`.",
        "transfer": (
            "A telephone call carries all kinds: [transfer](transfer.md) says how, to whom, and what comes of it. "
            "`mirabelle vxml run` plays them with a scripted far end."
        ),
        "mark": (
            "The last one that was passed is `markname`, and the time from it to the end or the interruption of the "
            "prompts `marktime`: in the item's shadow variable, also on `noinput` and `nomatch`, and in "
            "`application.lastresult$`. `mirabelle vxml run` passes all of them, with a time of 0."
        ),
        "lexicon": _NO_LEXICON,
        "meta": _NO_LEXICON,
        "metadata": _NO_LEXICON,
        "desc": "Taken, never spoken.",
        "speak": "Its content is part of the prompt around it.",
        "grammar": (
            "Keys are understood everywhere. Words are understood by `mirabelle vxml run` (`text:`), and on the "
            "telephone where `[recognition]` names a [recogniser](speech.md#recognition); without one, grammars for "
            "words are left alone. See [grammars](grammars.md)."
        ),
        "data": "The result is a DOM (Level 2 Core) that can be read, or the value itself where the answer is JSON.",
        **dict.fromkeys(("emphasis", "phoneme", "prosody", "say-as", "voice"), _SYNTHESISER),
    }
)
"""What to know about elements."""

ATTRIBUTE_REMARKS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("*", "fetchhint"): _HINT,
        ("*", "maxage"): _MAXAGE,
        ("*", "maxstale"): _MAXSTALE,
        ("*", "fetchtimeout"): "Past it `error.badfetch` is thrown; 300 s at most.",
        ("*", "fetchaudio"): "Heard after what is queued, where the fetch takes longer than `fetchaudiodelay`.",
        ("submit", "fetchhint"): "Taken, without effect: what is submitted is known only then.",
        **{("object", name): "Taken, without effect." for name in _OF_FETCHING},
        ("*", "enctype"): (
            "Also `multipart/form-data`, and by extension `application/json`, `application/xml`, `text/xml`. Any other "
            "throws `error.unsupported.format`. A recording makes a `post` multipart by itself."
        ),
        ("*", "method"): "`raw` is an extension: it posts what `rawexpr` yields.",
        ("break", "size"): "Of VoiceXML 1.0; taken, without effect.",
        ("catch", "event"): "Without it, or empty: every event.",
        ("choice", "dtmf"): _OWN_KEYS,
        ("option", "dtmf"): _OWN_KEYS,
        ("field", "type"): (
            "A builtin type; one that does not exist throws `error.unsupported.builtin`, parameters that contradict "
            "each other `error.badfetch`."
        ),
        ("grammar", "mode"): "Where a grammar file says otherwise, the file is right.",
        ("grammar", "type"): (
            "Without it the content or the server decides; plain text is JSGF, unless it begins with `#ABNF`. A type "
            "nobody knows throws `error.unsupported.format`."
        ),
        ("grammar", "weight"): _NO_LEXICON,
        ("param", "type"): "Of objects; taken, without effect.",
        ("param", "valuetype"): "Of objects; taken, without effect.",
        ("prompt", "bargeintype"): "`hotword`: only a match interrupts.",
        ("record", "type"): (
            "`audio/x-wav`, `audio/wav`, `audio/basic`, `audio/x-alaw-basic`; any other throws "
            "`error.unsupported.format`. Without it: see dialects."
        ),
        ("record", "maxtime"): "At most an hour.",
        ("record", "dtmfterm"): (
            "A key before there is any sound leaves the item without a value; that is no `noinput`, and "
            "`application.lastresult$` has the key."
        ),
        ("say-as", "type"): "Of older platforms.",
        ("submit", "namelist"): "Without it: see dialects.",
        ("transfer", "type"): "Without `type` and `bridge`: see dialects.",
        ("prompt", "xml:lang"): _NO_VOICE,
        ("vxml", "xml:lang"): _NO_VOICE,
        ("vxml", "version"): "Elements and attributes of 2.1 are taken in a document of 2.0 too.",
    }
)
"""What to know about attributes; `*` stands for every element that has one of that name."""

_PROPERTY_REMARKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "confidencelevel": "Of words on the telephone; what is less sure matches nothing.",
        "sensitivity": "Of words on the telephone: speech is 15 dB above the noise of the line with 0, 3 dB with 1.",
        **dict.fromkeys(
            ("completetimeout", "incompletetimeout"),
            "Of words on the telephone; the longer of the two ends an utterance.",
        ),
        "maxspeechtimeout": "Of words on the telephone; at most two minutes.",
        "maxnbest": "At most 100 of a recogniser.",
        "speedvsaccuracy": "Without effect.",
        **dict.fromkeys(
            ("audiofetchhint", "grammarfetchhint", "scriptfetchhint"),
            "`prefetch`: what a dialog needs for certain is fetched when it is entered. See dialects.",
        ),
        "documentfetchhint": "`prefetch`: the next documents of a dialog are fetched when it is entered.",
        "datafetchhint": "Without effect: only a `<data>` that says `prefetch` itself is fetched early.",
        "objectfetchhint": "Without effect.",
        "fetchaudio": "Without it a fetch is silent. Relative to the document that it stands in.",
        "fetchaudiodelay": "How long a fetch may take before it is heard.",
        "fetchaudiominimum": "How long it is heard at least, once it has begun.",
        "fetchtimeout": "At most 300 s.",
        "recordutterance": "Of words on the telephone.",
        "recordutterancetype": (
            "`audio/x-wav`, `audio/wav`, `audio/basic`, `audio/x-alaw-basic`; any other throws "
            "`error.unsupported.format` where input is waited for and recorded."
        ),
        "universals": "`help`, `exit`, `cancel` or `all`.",
        "inputmodes": "`dtmf`, `voice` or both; input of another mode is not heard.",
        "termchar": "Empty: no key ends an input.",
        "timeout": "Until `noinput`, after the last prompt.",
    }
)

_FETCHED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "audio": "of recordings, `fetchaudio` too",
        "document": "of documents, their application roots left aside",
        "grammar": "of grammars, and of those that they refer to",
        "script": "of scripts",
        "data": "of `<data>`",
    }
)

_DIALECTS: Final[tuple[tuple[str, Callable[[Dialect], str]], ...]] = (
    ("A `<transfer>` without `type` and `bridge`", lambda dialect: f"`{dialect.transfer_type}`"),
    ("A `<record>` without `type`", lambda dialect: f"`{dialect.record_type}`"),
    (
        "A `<submit>` without `namelist` sends",
        lambda dialect: "all named input items" if dialect.submit_all else "nothing",
    ),
    (
        "Prompts queued after one that may be interrupted",
        lambda dialect: "may be interrupted too" if dialect.bargein_spreads else "are as they say themselves",
    ),
    (
        "Recordings, grammars and scripts are fetched before they are needed",
        lambda dialect: "unless `safe`" if dialect.properties["audiofetchhint"] == "prefetch" else "where `prefetch`",
    ),
    ("A grammar of plain text without `type`", lambda dialect: f"`{dialect.grammar_type}`"),
)

_HEAD: Final = """# VoiceXML

All elements and attributes of VoiceXML 2.0 and 2.1, with the SSML and SRGS inside them, and what becomes of each. This
page is written by `python -m mirabelle.vxml.reference` from the tables that documents are checked against.

- What is not in these tables, and a value that an attribute cannot have, is a fault of the document: fetching it throws
  `error.badfetch`, whose message has line, column and reason.
- Where an element takes one of several attributes and has two or none, a document that another one asks for is refused
  in the same way. The first document of a session is run; the element throws `error.badfetch` when it is executed.
  So does a form of it, when it is entered, that has two items of one name, `mode` or `namelist` in the `<filled>` of an
  item, a control item in another namelist, or a grammar with `scope` in an item, and a choice or link with such a
  grammar.
- `xml:space` and `xml:id` may stand on every element, without effect.
- A document may do without the namespace. Its DTD is never fetched, and one that declares entities is refused.
- A variable or an item whose name ECMAScript does not allow, or that begins with `_` or ends in `$`, throws
  `error.semantic` when it is declared. What else a form or a document declares is declared all the same.
- A property with a name that is not below is taken, without effect. A value that one cannot have throws
  `error.semantic` where input is waited for.
- *Extension* marks what no version of the standard has.
"""


def reference() -> str:
    """The whole page, as Markdown."""
    executable_content = ", ".join(f"`{name}`" for name in sorted(EXECUTABLE))
    return "\n".join(
        [_HEAD, f"Executable content is any of {executable_content}.\n", *_chapters(), *_properties(), *_dialects()]
    )


def _chapters() -> Iterator[str]:
    for title, elements in CHAPTERS:
        yield f"## {title}\n"
        for kind in elements:
            yield from _element(kind)


def _element(kind: ElementType) -> Iterator[str]:
    marks = ["extension"] if kind.extension else [f"VoiceXML {kind.since}"] if kind.since != "2.0" else []
    yield f"### `<{kind.name}>`{''.join(f' ({mark})' for mark in marks)}\n"
    yield f"{kind.purpose[0].upper()}{kind.purpose[1:]}. {ELEMENT_REMARKS.get(kind.name, '')}".rstrip() + "\n"
    for group in kind.groups:
        yield f"{_alternatives(group)}\n"
    yield f"Holds: {_content(kind)}.\n"
    if kind.attributes:
        yield "| attribute | value | without it | |\n|---|---|---|---|"
        yield from (_attribute(kind, one) for one in kind.attributes.values())
        yield ""


def _alternatives(group: OneOf) -> str:
    names = ["content" if name == TEXT else f"`{name}`" for name in group.names]
    return f"{'Exactly' if group.needed else 'At most'} one of {_listed(names, 'and')}."


def _content(kind: ElementType) -> str:
    if kind.opaque:
        return "anything"
    if kind.transparent:
        return "what the element around it holds"
    parts = ["text"] if kind.mixed else []
    parts += ["executable content"] if kind.children >= EXECUTABLE else []
    rest = kind.children - EXECUTABLE if kind.children >= EXECUTABLE else kind.children
    parts += [f"`{name}`" for name in sorted(rest)]
    return ", ".join(parts) or "nothing"


def _attribute(kind: ElementType, one: Attribute) -> str:
    value = _listed([f"`{word}`" for word in one.values], "or") if one.kind is Kind.CHOICE else one.kind.value
    absent = "needed" if one.required else one.default if " " in one.default else one.default and f"`{one.default}`"
    marks = "*Extension.* " if one.extension else f"*VoiceXML {one.since}.* " if one.since != "2.0" else ""
    remark = ATTRIBUTE_REMARKS.get((kind.name, one.name)) or ATTRIBUTE_REMARKS.get(("*", one.name), "")
    return f"| `{one.name}` | {value} | {absent} | {marks}{remark}".rstrip() + " |"


def _properties() -> Iterator[str]:
    yield "## Properties\n"
    yield "| property | without it | |\n|---|---|---|"
    for name, value in DEFAULTS.items():
        shown = f"`{value}`" if value else ""
        yield f"| `{name}` | {shown} | {_PROPERTY_REMARKS.get(name, '')} |"
    for kind in _FETCHED:
        yield f"| `{kind}maxage`, `{kind}maxstale` | | As the attributes: {_FETCHED[kind]}. |"
    yield ""


def _dialects() -> Iterator[str]:
    yield "## Dialects\n"
    yield "What the Recommendation leaves open, and what the hosted service did that applications were written for.\n"
    yield "| | standard | classic |\n|---|---|---|"
    for what, shown in _DIALECTS:
        yield f"| {what} | {shown(Dialect())} | {shown(CLASSIC)} |"
    yield ""


def _listed(words: Iterable[str], last: str) -> str:
    every = list(words)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} {last} {every[-1]}"


if __name__ == "__main__":
    sys.stdout.write(reference())
