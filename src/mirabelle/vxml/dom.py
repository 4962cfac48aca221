"""A read-only DOM of a fetched document, built inside the engine (VoiceXML 2.1, 5 and appendix D)."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from mirabelle.vxml.ecmascript import JsObject
from mirabelle.vxml.xml import XML, BoundedParser

_XMLNS: Final = "http://www.w3.org/2000/xmlns/"
_ELEMENT, _CDATA, _INSTRUCTION, _COMMENT, _DOCUMENT = 1, 4, 7, 8, 9
"""DOM's numbers of the types of nodes."""


@lru_cache(maxsize=1)
def constructor() -> str:
    """An expression of ECMAScript: a function that makes a document out of what `tree` gives."""
    return resources.files("mirabelle.vxml").joinpath("dom.js").read_text("utf-8").strip().rstrip(";")


def tree(data: bytes, uri: str) -> JsObject:
    """A document as nested arrays, each beginning with the type of its node; text is text.

    Args:
        data: the document; its encoding is found as XML 1.0 appendix F has it.
        uri: for messages only.

    Raises:
        DocumentError: not well-formed, a prefix is not declared, or past a limit; see `parse_xml`.
    """
    return JsObject(json.dumps([_DOCUMENT, _TreeReader(uri).read(data)]))


class _TreeReader:
    """Builds the arrays out of what expat reports. Names stay as they are written; prefixes are looked up here."""

    def __init__(self, uri: str) -> None:
        self._parser = parser = BoundedParser(uri)
        self._children: list[list[Any]] = [[]]
        self._namespaces: list[dict[str, str]] = [{"xml": XML, "xmlns": _XMLNS}]
        self._text: list[str] = []
        self._quoted = False
        parser.expat.StartElementHandler = self._start
        parser.expat.EndElementHandler = self._end
        parser.expat.CharacterDataHandler = self._text.append
        parser.expat.CommentHandler = self._comment
        parser.expat.ProcessingInstructionHandler = self._instruction
        parser.expat.StartCdataSectionHandler = self._begin_quoting
        parser.expat.EndCdataSectionHandler = self._end_text

    def read(self, data: bytes) -> list[Any]:
        self._parser.parse(data)
        return self._children[0]

    def _start(self, name: str, pairs: list[str]) -> None:
        self._parser.enter()
        self._end_text()
        given = list(zip(pairs[::2], pairs[1::2], strict=True))
        declared = {key.partition(":")[2]: value for key, value in given if key.partition(":")[0] == "xmlns"}
        self._namespaces.append({**self._namespaces[-1], **declared})
        attributes = [[key, self._namespace(key, attribute=True), value] for key, value in given]
        children: list[Any] = []
        self._children[-1].append([_ELEMENT, name, self._namespace(name), attributes, children])
        self._children.append(children)

    def _namespace(self, name: str, *, attribute: bool = False) -> str | None:
        prefix, colon, _ = name.rpartition(":")
        if not colon and attribute:
            return _XMLNS if name == "xmlns" else None
        found = self._namespaces[-1].get(prefix)
        if colon and not found:
            raise self._parser.fault(f"the prefix '{prefix[:60]}' is not declared.")
        return found or None

    def _end(self, _name: str) -> None:
        self._parser.leave()
        self._end_text()
        self._namespaces.pop()
        self._children.pop()

    def _comment(self, data: str) -> None:
        self._end_text()
        self._children[-1].append([_COMMENT, data])

    def _instruction(self, target: str, data: str) -> None:
        self._end_text()
        self._children[-1].append([_INSTRUCTION, target, data])

    def _begin_quoting(self) -> None:
        self._end_text()
        self._quoted = True

    def _end_text(self) -> None:
        text = "".join(self._text)
        if self._quoted:
            self._children[-1].append([_CDATA, text])
        elif text:
            self._children[-1].append(text)
        self._text.clear()
        self._quoted = False
