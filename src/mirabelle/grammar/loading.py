"""From bytes to a grammar: which format it is in, and the grammars it refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import unquote, urldefrag, urlsplit

from mirabelle.grammar import checks, field_types, jsgf, srgs_abnf, srgs_xml
from mirabelle.grammar.error import GrammarError, UnresolvedReference
from mirabelle.grammar.grammar import Grammar, exporters
from mirabelle.grammar.model import Document, Mode, RuleRef
from mirabelle.grammar.xml import XmlElement, read

MOST_BYTES: Final = 2_000_000
"""The largest grammar document that is read."""
MOST_BYTES_TOGETHER: Final = 5_000_000
"""The most that a grammar and all it refers to may have."""
MOST_DOCUMENTS: Final = 64
"""How many grammars one may refer to, directly and indirectly."""

Resolve: TypeAlias = Callable[[str, str], "tuple[bytes, str] | None"]
"""Given an absolute URI and the media type claimed for it, returns a grammar's bytes and type; None: not to be had."""

XML_TYPES: Final = frozenset({"application/srgs+xml", "application/grammar+xml", "application/xml", "text/xml"})
ABNF_TYPES: Final = frozenset({"application/srgs", "application/grammar"})
_JSGF: Final = "application/x-jsgf"
JSGF_TYPES: Final = frozenset({_JSGF, "application/jsgf", "text/x-jsgf"})


@dataclass(slots=True)
class Parsed:
    """The documents that were parsed on the way to one grammar.

    Attributes:
        documents: by URI; the grammar itself without one.
        size: how many bytes they have together.
    """

    documents: dict[str, Document] = field(default_factory=dict)
    size: int = 0

    def get(self, uri: str, data: bytes, parse: Callable[[], Document]) -> Document:
        """Return the document at a URI; parse it where that was not done.

        Raises:
            GrammarError: it is too large, or all together are; or it may not be loaded.
        """
        if uri not in self.documents:
            self.size += len(data)
            if self.size > MOST_BYTES_TOGETHER and len(data) <= MOST_BYTES:
                reason = f"The grammar and all it refers to are larger than {MOST_BYTES_TOGETHER:,} bytes."
                raise GrammarError(reason, uri=uri)
            self.documents[uri] = parse()
        return self.documents[uri]


def load(
    data: bytes,
    *,
    uri: str,
    media_type: str | None = None,
    resolve: Resolve | None = None,
    mode: str | None = None,
    language: str = "",
    inline: bool = False,
    parsed: Parsed | None = None,
) -> Grammar:
    """Load a grammar with everything it refers to.

    Args:
        data: the document: SRGS XML, SRGS ABNF or JSGF. Which of them is told by how it begins.
        uri: where it came from. A fragment names the public rule to enter by instead of the root.
        media_type: its declared type; it decides only where the beginning does not, as for a bare JSGF expansion.
        resolve: gives the grammars it refers to. Without it a grammar from a file may refer to files beside it, any
            other grammar to none.
        mode: "voice" or "dtmf" where the document does not say.
        language: its language where the document does not say.
        inline: whether it stands inside a VoiceXML document; it is in UTF-8 then, whatever its own header says.
        parsed: what was parsed already. Who loads again after `UnresolvedReference` gives the same one each time, so
            that no document is parsed twice.

    Raises:
        GrammarError: it may not be loaded; the message has line and reason.
        UnresolvedReference: `resolve` had no answer for a grammar it refers to.
    """
    location, fragment = urldefrag(uri)
    wanted = _mode(mode)
    known = parsed or Parsed()

    def parse() -> Document:
        return _parse(data, location, media_type or "", mode=wanted, language=language, inline=inline)

    try:
        document = known.get("", data, parse)
    except RecursionError as error:
        raise GrammarError("The grammar is nested too deeply.", uri=location) from error
    grammar = _linked(document, resolve, known)
    return grammar.only(fragment) if fragment else grammar


def load_element(
    element: XmlElement,
    *,
    uri: str,
    resolve: Resolve | None = None,
    mode: str | None = None,
    language: str = "",
) -> Grammar:
    """Load an SRGS grammar that stands in a VoiceXML document as an element that was already parsed.

    Args:
        element: the `grammar` element.
        uri: the base URI at that place of the document.
        resolve: as for `load`.
        mode: as for `load`.
        language: the language at that place of the document.

    Raises:
        GrammarError: it may not be loaded.
    """
    document = srgs_xml.parse(element, uri=uri, inline=True, mode=_mode(mode), language=language)
    return _linked(document, resolve, Parsed())


def _mode(name: str | None) -> Mode | None:
    if name is not None and name not in ("voice", "dtmf"):
        raise GrammarError(f"The mode is '{name}'; it must be 'voice' or 'dtmf'.")
    return Mode(name) if name else None


