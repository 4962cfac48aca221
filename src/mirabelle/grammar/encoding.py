"""The character encodings a grammar in text may name."""

from __future__ import annotations

import codecs
import re
from typing import Final

# Python knows these, and the registry of character sets does not; to decode one of them takes the square of its length.
_NO_CHARSETS: Final = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)

_OF_EXPAT: Final = frozenset({"utf-8", "ascii", "iso8859-1", "utf-16", "utf-16-le", "utf-16-be"})
_DECLARED: Final = re.compile(r"<\?xml\s[^>]*?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]*)[\"']")
_LONGEST_DECLARATION: Final = 400


def in_utf_8(data: bytes) -> bytes | None:
    """Turn an XML document in an encoding that the parser does not know, as those of East Asia, into UTF-8.

    Returns:
        The document, whose declaration is no longer true; None where the parser can read it as it is.

    Raises:
        LookupError: there is no such encoding.
        UnicodeError: the document is not in it.
    """
    head = data[:_LONGEST_DECLARATION].replace(b"\0", b"").lstrip(codecs.BOM_UTF8 + codecs.BOM_UTF16)
    found = _DECLARED.match(head.decode("latin-1"))
    if found is None:
        return None
    name = found[1]
    if re.fullmatch(r"(?i)(iso-10646-)?ucs-?2", name):
        name = "utf-16" if data[:2] in (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE) else "utf-16-be"
    elif codecs.lookup(name).name in _OF_EXPAT:
        return None
    return decoded(data, name).encode()


def decoded(data: bytes, name: str) -> str:
    """Decode a document by the encoding that it names.

    Args:
        data: the document, with or without a byte order mark.
        name: as it is written in the header.

    Raises:
        LookupError: there is no such encoding.
        UnicodeError: the document is not in it.
    """
    if codecs.lookup(name).name.replace("_", "-") in _NO_CHARSETS:
        raise LookupError(f"unknown encoding: {name}")
    return data.removeprefix(codecs.BOM_UTF8).decode(name)
