from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.vxml.ecmascript import UNDEFINED, Engine, JsObject
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.expressions import is_name
from mirabelle.vxml.scopes import MOST_SCOPES, Scopes

SESSION = {"connection": {"remote": {"uri": "tel:+16175550123"}, "originator": None}, "id": "a;1"}


@pytest.fixture
def scopes() -> Scopes:
    made = Scopes(Engine(), SESSION)
    for name in ("application", "document", "dialog", ""):
        made.push(name)
    return made


def leaf() -> Scopes:
    """A document without an application root."""
    made = Scopes(Engine())
    made.push("document")
    return made


# Names and where they are found


@pytest.mark.parametrize("name", ["session", "application", "document", "dialog"])
def test_a_scope_can_be_compared_and_spoken(scopes: Scopes, name: str) -> None:
    assert scopes.text(name) == "[object Object]"
    assert scopes.truth(f"{name} != 5 && {name}.valueOf() === {name} && !{name}.hasOwnProperty('nobody')")


def test_a_name_is_found_from_within_outwards(scopes: Scopes) -> None:
    for depth, name in ((2, "application"), (3, "document"), (4, "dialog")):
        scopes.pop_to(depth)
        scopes.declare("where", f"'{name}'")
        scopes.declare(f"of_{name}", "1")
        scopes.push()
        assert scopes.evaluate("where") == name
        for _ in range(4 - depth):
            scopes.push()
    assert scopes.evaluate("of_application + of_dialog") == 2


def test_a_write_goes_to_the_scope_that_declares_the_name(scopes: Scopes) -> None:
    scopes.pop_to(3)
    scopes.declare("x", "1")
    scopes.push("dialog")
    scopes.push()
    scopes.assign("x", "x + 1")
    scopes.evaluate("x++")
    scopes.pop_to(3)
    assert scopes.evaluate("x") == 3


def test_a_scope_is_gone_with_its_variables(scopes: Scopes) -> None:
    scopes.declare("x", "1")
    scopes.pop()
    assert not scopes.declared("x")
    with pytest.raises(SemanticError, match="x is not defined"):
        scopes.evaluate("x")


def test_a_variable_of_one_anonymous_scope_is_not_seen_in_the_next(scopes: Scopes) -> None:
    scopes.declare("x", "1")
    scopes.pop()
    scopes.push()
    assert scopes.evaluate("typeof x") == "undefined"


def test_an_inner_variable_hides_an_outer_one_until_it_is_gone(scopes: Scopes) -> None:
    scopes.pop()
    scopes.declare("x", "'outer'")
    scopes.push()
    scopes.declare("x", "x + ' and inner'")
    assert scopes.evaluate("x") == "outer and inner"
    scopes.pop()
    assert scopes.evaluate("x") == "outer"


@pytest.mark.parametrize(("depth", "name"), [(2, "application"), (3, "document"), (4, "dialog")])
def test_each_scope_has_a_variable_that_is_itself(scopes: Scopes, depth: int, name: str) -> None:
    scopes.pop_to(depth)
    scopes.declare("mine", "7")
    for _ in range(depth, 5):
        scopes.push()
        scopes.declare("mine", "8")
    assert scopes.evaluate(f"{name}.mine") == 7
    assert scopes.evaluate(f"{name}.{name} === {name}") is True


def test_a_scope_shows_its_variables_only(scopes: Scopes) -> None:
    scopes.pop_to(4)
    scopes.declare("x", "1")
    assert scopes.evaluate("dialog") == JsObject('{"x":1}')
    assert scopes.evaluate("document.x") is UNDEFINED
    assert scopes.evaluate("typeof dialog.constructor") == "undefined"


def test_without_a_root_the_document_is_the_application() -> None:
    scopes = leaf()
    scopes.declare("x", "1")
    assert scopes.evaluate("application.x") == scopes.evaluate("document.x") == 1
    scopes.assign("application.x", "2")
    assert scopes.evaluate("x") == 2


