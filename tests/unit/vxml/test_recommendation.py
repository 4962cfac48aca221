# ruff: noqa: E501 - a document reads better in one piece
"""Sentences of VoiceXML 2.0 that no other test here is about, each with a small application that logs `pass`."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

import pytest

from tests.unit.vxml.running import key, run, vxml

PASS = "<log>pass</log><exit/>"
FAIL = "<log>fail</log><exit/>"
ONE, TWO, FIVE = key("1", "out=1"), key("2", "out=2"), key("5", "out.h=1")
ASKED = f"<form><field name='f'>{ONE}</field></form>"
ROOT = "application='root.vxml'"


@dataclass(frozen=True)
class Case:
    """An application: the body of its first document, what the caller does, and its other documents."""

    sentence: str
    body: str
    inputs: str = ""
    attributes: str = ""
    more: dict[str, str] = field(default_factory=dict)


def when(cond: str) -> str:
    """Passes where the condition holds, fails where not."""
    return f"<if cond={quoteattr(cond)}>{PASS}<else/>{FAIL}</if>"


def filled(cond: str) -> str:
    return f"<filled>{when(cond)}</filled>"


def block(content: str) -> str:
    return f"<form><block>{content}</block></form>"


def calls(inside: str, called: str) -> str:
    """A form that calls another one as a subdialog."""
    return f"<form><subdialog name='s' src='#sub'>{inside}</subdialog></form><form id='sub'>{called}</form>"


def check(case: Case) -> None:
    # A leaf would keep events from the handlers of its root.
    caught = "" if case.attributes else "<catch><log expr='_event'/><exit/></catch>"
    ended = run({"start.vxml": vxml(case.body + caught, case.attributes), **case.more}, case.inputs)
    assert ended.logs[-1:] == ["pass"], ended.lines


DIALOGS = [
    Case(
        "a form's data is lost when another form's grammar matches",
        f"<form><field name='f'>{ONE}</field><field name='g'>{TWO}</field></form><form scope='document'>{FIVE}"
        f"<field name='h'>{TWO}{filled('typeof f === typeof undefined && h == 1')}</field></form>",
        "1,5",
    ),
    Case(
        "input to another form counts for its initial item",
        f"{ASKED}<form scope='document'>{FIVE}<initial name='i'/><field name='h'>{TWO}</field>"
        f"<field name='k'>{TWO}{filled('i === true && h == 1')}</field></form>",
        "5,2",
    ),
    Case(
        "a menu of the root is open in a leaf and leads into the root",
        ASKED,
        "5",
        ROOT,
        {
            "root.vxml": vxml(
                f"<menu scope='document'><choice dtmf='5' next='#b'/></menu><form id='b'><block>{PASS}</block></form>"
            )
        },
    ),
    Case(
        "one property of a result fills all items of that slot",
        f"<form>{key('1', 'out.s=1')}<initial/><field name='a' slot='s'>{TWO}</field>"
        f"<field name='b' slot='s'>{TWO}</field>{filled('a == 1 && b == 1')}</form>",
        "1",
    ),
    Case(
        "a slot may be a property of a property",
        f"<form>{key('1', 'out.s={x:4}')}<initial/><field name='a' slot='s.x'>{TWO}</field>{filled('a == 4')}</form>",
        "1",
    ),
    Case(
        "a form's grammar fills an item whose condition fails, and one that is filled",
        f"<form>{key('1', 'out.a=1;out.b=2')}<initial/><field name='a' cond='false'>{TWO}</field><field name='b' expr='7'/>"
        f"{filled('a == 1 && b == 2')}</form>",
        "1",
    ),
    Case(
        "an item with the value null is filled",
        f"<form><field name='a' expr='null'>{ONE}<filled>{FAIL}</filled></field><block>{PASS}</block></form>",
    ),
    Case(
        "a block whose variable is undefined again is executed again",
        f"<var name='n' expr='0'/><form><block name='b'><assign name='n' expr='n + 1'/><if cond='n == 2'>{PASS}</if>"
        "<assign name='b' expr='undefined'/></block></form>",
    ),
    Case(
        "goto visits an item whose condition fails",
        f"<form><block><goto nextitem='b'/></block><block name='b' cond='false'>{PASS}</block></form>",
    ),
    Case(
        "a filled that waits for what nobody declared is an error of its form",
        f"<form><catch event='error.semantic'>{PASS}</catch><field name='f'>{ONE}<catch>{FAIL}</catch></field>"
        f"<filled mode='any' namelist='f nobody'>{FAIL}</filled></form>",
        "1",
    ),
    Case(
        "a link of one field is not active in another",
        f"<form><field name='f'>{ONE}<link event='e' dtmf='9'/></field><field name='g'>{ONE}<nomatch>{PASS}</nomatch></field></form>",
        "1,9",
    ),
]

SUBDIALOGS = [
    Case(
        "a subdialog begins with fresh variables of its document",
        "<var name='v' expr='1'/><form><block><assign name='v' expr='2'/><goto next='#caller'/></block></form>"
        f"<form id='caller'><subdialog name='s' src='#sub'>{filled('s.x == 1 && v == 2')}</subdialog></form>"
        "<form id='sub'><var name='x' expr='document.v'/><block><return namelist='x'/></block></form>",
    ),
    Case(
        "a subdialog has an application of its own, even of the same root",
        f"<form><subdialog name='s' src='sub.vxml'>{filled('a == 1 && s.a == 5')}</subdialog></form>",
        "",
        ROOT,
        {
            "root.vxml": vxml("<var name='a' expr='1'/>"),
            "sub.vxml": vxml(block("<assign name='application.a' expr='5'/><return namelist='a'/>"), ROOT),
        },
    ),
    Case(
        "an object that is passed is the same object",
        "<script>var o = {a: 1};</script>"
        + calls(
            f"<param name='p' expr='o'/>{filled('o.a == 2 && s.p.a == 2')}",
            "<var name='p'/><block><assign name='p.a' expr='p.a + 1'/><return namelist='p'/></block>",
        ),
    ),
    Case(
        "what is undefined is returned as undefined",
        calls(filled("s.u === undefined && 'u' in s"), "<block><var name='u'/><return namelist='u'/></block>"),
    ),
    Case("a return of nothing fills the item", calls(filled("s != undefined"), "<block><return/></block>")),
    Case(
        "a return of an event leaves the item as it was",
        calls(
            f"<catch event='e'>{when('s === undefined && _message == 1')}</catch>",
            "<block><return event='e' message='1'/></block>",
        ),
    ),
    Case(
        "the caller's links are not active within",
        f"<link event='e' dtmf='5'/><form><subdialog name='s' src='sub.vxml'><catch event='no'>{PASS}</catch></subdialog></form>",
        "5",
        "",
        {"sub.vxml": vxml(f"<form><field name='f'>{ONE}<nomatch><return event='no'/></nomatch></field></form>")},
    ),
    Case(
        "a hang-up is an event of the subdialog",
        calls("", f"<catch event='connection.disconnect.hangup'>{PASS}</catch><field name='f'>{ONE}</field>"),
        "hangup",
    ),
]

VARIABLES = [
    Case(
        "a name with a scope in front is of that scope",
        "<form><var name='x' expr='1'/><block><var name='x' expr='2'/><assign name='dialog.x' expr='3'/>"
        f"{when('x == 2 && dialog.x == 3')}</block></form>",
    ),
    Case("an if is no scope", block(f"<if cond='true'><var name='q' expr='1'/></if>{when('q == 1')}")),
    Case(
        "a handler's variables end with it",
        "<form><catch event='a'><var name='x' expr='1'/><throw event='b'/></catch>"
        f"<catch event='b'>{when('typeof x === typeof undefined')}</catch><block><throw event='a'/></block></form>",
    ),
    Case(
        "_event is of handlers alone",
        f"<form><catch event='a'/><block><throw event='a'/></block><block>{when('typeof _event === typeof undefined')}</block></form>",
    ),
    Case(
        "a function of the root reads the root's variables",
        f"<var name='x' expr='1'/>{block(when('get() == 7'))}",
        "",
        ROOT,
        {"root.vxml": vxml("<var name='x' expr='7'/><script>function get() { return x; }</script>")},
    ),
    Case(
        "a handler of the root reads the leaf's variables",
        "<var name='v' expr='2'/><var name='at_leaf' expr='1'/>" + block("<throw event='zz'/>"),
        "",
        ROOT,
        {"root.vxml": vxml(f"<var name='v' expr='1'/><catch event='zz'>{when('v == 2 && at_leaf == 1')}</catch>")},
    ),
    Case(
        "an item may be called like a scope",
        f"<form><field name='application'>{ONE}{filled('application == 1 && application$.utterance == 1')}</field></form>",
        "1",
    ),
]

EVENTS = [
    Case(
        "an event of one item is not counted for another",
        f"<form><catch event='e' count='2'>{FAIL}</catch><catch event='e'/><block><throw event='e'/></block>"
        f"<block><throw event='e'/></block><block>{PASS}</block></form>",
    ),
    Case(
        "an item's filled counts for the item, a form's for the form",
        f"<form><catch event='e' count='2'>{FAIL}</catch><catch event='e'/><field name='f'>{ONE}<filled><throw event='e'/></filled>"
        f"</field><filled><throw event='e'/></filled><block>{PASS}</block></form>",
        "1",
    ),
    Case(
        "counts go on when an item is visited again",
        f"<form><field name='f'>{ONE}<noinput><goto nextitem='b'/></noinput><noinput count='2'>{PASS}</noinput></field>"
        "<block name='b' cond='false'><goto nextitem='f'/></block></form>",
        "noinput,noinput",
    ),
    Case(
        "a menu that is entered again counts anew",
        f"<var name='n' expr='0'/><menu id='m'><noinput count='2'>{FAIL}</noinput><noinput><assign name='n' expr='n + 1'/>"
        f"<if cond='n == 2'>{PASS}</if><goto next='#m'/></noinput><choice dtmf='1' next='#m'/></menu>",
        "noinput,noinput",
    ),
    Case(
        "a dot alone catches everything",
        f"<form><catch event='.'>{PASS}</catch><block><throw event='two'/></block></form>",
    ),
    Case(
        "a prefix ends at a dot",
        f"<form><catch event='my.e'>{FAIL}</catch><catch event='my.ev.'>{PASS}</catch><block><throw event='my.ev.x'/></block></form>",
    ),
    Case(
        "a message that is undefined is none",
        f"<form><catch event='e'>{when('_message === undefined')}</catch><block><throw event='e' messageexpr='undefined'/></block></form>",
    ),
    Case(
        "prompts are not counted while nobody asks for them",
        f"<var name='s' expr='0'/><form><field name='f'>{ONE}<prompt><value expr='s = s + 1'/></prompt>"
        "<prompt count='2'><value expr='s = s + 10'/></prompt><noinput/><noinput count='2'><reprompt/></noinput>"
        f"<noinput count='3'>{when('s == 11')}</noinput></field></form>",
        "noinput,noinput,noinput",
    ),
    Case(
        "after a hang-up a recording ends the session",
        "<form><catch event='connection.disconnect.hangup'><goto next='#b'/></catch><block><disconnect/></block></form>"
        f"<form id='b'><block><log>pass</log></block><record name='r'><catch>{FAIL}</catch></record><block>{FAIL}</block></form>",
    ),
    Case(
        "after a hang-up a subdialog runs",
        "<form><catch event='connection.disconnect.hangup'><goto next='#b'/></catch><block><disconnect/></block></form>"
        f"<form id='b'><subdialog name='s' src='#sub'><filled>{PASS}</filled></subdialog></form>"
        "<form id='sub'><block><return/></block></form>",
    ),
]


@pytest.mark.parametrize("case", DIALOGS + SUBDIALOGS + VARIABLES + EVENTS, ids=lambda case: case.sentence)
def test_that(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "statement",
    [
        "<assign name='session.connection.local.uri' expr='1'/>",
        "<assign name='session.mine' expr='1'/>",
        "<clear namelist='session.connection'/>",
        "<clear namelist='nobody'/>",
        "<throw eventexpr='nobody'/>",
        "<if cond='false'><elseif cond='nobody'/></if>",
        "<prompt cond='nobody'>x</prompt>",
        "<log expr='nobody'/>",
        "<value expr='nobody'/>",
        "<audio expr='nobody.x'/>",
        "<goto expr='nobody'/>",
        "<submit expr='nobody'/>",
        "<submit next='x' namelist='nobody'/>",
        "<assign name='a' expr='2 +'/>",
        "<assign name='1a' expr='2'/>",
        "<exit namelist='nobody'/>",
        "<disconnect namelist='nobody'/>",
        "<script>nobody();</script>",
        "<script>throw {};</script>",
        "<var name='x' expr='nobody'/>",
    ],
)
def test_what_cannot_be_done_is_a_semantic_error_where_it_stands(statement: str) -> None:
    caught = f"<catch event='error.semantic'>{PASS}</catch><var name='a'/>"
    check(Case("", caught + block(statement + FAIL)))