def _parse(
    data: bytes,
    uri: str,
    media_type: str,
    *,
    mode: Mode | None = None,
    language: str = "",
    inline: bool = False,
    referrer: Mode | None = None,
) -> Document:
    """Read one document of any form; JSGF knows no mode, and listens to what the grammar that refers to it does."""
    if len(data) > MOST_BYTES:
        raise GrammarError(f"The grammar is larger than {MOST_BYTES:,} bytes.", uri=uri)
    kind = media_type.partition(";")[0].strip().lower()
    encoding = "utf-8" if inline else ""
    plain = data[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xfe\xff")
    if plain.startswith(b"#ABNF") and kind not in XML_TYPES | JSGF_TYPES:
        return srgs_abnf.parse(data, uri=uri, mode=mode, encoding=encoding)
    if plain.lstrip().startswith(b"#JSGF"):
        return jsgf.parse(data, uri=uri, mode=mode or referrer, language=language, encoding=encoding)
    if plain.lstrip().startswith(b"<") and kind not in JSGF_TYPES | ABNF_TYPES:
        return srgs_xml.parse(read(data, uri), uri=uri, inline=inline, mode=mode, language=language)
    if kind in XML_TYPES:
        raise GrammarError("It is declared as XML and does not begin with '<'.", uri=uri, line=1)
    if kind in ABNF_TYPES:
        raise GrammarError("A grammar in ABNF must begin with '#ABNF 1.0;'.", uri=uri, line=1)
    if kind in JSGF_TYPES:
        return jsgf.parse(data, uri=uri, mode=mode or referrer, language=language, encoding=encoding)
    raise GrammarError(
        "It is neither SRGS XML nor SRGS ABNF nor JSGF; it must begin with '<', '#ABNF' or '#JSGF'.", uri=uri, line=1
    )


def _linked(document: Document, resolve: Resolve | None, parsed: Parsed) -> Grammar:
    documents: dict[str, Document] = {}
    if document.uri:
        documents[document.uri] = document
    agenda = [document]
    while agenda:
        source = agenda.pop()
        # A grammar that is imported as a whole is referred to as such, once.
        imported = [RuleRef("", uri, f"<{uri}>", _JSGF) for uri in source.imports]
        for reference in (*imported, *checks.references(source)):
            if reference.uri and reference.uri not in documents:
                if len(documents) >= MOST_DOCUMENTS:
                    reason = f"It refers to more than {MOST_DOCUMENTS} grammars."
                    raise GrammarError(reason, uri=source.uri, line=reference.line)
                documents[reference.uri] = _fetched(source, reference, resolve, parsed)
                agenda.append(documents[reference.uri])
        for reference in checks.references(source):
            if reference.uri:
                _check(source, reference, documents[reference.uri])
            elif reference.rule not in source.rules:
                _check_imported(source, reference, documents)
    grammar = Grammar(document, documents=documents)
    try:
        grammar.prepare()
    except GrammarError as error:
        raise GrammarError(error.reason, uri=document.uri) from error
    return grammar


def _check_imported(source: Document, reference: RuleRef, documents: Mapping[str, Document]) -> None:
    """Hold a reference to no rule of its own against the grammars that are imported as a whole (JSGF section 3.3)."""
    found = exporters(source, reference.rule, documents)
    if len(found) > 1:
        reason = f"Several imported grammars have a rule '{reference.rule}'; name its grammar as well."
        raise GrammarError(reason, uri=source.uri, line=reference.line)
    if not found:
        reason = f"The rule '{reference.rule}' is referred to, and neither defined nor imported."
        raise GrammarError(reason, uri=source.uri, line=reference.line)
    _check(source, RuleRef(reference.rule, found[0], reference.shown, line=reference.line), documents[found[0]])


def _check(source: Document, reference: RuleRef, target: Document) -> None:
    """Hold a reference against the grammar it leads to (SRGS 1.0 sections 2.2.2, 3.2 and 4.6)."""
    reason = ""
    name = reference.rule or target.root
    if target.mode is not source.mode:
        reason = (
            f"{reference.shown} listens to {target.mode}, this grammar to {source.mode}; one cannot hold the other."
        )
    elif not name:
        reason = f"{reference.shown} declares no root rule; name one of its public rules after '#'."
    elif name not in target.rules:
        reason = f"{reference.shown} leads to a rule that is not defined."
    elif reference.rule and not target.rules[name].public and target is not source:
        reason = f"{reference.shown} leads to a private rule."
    if reason:
        raise GrammarError(reason, uri=source.uri, line=reference.line)


def _fetched(source: Document, reference: RuleRef, resolve: Resolve | None, parsed: Parsed) -> Document:
    if reference.uri in parsed.documents:
        return parsed.documents[reference.uri]
    if reference.uri.startswith("builtin:"):
        language = reference.language or source.language or "en-US"
        try:
            return field_types.builtin(reference.uri, mode=source.mode, language=language).document
        except GrammarError as error:
            raise GrammarError(error.reason, uri=source.uri, line=reference.line) from error
    answer = (resolve or _beside(source.uri))(reference.uri, reference.media_type)
    if answer is None:
        raise UnresolvedReference(reference.uri, media_type=reference.media_type, uri=source.uri, line=reference.line)
    data, media_type = answer

    def parse() -> Document:
        return _parse(data, reference.uri, media_type or reference.media_type, referrer=source.mode)

    try:
        return parsed.get(reference.uri, data, parse)
    except GrammarError as error:
        reason = f"{reference.shown} may not be loaded: {error.reason}"
        raise GrammarError(reason, uri=error.uri or reference.uri, line=error.line) from error


def _beside(uri: str) -> Resolve:
    """Read files for grammars that are files themselves; nothing from elsewhere reaches the file system."""
    is_file = urlsplit(uri).scheme in ("", "file")

    def resolve(wanted: str, _media_type: str) -> tuple[bytes, str] | None:
        parts = urlsplit(wanted)
        if not is_file or parts.scheme not in ("", "file"):
            return None
        try:
            with Path(unquote(parts.path)).open("rb") as file:
                return file.read(MOST_BYTES + 1), ""
        except (OSError, ValueError):
            return None

    return resolve
