# ruff: noqa: E501 - a document reads better in one piece
"""Documents, application roots, and what lives through a transition (VoiceXML 2.0, 1.5.2 and 5.3.7)."""

from __future__ import annotations

import asyncio

import pytest

from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed
from mirabelle.vxml.text import run_text
from tests.unit.vxml.running import BASE, Shelf, block, key, run, vxml

ONE = key("1")
ROOT = vxml(
    "<var name='v' expr='1'/><script>function twice(x) { return 2 * x; }</script>"
    "<form id='r'><block><log>root <value expr='v'/></log></block></form>"
    "<form id='up'><block><assign name='v' expr='v+1'/><goto next='leaf.vxml'/></block></form>"
)


def leaf(body: str) -> str:
    return vxml(body, "application='root.vxml'")


def test_the_root_is_loaded_with_a_leaf_and_none_of_its_dialogs_run() -> None:
    documents = {
        "start.vxml": leaf("<form><block><log expr='application.v'/><log expr='twice(4)'/></block></form>"),
        "root.vxml": ROOT,
    }
    ended = run(documents)
    assert ended.logs == ["1", "8"]
    assert [r.url for r in ended.shelf.asked] == ["http://test/start.vxml", "http://test/root.vxml"]


def test_leaf_to_leaf_keeps_the_application() -> None:
    documents = {
        "start.vxml": leaf("<form><block><assign name='v' expr='5'/><goto next='other.vxml'/></block></form>"),
        "other.vxml": leaf("<form><block><log expr='v'/></block></form>"),
        "root.vxml": ROOT,
    }
    assert run(documents).logs == ["5"]


def test_leaf_to_leaf_initialises_the_document() -> None:
    document = "<var name='d' expr='1'/><form><block><log expr='d'/><assign name='d' expr='2'/><assign name='v' expr='v+1'/><if cond='v &lt; 3'><goto next='start.vxml'/></if></block></form>"
    assert run({"start.vxml": leaf(document), "root.vxml": ROOT}).logs == ["1", "1"]


def test_a_fragment_keeps_the_document() -> None:
    document = vxml(
        "<var name='d' expr='1'/><form><block><assign name='d' expr='2'/><goto next='#b'/></block></form><form id='b'><block><log expr='d'/></block></form>"
    )
    assert run(document).logs == ["2"]


def test_leaf_to_root_keeps_the_roots_variables() -> None:
    documents = {
        "start.vxml": leaf("<form><block><assign name='v' expr='5'/><goto next='root.vxml#r'/></block></form>"),
        "root.vxml": ROOT,
    }
    assert run(documents).logs == ["root 5"]


def test_leaf_to_root_by_submit_initialises_them() -> None:
    documents = {
        "start.vxml": leaf("<form><block><assign name='v' expr='5'/><submit next='root.vxml#r'/></block></form>"),
        "root.vxml": ROOT,
    }
    assert run(documents).logs == ["root 1"]


def test_root_to_leaf_keeps_them() -> None:
    documents = {
        "start.vxml": block("<goto next='root.vxml#up'/>"),
        "root.vxml": ROOT,
        "leaf.vxml": leaf("<form><block><log expr='v'/></block></form>"),
    }
    assert run(documents).logs == ["2"]


def test_root_to_root_initialises_even_the_same() -> None:
    document = vxml(
        "<var name='v' expr='1'/><form><block><assign name='v' expr='2'/><goto next='start.vxml#b'/></block></form><form id='b'><block><log expr='v'/></block></form>"
    )
    assert run(document).logs == ["1"]


def test_another_application_forgets_the_first() -> None:
    documents = {
        "start.vxml": leaf("<form><block><goto next='other.vxml'/></block></form>"),
        "root.vxml": ROOT,
        "other.vxml": block("<log expr='typeof v'/><log expr='typeof application.v'/>"),
    }
    assert run(documents).logs == ["undefined", "undefined"]


def test_in_a_root_the_document_and_the_application_are_one() -> None:
    document = vxml(
        "<var name='v' expr='1'/><form><block><assign name='application.v' expr='2'/><log expr='document.v'/></block></form>"
    )
    assert run(document).logs == ["2"]


def test_a_root_that_names_a_root_is_a_semantic_error() -> None:
    documents = {"start.vxml": leaf("<form/>"), "root.vxml": vxml("", "application='start.vxml'")}
    assert run(documents).lines[-1].startswith("error: error.semantic")


def test_a_root_that_is_missing_is_a_bad_fetch() -> None:
    assert run({"start.vxml": leaf("<form/>")}).lines[-1].startswith("error: error.badfetch.http.404")


def test_a_bad_fetch_is_caught_where_the_transition_was_tried() -> None:
    document = vxml(
        "<catch event='error.badfetch'><log>here</log><exit/></catch><form><block><goto next='bad.vxml'/></block></form>"
    )
    assert run({"start.vxml": document, "bad.vxml": "<vxml version='2.0'><nonsense/></vxml>"}).logs == ["here"]


