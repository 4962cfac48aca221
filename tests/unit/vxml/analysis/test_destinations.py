from __future__ import annotations

import pytest

from mirabelle.vxml.analysis.application import Extent
from tests.unit.vxml.analysis.checking import check, found
from tests.unit.vxml.running import key, vxml

FORM = "<form id='main'><block>{}</block></form>"
FOLLOW = Extent(follow=True)


@pytest.mark.parametrize(
    "body",
    [
        FORM.format("<goto next='#nowhere'/>"),
        FORM.format("<goto expr=\"'#nowhere'\"/>"),
        FORM.format("<submit next='#nowhere'/>"),
        FORM.format("<goto next='start.vxml#nowhere'/>"),
        "<menu id='main'><choice dtmf='1' next='#nowhere'>x</choice></menu>",
        f"<link next='#nowhere'>{key('1')}</link>{FORM.format('')}",
        "<form id='main'><subdialog name='s' src='#nowhere'/></form>",
    ],
)
def test_a_dialog_that_does_not_exist_is_an_error(body: str) -> None:
    (line,) = found(vxml(body))
    assert line.startswith("error destination: ")
    assert "'#nowhere'" in line


@pytest.mark.parametrize("attribute", ["next='#main'", "expr=\"'#main'\"", "expr=\"'#' + name\"", "next='start.vxml'"])
def test_a_dialog_that_may_exist_is_none(attribute: str) -> None:
    assert found(vxml(f"<var name='name'/>{FORM.format(f'<goto {attribute}/>')}")) == []


def test_the_nearest_dialog_is_suggested() -> None:
    (line,) = found(vxml(FORM.format("<goto next='#mian'/>")))
    assert line == (
        "error destination: <goto> leads to '#mian', and the document has no such dialog; did you mean 'main'?"
    )


def test_an_item_that_does_not_exist_is_an_error() -> None:
    form = "<form><block name='first'><goto nextitem='{}'/></block></form>"
    assert found(vxml(form.format("first"))) == []
    assert found(vxml(form.format("frist"))) == [
        "error destination: <goto> leads to the form item 'frist', and the dialog has none of that name; "
        "did you mean 'first'?"
    ]


def test_a_parameter_that_a_subdialog_does_not_take_is_an_error() -> None:
    caller = "<form><subdialog name='s' src='#sub'><param name='{}' value='1'/></subdialog></form>"
    called = "<form id='sub'><var name='count'/><block><return/></block></form>"
    assert found(vxml(caller.format("count") + called)) == []
    (line,) = found(vxml(caller.format("cuont") + called))
    assert line.endswith("has no <var> for the parameter 'cuont'; did you mean 'count'?")


def unreachable(body: str) -> list[str]:
    return [line for line in found(vxml(body)) if " unreachable: " in line]


LOST = "<form id='lost'><block/></form>"


def test_a_dialog_that_nothing_leads_to_is_a_warning_at_its_place() -> None:
    report = check(vxml(f"{FORM.format('')}\n {LOST}"))
    (finding,) = report.findings
    assert (finding.severity, finding.line, finding.column) == ("warning", 2, 2)
    assert finding.message == (
        "Nothing in the document leads to the <form> 'lost'; unless another document does, remove it."
    )


def test_what_only_lost_dialogs_lead_to_is_lost() -> None:
    loop = "<form id='{}'><block><goto next='#{}'/></block></form>"
    assert len(unreachable(FORM.format("") + loop.format("a", "b") + loop.format("b", "a"))) == 2


@pytest.mark.parametrize(
    "way",
    [
        FORM.format("<goto next='#lost'/>"),
        FORM.format("<goto expr=\"'#lo' + 'st'\"/>"),
        FORM.format("<if cond='true'><submit next='start.vxml#lost'/></if>"),
        f"<catch event='help'><goto next='#lost'/></catch>{FORM.format('')}",
        f"<link next='#lost'>{key('1')}</link>{FORM.format('')}",
        "<form id='main'><subdialog name='s' src='#lost'/></form>",
    ],
)
def test_a_dialog_that_something_may_lead_to_is_not_lost(way: str) -> None:
    assert unreachable(way + LOST) == []


@pytest.mark.parametrize("lost", [LOST.replace("id=", "scope='document' id="), ""])
def test_a_dialog_that_listens_everywhere_is_not_lost(lost: str) -> None:
    assert unreachable(FORM.format("") + lost) == []


def test_another_document_may_lead_there() -> None:
    documents = {
        "start.vxml": vxml(FORM.format("<goto next='next.vxml#second'/>")),
        "next.vxml": vxml("<form><block/></form><form id='second'><block/></form>"),
    }
    assert found(documents) == []
    assert found(documents, FOLLOW) == []


def test_a_dialog_that_another_document_does_not_have_is_found_by_following() -> None:
    documents = {"start.vxml": vxml(FORM.format("<goto next='next.vxml#third'/>")), "next.vxml": vxml(FORM.format(""))}
    assert found(documents) == []
    (line,) = found(documents, FOLLOW)
    assert line == "error destination: <goto> leads to '#third', and http://test/next.vxml has no such dialog."


def test_a_root_is_not_expected_to_lead_to_its_own_dialogs() -> None:
    leaf = vxml(FORM.format("<goto next='root#help'/>"), "application='root'")
    assert found(
        {"start.vxml": leaf, "root": vxml(f"<form id='help'><block/></form>{LOST.replace('lost', 'main')}")}
    ) == [
        "warning unreachable: Nothing in the document leads to the <form> 'main'; unless another document does, "
        "remove it."
    ]
    assert found({"start.vxml": leaf.replace("root#help", "#main"), "root": vxml(f"{FORM.format('')}{LOST}")}) == []


def test_a_handler_of_the_root_leads_to_dialogs_of_its_leaves() -> None:
    root = vxml("<catch event='noinput'><goto next='#lost'/></catch>")
    assert found({"start.vxml": vxml(FORM.format("") + LOST, "application='root'"), "root": root}) == []


def test_a_link_of_the_root_leads_to_dialogs_of_the_root() -> None:
    root = vxml(f"<link next='#lost'>{key('1')}</link>{LOST.replace('lost', 'own')}")
    (line,) = found({"start.vxml": vxml(FORM.format(""), "application='root'"), "root": root})
    assert line.startswith("error destination: <link> leads to '#lost'")
