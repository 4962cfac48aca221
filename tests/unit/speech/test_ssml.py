from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.speech.ssml import MOST_CHARACTERS, prepare
from mirabelle.speech.synthesizer import SpeechError


def inner(ssml: str) -> str:
    return prepare(ssml).ssml.removeprefix("<speak>").removesuffix("</speak>")


@pytest.mark.parametrize(
    ("ssml", "spoken"),
    [
        ("Hello & goodbye".replace("&", "&amp;"), "Hello &amp; goodbye"),
        ("<speak>Hello</speak>", "Hello"),
        ('<?xml version="1.0"?>\n<speak version="1.0">Hi</speak>', "Hi"),
        ('<speak xmlns="http://www.w3.org/2001/10/synthesis">Hi<break/></speak>', "Hi<break></break>"),
        ('<s:speak xmlns:s="urn:x"><s:p>Hi</s:p></s:speak>', "<p>Hi</p>"),
        ('one<break time="1s" evil="x"/>two', 'one<break time="1s"></break>two'),
        ('<prosody rate="slow" volume="soft">a</prosody>', '<prosody rate="slow" volume="soft">a</prosody>'),
        ('<s xml:lang="de">ja</s>', '<s xml:lang="de">ja</s>'),
        ('a <audio src="/etc/passwd">no <desc>x</desc>sound</audio> b', "a no sound b"),
        ('<mark name="here"/>a<value expr="x"/>', '<mark name="0"/>a'),
        (
            '<say-as interpret-as="digits">1<mark name="here"/>2</say-as>',
            '<say-as interpret-as="characters">12</say-as><mark name="0"/>',
        ),
        ("a<!-- remark -->b", "ab"),
        ("a\x00b\x1fc", "a b c"),
    ],
)
def test_ssml_becomes_what_the_engine_may_see(ssml: str, spoken: str) -> None:
    assert inner(ssml) == spoken


def test_marks_are_numbered_and_their_names_kept() -> None:
    utterance = prepare('<mark name="here"/>a<p>b<mark name="there &amp; then"/></p><mark/>')
    assert utterance.ssml == '<speak><mark name="0"/>a<p>b<mark name="1"/></p><mark name="2"/></speak>'
    assert utterance.marks == ("here", "there & then", "")


@pytest.mark.parametrize(
    ("kind", "text", "spoken"),
    [
        ("digits", "1234", '<say-as interpret-as="characters">1234</say-as>'),
        ("vxml:digits", "1234", '<say-as interpret-as="characters">1234</say-as>'),
        ("telephone", "6175550123", '<say-as interpret-as="characters">6175550123</say-as>'),
        ("ordinal", "3", '<say-as interpret-as="ordinal">3</say-as>'),
        ("vxml:boolean", "true", "yes"),
        ("vxml:boolean", "false", "no"),
        ("vxml:currency", "USD12.50", "12 dollars and 50 cents"),
        ("vxml:currency", "EUR7", "7 euros"),
        ("vxml:currency", "7.5", "7 point 50"),
        ("vxml:currency", "a lot", "a lot"),
        ("vxml:date", "20261224", "December 24 2026"),
        ("date", "2026-12-24", "December 24 2026"),
        ("vxml:date", "????1224", "December 24"),
        ("vxml:date", "yesterday", "yesterday"),
        ("vxml:time", "0930a", "9 30 A M"),
        ("vxml:time", "1205p", "12 oh 5 P M"),
        ("vxml:time", "1400h", "14 hundred hours"),
        ("vxml:time", "1430?", "14 30"),
        ("vxml:time", "later", "later"),
        ("vxml:number", "12.5", "12.5"),
        ("unknown", "a < b".replace("<", "&lt;"), "a &lt; b"),
    ],
)
def test_say_as_reads_a_value_the_way_people_do(kind: str, text: str, spoken: str) -> None:
    assert inner(f'<say-as interpret-as="{kind}">{text}</say-as>') == spoken
    assert inner(f'<say-as type="{kind}">{text}</say-as>') == spoken


def test_the_language_of_the_document_is_told_apart_from_its_text() -> None:
    utterance = prepare('<speak xml:lang="fr-FR">Bonjour</speak>')
    assert (utterance.language, utterance.ssml) == ("fr-FR", "<speak>Bonjour</speak>")


@pytest.mark.parametrize(
    ("ssml", "says"),
    [
        ("<p>open", "not well-formed"),
        ("a & b", "not well-formed"),
        ("x" * (MOST_CHARACTERS + 1), "longer than"),
        ("<p>" * 60 + "</p>" * 60, "nested deeper"),
        ('<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>', "document type"),
    ],
)
def test_a_text_that_cannot_be_spoken_says_why(ssml: str, says: str) -> None:
    with pytest.raises(SpeechError, match=says):
        prepare(ssml)


@given(st.text(max_size=200))
def test_any_text_is_spoken_or_refused(text: str) -> None:
    try:
        again = prepare(prepare(text).ssml)
    except SpeechError:
        return
    assert again.ssml == prepare(text).ssml
