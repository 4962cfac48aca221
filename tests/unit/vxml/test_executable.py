# ruff: noqa: E501 - a document reads better in one piece
"""Executable content, submits and data (VoiceXML 2.0, 5.3; 2.1, 5)."""

from __future__ import annotations

import pytest

from mirabelle.vxml.elements import ELEMENTS, EXECUTABLE
from mirabelle.vxml.executable import known_elements
from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.prompts import SPOKEN
from tests.unit.vxml.running import Run, block, run, vxml


@pytest.mark.parametrize(
    ("body", "logs"),
    [
        ("<if cond='true'><log>a</log><else/><log>b</log></if>", ["a"]),
        ("<if cond='false'><log>a</log><else/><log>b</log></if>", ["b"]),
        (
            "<if cond='0'><log>a</log><elseif cond='1'/><log>b</log><elseif cond='1'/><log>c</log><else/><log>d</log></if>",
            ["b"],
        ),
        ("<if cond='0'><log>a</log><elseif cond='0'/><log>b</log><else/><log>d</log></if>", ["d"]),
        ("<if cond='1'><if cond='0'><log>a</log><else/><log>b</log></if></if>", ["b"]),
        ("<var name='x'/><log expr='typeof x'/>", ["undefined"]),
        ("<var name='x' expr='1'/><var name='x'/><log expr='x'/>", ["1"]),
        ("<var name='x' expr='1'/><var name='x' expr='2'/><log expr='x'/>", ["2"]),
        ("<var name='o' expr='{a: 1}'/><assign name='o.b' expr='o.a + 1'/><log expr='o.b'/>", ["2"]),
        ("<log label='L'>a <value expr='1'/> b</log>", ["L: a 1 b"]),
        ("<script>var f = function (x) { return x + 1; };</script><log expr='f(1)'/>", ["2"]),
        ("<var name='x' expr='1'/><clear namelist='x'/><log expr='typeof x'/>", ["undefined"]),
    ],
)
def test_content_is_executed(body: str, logs: list[str]) -> None:
    assert run(block(body)).logs == logs


def test_a_script_is_fetched_in_the_charset_it_says() -> None:
    documents: dict[str, str | bytes] = {
        "start.vxml": block("<script src='s.js' charset='latin-1'/><log expr='x'/>"),
        "s.js": "var x = 'é';".encode("latin-1"),
    }
    assert run(documents).logs == ["é"]


def test_a_scripts_address_may_be_computed() -> None:
    documents = {"start.vxml": block("<script srcexpr=\"'s' + '.js'\"/><log expr='x'/>"), "s.js": "var x = 1;"}
    assert run(documents).logs == ["1"]


def test_an_unknown_address_of_a_link_is_caught_before_anything_is_lost() -> None:
    document = vxml(
        "<form><var name='x' expr='1'/><catch event='error.badfetch'><log expr='x'/><exit/></catch><block><goto next='no.vxml'/></block></form>"
    )
    assert run(document).logs == ["1"]


def submitted(attributes: str, *, body: str = "", dialect: Dialect | None = None) -> Run:
    document = block(
        f"<var name='a' expr='1'/><var name='b' expr=\"'x y'\"/><var name='o' expr='{{k: [1]}}'/>{body}<submit next='to.vxml' {attributes}/>"
    )
    return run({"start.vxml": document, "to.vxml": block("<log>there</log>")}, dialect=dialect)


@pytest.mark.parametrize(
    ("attributes", "url", "method", "fields", "line"),
    [
        (
            "namelist='a b'",
            "http://test/to.vxml?a=1&b=x+y",
            "get",
            (("a", "1"), ("b", "x y")),
            "GET http://test/to.vxml a=1&b=x%20y",
        ),
        ("namelist='a' method='post'", "http://test/to.vxml", "post", (("a", "1"),), "POST http://test/to.vxml a=1"),
        (
            "namelist='o.k' method='post'",
            "http://test/to.vxml",
            "post",
            (("o.k", "[1]"),),
            "POST http://test/to.vxml o.k=%5B1%5D",
        ),
        (
            "namelist='o.k[0]'",
            "http://test/to.vxml?o.k%5B0%5D=1",
            "get",
            (("o.k[0]", "1"),),
            "GET http://test/to.vxml o.k%5B0%5D=1",
        ),
        ("", "http://test/to.vxml", "get", (), "GET http://test/to.vxml"),
    ],
)
def test_a_submit(attributes: str, url: str, method: str, fields: tuple[tuple[str, str], ...], line: str) -> None:
    ended = submitted(attributes)
    [asked] = ended.shelf.submitted()
    assert (asked.url, asked.method, asked.fields) == (url, method, fields)
    assert ended.of("submit") == [line]
    assert ended.logs == ["there"]


