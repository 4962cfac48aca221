from __future__ import annotations

import pytest

from mirabelle.vxml import expressions
from mirabelle.vxml.ecmascript import Engine
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.expressions import declarations
from mirabelle.vxml.scopes import Scopes


@pytest.fixture
def scopes() -> Scopes:
    made = Scopes(Engine())
    for name in ("application", "document", "dialog", ""):
        made.push(name)
    return made


def test_a_script_makes_variables_of_its_scope(scopes: Scopes) -> None:
    scopes.pop_to(3)
    scopes.script("var x = 1, y; for (var i = 0; i < 3; i++) { var z = i; } function twice(n) { return n * 2 * x; }")
    scopes.push("dialog")
    assert (
        scopes.evaluate("[document.x, document.y === undefined, document.i, document.z, twice(4)].join()")
        == "1,true,3,2,8"
    )


def test_a_function_keeps_the_scope_it_was_made_in(scopes: Scopes) -> None:
    scopes.pop_to(2)
    scopes.script("var x = 'application'; function where() { return x; } function set(v) { x = v; }")
    scopes.push("document")
    scopes.declare("x", "'document'")
    assert scopes.evaluate("where()") == "application"
    scopes.evaluate("set('changed')")
    assert scopes.evaluate("[x, application.x].join()") == "document,changed"


def test_a_function_is_there_before_the_first_statement(scopes: Scopes) -> None:
    scopes.script("var x = later(); function later() { return other(); } function other() { return 5; }")
    assert scopes.evaluate("x") == 5


def test_a_function_replaces_an_older_one_and_hides_an_outer_one(scopes: Scopes) -> None:
    scopes.pop()
    scopes.script("function f() { return 'old'; }")
    scopes.script("function f() { return 'new'; }")
    scopes.push()
    scopes.script("var inner = f(); function f() { return 'inner'; }")
    assert scopes.evaluate("inner + f()") == "innerinner"
    scopes.pop()
    assert scopes.evaluate("f()") == "new"


def test_var_hides_an_outer_variable_and_keeps_one_of_its_own_scope(scopes: Scopes) -> None:
    scopes.pop()
    scopes.declare("x", "'outer'")
    scopes.declare("y", "'kept'")
    scopes.script("var y;")
    scopes.push()
    scopes.script("var x; x = 'inner'; y = 'written';")
    assert scopes.evaluate("[x, dialog.x, dialog.y].join()") == "inner,outer,written"


def test_a_sloppy_write_in_a_script_makes_a_variable_of_its_scope(scopes: Scopes) -> None:
    scopes.pop_to(3)
    scopes.script("for (i = 0; i < 2; i++);")
    assert scopes.evaluate("document.i") == 2
    scopes.pop_to(2)
    assert not scopes.declared("i")


def test_a_script_may_hide_itself_from_old_browsers(scopes: Scopes) -> None:
    scopes.script("<!-- hide\nvar x = 1;\n// -->")
    assert scopes.evaluate("x") == 1


def test_a_script_may_be_in_any_language(scopes: Scopes) -> None:
    scopes.script("var caf\u00e9 = '\u20ac\U0001f600\u2028'; // \u00fc")
    assert scopes.evaluate("caf\u00e9.length") == 4


def test_let_and_const_stay_within_the_script(scopes: Scopes) -> None:
    scopes.script("let x = 1; const y = 2; class Z { } var sum = x + y;")
    assert scopes.evaluate("[typeof x, typeof y, typeof Z, sum].join()") == "undefined,undefined,undefined,3"


def test_a_script_that_throws_keeps_what_it_did(scopes: Scopes) -> None:
    with pytest.raises(SemanticError, match="Error: boo") as caught:
        scopes.script("var x = 1;\nimplicit = 2;\nthrow new Error('boo');")
    assert caught.value.line == 3
    assert scopes.evaluate("x + implicit") == 3


@pytest.mark.parametrize(
    ("program", "line"),
    [("var x = ;", 1), ("var x;\n\nvar y = (;", 3), ("return 1", 1), ("} {", 1), ("\nthrow 1;\n}); (function () {", 3)],
)
def test_a_program_that_cannot_be_parsed_does_not_begin(scopes: Scopes, program: str, line: int) -> None:
    with pytest.raises(SemanticError, match="SyntaxError") as caught:
        scopes.script(program)
    assert caught.value.line == line


def test_a_program_of_too_many_functions_is_refused(scopes: Scopes) -> None:
    with pytest.raises(SemanticError, match="the script is too large"):
        scopes.script("".join(f"function f{number}(){{}}" for number in range(30_000)))


def test_a_program_of_too_many_variables_is_refused(scopes: Scopes, monkeypatch: pytest.MonkeyPatch) -> None:
    # The engine is left with enough memory for the program, and too little to tell of its names.
    monkeypatch.setattr(expressions, "MEMORY_BYTES", 1_900_000)
    with pytest.raises(SemanticError, match="declares too much"):
        scopes.script(f"var {','.join(f'v{number}' + 'a' * 90 for number in range(5_000))};")


@pytest.mark.parametrize("program", ["var eval = 1", "function eval() { }"])
def test_a_script_may_not_replace_what_evaluates_it(scopes: Scopes, program: str) -> None:
    with pytest.raises(SemanticError, match="'eval' is not a name"):
        scopes.script(program)
    assert scopes.evaluate("1") == 1


@pytest.mark.parametrize(
    ("program", "variables", "functions"),
    [
        ("", (), ()),
        ("var a, b = 1;", ("a", "b"), ()),
        ("for (var i in {}) { if (i) { var j; } }", ("i", "j"), ()),
        ("function f() { var inner; } var g = function h() { };", ("g",), ("f",)),
        ("var f; function f() { }", (), ("f",)),
        ("var {a, b: [c]} = x;", ("a", "c"), ()),
        ("let a; const b = 1; class C { }", (), ()),
        ("var Date, name; function Object() { }", ("Date", "name"), ("Object",)),
        ("// var a;\n'var b'; /var c/; `var d`", (), ()),
        ("'use strict'; var a;", ("a",), ()),
        ("async function f() { } function* g() { }", (), ("f", "g")),
    ],
)
def test_declarations_are_found(program: str, variables: tuple[str, ...], functions: tuple[str, ...]) -> None:
    found = declarations(program)
    assert (sorted(found[0]), sorted(found[1])) == (sorted(variables), sorted(functions))
