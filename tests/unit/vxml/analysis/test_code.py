from __future__ import annotations

import pytest

from mirabelle.vxml.analysis.code import engine_names, read_expression, read_program
from mirabelle.vxml.errors import SemanticError


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("1 + 2", ""),
        ("a + b.c + d[e]", "a b d e"),
        ("{a: b}.a", "b"),
        ("({a, b: c})", "a c"),
        ("`${a}`", "a"),
        ("f(a, 'b')", "f a"),
        ("function (a) { return a + b; }", "b"),
        ("function f(a) { return f(a, arguments); }", ""),
        ("a => b => a + b + c", "c"),
        ("({a, b: [c]}, ...d) => a + c + d + b", "b"),
        ("(a = b) => a", "b"),
        ("function () { var a = b; return a; }", "b"),
        ("function () { for (let a of b) { a; } return c; }", "b c"),
        ("function () { try { a(); } catch (e) { e; } }", "a"),
        ("function () { try { a(); } catch { b; } }", "a b"),
        ("class A { m(a) { return A + a + b; } }", "b"),
        ("typeof a === 'undefined' ? 1 : a", ""),
        ("typeof(a) == 'undefined' || (a)", ""),
        ("undefined", "undefined"),
        ("a?.b ?? c", "a c"),
        ("function () { const [a, , b = c] = d; { function e() {} } return a + b + e; }", "c d"),
        ("function () { x: for (;;) { break x; } }", ""),
        ("function () { switch (a) { case 1: let b = 1; return b; } }", "a"),
    ],
)
def test_names_from_outside_are_found(source: str, names: str) -> None:
    # The engine has `undefined` as a name of its own, the parser as a word of the language.
    assert [use.name for use in read_expression(source).uses] == [n for n in names.split() if n != "undefined"]


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("a = 1", "a"),
        ("[a, {b, c: d}] = e", "a b d"),
        ("for (a in {}) {}", "a"),
        ("a += 1", ""),
        ("a++", ""),
        ("a.b = 1", ""),
        ("var a = 1", ""),
    ],
)
def test_what_is_only_written_is_told_apart(source: str, written: str) -> None:
    assert [use.name for use in read_program(source).uses if use.written] == written.split()


def test_what_happens_in_a_function_is_deferred() -> None:
    uses = read_program("a(); function f() { b(); }").uses
    assert [(use.name, use.deferred) for use in uses] == [("a", False), ("b", True)]


def test_a_program_tells_what_it_declares() -> None:
    program = "var a = 1, {b} = {}; function f() { var inner; } if (0) { var c; } let d;"
    assert read_program(program).declared == {"a", "b", "c", "f"}


def test_a_use_knows_its_place_in_characters() -> None:
    (use,) = read_program("var a = 'é';\n  'ü' + b").uses
    assert (use.name, use.line, use.column) == ("b", 1, 8)


def test_a_property_that_is_asked_for_with_typeof_is_told_apart() -> None:
    uses = read_expression("typeof(document.a) == 'undefined' ? document.b : document.a").uses
    assert [use.asked for use in uses] == [True, False, True]


def test_a_property_that_is_written_is_told() -> None:
    assert read_program("application.a = 1; b.c.d = 2; e[0] = 3;").members == {"application.a"}


def test_the_member_that_is_read_is_told() -> None:
    assert [use.member for use in read_expression("document.total + a['b']").uses] == ["total", ""]


@pytest.mark.parametrize(
    ("source", "value"), [("'#a'", "#a"), ('("b")', "b"), ("''", ""), ("'a' + 'b'", None), (r"'\n'", None), ("1", None)]
)
def test_a_literal_string_is_known(source: str, value: str | None) -> None:
    assert read_expression(source).constant == value


@pytest.mark.parametrize("source", ["eval('a')", "(function () { with (a) { return b; } })()"])
def test_what_nobody_can_tell_is_left_out(source: str) -> None:
    code = read_expression(source)
    assert code.opaque or "b" not in {use.name for use in code.uses}


@pytest.mark.parametrize("source", ["a +", "", "a b", "if (a) b"])
def test_what_the_engine_cannot_read_is_refused(source: str) -> None:
    with pytest.raises(SemanticError):
        read_expression(source)


def test_a_program_that_cannot_be_read_is_refused_with_its_line() -> None:
    with pytest.raises(SemanticError) as refused:
        read_program("var a;\nvar = 1;")
    assert refused.value.line == 2


def test_an_expression_of_many_parts_is_read() -> None:
    assert len(read_expression(" + ".join(f"a{n}" for n in range(500))).uses) == 500


def test_the_names_of_the_engine_are_those_it_has() -> None:
    assert {"Math", "parseInt", "JSON", "undefined", "NaN"} <= engine_names()
    assert "window" not in engine_names()