def test_within_a_root_the_application_is_the_document_until_a_leaf_opens_its_own() -> None:
    scopes = Scopes(Engine())
    scopes.push("application")
    scopes.declare("x", "1")
    assert scopes.evaluate("document.x") == 1
    scopes.push("document")
    assert scopes.evaluate("document.x") is UNDEFINED
    assert scopes.evaluate("application.x") == 1
    scopes.pop()
    assert scopes.evaluate("document.x") == 1


def test_names_of_scopes_are_not_reserved(scopes: Scopes) -> None:
    for name in ("session", "application", "document", "dialog"):
        scopes.declare(name, f"'my {name}'")
        assert scopes.evaluate(name) == f"my {name}"
    scopes.pop()
    scopes.declare("dialog")
    assert scopes.evaluate("dialog") is UNDEFINED


def test_a_scope_made_empty_keeps_its_name_and_those_within(scopes: Scopes) -> None:
    scopes.pop_to(2)
    scopes.declare("x", "1")
    scopes.push("document")
    scopes.declare("y", "2")
    scopes.reset("application")
    assert not scopes.declared("x")
    assert scopes.evaluate("application.application === application && y == 2") is True


def test_a_scope_that_is_not_open_cannot_be_made_empty(scopes: Scopes) -> None:
    scopes.pop_to(3)
    with pytest.raises(SemanticError, match="no scope dialog"):
        scopes.reset("dialog")


def test_depth_and_names_follow(scopes: Scopes) -> None:
    assert (scopes.depth, scopes.names) == (5, ("session", "application", "document", "dialog", ""))
    scopes.pop_to(2)
    assert (scopes.depth, scopes.names) == (2, ("session", "application"))


@pytest.mark.parametrize("depth", [0, -1, 6])
def test_scopes_that_are_not_there_cannot_be_left(scopes: Scopes, depth: int) -> None:
    with pytest.raises(ValueError, match="scopes open"):
        scopes.pop_to(depth)


def test_scopes_are_bounded() -> None:
    scopes = Scopes(Engine())
    while scopes.depth < MOST_SCOPES:
        scopes.push()
    with pytest.raises(SemanticError, match="scopes are open"):
        scopes.push()


# The session's scope


def test_session_variables_are_read(scopes: Scopes) -> None:
    assert scopes.evaluate("session.connection.remote.uri") == "tel:+16175550123"
    assert scopes.evaluate("connection.originator") is None
    assert scopes.json("session") == '{"connection":{"remote":{"uri":"tel:+16175550123"},"originator":null},"id":"a;1"}'


LINE = {
    "connection": {
        "originator": "remote",
        "local": {"uri": "tel:+15550100"},
        "remote": {"uri": "tel:+15550123"},
        "protocol": {"name": "sip", "version": "2.0"},
        "redirect": [{"uri": "tel:+15550199", "reason": "deflection"}],
    },
    "id": "7",
}


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("session.connection.originator == session.connection.remote", True),
        ("session.connection.originator === connection.remote", True),
        ("session.connection.originator == session.connection.local", False),
        ("connection.originator.uri", "tel:+15550123"),
        ("typeof session.connection + typeof session.connection.local", "objectobject"),
        ("'uri' in session.connection.local", True),
        ("(function () { var s = ''; for (var k in connection.protocol) s += k; return s; })()", "nameversion"),
        ("Object.keys(session.connection).length", 5),
        ("Array.isArray(connection.redirect) && connection.redirect.length", 1),
        ("connection.redirect.map(function (r) { return r.reason; }).join()", "deflection"),
        ("connection.redirect.slice()[0].uri", "tel:+15550199"),
        ("JSON.stringify(session.connection.protocol)", '{"name":"sip","version":"2.0"}'),
        ("session.connection.nothing", UNDEFINED),
        ("(function (c) { return c.protocol.name; })(session.connection)", "sip"),
    ],
)
def test_session_variables_are_objects(expr: str, value: object) -> None:
    assert Scopes(Engine(), LINE).evaluate(expr) == value


@pytest.mark.parametrize("connection", [None, 5, "x", [], {}, {"originator": "nobody"}])
def test_any_connection_can_be_shown(connection: object) -> None:
    assert Scopes(Engine(), {"connection": connection}).json("connection") == json.dumps(connection).replace(" ", "")


