# ruff: noqa: E501 - a document reads better in one piece
"""The form interpretation algorithm (VoiceXML 2.0, 2.1, 2.4 and appendix C)."""

from __future__ import annotations

import pytest

from tests.unit.vxml.running import block, key, run, vxml

ONE, TWO = key("1", "out='one'"), key("2", "out='two'")
BOTH = (
    '<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" mode="dtmf" root="r" tag-format="semantics/1.0">'
    '<rule id="r"><one-of><item>1<tag>out.a=1</tag></item><item>2<tag>out.b=2</tag></item>'
    "<item>3<tag>out.a=1;out.b=2</tag></item><item>4<tag>out.c=3</tag></item></one-of></rule></grammar>"
)


def form(body: str, *more: str) -> str:
    return vxml(f"<form>{body}</form>{''.join(more)}")


@pytest.mark.parametrize(
    ("body", "logs"),
    [
        ("<block><log>a</log></block><block><log>b</log></block>", ["a", "b"]),
        ('<block cond="false"><log>a</log></block><block><log>b</log></block>', ["b"]),
        ("<block expr=\"'x'\"><log>a</log></block><block><log>b</log></block>", ["b"]),
        ('<block name="n" expr="true"><log>a</log></block><block><log expr="n"/></block>', ["true"]),
        ('<block name="n"><log expr="n"/></block>', ["true"]),
        (
            '<block name="a"><log>a</log><goto nextitem="c"/></block><block name="b"><log>b</log></block>'
            '<block name="c"><log>c</log></block>',
            ["a", "c", "b"],
        ),
        (
            '<block name="a"><goto expritem="\'c\'"/></block><block name="b"><log>b</log></block>'
            '<block name="c"><log>c</log></block>',
            ["c", "b"],
        ),
        (
            '<var name="n" expr="0"/><block name="a"><assign name="n" expr="n+1"/><log expr="n"/>'
            '<if cond="n &lt; 3"><clear namelist="a"/></if></block>',
            ["1", "2", "3"],
        ),
        (
            '<var name="n" expr="0"/><block name="a"><log>a</log></block><block name="b"><log>b</log>'
            '<assign name="n" expr="n+1"/><if cond="n &lt; 2"><clear/></if></block>',
            ["a", "b", "a", "b"],
        ),
        ('<var name="x" expr="2"/><var name="y" expr="x*2"/><block><log expr="y"/></block>', ["4"]),
        ('<script>var z = 3;</script><block><log expr="z"/><log expr="dialog.z"/></block>', ["3", "3"]),
    ],
)
def test_items_are_visited_in_the_order_of_the_algorithm(body: str, logs: list[str]) -> None:
    assert run(form(body)).logs == logs


def test_a_form_that_is_full_ends_the_session() -> None:
    ended = run(form("<block/>"))
    assert (ended.lines, ended.status) == (["exit"], 0)


def test_a_field_is_filled_and_then_not_visited_again() -> None:
    body = f'<field name="f">{ONE}<prompt>press</prompt><filled><log expr="f"/></filled></field><block><log>next</log></block>'
    assert run(form(body), "1").lines == ["prompt: press", "input: 1", "log: one", "log: next", "exit"]


def test_a_field_with_a_value_is_not_visited() -> None:
    assert run(form(f'<field name="f" expr="5">{ONE}</field><block><log expr="f"/></block>')).logs == ["5"]


def test_goto_nextitem_visits_a_field_that_is_filled_already() -> None:
    body = f'<block><goto nextitem="f"/></block><field name="f" expr="5">{ONE}<filled><log expr="f"/></filled></field>'
    assert run(form(body), "1").logs == ["one"]


def test_goto_an_item_that_does_not_exist_is_a_bad_fetch() -> None:
    body = '<block><goto nextitem="nobody"/></block><catch event="error.badfetch"><log>bad</log><exit/></catch>'
    assert run(form(body)).logs == ["bad"]


@pytest.mark.parametrize(
    ("inputs", "logs"),
    [("3", ["a=1 b=2"]), ("1,2", ["a=1 b=2"]), ("2,1", ["a=1 b=2"])],
)
def test_a_form_grammar_fills_by_slots(inputs: str, logs: list[str]) -> None:
    body = (
        f"{BOTH}<initial name='i'><prompt>both?</prompt></initial><field name='a'/><field name='b'/>"
        "<filled><log>a=<value expr='a'/> b=<value expr='b'/></log></filled>"
    )
    assert run(form(body), inputs).logs == logs


