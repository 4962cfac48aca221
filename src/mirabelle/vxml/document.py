"""A VoiceXML document: read, checked against the tables of the standard, and ready to be interpreted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urldefrag, urljoin

from mirabelle.vxml.errors import DocumentError
from mirabelle.vxml.xml import VXML, Element, parse_xml

VERSIONS: Final = ("2.0", "2.1")


@dataclass(frozen=True, slots=True)
class Document:
    """One document.

    Attributes:
        uri: where it came from, without a fragment.
        base: what its relative URIs are relative to: `xml:base`, or `uri`.
        root: the `<vxml>` element.
        version: `2.0` or `2.1`.
        application: the absolute URI of its application root; empty where it names none.
        xml_lang: of the document; empty where it gives none.
        dialogs: the forms and menus in document order.
    """

    uri: str
    base: str
    root: Element
    version: str
    application: str
    xml_lang: str
    dialogs: tuple[Element, ...]

    def dialog(self, name: str) -> Element | None:
        """The form or menu with that `id`, or None."""
        return next((d for d in self.dialogs if d.get("id") == name), None)

    def resolve(self, reference: str) -> str:
        """A URI reference of the document as an absolute URI."""
        return urljoin(self.base, reference.strip())


def parse_document(data: bytes, uri: str) -> Document:
    """Read a document and check it.

    Args:
        data: the bytes as fetched.
        uri: where they came from, after redirects.

    Raises:
        DocumentError: not VoiceXML 2.0 or 2.1; with the line and column of the fault.
    """
    root = parse_xml(data, uri)
    if root.name != "vxml" or root.namespace not in ("", VXML):
        raise DocumentError(uri, root.line, root.column, f"the root is <{root.name}>, not <vxml>.")
    version = root.get("version")
    if version not in VERSIONS:
        raise DocumentError(uri, root.line, root.column, f"the version is '{version}'; 2.0 and 2.1 are understood.")
    uri = urldefrag(uri).url
    base = urljoin(uri, root.get("xml:base"))
    application = urljoin(base, root.get("application")) if root.get("application") else ""
    dialogs = tuple(e for e in root.elements() if e.name in ("form", "menu"))
    return Document(uri, base, root, version, application, root.get("xml:lang"), dialogs)
