"""The Java Speech Grammar Format."""

from __future__ import annotations

import pytest

from mirabelle.grammar import GrammarError, load


def tree(text: str, said: str, *, mode: str | None = None) -> str | None:
    match = load(text.encode(), uri="", media_type="application/x-jsgf", mode=mode, language="en").match(said.split())
    return match.tree if match else None


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("Yes|No", "no", '$main["No"]'),
        ("yes please;", "yes please", '$main["yes","please"]'),
        ("#JSGF V1.0;\ngrammar a;\npublic <x> = b;", "b", '$x["b"]'),
        ("#JSGF V1.0 UTF-8 en;\ngrammar com.acme.a;\n<y> = b;\npublic <x> = <y>+;", "b b", '$x[$y["b"],$y["b"]]'),
        ("#JSGF V1.0;\ngrammar com.acme.a;\npublic <x> = <a.y>; <y> = b;", "b", '$x[$y["b"]]'),
        ("<y> = b; public <x> = <y>* c;", "c", '$x["c"]'),
        ("a [b] (/1/ c | /2/ d)", "a d", '$main["a","d"]'),
        ("/2/ a", "a", '$main["a"]'),
        ("public <z> = /.5/ <x> | /3.1E-2f/ <y>; <x> = a; <y> = a;", "a", '$z[$x["a"]]'),
        ("public <z> = /8d/ <x> | / 10. / <y>; <x> = a; <y> = a;", "a", '$z[$y["a"]]'),
        ("/0/ a | /1/ b", "a", None),
        ("a* | b+", "", "$main[]"),
        ("[a]* b", "a a b", '$main["a","a","b"]'),
        ("(a | b)+ c", "a b c", '$main["a","b","c"]'),
        ("a {t} {u}", "a", '$main["a",{!{t}!},{!{u}!}]'),
        ("a* {t}", "a a", '$main["a","a",{!{t}!}]'),
        ("(a | b) {t}", "b", '$main["b",{!{t}!}]'),
        ("a b {t}", "a b", '$main["a","b",{!{t}!}]'),
        ("a | b c", "b c", '$main["b","c"]'),
        (r'"a\\b" | c', r"a\b", '$main["a\\b"]'),
        (r'"the \"best\" one"', 'the "best" one', '$main["the best one"]'),
        ("public <1-a:b,c|d&e~f> = a;", "a", '$1-a:b,c|d&e~f["a"]'),
        ("public <x> = public import grammar;", "public import grammar", '$x["public","import","grammar"]'),
        ("/** @example a */ public <x> = a;", "a", '$x["a"]'),
        ("public <x> = a <x> | b;", "a a b", '$x["a",$x["a",$x["b"]]]'),
        ('"new york" | boston', "new york", '$main["new york"]'),
        ("a {t} | b {u}", "b", '$main["b",{!{u}!}]'),
        ("(a {t})+", "a a", '$main["a",{!{t}!},"a",{!{t}!}]'),
        (r"a {x\}y}", "a", '$main["a",{!{x}y}!}]'),
        ("a <NULL>", "a", '$main["a"]'),
        ("a | <VOID> b", "b", None),
        ("/* note */ a // b\n c", "a c", '$main["a","c"]'),
    ],
)
def test_a_grammar_in_jsgf_is_read(text: str, said: str, expected: str | None) -> None:
    assert tree(text, said) == expected


def test_every_public_rule_is_active() -> None:
    matcher = load(b"#JSGF V1.0;\ngrammar a;\npublic <x> = 1;\npublic <y> = 2;\n<z> = 3;", uri="", mode="dtmf").keys()
    assert matcher.feed("2").value == "match"


def test_where_no_rule_is_public_the_first_one_is_active() -> None:
    assert tree("<x> = a <y>; <y> = b;", "a b") == '$x["a",$y["b"]]'


def test_keys_may_be_written_in_jsgf() -> None:
    assert tree("1 2 | * 3", "* 3", mode="dtmf") == '$main["*","3"]'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Something to match"),
        ("#JSGF V2.0;\ngrammar a;\npublic <x> = a;", "must begin with"),
        ("#JSGF V1.0;\npublic <x> = a;", "grammar NAME"),
        ("#JSGF V1.0;\ngrammar a;\n", "has no rule"),
        ("#JSGF V1.0;\ngrammar a;\nimport <c>;\npublic <x> = a;", "cannot be imported"),
        ("#JSGF V1.0;\ngrammar a;\nimport b.c;\npublic <x> = a;", "What is to be imported"),
        ("#JSGF V1.0;\ngrammar a;\npublic <x> = a;\nimport <b.c>;", "A rule's name"),
        ("a | /2/ b", "all alternatives have a weight or none"),
        ("/0/ a | /0.0/ b", "greater than zero"),
        ("/-1/ a", "not a number"),
        ("/1e/ a", "not a number"),
        ("{t} a", "Something to match"),
        ("<VOID> = a;", "cannot be defined"),
        ("<a b> = a;", "cannot stand here"),
        ("#JSGF V1.0;\ngrammar a;\npublic <x> = a", "';' or more"),
        ("<x> = a; <x> = b;", "defined twice"),
        ("<x> = <y>;", "not defined"),
        ("<NULL> = a;", "cannot be defined"),
        ("a | | b", "Something to match"),
        ("(a", r"'\)' is expected"),
        ("a; b", "expected"),
        ("a }", "cannot stand here"),
    ],
)
def test_what_is_no_jsgf_is_refused(text: str, reason: str) -> None:
    with pytest.raises(GrammarError, match=reason):
        tree(text, "a")