def test_a_slot_may_have_another_name_than_its_field() -> None:
    body = f"{BOTH}<initial/><field name='x' slot='c'><filled><log expr='x'/></filled></field>"
    assert run(form(body), "4").logs == ["3"]


def test_the_initial_item_is_left_alone_once_a_field_is_filled() -> None:
    body = f"{BOTH}<initial name='i'><prompt>all</prompt></initial><field name='a'><prompt>a</prompt></field><field name='b'><prompt>b</prompt></field>"
    assert run(form(body), "1,2").prompts == ["all", "b"]


def test_the_initial_item_is_given_up_by_assigning_it() -> None:
    body = (
        f"{BOTH}<initial name='i'><prompt>all</prompt><noinput><assign name='i' expr='true'/><reprompt/></noinput>"
        "</initial><field name='a'><prompt>a</prompt></field>"
    )
    assert run(form(body), "noinput,1").prompts == ["all", "a"]


def test_input_to_a_form_grammar_without_a_slot_fills_nothing() -> None:
    body = f"{BOTH}<field name='a'><prompt>a</prompt></field>"
    assert run(form(body), "4,1").prompts == ["a", "a"]


@pytest.mark.parametrize(
    ("filled", "inputs", "logs"),
    [
        ("<filled><log>all</log></filled>", "1,2", ["all"]),
        ("<filled mode='any'><log>any</log></filled>", "1,2", ["any", "any"]),
        ("<filled mode='any' namelist='b'><log>b</log></filled>", "1,2", ["b"]),
        ("<filled namelist='a'><log>a</log></filled>", "1,2", ["a"]),
        ("<filled namelist='a b'><log>ab</log></filled><filled namelist='b'><log>b</log></filled>", "1,2", ["ab", "b"]),
    ],
)
def test_filled_is_triggered_by_mode_and_namelist(filled: str, inputs: str, logs: list[str]) -> None:
    body = f"{BOTH}<field name='a'/><field name='b'/>{filled}"
    assert run(form(body), inputs).logs == logs


def test_filled_actions_run_in_document_order() -> None:
    body = f"<filled><log>form</log></filled><field name='f'>{ONE}<filled><log>item</log></filled></field>"
    assert run(form(body), "1").logs == ["form", "item"]


def test_a_transition_in_a_filled_skips_those_after_it() -> None:
    body = (
        f"<field name='f'>{ONE}<filled><goto nextitem='b'/></filled></field><filled><log>skipped</log></filled>"
        "<block name='b'><log>b</log><exit/></block>"
    )
    assert run(form(body), "1").logs == ["b"]


def test_a_whole_result_fills_a_field_when_no_property_has_its_slot() -> None:
    body = f"<field name='x'>{BOTH}<filled><log expr='x.a + x.b'/></filled></field>"
    assert run(form(body), "3").logs == ["3"]


def test_a_property_of_the_slots_name_fills_the_field() -> None:
    body = f"<field name='x' slot='b'>{BOTH}<filled><log expr='x'/></filled></field>"
    assert run(form(body), "3").logs == ["2"]


def test_the_shadow_variable_tells_how_the_field_was_filled() -> None:
    body = f"<field name='f'>{ONE}<filled><log expr=\"f$.utterance + f$.inputmode + f$.confidence + f$.interpretation\"/></filled></field>"
    assert run(form(body), "1").logs == ["1dtmf1one"]


def test_lastresult_holds_every_hypothesis_and_the_best_one_directly() -> None:
    body = (
        f"<field name='f'>{ONE}<filled><log expr=\"application.lastresult$.interpretation\"/>"
        "<log expr='application.lastresult$.length'/><log expr='application.lastresult$[0].utterance'/></filled></field>"
    )
    assert run(form(body), "1").logs == ["one", "1", "1"]


def test_a_grammar_of_document_scope_brings_the_caller_to_its_form() -> None:
    other = (
        f"<form id='o' scope='document'>{BOTH}<initial/><field name='b'><filled><log expr='b'/></filled></field></form>"
    )
    assert run(form(f"<field name='f'>{ONE}</field>", other), "2").logs == ["2"]


