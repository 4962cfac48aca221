from __future__ import annotations

import pytest

from tests.unit.vxml.analysis.checking import found
from tests.unit.vxml.running import key, vxml


def field(body: str, document: str = "") -> str:
    return vxml(f"{document}<form><field name='f'>{key('1')}{body}</field></form>")


def of(rule: str, document: str | dict[str, str]) -> list[str]:
    return [line for line in found(document) if f" {rule}: " in line]


@pytest.mark.parametrize(
    "document",
    [
        vxml("<catch event='com.example.done'/><form><block/></form>"),
        field("<help>x</help>"),
        field("<catch event='exit cancel'>x</catch>"),
        vxml("<form><noinput>x</noinput><block/></form>"),
        vxml("<form><catch event='noinput nomatch'>x</catch><block/></form>"),
        vxml("<catch event='com.example.done'/><form><block><throw event='com.example'/></block></form>"),
    ],
)
def test_a_handler_that_nothing_can_reach_is_told(document: str) -> None:
    (line,) = of("handler", document)
    assert line.startswith("warning handler: <")
    assert "is never executed: nothing " in line


@pytest.mark.parametrize(
    "document",
    [
        vxml("<catch event='com.example'/><form><block><throw event='com.example.done'/></block></form>"),
        vxml("<var name='e'/><catch event='com.example'/><form><block><throw eventexpr='e'/></block></form>"),
        vxml("<catch event='com.example'/><form><subdialog name='s' src='other.vxml'/></form>"),
        vxml("<catch/><error/><catch event='connection.disconnect.hangup'/><noinput/><form><field name='f' "
             "type='digits'/></form>"),
        field("<help>x</help>", "<property name='universals' value='all'/>"),
        field("<help>x</help>", f"<link event='help'>{key('9')}</link>"),
    ],
)  # fmt: skip
def test_a_handler_that_something_may_reach_is_not(document: str) -> None:
    assert of("handler", document) == []


def test_a_document_of_nothing_but_handlers_is_a_root() -> None:
    assert found(vxml("<noinput>x</noinput><catch event='com.example'/>")) == []


def test_a_name_that_is_nearly_thrown_is_suggested() -> None:
    body = "<catch event='com.example.dne'/><form><block><throw event='com.example.done'/></block></form>"
    (line,) = of("handler", vxml(body))
    assert line.endswith("nothing throws 'com.example.dne'; did you mean 'com.example.done'?")


def test_the_event_of_an_older_version_is_told_with_that_of_today() -> None:
    (line,) = of("handler", vxml("<catch event='telephone.disconnect.hangup'/><form><block/></form>"))
    assert line.endswith("did you mean 'connection.disconnect.hangup'?")


def test_a_handler_after_one_that_leaves_is_told() -> None:
    first = "<noinput count='2'><exit/></noinput>"
    assert of("handler", field(f"{first}<noinput count='3'>x</noinput>")) == [
        "warning handler: <noinput> of count 3 is never executed: the handler of count 2 leaves the dialog; "
        "swap or remove one."
    ]


@pytest.mark.parametrize(
    "handlers",
    [
        "<noinput count='2'><exit/></noinput><noinput count='2' cond='f'>x</noinput>",
        "<noinput><goto nextitem='f'/></noinput><noinput count='2'>x</noinput>",
        "<noinput><if cond='f'><exit/></if></noinput><noinput count='2'>x</noinput>",
        "<noinput><if cond='f'><throw event='nomatch'/></if><exit/></noinput><noinput count='2'>x</noinput>",
        "<catch event='error.badfetch'>x</catch><error><exit/></error><error count='2'>x</error>",
    ],
)
def test_a_handler_after_one_that_may_stay_is_not(handlers: str) -> None:
    assert of("handler", field(handlers)) == []


PROMPTS = "<prompt>a</prompt><prompt count='2'>b</prompt>"


@pytest.mark.parametrize(
    "handlers",
    [
        "<noinput>x</noinput><nomatch>x</nomatch>",
        "<catch event='noinput nomatch'>x</catch>",
        "<catch>x</catch>",
        "<noinput><exit/></noinput><nomatch><goto next='start.vxml'/></nomatch>",
        "<noinput><reprompt/><exit/></noinput><nomatch>x</nomatch>",
    ],
)
def test_a_prompt_for_a_visit_that_never_comes_is_told(handlers: str) -> None:
    (line,) = of("prompt", field(PROMPTS + handlers))
    assert line.startswith("warning prompt: The <prompt> of count 2 is never played: prompts are played once at most; ")


@pytest.mark.parametrize(
    "handlers",
    [
        "",
        "<noinput>x</noinput>",
        "<noinput>x</noinput><nomatch>x<reprompt/></nomatch>",
        "<noinput cond='f'>x</noinput><nomatch>x</nomatch>",
        "<noinput count='2'>x</noinput><nomatch>x</nomatch>",
        "<noinput>x</noinput><nomatch>x</nomatch><error><reprompt/></error>",
        "<catch>x</catch><filled><clear namelist='f'/></filled>",
        "<catch>x</catch><filled><assign name='f' expr='undefined'/></filled>",
        "<catch>x</catch><filled><goto nextitem='f'/></filled>",
        "<noinput>x</noinput><nomatch>x</nomatch><grammar>one</grammar>",
    ],
)
def test_a_prompt_for_a_visit_that_may_come_is_not(handlers: str) -> None:
    assert of("prompt", field(PROMPTS + handlers)) == []


def test_visits_are_counted_until_the_handlers_leave() -> None:
    leaving = "".join(f"<{e}>x<reprompt/></{e}><{e} count='2'><exit/></{e}>" for e in ("noinput", "nomatch"))
    assert of("prompt", field(f"<prompt>a</prompt><prompt count='3'>b</prompt>{leaving}")) == []
    (line,) = of("prompt", field(f"<prompt>a</prompt><prompt count='4'>b</prompt>{leaving}"))
    assert "prompts are played 3 times at most" in line


def test_a_first_visit_without_a_word_is_told() -> None:
    assert of("prompt", field("<prompt count='2'>b</prompt>")) == [
        "warning prompt: Nothing is said at the first visit of this <field>: no <prompt> has the count 1; give one."
    ]
    assert of("prompt", field("Hello <prompt count='2'>b</prompt>")) == []


def test_a_count_in_executable_content_is_told() -> None:
    (line,) = of("prompt", vxml("<form><block><if cond='true'><prompt count='2'>b</prompt></if></block></form>"))
    assert line == "warning prompt: The count of a <prompt> has no effect in <block>; count the handler, or use <if>."
