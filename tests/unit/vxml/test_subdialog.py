# ruff: noqa: E501 - a document reads better in one piece
"""Subdialogs (VoiceXML 2.0, 2.3.4 and 5.3.10)."""

from __future__ import annotations

import pytest

from tests.unit.vxml.running import key, run, vxml


def calls(call: str, called: str, around: str = "") -> str:
    return vxml(f"{around}<form id='main'>{call}</form><form id='sub'>{called}</form>")


@pytest.mark.parametrize(
    ("call", "called", "logs"),
    [
        (
            "<subdialog name='s' src='#sub'><filled><log expr='s.a + s.b'/></filled></subdialog>",
            "<var name='a' expr='1'/><var name='b' expr=\"'x'\"/><block><return namelist='a b'/></block>",
            ["1x"],
        ),
        (
            "<subdialog name='s' src='#sub'><param name='p' expr='40+2'/></subdialog>",
            "<var name='p' expr='0'/><block><log expr='p'/><return/></block>",
            ["42"],
        ),
        (
            "<subdialog name='s' src='#sub'><param name='p' value='40+2'/></subdialog>",
            "<var name='p'/><block><log expr='p'/><return/></block>",
            ["40+2"],
        ),
        (
            "<subdialog name='s' src='#sub'><param name='p' expr='{a: [1, {b: 2}]}'/></subdialog>",
            "<var name='p'/><block><log expr='p.a[1].b'/><return/></block>",
            ["2"],
        ),
        (
            "<subdialog name='s' srcexpr=\"'#' + 'sub'\"/><block><log expr='typeof s'/></block>",
            "<block><return/></block>",
            ["object"],
        ),
        (
            "<subdialog name='s' src='#sub'><catch event='e'><log expr='_event + _message'/><assign name='s' expr='1'/></catch></subdialog>",
            "<block><return event='e.f' message='m'/></block>",
            ["e.fm"],
        ),
        (
            "<subdialog name='s' src='#sub'/><catch event='e'><log expr='typeof s'/><exit/></catch>",
            "<block><return eventexpr=\"'e' + '.f'\"/></block>",
            ["undefined"],
        ),
        ("<subdialog name='s' src='#sub'/><block><log>no</log></block>", "<block><exit/></block>", []),
        ("<subdialog name='s' src='#sub'/><block><log>no</log></block>", "<block/>", []),
    ],
)
def test_a_subdialog_is_called(call: str, called: str, logs: list[str]) -> None:
    assert run(calls(call, called)).logs == logs


def test_its_variables_are_its_own_and_begin_anew() -> None:
    around = "<var name='v' expr='1'/>"
    call = "<block><assign name='v' expr='2'/></block><subdialog name='s' src='#sub'/><block><log expr='v'/></block>"
    assert run(calls(call, "<block><log expr='v'/><assign name='v' expr='3'/><return/></block>", around)).logs == [
        "1",
        "2",
    ]


def test_a_parameter_that_nobody_declared_is_a_semantic_error_of_the_subdialog() -> None:
    call = "<subdialog name='s' src='#sub'><param name='p' expr='1'/></subdialog>"
    called = "<catch event='error.semantic'><log>sub</log><return/></catch><block/>"
    assert run(calls(call, called)).logs == ["sub"]


def test_events_that_nobody_catches_stay_in_the_subdialog() -> None:
    call = "<subdialog name='s' src='#sub'/><catch event='error'><log>caller</log></catch>"
    ended = run(calls(call, "<block><throw event='error.mine'/></block>"))
    assert (ended.logs, ended.status) == ([], 1)


def test_a_subdialog_in_another_document_has_that_documents_root() -> None:
    documents = {
        "start.vxml": vxml(
            "<form><subdialog name='s' src='sub.vxml'><filled><log expr='s.v'/></filled></subdialog></form>"
        ),
        "sub.vxml": vxml("<form><block><return namelist='v'/></block></form>", "application='root.vxml'"),
        "root.vxml": vxml("<var name='v' expr='7'/>"),
    }
    assert run(documents).logs == ["7"]


def test_a_subdialog_may_go_on_to_another_document_and_return_from_there() -> None:
    documents = {
        "start.vxml": vxml(
            "<form><subdialog name='s' src='a.vxml'><filled><log expr='s.x'/></filled></subdialog></form>"
        ),
        "a.vxml": vxml("<form><block><goto next='b.vxml'/></block></form>"),
        "b.vxml": vxml("<form><block><var name='x' expr='9'/><return namelist='x'/></block></form>"),
    }
    assert run(documents).logs == ["9"]


def test_a_subdialog_sends_its_namelist() -> None:
    documents = {
        "start.vxml": vxml(
            "<form><var name='x' expr='1'/><subdialog name='s' src='sub.vxml' namelist='x' method='post'/></form>"
        ),
        "sub.vxml": vxml("<form><block><return/></block></form>"),
    }
    ended = run(documents)
    assert (ended.shelf.asked[1].method, ended.shelf.asked[1].fields) == ("post", (("x", "1"),))


def test_subdialogs_without_end_end_the_session() -> None:
    ended = run(vxml("<form id='a'><subdialog name='s' src='#a'/></form>"))
    assert ended.lines[-1].startswith("error: error.semantic")


def test_prompts_of_the_caller_are_played_within() -> None:
    call = "<block>hello</block><subdialog name='s' src='#sub'/>"
    assert run(calls(call, f"<field name='f'>{key('1')}go</field>"), "1").prompts == ["hello", "go"]


def test_a_subdialog_with_a_condition_that_fails_is_not_called() -> None:
    call = "<subdialog name='s' src='#sub' cond='false'/><block><log>on</log></block>"
    assert run(calls(call, "<block><log>no</log></block>")).logs == ["on"]


def test_the_callers_handlers_are_counted_on_after_a_return() -> None:
    call = (
        "<subdialog name='s' src='#sub'><catch event='e'><log>1</log></catch>"
        "<catch event='e' count='2'><log>2</log><exit/></catch></subdialog>"
    )
    assert run(calls(call, "<block><return event='e'/></block>")).logs == ["1", "2"]
