"""JSGF, the Java Speech Grammar Format 1.0, and its bare expansions as VoiceXML documents hold them."""

from __future__ import annotations

import re
from typing import Final

from mirabelle.grammar import checks
from mirabelle.grammar.encoding import decoded
from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.expansion import ExpansionReader
from mirabelle.grammar.jsgf_names import Names
from mirabelle.grammar.lexer import Cursor, Symbol, examples, symbols
from mirabelle.grammar.model import (
    Alternative,
    Document,
    Expansion,
    Mode,
    Repeat,
    Rule,
    Sequence,
    Special,
    Tag,
    TagFormat,
)

_HEADER: Final = re.compile(r"\s*#JSGF[ \t]+V1\.0(?:[ \t]+([\w.:-]+))?(?:[ \t]+([\w-]+))?[ \t]*;")
_BARE: Final = "main"
# The names of Java, and the marks that section 2.2 adds to them.
_RULE_NAME: Final = re.compile(r"[\w.$:;,=|/\\()\[\]@#%!^&~+*-]+\Z")
_WEIGHT: Final = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?[fFdD]?\Z")

_SYMBOLS: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>/\*.*?\*/|//[^\n\r]*)
    | (?P<tag>\{(?:[^}\\]|\\.)*\})
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<rule><[^<>\s]+>)
    | (?P<weight>/[^/<>;|*]*/)
    | (?P<semicolon>;) | (?P<equals>=) | (?P<bar>\|)
    | (?P<star>\*) | (?P<plus>\+)
    | (?P<open>\() | (?P<close>\)) | (?P<option>\[) | (?P<end_option>\])
    | (?P<word>[^\s;=|*+<>()\[\]{}/"]+)
    """,
    re.VERBOSE | re.DOTALL,
)


def parse(data: bytes, *, uri: str, mode: Mode | None = None, language: str = "", encoding: str = "") -> Document:
    """Read a grammar in JSGF.

    Args:
        data: a document that begins with `#JSGF V1.0;`, or rules or one bare expansion (`yes | no`) without a header.
        uri: where it came from.
        mode: what it listens to; words where nothing is said.
        language: its language, where the header does not say.
        encoding: that of the document it stands in; it goes before the one that the header names.

    Raises:
        GrammarError: it cannot be read; the message says why and where.
    """
    text = _decoded(data, uri, encoding)
    header = _HEADER.match(text)
    if header is None and text.lstrip().startswith("#"):
        raise GrammarError("It must begin with '#JSGF V1.0;' or have no header at all.", uri=uri, line=1)
    start = header.end() if header else 0
    cursor = Cursor(symbols(text[start:], _SYMBOLS, uri=uri, line=1 + text.count("\n", 0, start)), uri)
    form = _Form(cursor, mode or Mode.VOICE)
    locale = (header[2] or "").replace("_", "-") if header else ""
    return form.document(locale or language, headed=header is not None)


def _decoded(data: bytes, uri: str, outer: str) -> str:
    try:
        if outer:
            return decoded(data, outer)
        if data[:2] in (b"\xfe\xff", b"\xff\xfe"):
            return data.decode("utf-16")
        plain = data.decode("utf-8-sig", "replace")
        header = _HEADER.match(plain)
        if header and header[1]:
            return decoded(data, header[1])
        return data.decode("utf-8-sig")
    except (LookupError, UnicodeError) as error:
        raise GrammarError(f"Its encoding does not fit: {error}.", uri=uri, line=1) from error


class _Form(ExpansionReader):
    def __init__(self, cursor: Cursor, mode: Mode) -> None:
        super().__init__(cursor, mode)
        self._names = Names(cursor.uri)

    def document(self, language: str, *, headed: bool) -> Document:
        if headed:
            self._declarations()
        self._names.rules = {self._names.local(written[1:-1]) for written in self.cursor.before("rule", "equals")}
        rules: dict[str, Rule] = {}
        if not headed and not self._rules_begin():
            rules[_BARE] = self._bare()
        while self.cursor.next.kind != "end":
            rule = self._rule()
            if rule.name in rules:
                raise GrammarError(f"The rule <{rule.name}> is defined twice.", uri=self.cursor.uri, line=rule.line)
            rules[rule.name] = rule
        if not rules:
            raise self.cursor.error("It has no rule.")
        # All public rules are active; a root is only there for who refers to the grammar without naming a rule.
        public = [name for name, rule in rules.items() if rule.public]
        root = "" if len(public) > 1 else (public or list(rules))[0]
        document = Document(
            self.cursor.uri,
            self.mode,
            rules,
            language="" if self.mode is Mode.DTMF else language,
            root=root,
            tag_format=TagFormat.UNNAMED,
            imports=tuple(dict.fromkeys(map(self._names.located, self._names.whole))),
        )
        return checks.document(document, line=1, named_root=bool(root))

    def _declarations(self) -> None:
        cursor = self.cursor
        if cursor.next.text != "grammar":
            raise cursor.error("After the header stands 'grammar NAME;'.")
        cursor.take()
        self._names.grammar = cursor.expect("word", "The grammar's name").text
        cursor.expect("semicolon", "';'")
        while cursor.next.kind == "word" and cursor.next.text == "import":
            cursor.take()
            imported = cursor.expect("rule", "What is to be imported, '<grammar.rule>' or '<grammar.*>',")
            self._names.add(imported.text[1:-1], line=imported.line)
            cursor.expect("semicolon", "';'")

    def _rules_begin(self) -> bool:
        cursor = self.cursor
        if cursor.next.text == "public" and cursor.after(1).kind == "rule":
            return True
        return cursor.next.kind == "rule" and cursor.after(1).kind == "equals"

    def _bare(self) -> Rule:
        line = self.cursor.next.line
        expansion = self.alternatives()
        if not self.cursor.take_if("semicolon") and self.cursor.next.kind != "end":
            raise self.cursor.error(f"{self.cursor.shown()} cannot stand here.")
        return Rule(_BARE, expansion, public=True, line=line)

    def _rule(self) -> Rule:
        cursor = self.cursor
        line, note = cursor.next.line, cursor.next.note
        public = cursor.next.text == "public" and cursor.next.kind == "word"
        if public:
            cursor.take()
        name = self._names.local(self._name(cursor.expect("rule", "A rule's name, '<name>',").text))
        if name in ("NULL", "VOID"):
            raise cursor.error(f"<{name}> cannot be defined.")
        cursor.expect("equals", "'='")
        expansion = self.alternatives()
        cursor.expect("semicolon", "';' or more of the rule")
        return Rule(name, expansion, public, line, examples(note))

    def _name(self, written: str) -> str:
        if not _RULE_NAME.match(written[1:-1]):
            raise self.cursor.error(f"'{written}' cannot name a rule.")
        return written[1:-1]

    def weighed(self, read: list[tuple[Expansion, Symbol | None]]) -> tuple[Alternative, ...]:
        """Give alternatives their weights: all have one or none has, and what weighs nothing is never said (4.3.2).

        Raises:
            GrammarError: a weight that is none or is missing, or nothing has any weight.
        """
        symbols = [written for _, written in read if written is not None]
        if not symbols:
            return super().weighed(read)
        weights = [self._weight(written) for written in symbols]
        if len(symbols) < len(read):
            reason = "Either all alternatives have a weight or none has."
        elif not any(weights):
            reason = "At least one of the weights must be greater than zero."
        else:
            return tuple(
                Alternative(expansion if weight else Special.VOID, weight)
                for (expansion, _), weight in zip(read, weights, strict=True)
            )
        raise GrammarError(reason, uri=self.cursor.uri, line=symbols[0].line)

    def _weight(self, written: Symbol) -> float:
        text = written.text[1:-1].strip()
        if not _WEIGHT.match(text):
            reason = f"The weight '{text}' is not a number, as 2, 0.5 or 3.1e2 are."
            raise GrammarError(reason, uri=self.cursor.uri, line=written.line)
        return float(text.rstrip("fFdD"))

    def element(self, depth: int) -> Expansion | None:
        """Read one expansion with its repeats and tags, which apply to all that stands before them, in their order."""
        expansion = self._expansion(depth)
        while expansion is not None:
            match self.cursor.next.kind:
                case "star":
                    expansion = Repeat(expansion, 0, None)
                case "plus":
                    expansion = Repeat(expansion, 1, None)
                case "tag":
                    text = re.sub(r"\\(.)", r"\1", self.cursor.next.text[1:-1], flags=re.DOTALL)
                    expansion = Sequence((expansion, Tag(text)))
                case _:
                    break
            self.cursor.take()
        return expansion

    def _expansion(self, depth: int) -> Expansion | None:
        cursor = self.cursor
        symbol = cursor.next
        match symbol.kind:
            case "word":
                return self.token(cursor.take().text, symbol.line)
            case "star" if self.mode is Mode.DTMF:
                return self.token(cursor.take().text, symbol.line)
            case "quoted":
                # Nobody says the marks that stand around a word.
                text = re.sub(r"\\(.)", r"\1", cursor.take().text[1:-1], flags=re.DOTALL).replace('"', "")
                return self.token(text, symbol.line)
            case "rule":
                name = self._name(cursor.take().text)
                if name in ("NULL", "VOID"):
                    return Special(name)
                return self._names.reference(name, line=symbol.line)
            case _:
                return self.bracketed(depth)
