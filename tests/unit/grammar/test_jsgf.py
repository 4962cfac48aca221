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
        ("a [b] (c | /2/ d)", "a d", '$main["a","d"]'),
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
        ("#JSGF V1.0;\ngrammar a;\nimport <b.c>;\npublic <x> = a;", "cannot be imported"),
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
