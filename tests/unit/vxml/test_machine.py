# ruff: noqa: E501 - a document reads better in one piece
"""The machine whatever a platform answers, and whatever an application holds."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from mirabelle.vxml.interpreter import Interpreter
from mirabelle.vxml.platform import (
    Collect,
    Fetch,
    Fetched,
    FetchFailed,
    HungUp,
    Input,
    NoInput,
    NoMatch,
    Note,
    Play,
    Played,
    Record,
    Recorded,
    Reply,
    Request,
    Result,
    Transfer,
    Transferred,
    TransferResult,
)
from mirabelle.vxml.signals import Ending
from tests.unit.vxml.running import BASE, key, run, vxml

ONE = key("1")
APPLICATION = vxml(
    "<catch event='error.badfetch'><log>bad</log></catch><link event='help' dtmf='9'/>"
    f"<form id='a'><block>hello<audio src='x.wav'/></block><field name='f'>{ONE}go<filled><log expr='f'/></filled></field>"
    "<record name='r' modal='false'/><transfer name='t' dest='tel:1' bridge='true'/>"
    "<subdialog name='s' src='#b'/><block><data name='d' src='d.json'/><submit next='next.vxml' namelist='f r t'/></block></form>"
    f"<form id='b'><field name='g'>{ONE}</field><block><return namelist='g'/></block></form>"
)

replies: st.SearchStrategy[Reply] = st.one_of(
    st.just(Played()),
    st.just(HungUp()),
    st.just(HungUp(b"RIFF", 10)),
    st.just(NoInput()),
    st.builds(NoMatch, st.text(max_size=3), st.sampled_from(["dtmf", "voice"]), st.booleans()),
    st.just(Input("dtmf", "1", ())),
    st.builds(Recorded, st.binary(max_size=4), st.just("audio/basic"), st.integers(0, 10), st.sampled_from(["", "#"])),
    st.builds(Transferred, st.sampled_from(TransferResult), st.integers(0, 10_000)),
    st.just(Fetched(BASE, 200, "application/json", b"{}")),
    st.just(Fetched(BASE + "x", 500, "", b"")),
    st.builds(FetchFailed, st.text(max_size=5), st.sampled_from([0, 404])),
    st.none(),
)


def matched(request: Collect) -> Reply:
    """The first grammar's match of the key 1, or silence."""
    for index, grammar in enumerate(request.grammars):
        match = grammar.match(["1"])
        if match is not None:
            return Input("dtmf", "1", (Result(index, match, "1"),))
    return NoInput()


def conclude(answers: Sequence[Reply | str]) -> tuple[Ending, list[Request]]:
    """Run the application; an answer "right" is one that fits, and so are all after the last."""
    steps = Interpreter({}).run(Fetch(BASE + "start.vxml"))
    waiting = list(answers)
    asked: list[Request] = []
    reply: Reply = None
    try:
        while True:
            asked.append(steps.send(reply))
            answer: Reply | str = "right"
            if waiting and len(asked) > 1 and not isinstance(asked[-1], Note):
                answer = waiting.pop(0)
            reply = right(asked[-1]) if isinstance(answer, str) else answer
    except StopIteration as stop:
        ending: Ending = stop.value
    return ending, asked


def right(request: Request) -> Reply:
    match request:
        case Fetch(url=url) if url.endswith("start.vxml"):
            return Fetched(url, 200, "", APPLICATION.encode())
        case Fetch(url=url) if url.endswith(".json"):
            return Fetched(url, 200, "application/json", b"{}")
        case Fetch(url=url) if "next" in url:
            return Fetched(url, 200, "", vxml("<form/>").encode())
        case Fetch():
            return FetchFailed("gone", 404)
        case Collect():
            return matched(request)
        case Play():
            return Played()
        case Record():
            return Recorded(b"RIFF", "audio/x-wav", 1000)
        case Transfer():
            return Transferred(TransferResult.FAR_END_DISCONNECT, 2000)
        case _:
            return None


def test_right_answers_lead_to_the_end() -> None:
    ending, asked = conclude([])
    assert ending.kind == "exit"
    [submitted] = [r for r in asked if isinstance(r, Fetch) and "next" in r.url]
    assert submitted.url.startswith(f"{BASE}next.vxml?f=1&r=RIFF&t=far_end_disconnect")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(replies, st.just("right")), max_size=12))
def test_any_answers_lead_to_an_end(answers: list[Reply | str]) -> None:
    ending, _ = conclude(answers)
    assert ending.kind in ("exit", "hangup", "disconnect", "error")
    assert bool(ending.error) == (ending.kind == "error")


ODD = """ |x|'x'|1|-1|#b|#zz|a b|undefined|null|true|99999999999s|::|a.b|é|f$|{}|http://[|this|(|[1, 2]|'http://['|nobody.here"""
odd = st.sampled_from(ODD.split("|"))


@settings(max_examples=25, deadline=None)
@given(st.lists(odd, min_size=14, max_size=14), st.sampled_from(["", "1", "9,1", "noinput,12#", "text:x"]))
def test_any_attributes_lead_to_an_end(values: list[str], inputs: str) -> None:
    v = iter(value.replace("&", "&amp;").replace('"', "&quot;") for value in values)
    body = (
        f'<var name="n" expr="{next(v)}"/><catch cond="{next(v)}"><log expr="{next(v)}"/></catch>'
        f'<form id="a"><field name="f" expr="{next(v)}" cond="{next(v)}">{ONE}<prompt cond="{next(v)}">go</prompt></field>'
        f'<block><assign name="{next(v)}" expr="{next(v)}"/><prompt><audio expr="{next(v)}">no</audio></prompt></block>'
        f'<subdialog name="s" srcexpr="{next(v)}"><param name="p" expr="{next(v)}"/></subdialog>'
        f'<block><foreach item="i" array="{next(v)}"><log expr="i"/></foreach><submit expr="{next(v)}" namelist="f"/></block>'
        f'</form><form id="b"><var name="p"/><block><return namelist="p"/></block></form><!--{next(v).replace("-", "")}-->'
    )
    ended = run(vxml(body), inputs)
    assert ended.status in (0, 1)
    assert ended.lines
