"""A VoiceXML document: read, checked against the tables of the standard, and ready to be interpreted."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

from mirabelle.vxml.elements import DIALOGS
from mirabelle.vxml.errors import DocumentError
from mirabelle.vxml.validation import validate
from mirabelle.vxml.xml import Element, parse_xml


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
        strict: whether nothing is wrong with its forms; where it is not known, that is looked at when one is entered.
    """

    uri: str
    base: str
    root: Element
    version: str
    application: str
    xml_lang: str
    dialogs: tuple[Element, ...]
    strict: bool = True

    def dialog(self, name: str) -> Element | None:
        """The form or menu with that `id`, or None."""
        return next((d for d in self.dialogs if d.get("id") == name), None)

    def resolve(self, reference: str) -> str:
        """A URI reference of the document as an absolute URI.

        Raises:
            DocumentError: it is no URI reference; as when fetching it failed.
        """
        return _joined(self.base, reference, self.root, self.uri)


def _joined(base: str, reference: str, element: Element, uri: str) -> str:
    try:
        return urljoin(base, reference.strip())
    except ValueError as error:
        reason = f"'{reference.strip()[:80]}' is not a URI: {error}."
        raise DocumentError(uri, element.line, element.column, reason) from error


def parse_document(data: bytes, uri: str, *, strict: bool = True) -> Document:
    """Read a document and check it.

    Args:
        data: the bytes as fetched.
        uri: where they came from, after redirects.
        strict: whether what only fails when it is executed is refused too; see `validate`.

    Raises:
        DocumentError: not VoiceXML 2.0 or 2.1; with the line and column of the fault.
    """
    root = parse_xml(data, uri)
    validate(root, uri, strict=strict)
    return document_of(root, uri, strict=strict)


def document_of(root: Element, uri: str, *, strict: bool = True) -> Document:
    """Make a document of an outermost element in which `validate` finds no fault, as strict as it was asked to be.

    Raises:
        DocumentError: its base, or its application root, is no URI.
    """
    uri = urldefrag(uri).url
    base = _joined(uri, root.get("xml:base"), root, uri)
    application = root.get("application").strip()
    if application:
        application = urldefrag(_joined(base, application, root, uri)).url
    dialogs = tuple(child for child in root.elements() if child.name in DIALOGS)
    return Document(uri, base, root, root.get("version"), application, root.get("xml:lang"), dialogs, strict)
