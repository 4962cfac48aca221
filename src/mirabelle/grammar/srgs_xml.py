"""The XML form of SRGS 1.0."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mirabelle.grammar import checks
from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.model import (
    Alternative,
    Alternatives,
    Document,
    Expansion,
    Mode,
    Repeat,
    Rule,
    Sequence,
    Special,
    Tag,
    tag_format,
)
from mirabelle.grammar.reference import RESERVED, Base
from mirabelle.grammar.xml import SRGS, VXML, XmlElement

_TEXT: Final = re.compile(r'"([^"]*)"|([^\s"]+)|(")')
_HEADER: Final = frozenset({"meta", "metadata", "lexicon", "tag"})


def parse(
    root: XmlElement, *, uri: str, inline: bool = False, mode: Mode | None = None, language: str = ""
) -> Document:
    """Read a `grammar` element.

    Args:
        root: the element.
        uri: where it stands, for references and messages.
        inline: whether it stands in a VoiceXML document: its namespace may be VoiceXML's then and
            the version be left out.
        mode: what it listens to, where it does not say.
        language: its language, where it does not say.

    Raises:
        GrammarError: it breaks a rule of the Recommendation; the message says which and where.
    """
    return _Form(uri, inline=inline).document(root, mode, language)


class _Form:
    def __init__(self, uri: str, *, inline: bool) -> None:
        self._uri = uri
        self._inline = inline
        self._mode = Mode.VOICE
        self._base = Base(uri)
        self._headers: dict[str, str] = {}

    def _error(self, element: XmlElement, reason: str) -> GrammarError:
        return GrammarError(reason, uri=self._uri, line=element.line)

    def document(self, root: XmlElement, mode: Mode | None, language: str) -> Document:
        self._check_root(root)
        attributes = root.attributes
        self._mode = self._read_mode(root, mode)
        self._base = Base(self._uri, attributes.get("xml:base", ""))
        language = attributes.get("xml:lang", language)
        if self._mode is Mode.VOICE:
            checks.language(language, uri=self._uri, line=root.line)
        tags: list[str] = []
        metas: dict[str, str] = {}
        rules: dict[str, Rule] = {}
        for child in self._elements(root):
            if child.name == "rule":
                rule = self._rule(child)
                if rule.name in rules:
                    raise self._error(child, f"The rule '{rule.name}' is defined twice.")
                rules[rule.name] = rule
            elif child.name not in _HEADER:
                raise self._error(child, f"<{child.name}> may not stand in <grammar>.")
            elif rules:
                raise self._error(child, f"<{child.name}> must come before the first <rule>.")
            else:
                self._header(child, tags, metas)
        document = Document(
            uri=self._uri,
            mode=self._mode,
            rules=rules,
            language=language,
            root=attributes.get("root", "").strip(),
            tag_format=tag_format(attributes.get("tag-format", "")),
            tags=tuple(tags),
            metas=metas,
        )
        return checks.document(document, line=root.line, named_root="root" in attributes)

    def _check_root(self, root: XmlElement) -> None:
        if root.name != "grammar":
            raise self._error(root, f"The document element is <{root.name}>; it must be <grammar>.")
        allowed = (SRGS, VXML, "") if self._inline else (SRGS,)
        if root.namespace not in allowed:
            raise self._error(root, f'<grammar> must be in the namespace of SRGS: xmlns="{SRGS}".')
        version = root.attributes.get("version")
        if (version or "").strip() != "1.0" and not (version is None and self._inline):
            raise self._error(root, 'The version of the grammar must be given as version="1.0".')

    def _read_mode(self, root: XmlElement, default: Mode | None) -> Mode:
        named = root.attributes.get("mode")
        if named is None:
            return default or Mode.VOICE
        named = named.strip()
        if named not in ("voice", "dtmf"):
            raise self._error(root, f"The mode is '{named}'; it must be 'voice' or 'dtmf'.")
        return Mode(named)

    def _header(self, element: XmlElement, tags: list[str], metas: dict[str, str]) -> None:
        attributes = element.attributes
        match element.name:
            case "tag":
                tags.append(self._only_text(element))
            case "meta":
                if ("name" in attributes) == ("http-equiv" in attributes):
                    raise self._error(element, "<meta> needs either 'name' or 'http-equiv'.")
                if "content" not in attributes:
                    raise self._error(element, "<meta> needs 'content'.")
                metas[attributes.get("name") or attributes.get("http-equiv", "")] = attributes["content"]
                if "http-equiv" in attributes:
                    self._headers[attributes["http-equiv"].strip().lower()] = attributes["content"]
                    self._base = self._base.with_headers(self._headers)
            case "lexicon":
                if not attributes.get("uri"):
                    raise self._error(element, "<lexicon> needs 'uri'.")

    def _rule(self, element: XmlElement) -> Rule:
        attributes = element.attributes
        name = attributes.get("id", "").strip()
        checks.rule_name(name, uri=self._uri, line=element.line)
        scope = attributes.get("scope", "private").strip()
        if scope not in ("private", "public"):
            raise self._error(element, f"The scope of '{name}' is '{scope}'; it must be 'private' or 'public'.")
        items = tuple(self._expansions(element, allowed=_IN_RULE))
        if not items:
            raise self._error(
                element, f"The rule '{name}' is empty; what matches without input is <ruleref special=\"NULL\"/>."
            )
        examples = tuple(_text_of(child) for child in self._elements(element) if child.name == "example")
        return Rule(name, _sequence(items), scope == "public", element.line, examples)

    def _elements(self, element: XmlElement) -> Iterator[XmlElement]:
        """Yield child elements; foreign ones are passed over, text between them is a mistake in some places."""
        for child in element.children:
            if not isinstance(child, str) and not child.name.startswith("{"):
                yield child
            elif isinstance(child, str) and child.strip() and element.name in ("grammar", "one-of"):
                raise self._error(element, f"Text may not stand directly in <{element.name}>: '{child.strip()[:40]}'.")

    def _expansions(self, element: XmlElement, allowed: frozenset[str]) -> Iterator[Expansion]:
        for child in element.children:
            if isinstance(child, str):
                yield from self._tokens(element, child)
            elif child.name.startswith("{"):
                continue
            elif child.name not in allowed:
                raise self._error(child, f"<{child.name}> may not stand in <{element.name}>.")
            elif child.name != "example":
                yield self._expansion(child)

    def _expansion(self, element: XmlElement) -> Expansion:
        match element.name:
            case "token":
                return self._token(element, self._only_text(element), self._language(element))
            case "ruleref":
                return self._reference(element)
            case "item":
                return self._item(element)
            case "one-of":
                return self._one_of(element)
            case _:
                if "xml:lang" in element.attributes:
                    raise self._error(element, "A language may not be attached to a tag.")
                return Tag(self._only_text(element))

    def _language(self, element: XmlElement) -> str:
        """Return the language attached to a part of a rule (section 2.7); an empty one takes it away, as XML has it."""
        language = element.attributes.get("xml:lang", "")
        if language:
            checks.attached(language, uri=self._uri, line=element.line)
        return language

    def _tokens(self, element: XmlElement, text: str) -> Iterator[Expansion]:
        for quoted, word, stray in _TEXT.findall(text):
            if stray:
                raise self._error(element, "A quotation mark is not closed.")
            yield self._token(element, word or quoted, "")

    def _token(self, element: XmlElement, text: str, language: str) -> Expansion:
        return checks.token(text, self._mode, language, uri=self._uri, line=element.line)

    def _only_text(self, element: XmlElement) -> str:
        for child in element.children:
            if not isinstance(child, str) and not child.name.startswith("{"):
                raise self._error(child, f"<{child.name}> may not stand in <{element.name}>, which holds text only.")
        return _text_of(element)

    def _reference(self, element: XmlElement) -> Expansion:
        attributes = element.attributes
        if self._only_text(element).strip():
            raise self._error(element, "<ruleref> must be empty.")
        special, uri = attributes.get("special"), attributes.get("uri")
        if (special is None) == (uri is None):
            raise self._error(element, "<ruleref> needs either 'uri' or 'special'.")
        if special is not None:
            special = special.strip()
            if special not in RESERVED:
                raise self._error(element, f"'{special}' is no special rule; NULL, VOID and GARBAGE are.")
            return Special(special)
        assert uri is not None
        if uri.strip().removeprefix("#") in RESERVED:
            raise self._error(element, f"'{uri}' is reserved; a special rule is referred to by 'special'.")
        media_type = attributes.get("type", "")
        return self._base.reference(uri, media_type=media_type, language=self._language(element), line=element.line)

    def _item(self, element: XmlElement) -> Expansion:
        attributes = element.attributes
        self._weight(element)
        content = _sequence(tuple(self._expansions(element, allowed=_IN_ITEM)), self._language(element))
        probability = None
        if (written := attributes.get("repeat-prob")) is not None:
            probability = checks.probability(written, uri=self._uri, line=element.line)
        if (repeat := attributes.get("repeat")) is None:
            return content
        low, high = checks.repeat(repeat, uri=self._uri, line=element.line)
        return Repeat(content, low, high, probability)

    def _weight(self, item: XmlElement) -> float:
        """Return the weight of an item; it must be one also where the item is no alternative, and it means nothing."""
        weight = item.attributes.get("weight")
        return 1.0 if weight is None else checks.weight(weight, uri=self._uri, line=item.line)

    def _one_of(self, element: XmlElement) -> Expansion:
        items: list[Alternative] = []
        for child in self._elements(element):
            if child.name != "item":
                raise self._error(child, f"<{child.name}> may not stand in <one-of>, only <item> may.")
            items.append(Alternative(self._item(child), self._weight(child)))
        if not items:
            raise self._error(element, "<one-of> needs at least one <item>.")
        return Alternatives(tuple(items), self._language(element))


_IN_ITEM: Final = frozenset({"token", "ruleref", "item", "one-of", "tag"})
_IN_RULE: Final = _IN_ITEM | {"example"}


def _sequence(items: tuple[Expansion, ...], language: str = "") -> Expansion:
    return items[0] if len(items) == 1 and not language else Sequence(items, language)


def _text_of(element: XmlElement) -> str:
    return "".join(child for child in element.children if isinstance(child, str))
