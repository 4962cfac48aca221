"""The ABNF form of SRGS."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mirabelle.grammar import Grammar, GrammarError, load

Abnf = Callable[..., Grammar]

REST = b"\nlanguage en;\nroot $main;\npublic $main = a;"


@pytest.mark.parametrize(
    "header",
    [b"#ABNF 1.0;", b"#ABNF 1.0 UTF-8;", b"#ABNF 1.0 ISO-8859-1;", b"\xef\xbb\xbf#ABNF 1.0;", b"#ABNF 1.0 utf-8 ;"],
)
def test_a_grammar_identifies_itself(header: bytes) -> None:
    assert load(header + REST, uri="").match(["a"]) is not None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_grammar_may_be_in_utf_16(encoding: str) -> None:
    text = "#ABNF 1.0 UTF-16;\nlanguage ko;\nroot $main;\n$main = 예;"
    assert load(text.encode(encoding), uri="").match(["예"]) is not None


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"#ABNF;", "must begin with"),
        (b"#ABNF 2.0;", "must begin with"),
        (b"#ABNF 1.0", "must begin with"),
        (b"#ABNF V1.0;", "must begin with"),
        (b" #ABNF 1.0;", "neither SRGS"),
        (b"#ABNF 1.0 x-klingon;", "does not fit"),
        (b"#ABNF 1.0 US-ASCII;\n// \xe9", "does not fit"),
        (b"#ABNF 1.0 UTF-16;", "not fit|not in the encoding"),
    ],
)
def test_a_header_that_is_none_is_refused(header: bytes, reason: str) -> None:
    with pytest.raises(GrammarError, match=reason):
        load(header + REST, uri="")


def test_without_an_encoding_bytes_that_are_not_utf_8_are_latin_1() -> None:
    data = "#ABNF 1.0;\nlanguage fr;\nroot $é;\n$é = été;".encode("iso-8859-1")
    assert load(data, uri="").match(["été"]) is not None


def test_the_header_may_hold_all_declarations(abnf: Abnf) -> None:
    header = (
        "base <http://grammars.test/>; // where we are\n"
        "lexicon <lexicon.pls>~<application/pls+xml>;\n"
        "meta 'author' is \"somebody\";\n"
        'meta "it\'s" is \'a "note"\';\n'
        "http-equiv 'Expires' is '0';\n"
        "tag-format <semantics/1.0>;\n"
        "/* run first */ {var x = 1};\n"
    )
    document = abnf("$main = a;", header=header).document
    assert document.tags == ("var x = 1",)
    assert document.metas["it's"] == 'a "note"'


@pytest.mark.parametrize(
    "rules",
    [
        "$main = language mode root public;",
        "$main = don't 'tis;",
        "$main = U.S. really?;",
        "$main = /* a | */ b // c\n c;",
        "/** doc */ private $main = a;",
        "$main = a !en-US <2>;",
        "$main = (a b)!fr | [c]!de-CH;",
        "$main = /.5/ a | b | /3./ c;",
        "$main = a <2-3 /0.5/>;",
        "$main = a < 0002-00000000000003 >;",
        "$main = {} a {!{ } }!};",
        "$main = $mäin_2; $mäin_2 = a;",
        "$main = $main_2\n; $main_2 = \n a;",
        "$main = public $other; public $other = a;",
    ],
)
def test_a_legal_rule_is_read(abnf: Abnf, rules: str) -> None:
    assert abnf(rules).root == "main"


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ("$main = ;", "Something to match"),
        ("$main = a | ;", "Something to match"),
        ("$main = | a;", "Something to match"),
        ("$main = [];", "Something to match"),
        ("$main = /2/;", "Something to match"),
        ("$main = (a;", r"'\)' is expected"),
        ("$main = a);", "';' or more"),
        ("$main = [a;", "']' is expected"),
        ("$main = a", "';' or more"),
        ("$main a;", "'=' is expected"),
        ("main = a;", "not a declaration"),
        ("$main = a*;", "cannot stand here"),
        ("$main = a+;", "cannot stand here"),
        ('$main = "a;', "not closed"),
        ("$main = {a;", "not closed"),
        ("$main = {!{a};", "not closed"),
        ("$main = {a}};", "cannot stand here"),
        ("$main = /* a;", "cannot stand here|not closed"),
        ('$main = "";', "must not be empty"),
        ("$main = a <2-1>;", "ends before"),
        ("$main = a <-2>;", "';' or more"),
        ("$main = a <2 - 3>;", "';' or more"),
        ("$main = a <2> <3>;", "';' or more"),
        ("$main = a <2> !en;", "';' or more"),
        ("$main = {a}!en;", "attached to a tag"),
        ("$main = a <1-2 /2/>;", "between 0.0 and 1.0"),
        ("$main = /-1/ a | b;", "not a positive number"),
        ("$main = /1e2/ a | b;", "not a positive number"),
        ("$main = $missing;", "not defined"),
        ("$main = $a.b;", "cannot name a rule"),
        ("$main = $;", "cannot name a rule"),
        ("$main = $ main;", "cannot name a rule"),
        ("$NULL = a; $main = a;", "special rule"),
        ("$main = a; $main = b;", "defined twice"),
        ("protected $main = a;", "not a declaration"),
        ("$main = a; mode voice;", "cannot begin a rule"),
        ("$main = $<>;", "needs the URI"),
        ("$main = $<#>;", "needs the URI"),
        ("$main = " + "(" * 200 + "a" + ")" * 200 + ";", "nested more than"),
    ],
)
def test_an_illegal_rule_is_refused(abnf: Abnf, rules: str, reason: str) -> None:
    with pytest.raises(GrammarError, match=reason) as caught:
        abnf(rules)
    assert caught.value.line > 0


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("language de;", "declared twice"),
        ("mode voice;", "declared twice"),
        ("root $other;", "declared twice"),
        ("tag-format <a>; tag-format <b>;", "declared twice"),
        ("base <a/>; base <b/>;", "declared twice"),
        ("meta 'a' 'b';", "quotation marks"),
        ("meta a is b;", "quotation marks"),
        ("lexicon x;", "A URI"),
        ("charset x;", "not a declaration"),
        ("base <a>", "';' is expected"),
    ],
)
def test_an_illegal_declaration_is_refused(abnf: Abnf, header: str, reason: str) -> None:
    with pytest.raises(GrammarError, match=reason):
        abnf("$main = a;", header=header)


def test_a_grammar_for_words_names_its_language() -> None:
    with pytest.raises(GrammarError, match="name its language"):
        load(b"#ABNF 1.0;\nroot $x;\n$x = a;", uri="")


def test_a_root_that_is_not_defined_is_refused() -> None:
    with pytest.raises(GrammarError, match="root rule 'y'"):
        load(b"#ABNF 1.0;\nlanguage en;\nroot $y;\n$x = a;", uri="")


def test_an_error_names_the_line(abnf: Abnf) -> None:
    with pytest.raises(GrammarError) as caught:
        load(b"#ABNF 1.0;\nlanguage en;\n/* a\nb */\n$x = a\n| | b;", uri="")
    assert caught.value.line == 6


@pytest.mark.parametrize(
    "text",
    [
        "#ABNF 1.0 ISO-8859-1;\nlanguage fr;\nroot $x;\n$x = été;",
        "#ABNF 1.0 UTF-16;\nlanguage fr;\nroot $x;\n$x = été;",
        "#JSGF V1.0 ISO-8859-1 fr;\ngrammar a;\npublic <x> = été;",
    ],
)
def test_inside_another_document_a_grammar_is_in_the_encoding_of_that_one(text: str) -> None:
    match = load(text.encode(), uri="http://apps.test/a.vxml", inline=True).match(["été"])
    assert match is not None
    assert match.tree == '$x["été"]'
