from __future__ import annotations

import pytest

from mirabelle.vxml.analysis.application import Extent
from mirabelle.vxml.platform import Fetch
from tests.unit.vxml.analysis.checking import check, found
from tests.unit.vxml.running import BASE, block, key, vxml

FOLLOW = Extent(follow=True)


def leading(*addresses: str) -> str:
    return block("".join(f"<goto next='{address}'/>" for address in addresses))


def test_a_document_without_faults_has_no_findings() -> None:
    report = check(block("hello"))
    assert (report.documents, report.findings, report.errors, report.warnings) == ((f"{BASE}start.vxml",), (), 0, 0)


def test_all_faults_of_a_document_are_told_with_their_places() -> None:
    document = vxml("\n<form><blok/></form>\n<form><block>\n <goto/></block></form>\n<form id='a'/><form id='a'/>")
    report = check(document)
    assert [(f.line, f.column, f.rule) for f in report.findings] == [
        (2, 7, "document"),
        (4, 2, "document"),
        (5, 15, "document"),
    ]
    assert report.findings[0].message == "<blok> is not an element of VoiceXML; 'block' is."


@pytest.mark.parametrize("text", ["", "<html/>", "<vxml version='2.1'><form>", "<vxml version='9'/>"])
def test_what_is_no_document_is_an_error(text: str) -> None:
    assert check(text).errors == 1


def test_a_document_that_cannot_be_had_is_an_error() -> None:
    (finding,) = check({}).findings
    assert (finding.uri, finding.line, finding.rule) == (f"{BASE}start.vxml", 0, "fetch")


def test_only_the_document_and_its_root_are_fetched() -> None:
    asked: list[Fetch] = []
    documents = {"start.vxml": vxml("<form/>", "application='root'"), "root": vxml("")}
    check({**documents, "next": vxml("")}, asked=asked)
    assert [request.url for request in asked] == [f"{BASE}start.vxml", f"{BASE}root"]


def test_a_root_with_faults_is_told() -> None:
    report = check({"start.vxml": vxml("<form/>", "application='root'"), "root": vxml("<what/>")})
    assert [(f.uri, f.rule) for f in report.findings] == [(f"{BASE}root", "document")]


def test_a_root_that_names_a_root_is_an_error() -> None:
    root = vxml("", "application='start.vxml'")
    (line,) = found({"start.vxml": vxml("<form/>", "application='root'"), "root": root})
    assert line == "error document: The application root names a root of its own; take its 'application' away."


def test_links_are_followed_where_that_is_asked_for() -> None:
    documents = {"start.vxml": leading("a", "b"), "a": leading("b"), "b": block("<log expr='unknown'/>")}
    assert check(documents).errors == 0
    report = check(documents, FOLLOW)
    assert report.documents == (f"{BASE}start.vxml", f"{BASE}a", f"{BASE}b")
    assert [finding.uri for finding in report.findings] == [f"{BASE}b"]


def test_a_link_that_leads_nowhere_is_an_error_at_its_place() -> None:
    (finding,) = check(leading("missing"), FOLLOW).findings
    assert (finding.uri, finding.rule, finding.line) == (f"{BASE}start.vxml", "fetch", 1)


@pytest.mark.parametrize(
    "body",
    [
        "<goto next='http://elsewhere/a'/>",
        "<goto next='https://test/a'/>",
        "<submit next='a'/>",
        "<goto expr=\"'a' + session.id\"/>",
    ],
)
def test_what_is_elsewhere_or_wants_something_sent_is_not_followed(body: str) -> None:
    asked: list[Fetch] = []
    check(block(body), FOLLOW, asked=asked)
    assert len(asked) == 1


def test_subdialogs_links_and_choices_are_followed() -> None:
    start = vxml(
        f"<link next='a'>{key('1')}</link><menu><choice next='b'>x</choice></menu>"
        "<form id='f'><subdialog name='s' src='c'/></form>"
    )
    documents = {"start.vxml": start, **dict.fromkeys("abc", block(""))}
    assert len(check(documents, FOLLOW).documents) == 4


def test_documents_are_counted_and_those_left_out_are_told() -> None:
    documents = {"start.vxml": leading(*"abcd"), **dict.fromkeys("abcd", block(""))}
    report = check(documents, Extent(follow=True, documents=3))
    assert (len(report.documents), report.left_out) == (3, 2)


def test_steps_from_the_first_document_are_counted() -> None:
    documents = {"start.vxml": leading("a"), "a": leading("b"), "b": leading("c"), "c": block("")}
    assert len(check(documents, Extent(follow=True, depth=2)).documents) == 3


def test_a_circle_of_documents_is_gone_round_once() -> None:
    documents = {"start.vxml": leading("a"), "a": leading("start.vxml")}
    assert len(check(documents, FOLLOW).documents) == 2


def test_a_fragment_of_the_address_is_looked_at() -> None:
    document = vxml("<form id='a'><block/></form><form id='b'><block/></form>")
    assert check(document, start="start.vxml#b").findings == ()
    assert check(document, start="start.vxml#c").errors == 1


def test_links_of_the_root_are_followed_and_its_handlers_are_not() -> None:
    root = vxml(f"<link next='help'>{key('1')}</link><catch event='noinput'><goto next='here'/></catch>")
    documents = {"start.vxml": vxml("<form/>", "application='root'"), "root": root, "help": block("")}
    assert check(documents, FOLLOW).documents == (f"{BASE}start.vxml", f"{BASE}root", f"{BASE}help")