def test_a_modal_field_listens_to_nothing_else() -> None:
    other = f"<form id='o' scope='document'>{BOTH}<field name='b'/></form>"
    body = f"<field name='f' modal='true'>{ONE}<nomatch><log>no</log></nomatch></field>"
    assert run(form(body, other), "2,1").logs == ["no"]


def test_a_field_that_is_unnamed_is_filled_all_the_same() -> None:
    assert run(form(f"<field>{ONE}<filled><log>yes</log></filled></field>"), "1").lines[-2:] == ["log: yes", "exit"]


@pytest.mark.parametrize(
    ("kind", "inputs", "value"),
    [
        ("digits?length=3", "123", "123"),
        ("digits", "12#", "12"),
        ("boolean", "1", "true"),
        ("boolean", "2", "false"),
        ("boolean?y=7;n=9", "9", "false"),
        ("digits", "text:one two", "12"),
        ("boolean", "text:yes", "true"),
    ],
)
def test_a_field_of_a_builtin_type(kind: str, inputs: str, value: str) -> None:
    assert run(form(f"<field name='f' type='{kind}'><filled><log expr='f'/></filled></field>"), inputs).logs == [value]


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("colour", "error.unsupported.builtin"),
        ("digits?minlength=5;maxlength=3", "error.badfetch"),
        ("digits?length=2;minlength=3", "error.badfetch"),
        ("boolean?y=1;n=1", "error.badfetch"),
    ],
)
@pytest.mark.parametrize(
    "field", ["<field name='f' type='{}'/>", "<field name='f'><grammar src='builtin:dtmf/{}'/></field>"]
)
def test_a_type_that_cannot_be_is_unsupported_or_badly_asked_for(field: str, kind: str, event: str) -> None:
    body = field.format(kind) + "<catch><log expr='_event'/><exit/></catch>"
    assert run(form(body)).logs == [event]


@pytest.mark.parametrize(("inputs", "value"), [("1", "R"), ("2", "green"), ("text:green", "green"), ("3", "3")])
def test_options_fill_a_field(inputs: str, value: str) -> None:
    body = (
        "<field name='f'><option dtmf='1' value='R'>red</option><option dtmf='2'>green</option><option dtmf='3'/>"
        "<filled><log expr='f'/></filled></field>"
    )
    assert run(form(body), inputs).logs == [value]


def test_an_object_is_unsupported_by_name() -> None:
    body = "<object name='o' classid='builtin://x'/><catch event='error.unsupported.objectname'><log>no</log><exit/></catch>"
    assert run(form(body)).logs == ["no"]


def test_a_loop_without_end_ends_its_session() -> None:
    ended = run(
        vxml('<form id="a"><block><goto next="#b"/></block></form><form id="b"><block><goto next="#a"/></block></form>')
    )
    assert ended.status == 1
    assert ended.lines[0].startswith("error: error.semantic")


def test_an_anonymous_scope_ends_with_its_block() -> None:
    body = '<block><var name="x" expr="1"/></block><block><log expr="typeof x"/></block>'
    assert run(form(body)).logs == ["undefined"]


def test_digits_left_over_answer_the_next_field() -> None:
    body = f"<field name='a'>{ONE}</field><field name='b'>{TWO}<filled><log>both</log></filled></field>"
    assert run(form(body), "12").logs == ["both"]


def test_everything_is_ignored_after_a_block_exits() -> None:
    assert run(block("<exit/><log>no</log>")).lines == ["exit"]


def test_a_condition_that_fails_is_a_semantic_error() -> None:
    body = (
        '<block cond="nobody.here"><log>no</log></block><catch event="error.semantic"><log>caught</log><exit/></catch>'
    )
    assert run(form(body)).logs == ["caught"]


