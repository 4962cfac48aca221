from __future__ import annotations

import re
from pathlib import Path

import pytest

from mirabelle.vxml.analysis.variables import SESSION_VARIABLES
from tests.unit.vxml.analysis.checking import check, found
from tests.unit.vxml.running import block, key, run, vxml

SIP_PHONE = Path(__file__).parents[4] / "src/mirabelle/dialer/sip_phone.py"
ROOT = vxml("<var name='rooted' expr='1'/>")


def names(document: str) -> list[str]:
    """The names that an analysis finds undeclared."""
    return [re.findall("'([^']*)'", line)[0] for line in found(document) if " undeclared: " in line]


@pytest.mark.parametrize(
    ("body", "undeclared"),
    [
        ("<log expr='a'/>", "a"),
        ("<value expr='a'/>", "a"),
        ("<if cond='a'/>", "a"),
        ("<prompt cond='a'>x</prompt>", "a"),
        ("<prompt><foreach item='i' array='a'><value expr='i'/></foreach></prompt>", "a"),
        ("<var name='b' expr='a'/>", "a"),
        ("<var name='a'/><log expr='a'/>", ""),
        ("<script>var a = 1; function f() {}</script><log expr='a + f()'/>", ""),
        ("<script>a = 1</script><log expr='a'/>", ""),
        ("<data name='a' src='x'/><log expr='a'/>", ""),
        ("<assign name='a' expr='1'/>", "a"),
        ("<assign name='a.b[0]' expr='1'/>", "a"),
        ("<assign name='dialog.a' expr='1'/>", "dialog.a"),
        ("<assign name='application.lastresult$' expr='1'/>", ""),
        ("<clear namelist='a'/>", "a"),
        ("<exit namelist='a.b session'/>", "a"),
        ("<submit next='x' namelist='a'/>", "a"),
        ("<script>b = a</script>", "a"),
        ("<log expr='typeof a'/>", ""),
        ("<log expr=\"typeof a != 'undefined' ? a : 0\"/>", ""),
        ("<log expr='eval(a)'/>", ""),
        ("<log expr='Math.max(parseInt(session.connection.remote.uri), lastresult$.length)'/>", ""),
        ("<log expr='_event'/>", "_event"),
        ("<log expr='(function () { return a; })()'/>", "a"),
    ],
)
def test_what_is_not_declared_is_found(body: str, undeclared: str) -> None:
    assert names(block(body)) == undeclared.split()


@pytest.mark.parametrize(
    "body",
    [
        "<log expr='b'/>",
        "<assign name='b' expr='1'/>",
        "<var name='a' expr='b'/>",
        "<clear namelist='b'/>",
        "<exit namelist='b'/>",
        "<assign name='document.b' expr='1'/>",
        "<assign name='session.id' expr='1'/>",
        "<log expr='b'/><var name='b'/>",
    ],
)
def test_what_is_an_error_fails_when_it_runs(body: str) -> None:
    assert check(block(body)).errors == 1
    assert run(block(body)).status == 1


@pytest.mark.parametrize(
    "document",
    [
        vxml("<var name='a' expr='1'/><form><block><log expr='a + document.a + application.a'/></block></form>"),
        vxml("<form><var name='a' expr='1'/><block><log expr='a + dialog.a'/></block></form>"),
        vxml(f"<form><field name='a'>{key('1')}<filled><log expr='a + a$.utterance'/></filled></field></form>"),
        vxml("<form><block><assign name='i' expr='1'/></block><var name='i'/></form>"),
        vxml("<catch><log expr='_event + _message + a'/></catch><form><var name='a'/><block/></form>"),
        vxml(f"<link event='help' messageexpr='a'>{key('1')}</link><form><var name='a'/><block/></form>"),
        vxml("<menu><prompt><enumerate><value expr='_prompt + _dtmf'/></enumerate></prompt><choice next='#m'/></menu>"),
        block("<foreach item='i' array='[1]'><log expr='i'/><if cond='i &gt; 1'><log expr='j'/></if>"
              "<var name='j' expr='1'/></foreach>"),
        vxml("<var name='l'/><form><field name='f' type='digits'><prompt><foreach item='i' array='l'><value expr='i'/>"
             "</foreach></prompt></field></form>"),
        vxml("<script srcexpr=\"'x' + 1\"/><form><block><log expr='anything'/></block></form>"),
    ],
)  # fmt: skip
def test_what_is_declared_somewhere_is_found(document: str) -> None:
    assert names(document) == []


@pytest.mark.parametrize(
    "body",
    [
        "<var name='a' expr='b'/><var name='b'/>",
        "<var name='a' expr='a'/>",
        "<script>var c = b;</script><var name='b'/>",
    ],
)
def test_a_variable_is_there_only_after_it_was_declared(body: str) -> None:
    for document in (vxml(body), vxml(f"<form>{body}<block/></form>"), block(body)):
        assert len(names(document)) == 1
        assert run(document).status == 1 or "<form>" not in document