@pytest.mark.parametrize(
    ("attributes", "enctype", "body"),
    [
        (
            "method='post' enctype='application/json' namelist='a b o'",
            "application/json",
            b'{"a":1,"b":"x y","o":{"k":[1]}}',
        ),
        ("method='raw' rawexpr='b'", "text/plain; charset=utf-8", b"x y"),
        ("method='raw' rawexpr='b' enctype='text/csv'", "text/csv", b"x y"),
        (
            "method='post' enctype='application/xml' namelist='a b'",
            "application/xml",
            b'<?xml version="1.0" encoding="UTF-8"?><submit><a>1</a><b>x y</b></submit>',
        ),
    ],
)
def test_a_submit_that_is_no_form(attributes: str, enctype: str, body: bytes) -> None:
    [asked] = submitted(attributes).shelf.submitted()
    assert (asked.method, asked.enctype, asked.body) == ("post", enctype, body)


@pytest.mark.parametrize(("submit_all", "fields"), [(True, (("f", "1"),)), (False, ())])
def test_without_a_namelist_the_input_items_go_along_unless_the_dialect_says_no(
    submit_all: bool, fields: tuple[tuple[str, str], ...]
) -> None:
    document = vxml(
        "<form><field name='f' expr='1'/><block name='b'><submit next='to.vxml' method='post'/></block></form>"
    )
    dialect = Dialect(messages=False, submit_all=submit_all)
    ended = run({"start.vxml": document, "to.vxml": block("")}, dialect=dialect)
    assert ended.shelf.asked[1].fields == fields


def test_a_submit_to_a_bare_fragment_fetches_the_document_again() -> None:
    document = vxml("<form><block><submit next='#b'/></block></form><form id='b'><block><log>b</log></block></form>")
    ended = run(document)
    assert (ended.logs, len(ended.shelf.asked)) == (["b"], 2)


def data(attributes: str, body: str, kind: str, use: str) -> list[str]:
    documents = {"start.vxml": block(f"<data name='d' src='d' {attributes}/>{use}"), "d": body}
    return run(documents, types={"d": kind}).logs


def test_data_in_json_becomes_a_value() -> None:
    assert data("", '{"a": [1, {"b": 2}]}', "application/json", "<log expr='d.a[1].b'/>") == ["2"]


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("d.documentElement.tagName", "list"),
        ("d.documentElement.childNodes.length", "2"),
        ("d.documentElement.firstChild.getAttribute('id')", "x"),
        ("d.documentElement.getElementsByTagName('i').item(1).firstChild.data", "two"),
        ("d.documentElement.lastChild.previousSibling.firstChild.nodeValue", "one"),
        ("d.documentElement.firstChild.parentNode.nodeName", "list"),
        ("d.nodeType", "9"),
        ("d.getElementById('x').textContent", "one"),
        ("d.documentElement.textContent", "onetwo"),
        ("d.documentElement.firstChild.nextSibling.nextSibling", "null"),
        ("d.documentElement.attributes.length", "0"),
        ("d.documentElement.firstChild.attributes.getNamedItem('id').nodeValue", "x"),
        ("d.documentElement.getElementsByTagName('*').length", "2"),
        ("d.documentElement.firstChild.ownerDocument == d", "true"),
    ],
)
def test_data_in_xml_becomes_a_document(expr: str, value: str) -> None:
    body = "<list><i id='x'>one</i><i>two</i></list>"
    assert data("", body, "text/xml", f'<log expr="{expr}"/>') == [value]


@pytest.mark.parametrize(("body", "kind"), [("<not", "text/xml"), ("{not", "application/json")])
def test_data_that_is_malformed_is_a_bad_fetch(body: str, kind: str) -> None:
    documents = {"start.vxml": block("<data name='d' src='d'/>"), "d": body}
    assert run(documents, types={"d": kind}).lines[-1].startswith("error: error.badfetch")


def test_data_sends_fields_and_headers() -> None:
    document = block(
        "<var name='x' expr='1'/><data src='d' namelist='x' method='post' accept='application/json' headers='{\"X-A\": \"b\"}'/>"
    )
    ended = run({"start.vxml": document, "d": "{}"})
    asked = ended.shelf.asked[1]
    assert (asked.fields, asked.headers) == ((("x", "1"),), {"Accept": "application/json", "X-A": "b"})


@pytest.mark.parametrize(
    ("element", "event"),
    [
        ("<goto next='#a' expr='1'/>", "error.badfetch"),
        ("<submit/>", "error.badfetch"),
        ("<throw/>", "error.badfetch"),
        ("<exit expr='1' namelist='x'/>", "error.badfetch"),
        ("<return event='a' namelist='b'/>", "error.badfetch"),
    ],
)
def test_attributes_that_exclude_each_other(element: str, event: str) -> None:
    assert run(block(element)).lines[-1].startswith(f"error: {event}")


def test_a_large_document_fits() -> None:
    body = "<list>" + "<i id='x'>one</i>" * 5000 + "</list>"
    assert data("", body, "text/xml", "<log expr='d.documentElement.childNodes.length'/>") == ["5000"]


def test_all_that_the_tables_allow_is_executed() -> None:
    assert set(EXECUTABLE) <= {*known_elements(), *SPOKEN}
    assert {name for name in ELEMENTS["prompt"].children if not name.startswith("#")} <= SPOKEN