@pytest.mark.parametrize(
    "program",
    [
        "session.id = 1",
        "session.other = 1",
        "id = 1",
        "session.connection.remote.uri = 1",
        "connection.other = 1",
        "delete session.id",
        "Object.defineProperty(session, 'id', {value: 1})",
        "Object.setPrototypeOf(session, {x: 1})",
    ],
)
def test_session_variables_are_not_written(scopes: Scopes, program: str) -> None:
    with pytest.raises(SemanticError, match="session variables cannot be changed"):
        scopes.script(program)
    with pytest.raises(SemanticError, match="session variables cannot be changed"):
        scopes.evaluate(program)
    assert scopes.evaluate("session.id") == "a;1"


@pytest.mark.parametrize("name", ["session.id", "session.other", "id", "session.connection.remote.uri"])
def test_session_variables_are_not_assigned(scopes: Scopes, name: str) -> None:
    with pytest.raises(SemanticError, match="session variables cannot be changed"):
        scopes.assign(name, "1")
    with pytest.raises(SemanticError, match="session variables cannot be changed"):
        scopes.assign_value(name, 1)


def test_the_platform_may_add_session_variables_while_no_other_scope_is_open() -> None:
    scopes = Scopes(Engine())
    scopes.declare_value("calledid", "8005551212")
    scopes.push("document")
    assert scopes.evaluate("session.calledid") == "8005551212"


# Plain names, which are looked up without being read as code


@pytest.mark.parametrize(
    "name",
    [
        "x", "outer", "hidden", "inherited", "session", "connection", "document", "dialog", "application",
        "document.x", "dialog.x", "x.length", "order.total", "order.missing", "order.from", "connection.remote",
        "Math", "Math.PI", "undefined", "undefined.x", "Infinity", "null", "true", "this", "x.x", "nothing",
        "nothing.x", "package", "__proto__", "__proto__.x", "lastresult$", "order$", "order$.utterance", "caf\u00e9",
        "getter",
    ],
)  # fmt: skip
@pytest.mark.parametrize("look", [Scopes.evaluate, Scopes.truth, Scopes.text, Scopes.json, Scopes.field])
def test_a_plain_name_is_what_the_language_itself_finds(name: str, look: Callable[[Scopes, str], object]) -> None:
    made = Scopes(Engine(), {"connection": {"remote": {"uri": "tel:1"}}})
    made.push("application")
    made.declare("outer", "1")
    made.declare("package", "'p'")
    made.push("document", {"x": "document's", "order": JsObject('{"total": 2, "from": null}')})
    made.declare("hidden", "1")
    made.declare("order$", "{utterance: 'two'}")
    made.declare("caf\u00e9", "'c'")
    made.push("dialog", {"x": "dialog's", "hidden": 2})
    made.script("dialog[Symbol.unscopables] = {hidden: true};")
    made.script("Object.setPrototypeOf(dialog, {inherited: 3, get getter() { return this.x; }});")
    made.push()

    def found(expr: str) -> object:
        try:
            return look(made, expr)
        except SemanticError as error:
            return error.reason.partition(" (in ")[0]

    assert found(name) == found(f"({name})")


def test_what_a_form_sends_of_a_value(scopes: Scopes) -> None:
    scopes.declare("x", "{list: [1, {}], none: null, say: new String('hi'), make: function () {}}")
    assert [scopes.field(f"x.{name}") for name in ("list", "none", "say", "missing")] == [
        JsObject("[1,{}]"),
        "null",
        "hi",
        "undefined",
    ]
    assert isinstance(scopes.field("x"), JsObject)


def test_an_array_to_go_over_is_evaluated_once_and_copied(scopes: Scopes) -> None:
    scopes.declare("made", "0")
    scopes.declare("item")
    scopes.script("function make() { made++; return [7, 8]; }")
    assert scopes.begin_loop("make()", "$copy") == 2
    scopes.step("item", "$copy", 1)
    assert (scopes.evaluate("item"), scopes.evaluate("made")) == (8, 1)
    assert scopes.begin_loop("({length: 2})", "$other") is None
    assert not scopes.declared("$other")