def test_a_function_may_use_what_is_declared_later() -> None:
    assert names(vxml("<script>function f() { return b; }</script><var name='b'/>")) == []


def test_a_function_with_an_unknown_name_is_a_warning_at_its_line() -> None:
    report = check(vxml("<script>\n<![CDATA[\nfunction f() {\n  return b;\n}]]></script>"))
    (finding,) = report.findings
    assert (finding.severity, finding.line, finding.column) == ("warning", 4, 10)


def test_the_nearest_name_is_suggested() -> None:
    (line,) = found(vxml("<var name='total'/><form><block><log expr='totl'/></block></form>"))
    assert line == "error undeclared: 'totl' is not declared; did you mean 'total'?"


def test_a_place_is_that_of_the_attribute() -> None:
    (finding,) = check(vxml("\n<form><block>\n <log label='x' expr='a'/></block></form>")).findings
    assert (finding.line, finding.column) == (3, 23)


def test_the_variables_of_the_application_root_are_known() -> None:
    leaf = vxml("<form><block><log expr='rooted + application.rooted + unknown'/></block></form>", "application='root'")
    assert found({"start.vxml": leaf, "root": ROOT}) == [
        "error undeclared: 'unknown' is not declared; declare it with <var name=\"unknown\"/>."
    ]


def test_where_the_root_cannot_be_had_nothing_is_said_of_names() -> None:
    lines = found({"start.vxml": vxml("<form><block><log expr='unknown'/></block></form>", "application='root'")})
    assert lines == [
        "error fetch: The application root cannot be had: http://test/root answered 404; put it there, or change the "
        "address."
    ]


def test_a_script_from_elsewhere_declares_too() -> None:
    document = vxml("<script src='lib.js'/><form><block><log expr='f(unknown)'/></block></form>")
    assert names(document) == []
    lines = found({"start.vxml": document, "lib.js": "function f() {}"})
    assert [line.partition(";")[0] for line in lines] == ["error undeclared: 'unknown' is not declared"]


def test_a_script_from_elsewhere_that_cannot_be_run_is_told() -> None:
    (line,) = found({"start.vxml": vxml("<script src='lib.js'/>"), "lib.js": "var a;\nvar ="})
    assert line.startswith("error ecmascript: The script cannot be run: lib.js, line 2: ")


def test_a_look_at_a_member_that_no_scope_has_is_a_warning() -> None:
    body = "<log expr='document.totl'/>"
    (line,) = found(vxml(f"<var name='total'/><form><block>{body}</block></form>"))
    assert line == (
        "warning undeclared: document.totl is undefined: the scope document declares no such variable; "
        "did you mean 'total'?"
    )


def test_a_member_that_is_asked_for_is_not_missed() -> None:
    assert found(block("<if cond=\"typeof(document.a) == 'undefined'\"/>")) == []


def test_a_member_that_a_script_makes_is_there() -> None:
    made = "<script>document.made = 1; application.too = 2</script>"
    used = "<log expr='document.made + application.too'/><assign name='document.made' expr='2'/>"
    assert names(vxml(f"{made}<form><block>{used}</block></form>")) == []


def test_a_handler_of_a_document_that_may_be_a_root_is_not_judged_hard() -> None:
    handler = "<catch><log expr='unknown'/></catch><form><block/></form>"
    assert check(vxml(handler)).errors == 0
    assert check({"start.vxml": vxml(handler, "application='root'"), "root": ROOT}).errors == 1


def test_a_handler_of_a_root_may_use_what_its_leaves_declare() -> None:
    root = vxml("<catch><log expr='own'/></catch>")
    leaf = vxml("<form><var name='own'/><block/></form>", "application='root'")
    assert found({"start.vxml": leaf, "root": root}) == []


def test_a_variable_that_is_declared_twice_is_told() -> None:
    assert found(vxml("<form><var name='a'/><var name='a'/><block name='a'/></form>")) == [
        "warning duplicate: 'a' is declared already, in line 1; give one of the two another name.",
        "warning duplicate: 'a' is declared already, in line 1; give one of the two another name.",
    ]


@pytest.mark.parametrize("name", ["a.b", "x$", "1a", "class"])
def test_a_name_that_no_variable_can_have_is_told(name: str) -> None:
    for body in (f"<var name='{name}'/>", f"<form><block name='{name}'/></form>"):
        (line,) = found(vxml(body))
        assert line.startswith("error ecmascript: ")
        assert run(vxml(body if "<form>" in body else f"{body}<form><block/></form>")).status == 1


@pytest.mark.parametrize("body", ["<log expr='1 +'/>", "<if cond='a b'/>", "<script>var = 1</script>"])
def test_what_cannot_be_read_is_told(body: str) -> None:
    (line,) = found(block(body))
    assert line.startswith("error ecmascript: ")


def test_all_variables_of_a_telephone_call_are_known() -> None:
    source = SIP_PHONE.read_text(encoding="utf-8").partition("def _session_variables")[2].partition("\n\n\n")[0]
    assert set(re.findall(r'^        "(\w+)"', source, re.MULTILINE)) == SESSION_VARIABLES
