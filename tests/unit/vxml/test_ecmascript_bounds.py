from __future__ import annotations

import pytest

from mirabelle.vxml.ecmascript import Engine
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.scopes import Scopes


@pytest.fixture
def scopes() -> Scopes:
    made = Scopes(Engine(evaluation_ms=50))
    made.push("document")
    made.script("var long = new Array(4294967295), huge = {length: 9007199254740991}; var a = 'a'.repeat(1000000);")
    return made


@pytest.mark.parametrize(
    "expr",
    [
        "long.join()",
        "long + ''",
        "isNaN(long)",
        "long.reverse()",
        "long.sort()",
        "long.slice(1)",
        "long.splice(0, 1)",
        "long.shift()",
        "long.unshift(1)",
        "long.copyWithin(0, 1)",
        "long.toLocaleString()",
        "long.toReversed()",
        "long.toSpliced(0, 1)",
        "long.toSorted()",
        "long.flat()",
        "[[long]].flat(2)",
        "long.flatMap(function () { })",
        "[1].flatMap(function () { return long; })",
        "long.concat(1)",
        "[].concat(long)",
        "[].concat.apply([], new Array(1100).fill(new Array(1000)))",
        "Array.prototype.splice.call(huge, 0, 1)",
        "String.raw({raw: huge})",
    ],
)
def test_a_function_that_could_not_be_stopped_refuses_an_array_nobody_means(scopes: Scopes, expr: str) -> None:
    with pytest.raises(SemanticError, match="more than 1000000 members"):
        scopes.evaluate(expr)


@pytest.mark.parametrize("name", ["indexOf", "includes", "lastIndexOf", "split", "replace", "replaceAll"])
def test_a_search_that_could_not_be_stopped_is_refused(scopes: Scopes, name: str) -> None:
    with pytest.raises(SemanticError, match="too long to look for"):
        scopes.evaluate(f"a.{name}(a.slice(1) + 'b', '')")
    with pytest.raises(SemanticError, match="too long to look for"):
        scopes.evaluate(f"a.{name}({{toString: function () {{ return a; }}}}, '')")


@pytest.mark.parametrize(
    "expr",
    [
        "long.indexOf(1)",
        "long.includes(1)",
        "long.forEach(function () { })",
        "long.fill(1)",
        "Array.from(long)",
        "Array.prototype.every.call(huge, function () { return true; })",
    ],
)
def test_all_other_functions_stop_by_themselves(scopes: Scopes, expr: str) -> None:
    with pytest.raises(SemanticError):
        scopes.evaluate(expr)


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("'a,b,c'.split(',').concat(['d'], 'e').reverse().join('-')", "e-d-c-b-a"),
        ("[3, 1, 2].sort(function (a, b) { return b - a; }).slice(1).join()", "2,1"),
        ("[1, [2, [3]]].flat(Infinity).flatMap(function (x) { return [x, x]; }).join()", "1,1,2,2,3,3"),
        ("'abcb'.indexOf('b') + 'abcb'.lastIndexOf('b')", 4),
        ("'abcb'.indexOf('b', 2) + 'a1a'.indexOf(1)", 4),
        ("'abc'.includes('bc') && !'abc'.includes('x')", True),
        ("'a-b'.replace('-', function (m) { return m + m; })", "a--b"),
        ("'a-b'.replace(/[ab]/g, '<$&>').split(/-/).length", 2),
        ("'abc'.split('').length + 'abc'.split().length + 'a b'.split(' ', 1).length", 5),
        ("[1, 2, 3].splice(1, 1)[0]", 2),
        ("Array.prototype.join.length + Array.prototype.join.name", "1join"),
        ("(function () { return [].slice.call(arguments, 1).join(); })(1, 2, 3)", "2,3"),
        ("String([1, [2, 3]])", "1,2,3"),
        ("new Array(100000).join('x').length", 99999),
    ],
)
def test_what_applications_do_is_as_ever(scopes: Scopes, expr: str, value: object) -> None:
    assert scopes.evaluate(expr) == value
