from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.vxml.cases.case import Act, Case, Expect, Reply, Step
from mirabelle.vxml.cases.transcript import covers, transcribe
from mirabelle.vxml.cases.verdict import Verdict, judge
from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.text import parse_far_end
from tests.unit.vxml.running import BASE, Shelf, block, key, vxml

ASK = vxml(
    f"<form><field name='f'>{key('1')}<prompt>Press one.</prompt><noinput>Hello?<reprompt/></noinput>"
    "<filled><log>got <value expr='f'/></log><prompt>Thanks.</prompt><submit next='answer' namelist='f'/></filled>"
    "</field></form>"
)


def tried(document: str, *steps: Step, far_end: str = "", **more: Any) -> Verdict:
    shelf = Shelf({"start.vxml": document, "answer": block("<exit expr=\"'done'\"/>")})
    case = Case("A case", f"{BASE}start.vxml", steps, far_end=parse_far_end(far_end), **more)
    return judge(case, asyncio.run(transcribe(case, shelf, Dialect(messages=False))))


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("Press one.", "Press  one.", True),
        ("Press one", "Press one.", False),
        ("Press *", "Press one.", True),
        ("*one*", "Press one.", True),
        ("*", "", True),
        ("a.c", "abc", False),
        ("(a", "(a", True),
        ("", "a", False),
    ],
)
def test_a_star_stands_for_any_text(pattern: str, text: str, expected: bool) -> None:
    assert covers(pattern, text) is expected


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1), min_size=1))
def test_every_text_is_covered_by_itself_and_by_its_first_word(words: list[str]) -> None:
    text = " ".join(words)
    assert covers(text, f"  {text}")
    assert covers(f"{words[0]}*", text)


def test_all_kinds_of_things_can_be_expected() -> None:
    verdict = tried(
        ASK,
        Expect("prompt", "Press one."),
        Act("noinput"),
        Expect("event", "noinput"),
        Expect("prompt", "Hello?"),
        Expect("prompt", "Press one."),
        Act("1"),
        Expect("log", "got 1"),
        Expect("submit", "answer", {"f": "1"}),
        Expect("prompt", "Thanks."),
        Expect("end", "exit", values={"": "done"}),
    )
    assert verdict.passed, verdict.diff


def test_transfers_recordings_and_disconnects_can_be_expected() -> None:
    items = "<transfer name='t' dest='tel:1' bridge='true'/><record name='r'/><block><disconnect/></block>"
    verdict = tried(
        vxml(f"<form>{items}</form>"),
        Expect("transfer", "bridge tel:1"),
        Expect("transfer", "busy *"),
        Act("1"),
        Expect("record", "r 1000 ms*"),
        Expect("disconnect", ""),
        Expect("end", "disconnect"),
        far_end="busy",
    )
    assert verdict.passed, verdict.diff


def test_an_error_that_ends_the_session_is_its_end() -> None:
    assert tried(block("<goto next='missing'/>"), Expect("end", "error.badfetch.http.404")).passed
    assert tried(block("<goto next='missing'/>"), Expect("end", "error.badfetch*answered 404")).passed


@pytest.mark.parametrize(
    ("step", "passes"),
    [
        (Expect("submit", "answer"), True),
        (Expect("submit", f"{BASE}answer"), True),
        (Expect("submit", "GET answer"), True),
        (Expect("submit", "*/answer", {"f": "*"}), True),
        (Expect("submit", "POST answer"), False),
        (Expect("submit", "other"), False),
        (Expect("submit", "answer", {"f": "2"}), False),
        (Expect("submit", "answer", {"g": "1"}), False),
        (Expect("end", "exit", values={"": "other"}), False),
        (Expect("end", "exit", values={"x": "done"}), False),
        (Expect("end", "hangup"), False),
        (Expect("prompt", "Press one."), False),
    ],
)
def test_what_comes_of_an_input_is_looked_for_after_it(step: Step, passes: bool) -> None:
    assert tried(ASK, Act("1"), step).passed is passes


def test_things_of_one_kind_come_in_their_order_and_others_may_come_between() -> None:
    document = block("<prompt>a</prompt><log>b</log><prompt>c</prompt><log>d</log>")
    prompts = (Expect("prompt", "a"), Expect("prompt", "c"))
    assert tried(document, *prompts).passed
    assert tried(document, prompts[0], Expect("log", "b"), prompts[1], Expect("log", "d")).passed
    assert tried(document, Expect("log", "d"), *prompts).passed
    assert tried(document, *reversed(prompts)).failed == 2


def test_a_failure_tells_the_step_and_what_happened_instead() -> None:
    verdict = tried(ASK, Expect("prompt", "Press one."), Act("1"), Expect("log", "got 2"), Expect("end", "exit"))
    assert verdict.failed == 3
    assert verdict.reason == "this did not happen: log: got 2"
    assert verdict.diff == (
        "  prompt: Press one.",
        "- log: got 2",
        "+ input: 1",
        "+ log: got 1",
        "+ submit: GET http://test/answer f=1",
        "+ prompt: Thanks.",
        '+ end: exit ="done"',
    )


def test_an_input_that_nobody_waits_for_is_a_failure() -> None:
    verdict = tried(ASK, Act("1"), Act("2"))
    assert (verdict.failed, verdict.reason) == (2, "the application ended before the caller could do this: 2")


def test_where_the_inputs_end_the_caller_hangs_up() -> None:
    assert tried(ASK, Expect("event", "connection.disconnect.hangup"), Expect("end", "hangup")).passed


def test_variables_of_the_session_are_laid_over_those_there_are() -> None:
    document = block("<log expr='[callerid, connection.remote.uri, connection.protocol.name].join()'/>")
    session = {"callerid": "5", "connection": {"remote": {"uri": "tel:+1"}}}
    assert tried(document, Expect("log", "5,tel:+1,text"), session=session).passed


def test_a_case_may_answer_addresses_itself() -> None:
    document = block("<data name='d' src='http://shop/d?x=1' accept='application/json'/><log expr='d.a'/>")
    replies = (Reply("http://shop/d", text='{"a": 1}', content_type="application/json"),)
    assert tried(document, Expect("log", "1"), replies=replies).passed
    assert tried(document, Expect("event", "error.badfetch.http.500"), replies=(Reply("http://shop/*", 500),)).passed
