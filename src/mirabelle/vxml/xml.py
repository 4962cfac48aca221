"""XML into elements that know their place, without ever fetching or expanding anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from mirabelle.grammar.xml import feed
from mirabelle.vxml.errors import DocumentError

MOST_BYTES: Final = 2_000_000
"""The largest document that is read."""

MOST_DEPTH: Final = 256
"""How deep elements may nest."""

MOST_ELEMENTS: Final = 50_000
"""How many elements a document may hold."""

VXML: Final = "http://www.w3.org/2001/vxml"
SRGS: Final = "http://www.w3.org/2001/06/grammar"
SSML: Final = "http://www.w3.org/2001/10/synthesis"
XML: Final = "http://www.w3.org/XML/1998/namespace"

PLAIN: Final = frozenset({"", VXML, SRGS, SSML})
"""Namespaces whose elements go by their local name alone."""

_SEPARATOR: Final = " "
_HANDLERS: Final = (
    "CharacterDataHandler",
    "CommentHandler",
    "EndCdataSectionHandler",
    "EndElementHandler",
    "EntityDeclHandler",
    "ProcessingInstructionHandler",
    "SkippedEntityHandler",
    "StartCdataSectionHandler",
    "StartElementHandler",
)


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One element; equal to itself only, so that it can be a key.

    Attributes:
        name: the local name in the namespaces of VoiceXML, SRGS and SSML and in none; elsewhere `{namespace}local`.
        attributes: by name, named as elements are; `xml:lang` and `xml:base` keep their prefix.
        children: elements and character data in document order; neighbouring character data is one string.
        line: of the start tag, counted from 1.
        column: of the start tag, counted from 1.
        namespace: empty for none.
    """

    name: str
    attributes: Mapping[str, str]
    children: tuple[Element | str, ...]
    line: int
    column: int
    namespace: str = ""
    _found: dict[str | None, tuple[Element, ...]] = field(init=False, default_factory=dict, repr=False)

    def get(self, name: str, default: str = "") -> str:
        """The value of an attribute, or `default` where it is absent."""
        return self.attributes.get(name, default)

    def elements(self, name: str | None = None) -> tuple[Element, ...]:
        """The child elements; those called `name` where one is given."""
        if not self.children:
            return ()
        found = self._found.get(name)
        if found is None:
            wanted = (c for c in self.children if isinstance(c, Element) and (name is None or c.name == name))
            found = self._found[name] = tuple(wanted)
        return found

    def descendants(self) -> Iterator[Element]:
        """This element and all below it, in document order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.elements()))

    def text(self) -> str:
        """All character data in document order, that of descendants included."""
        return "".join(c if isinstance(c, str) else c.text() for c in self.children)

    def serialise(self) -> str:
        """The element as XML text that stands alone: every namespace it needs is declared."""
        return "".join(_serialised(self, ""))


def _serialised(element: Element, default: str) -> Iterator[str]:
    local = element.name.rpartition("}")[2]
    yield f"<{local}"
    if element.namespace != default:
        yield f" xmlns={_quoted(element.namespace)}"
    for number, (name, value) in enumerate(element.attributes.items()):
        namespace, _, plain = name.rpartition("}")
        if namespace:
            yield f" xmlns:n{number}={_quoted(namespace[1:])} n{number}:{plain}={_quoted(value)}"
        else:
            yield f" {name}={_quoted(value)}"
    if not element.children:
        yield "/>"
        return
    yield ">"
    for child in element.children:
        if isinstance(child, str):
            yield escape(child, {"\r": "&#13;"})
        else:
            yield from _serialised(child, element.namespace)
    yield f"</{local}>"


def _quoted(value: str) -> str:
    return quoteattr(value, {"\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


@dataclass(slots=True)
class _Open:
    """An element whose end has not been read."""

    name: str
    attributes: dict[str, str]
    line: int
    column: int
    namespace: str
    children: list[Element | str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def end_text(self) -> None:
        if self.text:
            self.children.append("".join(self.text))
            self.text.clear()

    def closed(self) -> Element:
        self.end_text()
        return Element(self.name, self.attributes, tuple(self.children), self.line, self.column, self.namespace)


class BoundedParser:
    """Expat within limits: no entities, nothing fetched, and no more and no deeper elements than are read.

    Args:
        uri: of the document, for messages only.
        separator: what joins namespace and local name; None leaves names as they are written.
    """

    def __init__(self, uri: str, separator: str | None = None) -> None:
        self._uri = uri
        self._elements = 0
        self._depth = 0
        self.expat = expat.ParserCreate(namespace_separator=separator)
        self.expat.buffer_text = True
        self.expat.ordered_attributes = True
        # Defaults of a DTD would let a small document fill the memory.
        self.expat.specified_attributes = True
        self.expat.EntityDeclHandler = self._entity
        self.expat.SkippedEntityHandler = self._skipped
        self.expat.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def parse(self, data: bytes) -> None:
        """Read a whole document.

        Raises:
            DocumentError: it is not well-formed, or past a limit.
        """
        if len(data) > MOST_BYTES:
            raise DocumentError(self._uri, 0, 0, f"the document is larger than {MOST_BYTES} bytes.")
        try:
            if not feed(self.expat, data):
                raise self.fault("a tag has too many attributes.")
        except expat.ExpatError as error:
            reason = f"not well-formed XML: {expat.ErrorString(error.code)}."
            raise DocumentError(self._uri, error.lineno, error.offset + 1, reason) from error
        except (LookupError, ValueError) as error:
            # An encoding that Python does not know, or that is no text encoding, or has several bytes a character.
            raise self.fault(f"the encoding cannot be read: {error}; use UTF-8.") from error
        finally:
            # Whoever hears of elements and text holds the parser, as it holds him: until the garbage collector looks,
            # all that was read would stay.
            for name in _HANDLERS:
                setattr(self.expat, name, None)

    def fault(self, reason: str) -> DocumentError:
        """What is wrong where the parser is now."""
        return DocumentError(self._uri, self.expat.CurrentLineNumber, self.expat.CurrentColumnNumber + 1, reason)

    def enter(self) -> None:
        """Count an element that begins.

        Raises:
            DocumentError: it is one too many, or too deep.
        """
        if self._depth == MOST_DEPTH:
            raise self.fault(f"elements nest deeper than {MOST_DEPTH}.")
        self._depth += 1
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise self.fault(f"there are more than {MOST_ELEMENTS} elements.")

    def leave(self) -> None:
        """Count an element that ends."""
        self._depth -= 1

    def _entity(self, name: str, *_rest: object) -> None:
        raise self.fault(f"the entity '{name}' is declared; documents with entities of their own are refused.")

    def _skipped(self, name: str, _parameter: bool) -> None:
        raise self.fault(f"the entity '{name}' is not defined; write the character itself.")


class _Reader:
    """Builds the tree out of what expat reports."""

    def __init__(self, uri: str) -> None:
        self._open: list[_Open] = []
        self.root: Element | None = None
        # Expat joins namespace and local name with the separator; a namespace never holds a space.
        self._parser = BoundedParser(uri, _SEPARATOR)
        self._parser.expat.StartElementHandler = self._start
        self._parser.expat.EndElementHandler = self._end
        self._parser.expat.CharacterDataHandler = self._text

    def read(self, data: bytes) -> Element:
        self._parser.parse(data)
        if self.root is None:
            raise self._parser.fault("the document holds no element.")
        return self.root

    def _start(self, name: str, pairs: list[str]) -> None:
        self._parser.enter()
        if self._open:
            self._open[-1].end_text()
        attributes = {_attribute(pairs[i]): pairs[i + 1] for i in range(0, len(pairs), 2)}
        namespace, _, local = name.rpartition(_SEPARATOR)
        name = local if namespace in PLAIN else f"{{{namespace}}}{local}"
        line, column = self._parser.expat.CurrentLineNumber, self._parser.expat.CurrentColumnNumber + 1
        self._open.append(_Open(name, attributes, line, column, namespace))

    def _end(self, _name: str) -> None:
        self._parser.leave()
        element = self._open.pop().closed()
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element

    def _text(self, text: str) -> None:
        self._open[-1].text.append(text)


def _attribute(name: str) -> str:
    namespace, _, local = name.rpartition(_SEPARATOR)
    if namespace == XML:
        return f"xml:{local}"
    return f"{{{namespace}}}{local}" if namespace else local


def parse_xml(data: bytes, uri: str) -> Element:
    """Read a document.

    A DTD may be named but is never fetched; a document that declares entities is refused, and so is one that uses
    any besides the five of XML.

    Args:
        data: the document; its encoding is found as XML 1.0 appendix F has it (byte order mark, declaration, UTF-8).
        uri: for messages only.

    Raises:
        DocumentError: not well-formed, too large, too deep, or with entities.
    """
    return _Reader(uri).read(data)