def test_an_array_whose_copy_is_none_is_not_gone_over(scopes: Scopes) -> None:
    scopes.script("var odd = []; odd.slice = function () { return {length: 'many'}; };")
    assert scopes.begin_loop("odd", "$copy") is None


# Declaring and assigning


def test_a_variable_without_a_value_is_undefined(scopes: Scopes) -> None:
    scopes.declare("x")
    assert scopes.evaluate("x") is UNDEFINED
    assert scopes.declared("x")
    assert not scopes.defined("x")


@pytest.mark.parametrize(
    "literal",
    ["0", "-7", "123456789012345", "1234567890123456789", "010", "0x10", "1.5", "-0", "'it'", '"it"', "''",
     "'a\\u0062'", "'\\'", "'caf\u00e9 \U0001f600'", "true", "false", "null", "undefined", " 'x' ; ", "'a' + 'b'", "'"],
)  # fmt: skip
def test_a_literal_is_what_the_language_has_it_be(scopes: Scopes, literal: str) -> None:
    def value(change: Callable[[str, str], None], expr: str) -> object:
        try:
            change("x", expr)
        except SemanticError as error:
            return error.reason.partition(":")[0]
        return repr(scopes.evaluate("x"))

    scopes.declare("x")
    assert value(scopes.declare, literal) == value(scopes.declare, f"({literal.rstrip('; ')})")
    assert value(scopes.assign, literal) == value(scopes.assign, f"({literal.rstrip('; ')})")


def test_declaring_again_assigns_where_a_value_is_given(scopes: Scopes) -> None:
    scopes.declare("x", "1")
    scopes.declare("x")
    assert scopes.evaluate("x") == 1
    scopes.declare("x", "2")
    assert scopes.evaluate("x") == 2


@pytest.mark.parametrize(
    "name", ["", " x", "1x", "x.y", "dialog.x", "x-y", "x y", "class", "eval", "arguments", "null", "x;y", "x\0"]
)
def test_what_is_no_name_is_not_declared(scopes: Scopes, name: str) -> None:
    assert not is_name(name)
    with pytest.raises(SemanticError, match="not a name a variable can have"):
        scopes.declare(name, "1")
    with pytest.raises(SemanticError, match="not a name a variable can have"):
        scopes.declare_value(name, 1)


@pytest.mark.parametrize(
    "name", ["x", "_x", "field$", "$", "caf\u00e9", "package", "toString", "__proto__", "Date", "x1"]
)
def test_any_other_name_is(scopes: Scopes, name: str) -> None:
    scopes.declare(name, "1")
    scopes.assign(name, f"{name} + 1")
    assert scopes.evaluate(name) == 2
    assert scopes.defined(name)


@pytest.mark.parametrize("name", ["x", "document.x", "application.x", "dialog.x.y", "nothing.x"])
def test_what_nobody_declared_is_not_assigned(scopes: Scopes, name: str) -> None:
    with pytest.raises(SemanticError):
        scopes.assign(name, "1")
    with pytest.raises(SemanticError):
        scopes.assign_value(name, 1)
    assert not scopes.declared("x")


def test_a_property_of_an_object_needs_no_declaration(scopes: Scopes) -> None:
    scopes.declare("order", "{lines: [1, 2]}")
    scopes.assign("order.total", "3")
    scopes.assign("order.lines[1]", "5")
    scopes.assign("order['an y']", "6")
    scopes.assign_value("order.who", "me")
    assert scopes.json("order") == '{"lines":[1,5],"total":3,"an y":6,"who":"me"}'


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("rows[at]", "[0,9,0]"),
        ("rows[at + 1]", "[0,0,9]"),
        ("rows[rows.length-1]", "[0,0,9]"),
        ("document.rows[document.at]", "[0,9,0]"),
        ("rows[document.at - 1]", "[9,0,0]"),
    ],
)
def test_an_index_may_be_computed(scopes: Scopes, name: str, row: str) -> None:
    scopes.push("document")
    scopes.declare("at", "1")
    scopes.declare("rows", "[0, 0, 0]")
    scopes.assign(name, "9")
    assert scopes.json("rows") == row
    assert scopes.defined(name)


