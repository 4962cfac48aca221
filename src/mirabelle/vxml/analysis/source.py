"""Where in a document's text an attribute or the content of an element begins."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mirabelle.vxml.xml import Element

_DECLARED: Final = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z][\w.-]*)["']""", re.ASCII)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SPACE: Final = " \t\n"
_CDATA: Final = "<![CDATA["
_ATTRIBUTE: Final = re.compile(r"""[^\s=<>"'/]*\s*([^\s=<>"']+)\s*=\s*("[^"]*"|'[^']*')""")
"""An attribute (XML 1.0, 3.1), with the name of the element in front of the first."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a text; line and column are counted from 1."""

    line: int
    column: int


class Source:
    """The text of a document that is known to be well-formed.

    Args:
        data: the document as it was fetched.
    """

    def __init__(self, data: bytes) -> None:
        # Lines end as XML 1.0, 2.11 has them end.
        self._text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n")
        self._starts = [0, *(found.end() for found in re.finditer("\n", self._text))]

    def attribute(self, element: Element, name: str) -> Place:
        """Where the value of an attribute begins; the element's own place where that cannot be found."""
        found = self._start_tag(element)[0].get(name)
        return Place(element.line, element.column) if found is None else self._place(found)

    def content(self, element: Element) -> Place:
        """Where the content of an element begins: after its start tag, white space and the mark of a CDATA section."""
        at = self._blank(self._start_tag(element)[1])
        if self._text.startswith(_CDATA, at):
            at = self._blank(at + len(_CDATA))
        return self._place(at)

    def _blank(self, at: int) -> int:
        """The offset of what comes after white space."""
        while at < len(self._text) and self._text[at] in _SPACE:
            at += 1
        return at

    def _start_tag(self, element: Element) -> tuple[dict[str, int], int]:
        """The offsets of the attributes' values by name, and that of the character after the tag."""
        values: dict[str, int] = {}
        if not 0 < element.line <= len(self._starts):
            return values, 0
        at = self._starts[element.line - 1] + element.column
        while (found := _ATTRIBUTE.match(self._text, at)) is not None:
            values[found[1]] = found.start(2) + 1
            at = found.end()
        end = self._text.find(">", at)
        return values, len(self._text) if end < 0 else end + 1

    def _place(self, offset: int) -> Place:
        line = bisect_right(self._starts, offset)
        return Place(line, offset - self._starts[line - 1] + 1)


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    declared = _DECLARED.search(data[:200])
    try:
        return data.decode(encoding or (declared[1].decode() if declared else "utf-8"))
    except (LookupError, ValueError):
        return data.decode("latin-1")
