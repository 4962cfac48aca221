"""The character encodings a grammar in text may name."""

from __future__ import annotations

import codecs
from typing import Final

# Python knows these, and the registry of character sets does not; to decode one of them takes the square of its length.
_NO_CHARSETS: Final = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)


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