@pytest.mark.parametrize(
    ("body", "logs"),
    [
        ('<field name="f"><prompt>a</prompt>{}</field>', ["item"]),
        ("<initial>{}</initial><field name='f'/>", ["item"]),
        ('<field name="f"><prompt>a</prompt></field>{}', ["item"]),
        (f'<field name="f">{{}}{ONE}<filled><log>filled</log></filled></field>', ["filled"]),
        (f'{ONE}<field name="f">{{}}<nomatch><log>no</log></nomatch></field>', []),
        (f'<link event="x">{ONE}</link><field name="f">{{}}<catch event="x"><log>x</log></catch></field>', ["x"]),
        ('<property name="universals" value="help"/><field name="f">{}<help><log>help</log></help></field>', []),
        ('<record name="f">{}<filled><log>filled</log></filled></record>', ["filled"]),
    ],
)
def test_input_without_a_grammar_that_is_active_is_a_semantic_error(body: str, logs: list[str]) -> None:
    caught = '<catch event="error.semantic"><log>item</log><exit/></catch>'
    assert run(form(body.format(caught)), "1,hangup").logs == logs


def test_grammars_that_inputmodes_keeps_out_are_active_all_the_same() -> None:
    body = (
        f'<property name="inputmodes" value="voice"/><field name="f">{ONE}<noinput><log>quiet</log></noinput></field>'
    )
    assert run(form(body), "noinput,hangup").logs == ["quiet"]


@pytest.mark.parametrize(
    ("filled", "logs"),
    [
        ("<filled><clear namelist='a'/></filled><filled><log>second</log></filled>", ["first", "first"]),
        ("<filled><log>second</log></filled>", ["first", "second"]),
    ],
)
def test_a_filled_is_not_triggered_by_an_item_that_another_has_cleared(filled: str, logs: list[str]) -> None:
    document = form(f"<field name='a'>{ONE}<filled><log>first</log></filled>{filled}</field>")
    assert run(document, "1,1").logs[: len(logs)] == logs


@pytest.mark.parametrize(("mode", "logs"), [("any", ["any"]), ("all", [])])
def test_a_forms_filled_looks_at_what_is_filled_by_then(mode: str, logs: list[str]) -> None:
    cleared = "<filled mode='any' namelist='b'><clear namelist='b'/></filled>"
    document = form(
        f"<field name='a' expr='1'/><field name='b'>{TWO}</field>{cleared}<filled mode='{mode}' namelist='a b'><log>{mode}</log></filled>"
    )
    assert run(document, "2").logs == logs


@pytest.mark.parametrize(
    "declaration",
    [
        "<var name='x' expr='nobody.x'/>",
        "<script>throw 1;</script>",
        "<field name='class'/>",
        "<field name='f' expr='nobody'/>",
    ],
)
def test_a_declaration_that_fails_does_not_keep_the_next_from_being_made(declaration: str) -> None:
    caught = "<catch event='error.semantic'><log>caught</log></catch>"
    body = f"{declaration}<var name='y' expr='2'/><field name='g'><prompt>ask</prompt>{ONE}<filled><log expr='g + y'/><exit/></filled></field>"
    ended = run(form(caught + "<block><goto nextitem='g'/></block>" + body), "1")
    assert (ended.logs, ended.prompts) == (["caught", "one2"], ["ask"])


@pytest.mark.parametrize("name", ["a$", "a.b", "a-b", "1a", "class"])
@pytest.mark.parametrize("element", ["<var name='{}' expr='1'/>", "<field name='{}' expr='1'/>"])
def test_a_name_that_no_variable_can_have_is_a_semantic_error(name: str, element: str) -> None:
    caught = "<catch event='error.semantic'><submit next='caught'/></catch>"
    body = f"{caught}{element.format(name)}<block><log>on</log></block>"
    [asked] = run(form(body)).shelf.submitted()
    assert asked.url == "http://test/caught"


def test_an_inline_grammar_in_abnf_is_known_by_its_first_line() -> None:
    grammar = "<grammar mode='dtmf'><![CDATA[#ABNF 1.0;\nmode dtmf;\nroot $r;\n$r = 1 | 2;]]></grammar>"
    assert run(form(f"<field name='a'>{grammar}<filled><log expr='a'/></filled></field>"), "2").logs == ["2"]


def test_an_item_begins_undefined_even_where_a_variable_has_its_name() -> None:
    body = f"<var name='a' expr='1'/><field name='a'>{ONE}<filled><log expr='a'/></filled></field>"
    assert run(form(body), "1").logs == ["one"]
