"""SSML as customers write it, made into what espeak-ng speaks well.

What an engine must never see is taken out here: `<audio>` (espeak-ng would open the file it names), document type
declarations, and everything that is not SSML 1.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from mirabelle.speech.synthesizer import SpeechError

MOST_CHARACTERS: Final = 20_000
MOST_DEPTH: Final = 50

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_SILENT: Final = frozenset({"desc", "metadata", "meta", "lexicon"})
_SPOKEN: Final = {
    "p": (),
    "s": (),
    "paragraph": (),
    "sentence": (),
    "voice": ("gender", "age", "variant", "name"),
    "emphasis": ("level",),
    "break": ("time", "strength"),
    "prosody": ("pitch", "contour", "range", "rate", "duration", "volume"),
    "sub": ("alias",),
    "phoneme": ("alphabet", "ph"),
}
"""The elements that the engine speaks, with their attributes; any other element is spoken as its content."""

_SPELLED: Final = frozenset({"characters", "digits", "telephone", "phone", "letters", "spell-out", "number:digits"})
_CURRENCY: Final = re.compile(r"([A-Z]{3})?([0-9]*)(?:\.([0-9]{1,2}))?\Z")
_MONTHS: Final = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text that is ready to be spoken.

    Attributes:
        ssml: a `<speak>` document.
        language: of the outermost element; empty where it names none.
        marks: the names of its marks; in the document each is named by its place in them.
    """

    ssml: str
    language: str
    marks: tuple[str, ...] = ()


def prepare(ssml: str) -> Utterance:
    """Read a text and write it again as the engine takes it.

    Args:
        ssml: a `<speak>` document, or the content of one.

    Raises:
        SpeechError: too long, or not well-formed.
    """
    if len(ssml) > MOST_CHARACTERS:
        raise SpeechError(f"The text is longer than {MOST_CHARACTERS} characters; split it into several prompts.")
    if "<!DOCTYPE" in ssml or "<!ENTITY" in ssml:
        raise SpeechError("A text to speak may not carry a document type declaration; leave it out.")
    root = _parse(ssml)
    writing = _Writing()
    _content(root, writing, 0)
    return Utterance(f"<speak>{''.join(writing.pieces)}</speak>", root.get(_LANG, ""), tuple(writing.marks))


def _parse(ssml: str) -> ET.Element:
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", ssml).strip()
    # XML 1.0 has no place for control characters; in a prompt they mean nothing.
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", " ", text)
    if not re.match(r"<(?:[\w.-]+:)?speak[\s>/]", text):
        text = f"<speak>{text}</speak>"
    try:
        return ET.fromstring(text)  # noqa: S314  declarations were refused above
    except (ET.ParseError, ValueError) as error:
        raise SpeechError(f"The text to speak is not well-formed SSML: {error}.") from error


@dataclass(slots=True)
class _Writing:
    """The document as far as it is written, and the marks in it."""

    pieces: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    def mark(self, element: ET.Element) -> None:
        """Write a mark by its number: an engine may take no other name, and cuts a long one."""
        self.pieces.append(f'<mark name="{len(self.marks)}"/>')
        self.marks.append(element.get("name", ""))


def _content(element: ET.Element, writing: _Writing, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise SpeechError(f"The SSML is nested deeper than {MOST_DEPTH} elements; make it flatter.")
    writing.pieces.append(escape(element.text or ""))
    for child in element:
        if isinstance(child.tag, str):
            _element(child, _name(child), writing, depth + 1)
        writing.pieces.append(escape(child.tail or ""))


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2].lower()


def _element(element: ET.Element, name: str, writing: _Writing, depth: int) -> None:
    if name in _SILENT:
        return
    if name == "mark":
        writing.mark(element)
        return
    if name == "say-as":
        writing.pieces.append(_say_as(element))
        for inner in element.iter():
            if isinstance(inner.tag, str) and _name(inner) == "mark":
                writing.mark(inner)
        return
    if name not in _SPOKEN:
        _content(element, writing, depth)
        return
    attributes = [(key, value) for key in _SPOKEN[name] if (value := element.get(key)) is not None]
    if element.get(_LANG):
        attributes.append(("xml:lang", element.get(_LANG, "")))
    writing.pieces.append(f"<{name}{''.join(f' {key}={quoteattr(value)}' for key, value in attributes)}>")
    _content(element, writing, depth)
    writing.pieces.append(f"</{name}>")


def _say_as(element: ET.Element) -> str:
    """The kinds of VoiceXML 2.0 Appendix P and the common ones of SSML 1.0, as text that is read the right way."""
    text = "".join(element.itertext()).strip()
    kind = (element.get("interpret-as") or element.get("type") or "").lower().removeprefix("vxml:")
    if kind in _SPELLED:
        return f'<say-as interpret-as="characters">{escape(text)}</say-as>'
    match kind:
        case "boolean":
            return escape({"true": "yes", "false": "no"}.get(text.lower(), text))
        case "currency":
            return escape(_currency(text))
        case "date":
            return escape(_date(text))
        case "time":
            return escape(_time(text))
        case "ordinal" | "cardinal":
            return f'<say-as interpret-as="{kind}">{escape(text)}</say-as>'
    return escape(text)


def _currency(text: str) -> str:
    """`USD12.50` as builtin currency returns it (VoiceXML 2.0 Appendix P)."""
    match = _CURRENCY.match(text)
    if match is None:
        return text
    code, whole, cents = match.group(1) or "", match.group(2) or "0", match.group(3)
    units = {"USD": ("dollars", "cents"), "EUR": ("euros", "cents"), "GBP": ("pounds", "pence")}.get(code, (code, ""))
    spoken = f"{whole} {units[0]}".strip()
    if cents is None or int(cents) == 0:
        return spoken
    return f"{spoken} {'and ' if units[1] else 'point '}{int(cents.ljust(2, '0'))} {units[1]}".strip()


def _date(text: str) -> str:
    """`yyyymmdd` with question marks for what is not known (VoiceXML 2.0 Appendix P)."""
    match = re.fullmatch(r"([0-9]{4}|\?{4})-?(0[1-9]|1[0-2]|\?\?)-?([0-9]{2}|\?\?)", text)
    if match is None:
        return text
    year, month, day = match.groups()
    words = [
        _MONTHS[int(month) - 1] if "?" not in month else "",
        str(int(day)) if "?" not in day else "",
        year if "?" not in year else "",
    ]
    return " ".join(word for word in words if word)


def _time(text: str) -> str:
    """`hhmmx`, x being a, p, h (24 hours) or ? (VoiceXML 2.0 Appendix P)."""
    match = re.fullmatch(r"([01][0-9]|2[0-4]):?([0-5][0-9])([aph?]?)", text)
    if match is None:
        return text
    hour, minute, half = int(match.group(1)), int(match.group(2)), match.group(3)
    minutes = "" if minute == 0 else f" oh {minute}" if minute < 10 else f" {minute}"
    if half in ("a", "p"):
        return f"{hour}{minutes} {'A M' if half == 'a' else 'P M'}"
    return f"{hour}{minutes or ' hundred hours' if half == 'h' else minutes or ' o clock'}"
