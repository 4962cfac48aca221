"""XML into elements that know their line, without ever fetching or expanding anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from xml.parsers import expat

from mirabelle.grammar.encoding import in_utf_8
from mirabelle.grammar.error import GrammarError

SRGS: Final = "http://www.w3.org/2001/06/grammar"
VXML: Final = "http://www.w3.org/2001/vxml"

_XML: Final = "http://www.w3.org/XML/1998/namespace"
_MOST_DEPTH: Final = 150
_MOST_ELEMENTS: Final = 200_000
_MOST_DECLARED: Final = 1_000
_MOST_ATTRIBUTES: Final = 10_000
_PIECE: Final = 1 << 16


class XmlElement(Protocol):
    """An element of a document that somebody has read already; the elements of VoiceXML documents are such.

    Attributes:
        name: the local name; `{namespace}local` for foreign ones.
        attributes: by local name; `xml:lang` and `xml:base` keep their prefix.
        children: elements and character data, in order.
        line: of the start tag, from 1.
        namespace: empty for none.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def attributes(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def children(self) -> Sequence[XmlElement | str]: ...  # noqa: D102
    @property
    def line(self) -> int: ...  # noqa: D102
    @property
    def namespace(self) -> str: ...  # noqa: D102


@dataclass(slots=True)
class Element:
    """One element of a grammar document; see `XmlElement`."""

    name: str
    attributes: dict[str, str]
    line: int
    namespace: str
    children: list[Element | str] = field(default_factory=list)


def feed(parser: expat.XMLParserType, data: bytes) -> bool:
    """Give a whole document to a parser, piece by piece.

    The parser reads a tag as one, with nothing between that could let others compute: 150,000 attributes take it a
    sixth of a second.

    Returns:
        Whether it was all read; not where a tag has many more attributes than any document means.

    Raises:
        expat.ExpatError: the document is not well-formed.
    """
    fed = 0
    while fed < len(data):
        parser.Parse(data[fed : fed + _PIECE], False)
        fed += _PIECE
        begun = parser.CurrentByteIndex
        long_tag = fed - begun > 2 * _PIECE and data[begun : begun + 2] not in (b"<!", b"<?")
        if long_tag and data.count(b"=", begun, fed) > _MOST_ATTRIBUTES:
            return False
    parser.Parse(b"", True)
    return True


def read(data: bytes, uri: str) -> Element:
    """Read a document.

    Raises:
        GrammarError: it is not well-formed, declares or uses entities, or is too large or too deep.
    """
    return _Reader(uri).read(data)


class _Reader:
    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._open: list[Element] = []
        self._count = 0
        self._declared = 0
        self._root: Element | None = None
        self._parser = self._made("")

    def _made(self, encoding: str) -> expat.XMLParserType:
        parser = expat.ParserCreate(encoding or None, " ")
        parser.buffer_text = True
        # One declaration may give every element a default of any length.
        parser.specified_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.AttlistDeclHandler = self._attribute
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._skipped
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        return parser

    def read(self, data: bytes) -> Element:
        try:
            if (plain := in_utf_8(data)) is not None:
                self._parser = self._made("utf-8")
            if not feed(self._parser, plain or data):
                raise self._error("A tag has too many attributes.")
        except expat.ExpatError as error:
            reason = f"It is not well-formed XML: {expat.ErrorString(error.code)}."
            raise GrammarError(reason, uri=self._uri, line=error.lineno) from error
        except (ValueError, LookupError) as error:
            raise self._error(f"Its encoding cannot be read: {error}.") from error
        assert self._root is not None
        return self._root

    def _error(self, reason: str) -> GrammarError:
        return GrammarError(reason, uri=self._uri, line=self._parser.CurrentLineNumber)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_ELEMENTS or len(self._open) >= _MOST_DEPTH:
            raise self._error(
                f"It has more than {_MOST_ELEMENTS:,} elements, or more than {_MOST_DEPTH} inside each other."
            )
        namespace, _, local = name.rpartition(" ")
        plain = namespace in ("", SRGS, VXML)
        named = {_attribute(key): value for key, value in attributes.items()}
        line = self._parser.CurrentLineNumber
        element = Element(local if plain else f"{{{namespace}}}{local}", named, line, namespace)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        children = self._open[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += text
        else:
            children.append(text)

    def _attribute(self, *_declared: object) -> None:
        self._declared += 1
        if self._declared > _MOST_DECLARED:
            raise self._error(f"Its document type declares more than {_MOST_DECLARED:,} attributes; leave it out.")

    def _entity(self, *declared: object) -> None:
        raise self._error(f"It declares the entity '{declared[0]}'; write the text out, entities are never expanded.")

    def _skipped(self, name: str, _is_parameter: bool) -> None:
        if not _is_parameter:
            raise self._error(f"The entity '&{name};' is not known; write the character itself.")


def _attribute(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    if namespace == _XML:
        return f"xml:{local}"
    return f"{{{namespace}}}{local}" if namespace else local
