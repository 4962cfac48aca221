"""References from one grammar to another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote, urldefrag, urljoin

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.model import RuleRef

RESERVED: Final = frozenset({"NULL", "VOID", "GARBAGE"})
"""Names no rule may be given (SRGS 1.0 section 2.2.3)."""

# The names of XML 1.0 without '.', ':' and '-'.
_START: Final = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME: Final = re.compile(f"[{_START}][{_START}0-9\xb7\u0300-\u036f\u203f\u2040]*\\Z")
_BASE_HEADERS: Final = ("content-base", "content-location")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def is_rule_name(name: str) -> bool:
    """Tell whether `name` may name a rule: an XML name without `.`, `:` and `-` (SRGS 1.0 section 3.1)."""
    return _NAME.match(name) is not None and name not in RESERVED


@dataclass(frozen=True, slots=True)
class Base:
    """What the references of a document are relative to (SRGS 1.0 section 4.9).

    Attributes:
        uri: the document's own URI.
        own: the base it declares; empty where it declares none.
        header: the base that an HTTP header says, as the document gives it by `http-equiv`; empty where none does.
    """

    uri: str
    own: str = ""
    header: str = ""

    @property
    def declared(self) -> str:
        """What the document says about its base; its own declaration goes before a header (section 4.9.1)."""
        return self.own or self.header

    def with_headers(self, headers: Mapping[str, str]) -> Base:
        """Return the base of a document that gives these HTTP headers, by name in lower case."""
        return replace(self, header=next((headers[name] for name in _BASE_HEADERS if name in headers), ""))

    @property
    def absolute(self) -> str:
        """The base URI."""
        return joined(self.uri, self.declared, uri=self.uri) if self.declared else self.uri

    def reference(self, written: str, *, media_type: str = "", language: str = "", line: int = 0) -> RuleRef:
        """Return what a reference by URI means.

        Raises:
            GrammarError: it is empty, or its fragment cannot name a rule.
        """
        written = written.strip()
        uri, hash_sign, fragment = written.partition("#")
        if not uri and not fragment:
            raise GrammarError(
                "A reference needs the URI of a grammar or '#' and a rule's name.", uri=self.uri, line=line
            )
        fragment = unquote(fragment)
        if hash_sign and not is_rule_name(fragment):
            raise GrammarError(f"'#{fragment}' cannot name a rule.", uri=self.uri, line=line)
        if not uri:
            return RuleRef(fragment, shown=fragment, language=language, line=line)
        target = urldefrag(joined(self.absolute, uri, uri=self.uri, line=line)).url
        shown = f"<{self._shown(written)}>"
        return RuleRef(fragment, target, shown, media_type, language, line)

    def _shown(self, written: str) -> str:
        if not self.declared or _SCHEME.match(written):
            return written
        if _SCHEME.match(self.declared) or written.startswith("/"):
            return joined(self.declared, written, uri=self.uri)
        folder = self.declared[: self.declared.rfind("/") + 1]
        return folder + written.removeprefix("./")


def joined(base: str, written: str, *, uri: str = "", line: int = 0) -> str:
    """Join a reference to a base; also where the base is of a scheme that knows no folders, or none at all.

    Args:
        base: what it is relative to.
        written: the reference.
        uri: the grammar it stands in, for the message.
        line: where it stands.

    Raises:
        GrammarError: it is no URI.
    """
    try:
        return urljoin(base, written)
    except ValueError as error:
        raise GrammarError(f"'{written}' is not a URI: {error}.", uri=uri, line=line) from error