@pytest.mark.parametrize(
    "name", ["", "x +", "x()", "1", "x;y", "f(x).y", "x[y()]", "x[y", "x[y=1]", "x[]", "x\n.y", "(x)", "x."]
)
def test_what_is_no_left_hand_side_is_not_assigned(scopes: Scopes, name: str) -> None:
    with pytest.raises(SemanticError, match="can be assigned to"):
        scopes.assign(name, "1")


def test_shadow_variables_have_names_with_a_dollar(scopes: Scopes) -> None:
    scopes.declare("field$", "{confidence: 0.5}")
    scopes.assign_value("field$.utterance", "12")
    assert scopes.evaluate("field$.confidence + field$.utterance") == "0.512"


def test_the_last_result_is_an_array_of_the_application(scopes: Scopes) -> None:
    scopes.pop_to(2)
    scopes.declare("lastresult$")
    scopes.push("document")
    scopes.assign_value("application.lastresult$", JsObject('[{"utterance":"1","inputmode":"dtmf"}]'))
    scopes.assign("application.lastresult$.interpretation", "application.lastresult$[0].utterance")
    assert scopes.evaluate("application.lastresult$[0].inputmode") == "dtmf"
    assert scopes.evaluate("application.lastresult$.interpretation") == "1"


# Expressions


def test_reading_what_nobody_declared_names_the_expression(scopes: Scopes) -> None:
    with pytest.raises(SemanticError, match=r"ReferenceError: blah is not defined \(in '1 \+ blah'\)"):
        scopes.evaluate("1 + blah")


def test_typeof_what_nobody_declared_is_undefined(scopes: Scopes) -> None:
    assert scopes.evaluate("typeof blah") == "undefined"
    assert scopes.truth("typeof blah === 'undefined'")


@pytest.mark.parametrize("expr", ["blah = 1", "blah = 010", "(function () { blah = 1 })()", "blah++"])
def test_writing_what_nobody_declared_is_an_error_and_declares_nothing(scopes: Scopes, expr: str) -> None:
    with pytest.raises(SemanticError, match="blah is not de"):
        scopes.evaluate(expr)
    assert scopes.evaluate("typeof blah") == "undefined"


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("1 + 1;", 2),
        (" 1 + 1 ; \n", 2),
        ("1 // one", 1),
        ("010 + 1", 9),
        ("'a' in {a: 1}", True),
        ("1, 2", 2),
        ("';'", ";"),
        ("eval('1 + 1')", 2),
    ],
)
def test_an_expression_may_be_written_as_of_old(scopes: Scopes, expr: str, value: object) -> None:
    assert scopes.evaluate(expr) == value


@pytest.mark.parametrize(
    "expr", ["", " ", ";", "1 +", "var x = 1", "if (1) 2", "1; 2", "1)", ") (", "'a", "return 1", "/*"]
)
def test_what_is_no_expression_is_refused(scopes: Scopes, expr: str) -> None:
    with pytest.raises(SemanticError):
        scopes.evaluate(expr)


def test_a_syntax_error_while_running_does_not_run_the_expression_twice(scopes: Scopes) -> None:
    scopes.declare("count", "0")
    with pytest.raises(SemanticError, match="SyntaxError"):
        scopes.evaluate("(count++, JSON.parse('{'))")
    assert scopes.evaluate("count") == 1


@pytest.mark.parametrize(
    ("expr", "expected"),
    [("''", False), ("'0'", True), ("0", False), ("NaN", False), ("null", False), ("undefined", False), ("[]", True)],
)
def test_a_condition_is_what_boolean_makes_of_it(scopes: Scopes, expr: str, expected: bool) -> None:
    assert scopes.truth(expr) is expected


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("undefined", "undefined"),
        ("null", "null"),
        ("1.50", "1.5"),
        ("[1, [2]]", "1,2"),
        ("{}", "[object Object]"),
        ("new Date(NaN)", "Invalid Date"),
        ("{toString: function () { return 'me' }}", "me"),
    ],
)
def test_text_is_what_string_makes_of_it(scopes: Scopes, expr: str, expected: str) -> None:
    assert scopes.text(expr) == expected


