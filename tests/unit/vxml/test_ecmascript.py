from __future__ import annotations

import contextlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.vxml.ecmascript import UNDEFINED, Engine, JsObject, Value, decode, encode
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.scopes import Scopes


@pytest.fixture
def scopes() -> Scopes:
    made = Scopes(Engine())
    made.push("document")
    return made


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("undefined", UNDEFINED),
        ("null", None),
        ("true", True),
        ("1 == 2", False),
        ("42", 42),
        ("-1.5", -1.5),
        ("1e3", 1000),
        ("Math.pow(2, 53)", 2**53),
        ("1e21", 1e21),
        ("Infinity", float("inf")),
        ("'plain'", "plain"),
        ("''", ""),
        ("'a\\0b'", "a\0b"),
        ("'\\ud800'", "\ud800"),
        ("'\U0001f600 \u00e9'", "\U0001f600 \u00e9"),
        ("[1, 'a', null]", JsObject('[1,"a",null]')),
        ("{a: 1}", JsObject('{"a":1}')),
        ("function (a) { return a; }", JsObject("null")),
        ("new Date(0)", JsObject('"1970-01-01T00:00:00.000Z"')),
    ],
)
def test_a_value_leaves_the_engine_as_what_it_is(scopes: Scopes, expr: str, value: Value) -> None:
    result = scopes.evaluate(expr)
    assert (type(result), result) == (type(value), value)


def test_not_a_number_is_a_float(scopes: Scopes) -> None:
    result = scopes.evaluate("0 / 0")
    assert isinstance(result, float)
    assert result != result


def test_minus_zero_keeps_its_sign(scopes: Scopes) -> None:
    assert str(scopes.evaluate("-0")) == "-0.0"


@pytest.mark.parametrize("expr", ["10n", "Symbol('x')"])
def test_what_has_no_counterpart_does_not_leave(scopes: Scopes, expr: str) -> None:
    with pytest.raises(SemanticError, match="cannot leave the script"):
        scopes.evaluate(expr)


def test_an_object_within_itself_does_not_leave_but_stays_usable(scopes: Scopes) -> None:
    scopes.script("var ring = {}; ring.self = ring;")
    with pytest.raises(SemanticError, match="circular"):
        scopes.evaluate("ring")
    assert scopes.truth("ring.self === ring")


def test_undefined_is_false_and_shows_itself() -> None:
    assert not UNDEFINED
    assert repr(UNDEFINED) == "UNDEFINED"


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False),
        st.text(st.characters()),
        st.text(st.sampled_from("\0\ud800\udfff\u2028'\"\\a\u00e9\U0001f600")),
    )
)
def test_every_value_comes_back_from_the_engine(value: Value) -> None:
    if isinstance(value, str):
        # Two halves of a surrogate pair that meet are one character.
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    ENGINE.declare_value("x", value)
    assert ENGINE.evaluate("x") == value
    if isinstance(value, str):
        assert ENGINE.evaluate("x.length") == len(value.encode("utf-16-le", "surrogatepass")) // 2


ENGINE = Scopes(Engine())
ENGINE.push("document")


@given(st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text()))
def test_the_notation_is_read_as_it_is_written(value: Value) -> None:
    assert decode(encode(value)) == value


@given(st.text(max_size=30))
def test_no_expression_raises_anything_but_a_semantic_error(source: str) -> None:
    ENGINE._engine.new_turn()
    with contextlib.suppress(SemanticError):
        ENGINE.evaluate(source)


@pytest.mark.parametrize(
    "program",
    [
        "while (true);",
        "try { while (true); } catch (error) { }",
        "try { while (true); } finally { while (true); }",
        "/(a+)+$/.test('a'.repeat(40) + 'b');",
        "var a = []; for (var i = 0; i < 3e6; i++) a[i] = i % 7; a.sort();",
    ],
)
def test_a_script_without_end_is_stopped(program: str) -> None:
    scopes = Scopes(Engine(evaluation_ms=20))
    scopes.push("document")
    with pytest.raises(SemanticError, match=r"computed for more than 20 ms|more than 16 MB"):
        scopes.script(program)


def test_the_engine_is_usable_after_a_script_was_stopped() -> None:
    scopes = Scopes(Engine(evaluation_ms=20))
    scopes.push("document")
    with pytest.raises(SemanticError):
        scopes.script("var before = 1; while (true);")
    assert scopes.evaluate("before") == 1


def test_a_turn_has_a_budget_and_the_next_has_a_new_one() -> None:
    engine = Engine(evaluation_ms=20, turn_ms=30)
    scopes = Scopes(engine)
    for _ in range(3):
        with pytest.raises(SemanticError, match="computed for more than"):
            scopes.evaluate("(function () { while (true); })()")
    with pytest.raises(SemanticError, match="scripts of this turn computed"):
        scopes.evaluate("1")
    engine.new_turn()
    assert scopes.evaluate("1") == 1


