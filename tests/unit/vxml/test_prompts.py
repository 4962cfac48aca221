# ruff: noqa: E501 - a document reads better in one piece
"""Prompts (VoiceXML 2.0, 4.1; 2.1, 4 and 6)."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from mirabelle.vxml.interpreter import Interpreter
from mirabelle.vxml.platform import (
    Collect,
    Fetch,
    Fetched,
    HungUp,
    Mark,
    Note,
    Play,
    Played,
    Record,
    Reply,
    Request,
    Silence,
    Speech,
    Transfer,
    Unspoken,
)
from mirabelle.vxml.signals import Ending
from tests.unit.vxml.running import BASE, block, key, run, vxml

ONE = key("1")


def requests(document: str, unspoken: str = "") -> list[Request]:
    """Every request of a session whose caller hangs up at the first wait; `unspoken` is a language without a voice."""
    steps: Generator[Request, Reply, Ending] = Interpreter({}).run(Fetch(BASE + "start.vxml"))
    asked: list[Request] = []
    reply: Reply = None
    try:
        while True:
            asked.append(steps.send(reply))
            match asked[-1]:
                case Play(prompts) | Collect(prompts) | Record(prompts) | Transfer(prompts) if unspoken in [
                    prompt.language for prompt in prompts
                ]:
                    reply = Unspoken("Nobody speaks it.")
                case Fetch():
                    reply = Fetched(asked[-1].url, 200, "", document.encode())
                case Play():
                    reply = Played()
                case Collect():
                    reply = HungUp()
                case _:
                    reply = None
    except StopIteration:
        return asked


def collected(field: str, around: str = "") -> Collect:
    document = vxml(f"{around}<form><field name='f'>{ONE}{field}</field></form>")
    return next(r for r in requests(document) if isinstance(r, Collect))


def spoken(document: str) -> list[Speech]:
    return [
        i
        for r in requests(document)
        if isinstance(r, Play)
        for p in r.prompts
        for i in p.items
        if isinstance(i, Speech)
    ]


@pytest.mark.parametrize(
    ("body", "prompts"),
    [
        ("a b", ["a b"]),
        ("a <value expr='1+1'/> b", ["a 2 b"]),
        ("<prompt>a</prompt><prompt>b</prompt>", ["a", "b"]),
        ("<prompt cond='false'>a</prompt><prompt cond='1'>b</prompt>", ["b"]),
        ("<prompt>a <emphasis>b</emphasis> <break/> c</prompt>", ["a b c"]),
        ("<prompt><sub alias='World Wide Web'>W3</sub></prompt>", ["World Wide Web"]),
        ("<prompt><p><s>a</s> <s>b</s></p></prompt>", ["a b"]),
        ("<prompt><p>a</p><p><s>b</s><s>c</s></p>d<break/>e<emphasis>f</emphasis></prompt>", ["a b c d ef"]),
        ("<audio src='x.wav'/>", ["[audio http://test/x.wav]"]),
        ("<audio src='y.wav'>spare <value expr='2'/></audio>", ["spare 2"]),
        ("<audio src='y.wav'><audio src='x.wav'/></audio>", ["[audio http://test/x.wav]"]),
        ("<audio src='y.wav'/>", []),
        ("<audio expr=\"'x' + '.wav'\">no</audio>", ["[audio http://test/x.wav]"]),
        ("<audio expr='undefined'>not this either</audio>", []),
        ("a <audio src='x.wav'/> b", ["a", "[audio http://test/x.wav]", "b"]),
        ("<prompt><s>a <audio src='x.wav'/> b</s></prompt>", ["a", "[audio http://test/x.wav]", "b"]),
        ("<prompt xml:base='http://test/sub/'><audio src='../x.wav'/></prompt>", ["[audio http://test/x.wav]"]),
        ("<prompt><foreach item='i' array='[1,2,3]'><value expr='i'/> </foreach></prompt>", ["1 2 3"]),
        ("<if cond='true'>a<else/>b</if>", ["a"]),
        ("<prompt/>", []),
    ],
)
def test_what_is_heard(body: str, prompts: list[str]) -> None:
    documents: dict[str, str | bytes] = {"start.vxml": block(body), "x.wav": b"RIFF"}
    assert run(documents, types={"x.wav": "audio/x-wav"}).prompts == prompts


def test_text_that_is_no_audio_is_not_played() -> None:
    documents = {"start.vxml": block("<audio src='x.wav'>spare</audio>"), "x.wav": "<html/>"}
    assert run(documents, types={"x.wav": "text/html"}).prompts == ["spare"]


def test_the_markup_goes_to_the_synthesiser() -> None:
    [speech] = spoken(block("<prompt xml:lang='en-GB'>a &amp; <emphasis level='strong'>b</emphasis></prompt>"))
    assert speech.text == "a & b"
    assert speech.language == "en-GB"
    assert speech.ssml == (
        '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-GB">'
        'a &amp; <emphasis level="strong">b</emphasis></speak>'
    )


def test_markup_that_audio_interrupts_is_closed_and_opened_again() -> None:
    document = block("<prompt><s>a<audio src='/x.wav'/>b</s></prompt>")
    first, second = (speech.ssml.partition(">")[2] for speech in spoken(document))
    assert (first, second) == ("<s>a</s></speak>", "<s>b</s></speak>")


@pytest.mark.parametrize(
    "item",
    [
        "<field name='i'>{}</field>",
        "<record name='i'>{}</record>",
        "<transfer name='i' dest='tel:1'>{}</transfer>",
        "<block>{}<disconnect/></block>",
    ],
)
def test_a_language_that_no_voice_speaks_is_an_event(item: str) -> None:
    said = f"<prompt xml:lang='tlh'>nuqneH</prompt>{ONE if 'field' in item else ''}"
    handler = "<catch event='error.unsupported.language'><log expr=\"_event + ': ' + _message\"/><exit/></catch>"
    asked = requests(vxml(f"{handler}<form>{item.format(said)}</form>"), unspoken="tlh")
    assert [each.text for each in asked if isinstance(each, Note)][-1:] == [
        "error.unsupported.language: Nobody speaks it."
    ]


def test_a_handler_that_only_asks_again_in_that_language_ends() -> None:
    field = f"<field name='i'><prompt xml:lang='tlh'>nuqneH</prompt>{ONE}<catch><reprompt/></catch></field>"
    asked = requests(vxml(f"<form>{field}</form>"), unspoken="tlh")
    assert "More than" in [each.text for each in asked if isinstance(each, Note)][-1]


def test_marks_among_words_go_to_the_synthesiser() -> None:
    [speech] = spoken(block("<prompt><mark name='a &amp; b'/>one <s>two <mark nameexpr=\"'c' + 1\"/></s></prompt>"))
    assert speech.ssml.partition(">")[2] == '<mark name="a &amp; b"/>one <s>two <mark name="c1"/></s></speak>'
    assert speech.marks == ("a & b", "c1")
    assert speech.text == "one two"


def test_marks_and_pauses_without_words_are_items_of_their_own() -> None:
    document = block("<prompt><mark name='here'/><break time='2s'/><mark nameexpr=\"'th' + 'ere'\"/></prompt>")
    [play] = [r for r in requests(document) if isinstance(r, Play)]
    assert play.prompts[0].items == (Mark("here"), Silence(2000), Mark("there"))


@pytest.mark.parametrize(
    ("prompts", "heard"),
    [
        ("<prompt>a</prompt><prompt count='2'>b</prompt><prompt count='3'>c</prompt>", ["a", "b", "c", "c"]),
        ("<prompt>a</prompt><prompt>b</prompt><prompt count='3'>c</prompt>", ["a", "b", "a", "b", "c", "c"]),
        ("<prompt count='2'>b</prompt>", ["b", "b", "b"]),
        ("<prompt>a</prompt><prompt count='2' cond='false'>b</prompt>", ["a", "a", "a", "a"]),
        ("text <prompt count='2'>b</prompt>", ["text", "b", "b", "b"]),
    ],
)
def test_prompts_taper(prompts: str, heard: list[str]) -> None:
    document = vxml(f"<form><field name='f'>{ONE}{prompts}</field></form>")
    assert run(document, "noinput,noinput,noinput").prompts == heard


def test_clear_begins_the_prompts_again() -> None:
    document = vxml(
        f"<form><field name='f'>{ONE}<prompt>a</prompt><prompt count='2'>b</prompt><noinput><clear/><reprompt/></noinput></field></form>"
    )
    assert run(document, "noinput").prompts == ["a", "a"]


def test_nothing_plays_before_something_waits() -> None:
    document = vxml(
        f"<form><block>a<log>first</log></block><block>b<goto next='#g'/></block></form>"
        f"<form id='g'><field name='f'>{ONE}c<filled>d<log>last</log></filled></field></form>"
    )
    assert run(document, "1").lines == [
        "log: first", "prompt: a", "prompt: b", "prompt: c", "input: 1", "log: last", "prompt: d", "exit",
    ]  # fmt: skip


def test_what_is_queued_is_played_before_the_application_hangs_up() -> None:
    assert run(block("bye<disconnect/>")).lines == ["prompt: bye", "disconnect"]


@pytest.mark.parametrize(
    ("prompts", "timeout_ms"),
    [
        ("<prompt timeout='7s'>a</prompt>", 7000),
        ("<prompt timeout='7s'>a</prompt><prompt timeout='9s'>b</prompt>", 9000),
        ("<prompt timeout='7s'>a</prompt><prompt>b</prompt>", 4000),
        ("<prompt>a</prompt><prompt timeout='7s'/>", 7000),
        ("a", 4000),
        ("", 4000),
    ],
)
def test_the_timeout_is_that_of_the_last_prompt_and_its_own_or_the_propertys(prompts: str, timeout_ms: int) -> None:
    around = "<property name='timeout' value='4s'/>"
    assert collected(prompts, around).properties.timeout_ms == timeout_ms


@pytest.mark.parametrize(
    ("around", "prompt", "bargein"),
    [
        ("", "<prompt>a</prompt>", True),
        ("", "<prompt bargein='false'>a</prompt>", False),
        ("<property name='bargein' value='false'/>", "<prompt>a</prompt>", False),
        ("<property name='bargein' value='false'/>", "<prompt bargein='true'>a</prompt>", True),
    ],
)
def test_bargein_is_the_prompts_or_the_propertys(around: str, prompt: str, bargein: bool) -> None:
    assert [p.bargein for p in collected(prompt, around).prompts] == [bargein]


@pytest.mark.parametrize(
    ("array", "event"),
    [("'text'", "error.semantic"), ("undefined", "error.semantic"), ("nobody", "error.semantic")],
)
def test_foreach_needs_an_array(array: str, event: str) -> None:
    document = vxml(
        f"<catch><log expr='_event'/><exit/></catch><form><block><foreach item='i' array=\"{array}\">x</foreach></block></form>"
    )
    assert run(document).logs == [event]


def test_foreach_goes_over_a_copy() -> None:
    body = "<var name='a' expr='[1,2]'/><foreach item='i' array='a'><log expr='i'/><script>a.push(9)</script></foreach>"
    assert run(block(body)).logs == ["1", "2"]


def test_foreach_uses_a_variable_that_is_there() -> None:
    body = "<var name='i' expr='0'/><foreach item='i' array='[7]'><log expr='i'/></foreach><log expr='i'/>"
    assert run(block(body)).logs == ["7", "7"]


def test_the_condition_of_a_prompt_is_asked_once_for_each_visit() -> None:
    asked = "<prompt cond='n++ == 0'>once</prompt><noinput><log expr='n'/><exit/></noinput>"
    ended = run(vxml(f"<var name='n' expr='0'/><form><field name='f'>{ONE}{asked}</field></form>"), "noinput")
    assert (ended.prompts, ended.logs) == (["once"], ["1"])