@pytest.mark.parametrize(
    ("expr", "expected"),
    [("undefined", "null"), ("{a: [undefined]}", '{"a":[null]}'), ("'\\0\u00e9'", '"\\u0000\u00e9"')],
)
def test_json_is_what_json_makes_of_it(scopes: Scopes, expr: str, expected: str) -> None:
    assert scopes.json(expr) == expected


def test_defined_looks_into_objects(scopes: Scopes) -> None:
    scopes.declare("x", "{a: {b: 1}, c: null}")
    assert [scopes.defined(name) for name in ("x", "x.a.b", "x.a.z", "x.c", "y", "y.z")] == [
        True, True, False, True, False, False,
    ]  # fmt: skip


# Execution contexts


def test_a_new_context_shares_the_session_only(scopes: Scopes) -> None:
    scopes.declare("x", "1")
    chain = scopes.save()
    assert scopes.depth == 1
    scopes.push("document")
    assert scopes.evaluate("typeof x") == "undefined"
    assert scopes.evaluate("session.id") == "a;1"
    scopes.declare("x", "2")
    scopes.restore(chain)
    assert scopes.names == ("session", "application", "document", "dialog", "")
    assert scopes.evaluate("x") == 1


def test_contexts_nest(scopes: Scopes) -> None:
    chains = []
    for level in range(5):
        scopes.declare("level", str(level))
        chains.append(scopes.save())
        scopes.push("document")
    for level in reversed(range(5)):
        scopes.restore(chains[level])
        assert scopes.evaluate("level") == level


def test_a_kept_value_moves_between_contexts_whole(scopes: Scopes) -> None:
    scopes.script("var made = {when: new Date(5), add: function (n) { return n + 1; }}; made.self = made;")
    kept = scopes.keep("made")
    chain = scopes.save()
    scopes.push("document")
    scopes.declare_value("given", kept)
    scopes.forget(kept)
    assert scopes.evaluate("given.when.getTime() + given.add(1) + (given.self === given)") == 8
    scopes.script("given.back = 9")
    back = scopes.keep("given")
    scopes.restore(chain)
    scopes.declare("result")
    scopes.assign_value("result", back)
    assert scopes.evaluate("result === made && made.back") == 9


def test_a_kept_value_that_was_let_go_is_undefined(scopes: Scopes) -> None:
    kept = scopes.keep("1")
    scopes.forget(kept)
    scopes.declare_value("x", kept)
    assert scopes.evaluate("x") is UNDEFINED


# Against a model


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.just("")),
        st.tuples(st.just("pop"), st.just("")),
        st.tuples(st.sampled_from(["declare", "initialise", "assign", "script"]), st.sampled_from("xyz")),
    ),
    max_size=30,
)


@given(OPERATIONS)
def test_names_resolve_as_in_a_list_of_dictionaries(operations: list[tuple[str, str]]) -> None:
    scopes = leaf()
    model: list[dict[str, int | None]] = [{}]
    for number, (operation, name) in enumerate(operations):
        holder = next((scope for scope in reversed(model) if name in scope), None)
        match operation:
            case "push":
                scopes.push()
                model.append({})
            case "pop" if len(model) > 1:
                scopes.pop()
                model.pop()
            case "declare":
                scopes.declare(name)
                model[-1].setdefault(name, None)
            case "initialise":
                scopes.declare(name, str(number))
                model[-1][name] = number
            case "script":
                scopes.script(f"var {name} = {number};")
                model[-1][name] = number
            case "assign" if holder is not None:
                scopes.assign(name, str(number))
                holder[name] = number
            case "assign":
                with pytest.raises(SemanticError):
                    scopes.assign(name, str(number))
    for name in "xyz":
        found = next((scope for scope in reversed(model) if name in scope), None)
        assert scopes.declared(name) == (found is not None)
        if found is not None:
            value = found[name]
            assert scopes.evaluate(name) == (UNDEFINED if value is None else value)