POLITE = "grammar com.acme.polite; public <please> = please; <own> = x; public <both> = p;"
MORE = "grammar com.acme.more; public <thanks> = thank you; public <both> = m;"
CITY = "grammar org.deep.city; import <com.acme.polite.*>; public <name> = rome <please>;"
PLACES = {
    "http://g.test/root/com/acme/polite.gram": POLITE,
    "http://g.test/root/com/acme/more.gram": MORE,
    "http://g.test/root/org/deep/city.gram": CITY,
}


def imported(imports: str, rule: str, said: str, *, at: str = "http://g.test/root/com/acme/main.gram") -> str | None:
    def resolve(uri: str, _media_type: str) -> tuple[bytes, str] | None:
        text = PLACES.get(uri)
        return (f"#JSGF V1.0;\n{text}".encode(), "application/x-jsgf") if text else None

    text = f"#JSGF V1.0;\ngrammar com.acme.main;\n{imports}\npublic <x> = {rule};"
    match = load(text.encode(), uri=at, resolve=resolve).match(said.split())
    return match.tree if match else None


@pytest.mark.parametrize(
    ("imports", "rule", "said", "expected"),
    [
        ("import <com.acme.polite.please>;", "<please>", "please", '$x[$please["please"]]'),
        ("import <com.acme.polite.*>;", "<please> a", "please a", '$x[$please["please"],"a"]'),
        ("import <com.acme.polite.*>; import <com.acme.more.*>;", "<please> <thanks>", "please thank you",
         '$x[$please["please"],$thanks["thank","you"]]'),
        ("import <com.acme.polite.*>;", "<polite.please>", "please", '$x[$polite.please["please"]]'),
        ("import <com.acme.polite.please>;", "<polite.both>", "p", '$x[$polite.both["p"]]'),
        ("", "<com.acme.polite.please>", "please", '$x[$com.acme.polite.please["please"]]'),
        ("", "<org.deep.city.name>", "rome please", '$x[$org.deep.city.name["rome",$please["please"]]]'),
        ("import <com.acme.polite.both>; import <com.acme.more.*>;", "<both>", "p", '$x[$both["p"]]'),
        ("import <com.acme.polite.please>;", "<please>; <please> = mine", "mine", '$x[$please["mine"]]'),
        ("import <com.acme.polite.*>;", "<main.y>; <y> = a", "a", '$x[$y["a"]]'),
        ("import <com.acme.more.both>; import <com.acme.polite.both>;", "<more.both>", "m", '$x[$more.both["m"]]'),
    ],
)  # fmt: skip
def test_rules_of_other_grammars_are_imported(imports: str, rule: str, said: str, expected: str) -> None:
    assert imported(imports, rule, said) == expected


@pytest.mark.parametrize(
    ("imports", "rule", "reason"),
    [
        ("import <com.acme.none.*>;", "a", "none.gram> it refers to could not be fetched"),
        ("import <com.acme.polite.own>;", "<own>", "private rule"),
        ("import <com.acme.polite.none>;", "<none>", "not defined"),
        ("import <com.acme.polite.*>;", "<own>", "neither defined nor imported"),
        ("import <com.acme.polite.*>; import <com.acme.more.*>;", "<both>", "Several imported grammars"),
        ("import <com.acme.polite.both>; import <com.acme.more.both>;", "<both>", "imported more than once"),
        ("", "<please>", "not defined"),
    ],
)
def test_an_import_that_leads_nowhere_is_refused(imports: str, rule: str, reason: str) -> None:
    with pytest.raises(GrammarError, match=reason):
        imported(imports, rule, "a")


def test_a_package_is_looked_for_beside_a_grammar_whose_place_does_not_tell_it() -> None:
    with pytest.raises(GrammarError, match=r"flat/org/deep/city\.gram"):
        imported("", "<org.deep.city.name>", "a", at="http://g.test/flat/main.gram")


def test_weights_and_imports_are_told_with_their_line() -> None:
    with pytest.raises(GrammarError) as caught:
        tree("#JSGF V1.0;\ngrammar a;\npublic <x> = a\n| /2/ b;", "a")
    assert caught.value.line == 4


@pytest.mark.parametrize(
    "main",
    [
        "#JSGF V1.0;\ngrammar main;\nimport <keys.*>;\npublic <x> = <key>+;",
        "#ABNF 1.0;\nmode dtmf;\nroot $x;\n$x = $<keys.gram#key> <1->;",
    ],
)
def test_a_grammar_that_is_referred_to_listens_to_the_same(main: str) -> None:
    def resolve(_uri: str, _media_type: str) -> tuple[bytes, str]:
        return b"#JSGF V1.0;\ngrammar keys;\npublic <key> = 1 | star;", ""

    grammar = load(main.encode(), uri="http://g.test/main.gram", resolve=resolve, mode="dtmf")
    assert grammar.match(["1", "*"]) is not None
