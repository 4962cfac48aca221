from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.grammar import Match, SemanticsError, Value, load

HEADER = b"#ABNF 1.0 UTF-8;\nlanguage en; mode voice; root $main; tag-format <semantics/1.0>;\n"


def matched(rules: str, said: str = "a") -> Match:
    found = load(HEADER + rules.encode(), uri="").match(said.split())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("{out = 'on'}", "on"),
        ("{out.way = 'on';}", {"way": "on"}),
        ('{ out.way = "on" ; out.count = -12 ; }', {"way": "on", "count": -12}),
        ("{out.a = true} {out.b = null;} {out.a = false}", {"a": False, "b": None}),
        ("{out.a = 1} {out = 'x'}", "x"),
        ("{}", {}),
        ("{;;}", {}),
    ],
)
def test_a_tag_that_only_writes_literals_needs_no_engine(tags: str, expected: Value) -> None:
    found = matched(f"$main = a {tags};")
    assert (found.program, found.interpret()) == (None, expected)


def test_a_rule_without_tags_means_what_its_last_rule_means() -> None:
    found = matched("$main = $x $y $z; $x = a; $y = b {out.k = 1}; $z = c d;", "a b c d")
    assert (found.program, found.interpret()) == (None, "c d")


@pytest.mark.parametrize(
    "tag",
    [
        "out = 010",
        "out = 1.50",
        "out = 1e3",
        "out = 12345678901234567890",
        "out = 'it\\\\x41'",
        "out = 'a' + 'b'",
        "out.length = 1, out = 2",
        "out.a = 1\nout.b = 2",
        "out.a.b = 1",
        "out['a'] = 1",
        "out.__proto__ = null",
        "out = 'x'; out.a = 1",
        "out = undefined",
        "output = 1; out = output",
    ],
)
def test_anything_else_is_left_to_the_engine(tag: str) -> None:
    assert matched(f"$main = a {{!{{{tag}}}!}};").program is not None


def test_so_is_a_grammar_whose_header_has_a_program() -> None:
    grammar = load(HEADER + b"{var base = 1};\n$main = a {out = 2};", uri="")
    found = grammar.match(["a"])
    assert found is not None
    assert found.program is not None


literals = st.one_of(
    st.sampled_from(["true", "false", "null", "0", "-7", '"say"', "''"]),
    st.integers(1, 10**15 - 1).map(str),
    st.text(st.characters(exclude_characters="'\\{}", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=8).map(
        "'{}'".format
    ),
)
writes = st.tuples(st.sampled_from(["", ".a", ".b", ".toString", ".constructor", ".length"]), literals).map(
    lambda write: f"out{write[0]} = {write[1]};"
)


@given(st.lists(writes, min_size=1, max_size=4))
def test_what_is_known_without_an_engine_is_what_the_engine_says(tags: list[str]) -> None:
    def said(last: str) -> Value:
        try:
            return matched(f"$main = a {''.join(f'{{!{{{tag}}}!}}' for tag in tags)} {last};").interpret()
        except SemanticsError as error:
            return str(error)

    assert said("") == said("{!{ void 0; }!}")
