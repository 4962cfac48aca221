"""What is named for fetching ahead (VoiceXML 2.0, 6.1.1 and 6.1.3; 2.1, 5)."""

from __future__ import annotations

import pytest

from mirabelle.vxml.machine import CLASSIC, Dialect
from mirabelle.vxml.platform import Fetch
from tests.unit.vxml.running import BASE, key, run, vxml

AUDIO = "<audio src='a.wav'/>"
EARLY = "fetchhint='prefetch'"


def ahead(body: str, attributes: str = "", *, inputs: str = "", dialect: Dialect | None = None) -> list[Fetch]:
    return run({"start.vxml": vxml(body, attributes)}, inputs, dialect=dialect).shelf.ahead


def names(body: str, *, inputs: str = "", dialect: Dialect | None = None) -> list[str]:
    return [request.url.removeprefix(BASE) for request in ahead(body, inputs=inputs, dialect=dialect)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<script src='s.js'/><form/>", ["s.js"]),
        ("<link event='x'><grammar src='g.grxml'/></link><form/>", ["g.grxml"]),
        (f"<form><block>{AUDIO}</block></form>", ["a.wav"]),
        (f"<form><block><prompt>{AUDIO}</prompt></block></form>", ["a.wav"]),
        (f"<form><block><prompt xml:base='http://test/sub/'>{AUDIO}</prompt></block></form>", ["sub/a.wav"]),
        (f"<form><field><prompt>{AUDIO}</prompt><grammar src='g.grxml#r'/></field></form>", ["a.wav", "g.grxml"]),
        (f"<menu><prompt>{AUDIO}</prompt><choice next='#x'>x</choice></menu>", ["a.wav"]),
        ("<form><block><audio src='a.wav'/><audio src='a.wav'/></block></form>", ["a.wav"]),
        ("<form><block><audio src='a.wav'><audio src='b.wav'/></audio></block></form>", ["a.wav"]),
        ("<form><block><audio expr=\"'a.wav'\"/></block></form>", []),
        (f"<form><block cond='false'>{AUDIO}</block></form>", []),
        (f"<form><block><if cond='true'>{AUDIO}</if></block></form>", []),
        (f"<form><catch>{AUDIO}</catch></form>", []),
        (f"<form><field><prompt count='2'>{AUDIO}</prompt></field></form>", []),
        (f"<form/><form>{AUDIO.join(('<block>', '</block>'))}</form>", []),
        ("<form><block><data src='d.xml'/></block></form>", []),
        ("<form><block><goto next='d.vxml'/></block></form>", []),
        ("<form><field><grammar src='builtin:dtmf/digits'/></field></form>", []),
        ("<form><block><audio src='file:///a.wav'/></block></form>", []),
        ("<form><block><audio src='http://[/'/></block></form>", []),
    ],
)
def test_what_is_needed_for_certain_is_named(body: str, found: list[str]) -> None:
    assert names(body) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f"<form/><form id='x'><block><audio src='a.wav' {EARLY}/></block></form>", ["a.wav"]),
        (f"<form><block><goto next='d.vxml#x' {EARLY}/></block></form>", ["d.vxml"]),
        (f"<menu><choice next='d.vxml' {EARLY}>x</choice></menu>", ["d.vxml"]),
        (f"<link next='d.vxml' dtmf='1' {EARLY}/><form/>", ["d.vxml"]),
        (f"<form><subdialog src='d.vxml' {EARLY}/></form>", ["d.vxml"]),
        (f"<form><subdialog src='d.vxml' namelist='a' {EARLY}/></form>", []),
        (f"<form><block><data src='d.xml' {EARLY}/></block></form>", ["d.xml"]),
        (f"<form><block><data src='d.xml' method='post' {EARLY}/></block></form>", []),
        (f"<form><block><submit next='d.vxml' {EARLY}/></block></form>", []),
        (f"<form><block><goto next='#x' {EARLY}/></block></form>", []),
        (f"<form><block><goto expr=\"'d.vxml'\" {EARLY}/></block></form>", []),
    ],
)
def test_what_asks_for_it_itself_is_named_wherever_it_stands(body: str, found: list[str]) -> None:
    assert names(body) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f"<property name='audiofetchhint' value='safe'/><form><block>{AUDIO}</block></form>", []),
        (f"<form><property name='audiofetchhint' value='safe'/><block>{AUDIO}</block></form>", []),
        ("<form><block><audio src='a.wav' fetchhint='safe'/></block></form>", []),
        (
            "<property name='documentfetchhint' value='prefetch'/><form><block><goto next='d.vxml'/></block></form>",
            ["d.vxml"],
        ),
    ],
)
def test_a_property_says_it_for_all_and_an_attribute_for_one(body: str, found: list[str]) -> None:
    assert names(body) == found


def test_the_classic_dialect_fetches_nothing_early_that_does_not_ask_for_it() -> None:
    assert names(f"<form><block>{AUDIO}</block></form>", dialect=CLASSIC) == []
    assert names(f"<form><block><audio src='a.wav' {EARLY}/></block></form>", dialect=CLASSIC) == ["a.wav"]


def test_it_is_named_as_it_will_be_asked_for() -> None:
    body = (
        "<property name='audiomaxage' value='5'/><form><property name='fetchtimeout' value='2s'/>"
        "<block><audio src='a.wav' maxstale='6'/></block></form>"
    )
    assert ahead(body) == [Fetch(f"{BASE}a.wav", purpose="audio", timeout_ms=2000, maxage=5, maxstale=6)]


def test_each_dialog_names_its_own_when_it_is_entered() -> None:
    body = (
        f"<form><field>{key('1')}<filled><goto next='#two'/></filled></field></form>"
        "<form id='two'><block><audio src='two.wav'/></block></form>"
    )
    assert names(body) == []
    assert names(body, inputs="1") == ["two.wav"]


def test_the_root_names_its_own_when_it_is_entered() -> None:
    documents = {
        "start.vxml": vxml("<form><block/></form>", "application='root.vxml'"),
        "root.vxml": vxml("<link event='x'><grammar src='sub/g.grxml'/></link>"),
    }
    assert [request.url for request in run(documents).shelf.ahead] == [f"{BASE}sub/g.grxml"]


def test_a_document_names_so_many() -> None:
    many = "".join(f"<audio src='{number}.wav'/>" for number in range(100))
    assert len(names(f"<form><block>{many}</block></form>")) == 32


def test_dialogs_that_go_round_are_looked_through_once_until_the_caller_is_waited_for() -> None:
    round_and_round = (
        "<form id='a'><var name='n' expr='0'/><block><audio src='a.wav'/><goto next='#b'/></block></form>"
        "<form id='b'><block><assign name='times' expr='times + 1'/><if cond='times &lt; 9'><goto next='#a'/></if>"
        f"</block><field>{key('1')}<filled><if cond='times &lt; 20'><goto next='#a'/></if></filled></field></form>"
    )
    assert names(f"<var name='times' expr='0'/>{round_and_round}") == ["a.wav"]
    assert names(f"<var name='times' expr='0'/>{round_and_round}", inputs="1") == ["a.wav", "a.wav"]
