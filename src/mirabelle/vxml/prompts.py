"""Prompts: chosen, put together and queued (VoiceXML 2.0, 4.1; 2.1, 4 and 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from mirabelle.vxml.choices import enumerated
from mirabelle.vxml.duration import milliseconds
from mirabelle.vxml.ecmascript import UNDEFINED
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.fetching import absolute, fetch, one_of, plain_request
from mirabelle.vxml.loops import Loop
from mirabelle.vxml.machine import Machine, Steps
from mirabelle.vxml.platform import Audio, Item, Mark, Prompt, Silence, Speech
from mirabelle.vxml.properties import Properties
from mirabelle.vxml.signals import Thrown
from mirabelle.vxml.xml import SSML, Element

_MARKUP: Final = frozenset(
    [
        "break",
        "emphasis",
        "p",
        "paragraph",
        "phoneme",
        "prosody",
        "s",
        "say-as",
        "sentence",
        "sub",
        "token",
        "voice",
        "w",
    ]
)
"""SSML elements that go to the synthesiser as they are."""

_APART: Final = frozenset({"p", "s"})
"""Elements whose words are not run together with those that follow."""

_SILENT: Final = frozenset({"desc", "metadata", "meta", "lexicon"})
"""Elements that say nothing themselves."""

SPOKEN: Final = _MARKUP | {"audio", "value", "enumerate", "mark", "foreach", "speak"} | _SILENT
"""All that a prompt may hold."""

MOST_CHARACTERS: Final = 100_000
"""Characters in one prompt: over an hour of speech."""

_RENAMED: Final = {"paragraph": "p", "sentence": "s"}
_ALONE: Final = SPOKEN - _SILENT - {"foreach"}
_STRENGTHS: Final = {"none": 0, "x-weak": 100, "weak": 250, "medium": 500, "strong": 1000, "x-strong": 2000}


def is_spoken(child: Element | str) -> bool:
    """Whether executable content holds this as part of a prompt without a `<prompt>` around it (4.1.2)."""
    if isinstance(child, str):
        return bool(child.strip())
    return child.name in _ALONE


def queue_prompt(machine: Machine, element: Element) -> Steps[None]:
    """Queue a `<prompt>`, unless its condition says no."""
    if _wanted(machine, element):
        yield from _queue_wanted(machine, element)


def _wanted(machine: Machine, element: Element) -> bool:
    return "cond" not in element.attributes or machine.scopes.truth(element.get("cond"))


def _queue_wanted(machine: Machine, element: Element) -> Steps[None]:
    timeout = element.get("timeout")
    properties = machine.properties
    bargein = element.get("bargein") or properties.text("bargein")
    yield from _queue(
        machine,
        element.children,
        bargein=bargein == "true",
        bargeintype=element.get("bargeintype") or properties.text("bargeintype") or "speech",
        timeout_ms=milliseconds(timeout) if timeout else _timeout(properties),
        always=bool(timeout),
        language=element.get("xml:lang"),
        base=element.get("xml:base"),
    )


def queue_text(machine: Machine, children: Sequence[Element | str]) -> Steps[None]:
    """Queue content that stands without a `<prompt>`."""
    properties = machine.properties
    yield from _queue(
        machine,
        children,
        bargein=properties.text("bargein") == "true",
        bargeintype=properties.text("bargeintype") or "speech",
        timeout_ms=_timeout(properties),
    )


def _timeout(properties: Properties) -> int | None:
    """The property at this moment; None where it is no time, which whoever waits for input is told."""
    try:
        return properties.time("timeout")
    except SemanticError:
        return None


def _queue(
    machine: Machine,
    children: Sequence[Element | str],
    *,
    bargein: bool,
    bargeintype: str,
    timeout_ms: int | None,
    always: bool = False,
    language: str = "",
    base: str = "",
) -> Steps[None]:
    document = machine.here.document
    language = language or document.xml_lang
    builder = _Builder(machine, absolute(document.base, base), language)
    yield from builder.content(children)
    items = builder.finish()
    # Without anything to play, a prompt may still say how long to wait (4.1.7).
    if items or always:
        machine.enqueue(Prompt(items, bargein, bargeintype, timeout_ms, language))


def queue_item_prompts(machine: Machine, element: Element, count: int) -> Steps[None]:
    """Select and queue the prompts of a form item or a menu (4.1.6).

    Args:
        machine: the session.
        element: the item.
        count: its prompt counter.
    """
    runs = list(_runs(element.children))
    eligible: list[tuple[int, Element | tuple[Element | str, ...]]] = []
    for run in runs:
        if isinstance(run, Element):
            number = _count(run)
            if not _wanted(machine, run):
                continue
        else:
            number = 1
        if number <= count:
            eligible.append((number, run))
    correct = max((number for number, _ in eligible), default=1)
    for number, run in eligible:
        if number != correct:
            continue
        if isinstance(run, Element):
            yield from _queue_wanted(machine, run)
        else:
            yield from queue_text(machine, run)


def _count(prompt: Element) -> int:
    text = prompt.get("count", "1").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _runs(children: Iterable[Element | str]) -> Iterable[Element | tuple[Element | str, ...]]:
    """The `<prompt>` elements of an item, and between them the content that is a prompt by itself."""
    run: list[Element | str] = []
    for child in children:
        if is_spoken(child) or (run and isinstance(child, str)):
            run.append(child)
            continue
        if isinstance(child, Element) and run:
            yield tuple(run)
            run.clear()
        if isinstance(child, Element) and child.name == "prompt":
            yield child
    if run:
        yield tuple(run)


class _Builder:
    """Turns the content of one prompt into what a platform plays."""

    def __init__(self, machine: Machine, base: str, language: str) -> None:
        self._machine = machine
        self._base = base
        self._language = language
        self._items: list[Item] = []
        self._ssml: list[str] = []
        self._text: list[str] = []
        self._open: list[tuple[str, str]] = []
        self._marks: list[str] = []
        self._unspoken: list[Silence | Mark] = []
        self._characters = 0

    def finish(self) -> tuple[Item, ...]:
        self._end_speech()
        return tuple(self._items)

    def content(self, children: Iterable[Element | str]) -> Steps[None]:
        for child in children:
            if isinstance(child, str):
                self._say(child)
            else:
                self._machine.spend()
                yield from self._element(child)

    def _element(self, element: Element) -> Steps[None]:
        match element.name:
            case "value":
                self._say(self._machine.scopes.text(element.get("expr")))
            case "audio":
                yield from self._audio(element)
            case "enumerate":
                yield from self._enumerate(element)
            case "foreach":
                loop = Loop(self._machine, element)
                while loop.more():
                    yield from self.content(element.children)
            case "mark":
                self._mark(element)
            case "break":
                self._unspoken.append(Silence(_pause_ms(element)))
                self._text.append(" ")
                self._ssml.append(f"<break{_attributes(element)}/>")
            case "speak":
                yield from self.content(element.children)
            case name if name in _SILENT:
                pass
            case name if name in _MARKUP:
                yield from self._markup(element)
            case name:
                raise Thrown(f"error.unsupported.{name}", f"<{name}> (line {element.line}) is not known in a prompt.")

    def _say(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > MOST_CHARACTERS:
            raise Thrown("error.noresource", f"A prompt holds more than {MOST_CHARACTERS} characters; split it.")
        self._ssml.append(escape(text))
        self._text.append(text)

    def _markup(self, element: Element) -> Steps[None]:
        name = _RENAMED.get(element.name, element.name)
        start, end = f"<{name}{_attributes(element)}>", f"</{name}>"
        self._ssml.append(start)
        self._open.append((start, end))
        if element.name == "sub":
            self._ssml.append(escape(element.text()))
            self._text.append(element.get("alias"))
        else:
            yield from self.content(element.children)
        self._ssml.append(end)
        self._open.pop()
        if name in _APART:
            self._text.append(" ")

    def _mark(self, element: Element) -> None:
        given = one_of(element, "name", "nameexpr")
        name = element.get("name") if given == "name" else self._machine.scopes.text(element.get("nameexpr"))
        self._marks.append(name)
        self._unspoken.append(Mark(name))
        self._ssml.append(f"<mark name={quoteattr(name)}/>")

    def _audio(self, element: Element) -> Steps[None]:
        """Play a recording, or else say the content (4.1.3)."""
        scopes = self._machine.scopes
        if one_of(element, "src", "expr") == "expr":
            value = scopes.evaluate(element.get("expr"))
            if value is UNDEFINED:
                return
            reference = value if isinstance(value, str) else scopes.text(element.get("expr"))
        else:
            reference = element.get("src")
        recording = self._machine.recordings.get(reference)
        if recording is not None:
            self._end_speech()
            self._items.append(Audio(reference, recording.content_type, recording.data))
            return
        found = yield from self._fetched(element, reference)
        if found is None:
            yield from self.content(element.children)
        else:
            self._end_speech()
            self._items.append(found)

    def _fetched(self, element: Element, reference: str) -> Steps[Audio | None]:
        if not reference.strip():
            return None
        try:
            url = absolute(self._base, reference.strip())
            fetched = yield from fetch(self._machine, plain_request(self._machine, element, url, "audio"))
        except Thrown:
            # What cannot be fetched is no event: the content speaks instead.
            return None
        kind = fetched.content_type.partition(";")[0].strip().lower()
        if not fetched.body or kind.startswith(("text/", "image/", "multipart/")):
            return None
        return Audio(fetched.url, fetched.content_type, fetched.body)

    def _enumerate(self, element: Element) -> Steps[None]:
        scopes = self._machine.scopes
        for choice in enumerated(self._machine):
            if not element.children:
                self._say(f"{choice.shown} ")
                continue
            depth = scopes.depth
            dtmf = " ".join(choice.dtmf) if choice.dealt else UNDEFINED
            scopes.push(values={"_prompt": choice.prompt, "_dtmf": dtmf})
            yield from self.content(element.children)
            scopes.pop_to(depth)

    def _end_speech(self) -> None:
        """Close what was said so far, so that something else can follow; markup that is open opens again."""
        text = " ".join("".join(self._text).split())
        if text:
            closing = "".join(end for _, end in reversed(self._open))
            language = f" xml:lang={quoteattr(self._language)}" if self._language else ""
            body = f"{''.join(self._ssml)}{closing}"
            ssml = f'<speak version="1.0" xmlns="{SSML}"{language}>{body}</speak>'
            self._items.append(Speech(ssml, text, self._language, tuple(self._marks)))
        else:
            self._items += (each for each in self._unspoken if each != Silence(0))
        self._ssml = [start for start, _ in self._open]
        self._text, self._marks, self._unspoken = [], [], []


def _attributes(element: Element) -> str:
    plain = ((name, value) for name, value in element.attributes.items() if not name.startswith("{"))
    return "".join(f" {name}={quoteattr(value)}" for name, value in plain)


def _pause_ms(element: Element) -> int:
    time = element.get("time")
    return milliseconds(time) if time else _STRENGTHS.get(element.get("strength", "medium"), 500)
