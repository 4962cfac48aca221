"""The ABNF form of SRGS 1.0 (appendix D)."""

from __future__ import annotations

import re
from typing import Final

from mirabelle.grammar import checks
from mirabelle.grammar.encoding import decoded
from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.expansion import ExpansionReader
from mirabelle.grammar.lexer import Cursor, examples, symbols
from mirabelle.grammar.model import (
    Document,
    Expansion,
    Mode,
    Repeat,
    Rule,
    RuleRef,
    Sequence,
    Special,
    Tag,
    Token,
    tag_format,
)
from mirabelle.grammar.reference import RESERVED, Base

_HEADER: Final = re.compile(r"#ABNF[ ]+1\.0(?:[ ]+([A-Za-z][A-Za-z0-9._:-]*))?[ ]*;")

_SYMBOLS: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>/\*.*?\*/|//[^\n\r]*)
    | (?P<tag>\{!\{.*?\}!\}|\{(?!!\{)[^}]*\})
    | (?P<quoted>"[^"]*"|'[^']*'(?=(?>(?:\s|(?>/\*.*?\*/)|//[^\n\r]*)*)(?:is\b|;)))
    | (?P<external>\$<[^<>]*>(?:~<[^<>]*>)?)
    | (?P<rule>\$[^\s;=|*+<>()\[\]{}/!$"~]*)
    | (?P<repeat><\s*[0-9]+(?:-[0-9]*)?\s*(?:/[^/<>]*/\s*)?>)
    | (?P<uri><[^<>]*>(?:~<[^<>]*>)?)
    | (?P<weight>/[^/<>;|*]*/)
    | (?P<language>![A-Za-z0-9_-]+)
    | (?P<semicolon>;) | (?P<equals>=) | (?P<bar>\|)
    | (?P<open>\() | (?P<close>\)) | (?P<option>\[) | (?P<end_option>\])
    | (?P<word>[^\s;=|*+<>()\[\]{}/!$"][^\s;=|*+<>()\[\]{}/!$"]*)
    """,
    re.VERBOSE | re.DOTALL,
)


def parse(data: bytes, *, uri: str, mode: Mode | None = None, encoding: str = "") -> Document:
    """Read a grammar in ABNF.

    Args:
        data: the document, beginning with `#ABNF 1.0;`.
        uri: where it came from.
        mode: what it listens to, where it does not say.
        encoding: that of the document it stands in; it goes before the one that the header names.

    Raises:
        GrammarError: it breaks a rule of the Recommendation; the message says which and where.
    """
    text, start = _decoded(data, uri, encoding)
    line = 1 + text.count("\n", 0, start)
    return _Form(Cursor(symbols(text[start:], _SYMBOLS, uri=uri, line=line), uri), mode).document()


def _decoded(data: bytes, uri: str, outer: str) -> tuple[str, int]:
    """Return the text and where its header ends (section 4.1)."""
    guess = "utf-8-sig"
    if data[:2] in (b"\xfe\xff", b"\xff\xfe"):
        guess = "utf-16"
    elif data[:2] == b"\0#" or data[1:2] == b"\0":
        guess = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    header = _HEADER.match(data.decode(guess, "replace"))
    if header is None:
        reason = "It must begin with '#ABNF 1.0;' or '#ABNF 1.0 ENCODING;'."
        raise GrammarError(reason, uri=uri, line=1)
    named = outer or header[1]
    try:
        if guess.startswith("utf-16"):
            if named and not named.lower().replace("-", "").startswith(("utf16", "iso10646ucs2", "ucs2")):
                raise GrammarError(f"It declares '{named}' and is in UTF-16.", uri=uri, line=1)
            text = data.decode(guess)
        elif named:
            text = decoded(data, named)
        else:
            text = _undeclared(data)
    except (LookupError, UnicodeError) as error:
        raise GrammarError(f"Its encoding '{named or guess}' does not fit: {error}.", uri=uri, line=1) from error
    if (again := _HEADER.match(text)) is None:
        raise GrammarError(f"It is not in the encoding '{named}' that it declares.", uri=uri, line=1)
    return text, again.end()


def _undeclared(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("iso-8859-1")


class _Form(ExpansionReader):
    def __init__(self, cursor: Cursor, mode: Mode | None) -> None:
        super().__init__(cursor, mode or Mode.VOICE)
        self._uri = cursor.uri
        self._base = Base(self._uri)
        self._declared: dict[str, str] = {}
        self._tags: list[str] = []
        self._metas: dict[str, str] = {}
        self._headers: dict[str, str] = {}

    def document(self) -> Document:
        while self._declaration():
            pass
        declared = self._declared
        self.mode = Mode(declared.get("mode", self.mode))
        self._base = Base(self._uri, declared.get("base", "")).with_headers(self._headers)
        if self.mode is Mode.VOICE:
            checks.language(declared.get("language", ""), uri=self._uri, line=1)
        rules: dict[str, Rule] = {}
        while self.cursor.next.kind != "end":
            rule = self._rule()
            if rule.name in rules:
                raise GrammarError(f"The rule '{rule.name}' is defined twice.", uri=self._uri, line=rule.line)
            rules[rule.name] = rule
        document = Document(
            uri=self._uri,
            mode=self.mode,
            rules=rules,
            language=declared.get("language", ""),
            root=declared.get("root", ""),
            tag_format=tag_format(declared.get("tag-format", "")),
            tags=tuple(self._tags),
            metas=self._metas,
        )
        return checks.document(document, line=1, named_root="root" in declared)

    def _declaration(self) -> bool:
        """Read one declaration of the header (sections 4.4 to 4.12); False where the rules begin."""
        cursor = self.cursor
        if cursor.next.kind == "tag":
            self._tags.append(_tag_text(cursor.take().text))
            cursor.expect("semicolon", "';'")
            return True
        if cursor.next.kind != "word" or cursor.next.text in ("public", "private"):
            return False
        keyword = cursor.take().text
        match keyword:
            case "language":
                self._once(keyword, cursor.expect("word", "The name of a language").text)
            case "mode":
                self._once(keyword, self._mode_name())
            case "root":
                self._once(keyword, self._rule_name())
            case "base":
                self._once(keyword, self._uri_text())
            case "tag-format":
                self._once(keyword, self._uri_text())
            case "lexicon":
                self._uri_text()
            case "meta":
                self._meta()
            case "http-equiv":
                name, content = self._meta()
                self._headers[name.strip().lower()] = content
            case _:
                raise cursor.error(f"'{keyword}' is not a declaration, and no rule begins with it.")
        cursor.expect("semicolon", "';'")
        return True

    def _once(self, keyword: str, value: str) -> None:
        if keyword in self._declared:
            raise self.cursor.error(f"'{keyword}' is declared twice.")
        self._declared[keyword] = value

    def _mode_name(self) -> str:
        word = self.cursor.expect("word", "'voice' or 'dtmf'").text
        if word not in ("voice", "dtmf"):
            raise self.cursor.error(f"The mode is '{word}'; it must be 'voice' or 'dtmf'.")
        return word

    def _uri_text(self) -> str:
        return self.cursor.expect("uri", "A URI in '<' and '>'").text.partition("~")[0][1:-1].strip()

    def _meta(self) -> tuple[str, str]:
        name = self.cursor.expect("quoted", "A name in quotation marks").text[1:-1]
        if self.cursor.expect("word", "'is'").text != "is":
            raise self.cursor.error("Between name and content stands 'is'.")
        content = self.cursor.expect("quoted", "The content in quotation marks").text[1:-1]
        self._metas[name] = content
        return name, content

    def _rule_name(self) -> str:
        symbol = self.cursor.expect("rule", "A rule's name, '$name',")
        checks.rule_name(symbol.text[1:], uri=self._uri, line=symbol.line)
        return symbol.text[1:]

    def _rule(self) -> Rule:
        cursor = self.cursor
        line, note = cursor.next.line, cursor.next.note
        public = False
        if (scope := cursor.take_if("word")) is not None:
            if scope.text not in ("public", "private"):
                raise cursor.error(f"'{scope.text}' cannot begin a rule; 'public', 'private' and '$name' can.")
            public = scope.text == "public"
        name = self._rule_name()
        cursor.expect("equals", "'='")
        expansion = self.alternatives()
        cursor.expect("semicolon", "';' or more of the rule")
        return Rule(name, expansion, public, line, examples(note))

    def element(self, depth: int) -> Expansion | None:
        """Read one expansion with what is attached to it: a language, a repeat (section 2.8)."""
        cursor = self.cursor
        symbol = cursor.next
        expansion = self._expansion(depth)
        if expansion is None:
            return None
        if (language := cursor.take_if("language")) is not None:
            if symbol.kind == "tag" or expansion == Sequence(()):
                raise cursor.error("A language may not be attached to a tag or to nothing.")
            checks.attached(language.text[1:], uri=self._uri, line=language.line)
            expansion = _in_language(expansion, language.text[1:])
        if (repeat := cursor.take_if("repeat")) is not None:
            return self._repeated(expansion, repeat.text[1:-1], repeat.line)
        return expansion

    def _repeated(self, expansion: Expansion, written: str, line: int) -> Repeat:
        times, slash, rest = written.partition("/")
        low, high = checks.repeat(times, uri=self._uri, line=line)
        probability = checks.probability(rest.partition("/")[0], uri=self._uri, line=line) if slash else None
        return Repeat(expansion, low, high, probability)

    def _expansion(self, depth: int) -> Expansion | None:
        cursor = self.cursor
        symbol = cursor.next
        match symbol.kind:
            case "word":
                return self.token(cursor.take().text, symbol.line)
            case "quoted" if symbol.text[0] == '"':
                return self.token(cursor.take().text[1:-1], symbol.line)
            case "tag":
                return Tag(_tag_text(cursor.take().text))
            case "rule":
                return self._local(cursor.take().text[1:], symbol.line)
            case "external":
                uri, _, media_type = cursor.take().text[1:].partition("~")
                return self._base.reference(uri[1:-1], media_type=media_type[1:-1], line=symbol.line)
            case "open" if cursor.after(1).kind == "close":
                cursor.take()
                cursor.take()
                return Sequence(())
            case _:
                return self.bracketed(depth)

    def _local(self, name: str, line: int) -> Expansion:
        if name in RESERVED:
            return Special(name)
        checks.rule_name(name, uri=self._uri, line=line)
        return RuleRef(name, shown=name, line=line)


def _tag_text(written: str) -> str:
    return written[3:-3] if written.startswith("{!{") else written[1:-1]


def _in_language(expansion: Expansion, language: str) -> Expansion:
    match expansion:
        case Token(text):
            return Token(text, language)
        case RuleRef(rule, uri, shown, media_type, _, line):
            return RuleRef(rule, uri, shown, media_type, language, line)
        case _:
            return Sequence((expansion,), language)