def test_the_roots_handlers_work_in_a_leaf_with_the_leafs_addresses() -> None:
    documents = {
        "sub/start.vxml": vxml("<form><block><throw event='x'/></block></form>", "application='../root.vxml'"),
        "root.vxml": vxml("<catch event='x'><goto next='next.vxml'/></catch>"),
        "sub/next.vxml": block("<log>right</log>"),
        "next.vxml": block("<log>wrong</log>"),
    }
    assert run(documents, start="sub/start.vxml").logs == ["right"]


def test_a_form_of_the_root_with_document_scope_is_open_in_a_leaf() -> None:
    documents = {
        "start.vxml": leaf(f"<form><field name='f'>{ONE}</field></form>"),
        "root.vxml": vxml(
            "<var name='v' expr='3'/><form id='o' scope='document'><grammar xmlns='http://www.w3.org/2001/06/grammar' version='1.0' mode='dtmf' root='r' tag-format='semantics/1.0'>"
            "<rule id='r'>9<tag>out.x='nine'</tag></rule></grammar><field name='x'><filled><log><value expr='x'/> <value expr='v'/></log></filled></field></form>"
        ),
    }
    assert run(documents, "9").logs == ["nine 3"]


def test_xml_base_moves_relative_addresses() -> None:
    documents = {
        "start.vxml": vxml("<form><block><goto next='n.vxml'/></block></form>", "xml:base='http://test/sub/'"),
        "sub/n.vxml": block("<log>there</log>"),
    }
    assert run(documents).logs == ["there"]


def test_a_base_that_is_relative_counts_once_for_what_a_grammar_refers_to() -> None:
    head = "<grammar xmlns='http://www.w3.org/2001/06/grammar' version='1.0' mode='dtmf' root='r'"
    inline = f"{head} xml:base='sub/'><rule id='r'><ruleref uri='n.grxml'/></rule></grammar>"
    written = (
        "<grammar xml:base='sub/' type='application/srgs'>#ABNF 1.0; mode dtmf; root $r; $r = $&lt;n.grxml>;</grammar>"
    )
    for grammar in (inline, written):
        documents = {
            "start.vxml": vxml(f"<form><field name='f'>{grammar}<filled><log expr='f'/></filled></field></form>"),
            "sub/n.grxml": f"{head}><rule id='r'>7</rule></grammar>",
        }
        assert run(documents, "7").logs == ["7"]


def test_a_document_without_dialogs_ends_the_session() -> None:
    assert run(vxml("<var name='x'/>")).lines == ["exit"]


def test_an_event_while_the_document_is_initialised_finds_its_handlers() -> None:
    document = vxml(
        "<catch event='error.semantic'><log>caught</log><exit/></catch><var name='x' expr='nobody'/><form/>"
    )
    assert run(document).logs == ["caught"]


@pytest.mark.parametrize("what", ["<html/>", "<vxml version='3.0'/>", "no xml", ""])
def test_a_start_that_is_no_voicexml_says_where_and_why(what: str) -> None:
    ended = run({"start.vxml": what})
    assert ended.status == 1
    assert ended.lines[-1].startswith("error: error.badfetch http://test/start.vxml")


def test_lastresult_lives_as_long_as_the_application() -> None:
    documents = {
        "start.vxml": leaf(f"<form><field name='f'>{ONE}<filled><goto next='other.vxml'/></filled></field></form>"),
        "other.vxml": leaf("<form><block><log expr='application.lastresult$.utterance'/></block></form>"),
        "root.vxml": ROOT,
    }
    assert run(documents, "1").logs == ["1"]


def test_a_root_that_has_moved_is_still_the_same_application() -> None:
    class Moved(Shelf):
        async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
            if request.url == f"{BASE}root.vxml":
                return Fetched(f"{BASE}moved.vxml", 200, "", ROOT.encode())
            return await super().fetch(request)

    shelf = Moved(
        {
            "start.vxml": leaf("<form><block><assign name='v' expr='5'/><goto next='other.vxml'/></block></form>"),
            "other.vxml": leaf("<form><block><log expr='v'/></block></form>"),
        }
    )
    lines: list[str] = []
    asyncio.run(run_text(f"{BASE}start.vxml", inputs=[], fetcher=shelf, out=lines.append))
    assert lines == ["log: 5", "exit"]


def test_a_first_document_whose_root_fails_handles_that_itself() -> None:
    handlers = "<catch event='error.badfetch'><log>caught</log><goto next='#x'/></catch>"
    document = leaf(
        f"{handlers}<form><block><log>no</log></block></form><form id='x'><block><log>x</log></block></form>"
    )
    assert run({"start.vxml": document}).logs == ["caught", "x"]


def test_a_start_may_name_a_dialog() -> None:
    document = vxml("<form/><form id='x'><block><log>x</log></block></form>")
    assert run(document, start="start.vxml#x").logs == ["x"]


def test_a_declaration_of_a_document_that_fails_does_not_keep_the_next_from_being_made() -> None:
    caught = "<catch event='error.semantic'><log>caught</log></catch>"
    body = "<var name='x' expr='nobody'/><var name='y' expr='2'/><form><block><log expr='y'/></block></form>"
    assert run(vxml(caught + body)).logs == ["caught", "2"]