def test_functions_that_call_each_other_without_end_are_stopped(scopes: Scopes) -> None:
    scopes.script("function again() { return again(); }")
    with pytest.raises(SemanticError, match="call stack"):
        scopes.evaluate("again()")
    assert scopes.evaluate("1") == 1


@pytest.mark.parametrize(
    "program",
    [
        "var kept = []; while (true) kept.push('abc' + kept.length);",
        "var kept = 'x'; while (true) kept = [kept, kept.length, new Array(1000).fill(1)];",
    ],
)
def test_an_engine_without_memory_is_dead(program: str) -> None:
    engine = Engine(evaluation_ms=2_000, turn_ms=10_000, memory_bytes=4 << 20)
    scopes = Scopes(engine)
    scopes.push("document")
    with pytest.raises(SemanticError, match="used more than 4 MB"):
        scopes.script(program)
    assert engine.dead
    with pytest.raises(SemanticError, match="used more than 4 MB"):
        scopes.evaluate("1")


def test_one_engine_may_be_used_from_one_thread_after_another() -> None:
    scopes = Scopes(Engine())
    scopes.push("document")
    scopes.declare("count", "0")

    def work() -> None:
        for _ in range(50):
            scopes.assign("count", "count + 1")
            with pytest.raises(SemanticError):
                scopes.evaluate("(function deep() { return deep(); })()")

    for _ in range(4):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert scopes.evaluate("count") == 200


def test_engines_know_nothing_of_each_other() -> None:
    one, two = Scopes(Engine()), Scopes(Engine())
    one.push("document")
    one.script("Object.prototype.leak = 1; function Date() { }")
    assert two.evaluate("typeof ({}).leak") == "undefined"
    assert two.evaluate("new Date(0).getTime()") == 0


@pytest.mark.parametrize("name", ["require", "process", "fetch", "console", "performance", "os", "std", "setTimeout"])
def test_the_engine_offers_nothing_of_its_host(scopes: Scopes, name: str) -> None:
    assert scopes.evaluate(f"typeof {name}") == "undefined"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("throw new Error('boo')", "Error: boo"),
        ("throw 'boo'", "boo"),
        ("throw {toString: function () { return 'boo' }}", "boo"),
        ("throw {toString: function () { throw 1 }}", "cannot be shown"),
        ("throw null", "cannot be shown"),
        ("throw undefined", "undefined"),
        ("null.x", "TypeError"),
        ("JSON.parse('{')", "SyntaxError"),
    ],
)
def test_what_a_script_throws_is_told(scopes: Scopes, program: str, message: str) -> None:
    with pytest.raises(SemanticError, match=message):
        scopes.script(program)


@pytest.mark.parametrize(
    "program",
    [
        "globalThis.eval = function () { return function () { return 1 } }",
        "delete globalThis.eval",
        "JSON.stringify = Object.keys = Array.prototype.push = null",
        "String.prototype.slice = function () { return 1 }",
        "Array.prototype.some = Array.prototype.includes = function () { throw 1 }",
        "Object.prototype.value = 1; Object.prototype.get = function () { }",
    ],
)
def test_a_script_that_breaks_the_language_breaks_itself_only(scopes: Scopes, program: str) -> None:
    with contextlib.suppress(SemanticError):
        scopes.script(program)
    with contextlib.suppress(SemanticError):
        scopes.evaluate("1 + 1")
    with contextlib.suppress(SemanticError):
        scopes.push("dialog")
    with pytest.raises(SemanticError):
        scopes.evaluate("nothing of the kind")


@pytest.mark.parametrize("length", [10, 500, 511, 512, 600, 1_000, 8_191, 8_193, 100_000])
@pytest.mark.parametrize(
    "expr",
    [
        "'x'.repeat({n})",
        "'x'.repeat({n} - 1) + 'x'",
        "(function () {{ var s = ''; for (var i = 0; i < {n}; i++) s += 'x'; return s; }})()",
        "'x' + ('x'.repeat({n} - 5) + 'xxx') + 'x'",
    ],
)
def test_a_long_string_leaves_the_engine_however_it_was_joined(scopes: Scopes, expr: str, length: int) -> None:
    source = expr.format(n=length)
    assert scopes.evaluate(source) == scopes.text(source) == "x" * length
    assert scopes.json(source) == f'"{"x" * length}"'
    assert scopes.evaluate(f"[{source}]") == JsObject(f'["{"x" * length}"]')


def test_a_long_message_of_an_error_leaves_the_engine(scopes: Scopes) -> None:
    with pytest.raises(SemanticError, match=r"x{200}"):
        scopes.evaluate("(function () { throw new Error('x'.repeat(5000) + 'y'); })()")
