# ruff: noqa: E501 - a document reads better in one piece
"""The text platform: inputs, far ends, lines."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.vxml.platform import TransferResult
from mirabelle.vxml.text import FarEnd, InputError, parse_far_end, parse_inputs, recording, run_text
from tests.unit.vxml.running import BASE, Shelf, block, key, run, vxml

FIELD = vxml("<form><field name='f' type='digits?length=2'>go<filled><log expr='f'/></filled></field></form>")


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("", ()),
        ("1", ("1",)),
        ("12#,noinput, text:hello world ,hangup", ("12#", "noinput", "text:hello world", "hangup")),
        ("1,,2", ("1", "2")),
        ("*AaD", ("*AaD",)),
    ],
)
def test_a_list_of_inputs(text: str, inputs: tuple[str, ...]) -> None:
    assert parse_inputs(text) == inputs


@pytest.mark.parametrize("text", ["x", "1x", "silence", "text", "1;2"])
def test_what_is_no_input_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(InputError, match=r"keys \(12#\), text:words, noinput or hangup"):
        parse_inputs(text)


@pytest.mark.parametrize(
    ("text", "far_end"),
    [
        ("answer:5", FarEnd(seconds=5)),
        ("answer:0.5", FarEnd(seconds=0.5)),
        ("busy", FarEnd(TransferResult.BUSY)),
        ("network_busy", FarEnd(TransferResult.NETWORK_BUSY)),
        ("noanswer", FarEnd(TransferResult.NOANSWER)),
        ("", FarEnd()),
    ],
)
def test_a_far_end(text: str, far_end: FarEnd) -> None:
    assert parse_far_end(text) == far_end


@pytest.mark.parametrize("text", ["answer", "answer:", "answer:-1", "engaged"])
def test_what_is_no_far_end_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_far_end(text)


@given(st.text(max_size=40))
def test_any_text_is_inputs_or_refused(text: str) -> None:
    with contextlib.suppress(InputError):
        assert all(parse_inputs(text))


@pytest.mark.parametrize(
    ("inputs", "lines"),
    [
        ("12", ["prompt: go", "input: 12", "log: 12", "exit"]),
        ("12#", ["prompt: go", "input: 12", "log: 12", "exit"]),
        ("1", ["prompt: go", "input: 1", "prompt: go", "input: hangup"]),
        ("noinput,12", ["prompt: go", "input: noinput", "prompt: go", "input: 12", "log: 12", "exit"]),
        ("hangup", ["prompt: go", "input: hangup"]),
        ("text:one two", ["prompt: go", "input: text:one two", "log: 12", "exit"]),
        ("text:nonsense", ["prompt: go", "input: text:nonsense", "prompt: go", "input: hangup"]),
    ],
)
def test_the_lines_of_a_run(inputs: str, lines: list[str]) -> None:
    assert run(FIELD, inputs).lines == lines


def test_without_a_list_the_person_at_the_terminal_is_asked() -> None:
    typed = iter(["nonsense", "1,2", "12"])
    lines: list[str] = []
    asyncio.run(
        run_text(
            BASE + "start.vxml",
            inputs=None,
            fetcher=Shelf({"start.vxml": FIELD}),
            out=lines.append,
            ask=lambda: next(typed, None),
        )
    )
    assert [line for line in lines if line.startswith(("?", "log"))] == [
        "? 'nonsense' is no input; write keys (12#), text:words, noinput or hangup.",
        "log: 12",
    ]


def test_the_end_of_the_terminals_input_hangs_up() -> None:
    lines: list[str] = []
    status = asyncio.run(
        run_text(
            BASE + "start.vxml", inputs=None, fetcher=Shelf({"start.vxml": FIELD}), out=lines.append, ask=lambda: None
        )
    )
    assert (lines[-1], status) == ("input: hangup", 0)


def test_keys_typed_ahead_are_lost_at_a_prompt_that_may_not_be_interrupted() -> None:
    one = key("1")
    document = vxml(
        f"<form><field name='a'>{one}</field><field name='b'>{one}<prompt bargein='false'>wait</prompt><filled><log>b</log></filled></field></form>"
    )
    assert run(document, "11,1").lines == ["input: 1", "prompt: wait", "input: 1", "log: b", "exit"]


def test_a_line_never_holds_control_characters_nor_grows_without_end() -> None:
    [line] = [
        x
        for x in run(block("<log expr=\"'a\\nb\\u001b[2J' + new Array(3000).join('x')\"/>")).lines
        if x.startswith("log")
    ]
    assert line.startswith("log: a b [2J")
    assert len(line) == 2000


@pytest.mark.parametrize(("kind", "size"), [("audio/basic", 8000), ("audio/x-alaw-basic", 8000), ("audio/x-wav", 8044)])
def test_a_recording_is_as_long_as_it_says(kind: str, size: int) -> None:
    assert len(recording(kind, 1000)) == size


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a<mark name='m'/>b", "string m"),
        ("<mark name='m'/>b<mark nameexpr=\"'n' + 1\"/>", "string n1"),
        ("none", "undefined undefined"),
    ],
)
@pytest.mark.parametrize("given", ["1", "text:one"])
def test_the_last_mark_is_known_afterwards(prompt: str, name: str, given: str) -> None:
    words = '<grammar mode="voice" version="1.0" root="r"><rule id="r">one</rule></grammar>'
    tell = "typeof f$.markname + ' ' + application.lastresult$.markname"
    body = f"<field name='f'><prompt>{prompt}</prompt>{key('1')}{words}<filled><log expr=\"{tell}\"/></filled></field>"
    assert run(vxml(f"<form>{body}</form>"), given).logs == [name]


@pytest.mark.parametrize(
    ("given", "logs"),
    [
        ("noinput", ["m 0, undefined", "undefined undefined, undefined"]),
        ("2", ["m 0, m", "undefined undefined, undefined"]),
    ],
)
def test_an_item_knows_the_last_mark_also_where_nothing_matched(given: str, logs: list[str]) -> None:
    tell = "f$.markname + ' ' + f$.marktime + ', ' + application.lastresult$?.markname"
    asked = f"<prompt>a<mark name='m'/></prompt><prompt count='2'>b</prompt>{key('1')}"
    caught = f"<catch event='noinput nomatch'><log expr=\"{tell}\"/><reprompt/></catch>"
    assert run(vxml(f"<form><field name='f'>{asked}{caught}</field></form>"), f"{given},{given},hangup").logs == logs


@pytest.mark.parametrize(
    ("item", "given"),
    [
        ("<record name='f'>{}</record>", "5"),
        ("<record name='f' dtmfterm='false'>{}</record>", "text:hello"),
        ("<transfer name='f' bridge='true' dest='tel:1'>{}</transfer>", ""),
    ],
)
def test_recordings_and_transfers_know_the_last_mark(item: str, given: str) -> None:
    inside = "<prompt>a<mark name='m'/></prompt><filled><log expr=\"f$.markname + ' ' + f$.marktime\"/></filled>"
    assert run(vxml(f"<form>{item.format(inside)}</form>"), given).logs == ["m 0"]


@pytest.mark.parametrize(
    ("typed", "result"),
    [
        (["1"], "near_end_disconnect"),
        (["2", "1"], "near_end_disconnect"),
        ([""], "far_end_disconnect"),
        (["noinput"], "far_end_disconnect"),
        ([], "far_end_disconnect"),
    ],
)
def test_the_person_at_the_terminal_may_end_a_transfer_by_a_hot_word(typed: list[str], result: str) -> None:
    lines: list[str] = []
    document = vxml(
        f"<form><transfer name='t' dest='tel:+1' bridge='true'>{key('1')}<filled><log expr='t'/></filled></transfer></form>"
    )
    left = iter(typed)
    asyncio.run(
        run_text(
            BASE + "start.vxml",
            inputs=None,
            fetcher=Shelf({"start.vxml": document}),
            out=lines.append,
            ask=lambda: next(left, None),
        )
    )
    assert f"log: {result}" in lines
