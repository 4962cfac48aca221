# ruff: noqa: E501 - a document reads better in one piece
"""More sentences of VoiceXML 2.0: what is listened to, who answers, and what subdialogs are given and give back."""

from __future__ import annotations

import pytest

from tests.unit.vxml.running import key, vxml
from tests.unit.vxml.test_recommendation import (
    ASKED,
    FAIL,
    FIVE,
    ONE,
    PASS,
    ROOT,
    TWO,
    Case,
    calls,
    check,
    filled,
    when,
)

NINE = key("9")

LINKS = [
    Case(
        "a link belongs to its form, even where that form has document scope",
        f"<form><field name='f'>{ONE}<nomatch>{PASS}</nomatch></field></form>"
        f"<form scope='document'><link event='l'>{NINE}</link><field name='g'>{TWO}</field></form>",
        "9",
    ),
    Case(
        "a modal field hears a link of its own",
        f"<form><field name='f' modal='true'>{ONE}<link event='l'>{NINE}</link><catch event='l'>{PASS}</catch></field></form>",
        "9",
    ),
    Case(
        "an initial item hears a link of its own",
        f"<form>{key('1', 'out.g=1')}<initial><link event='l'>{NINE}</link><catch event='l'>{PASS}</catch></initial>"
        f"<field name='g'>{TWO}</field></form>",
        "9",
    ),
    Case(
        "the event of a link is thrown at the item",
        f"<link event='l'>{NINE}</link><catch event='l'>{FAIL}</catch>"
        f"<form><field name='f'>{ONE}<catch event='l'>{PASS}</catch></field></form>",
        "9",
    ),
    Case(
        "a link's expression is evaluated where it was heard",
        f"<link expr=\"'#' + to\">{NINE}</link><form><var name='to' expr=\"'b'\"/><field name='f'>{ONE}</field></form>"
        f"<form id='b'><block>{PASS}</block></form>",
        "9",
    ),
    Case(
        "a link whose expression fails throws",
        f"<link expr='nobody'>{NINE}</link><catch event='error.semantic'>{PASS}</catch>{ASKED}",
        "9",
    ),
    Case(
        "a link to its own document by name initialises it",
        f"<var name='v' expr='1'/><link next='start.vxml#q'>{NINE}</link><form><block><assign name='v' expr='2'/></block>"
        f"<field name='f'>{ONE}</field></form><form id='q'><block>{when('v == 1')}</block></form>",
        "9",
    ),
    Case(
        "a leaf's link goes before that of its root",
        f"<link event='leaf'>{NINE}</link><catch event='leaf'>{PASS}</catch>{ASKED}",
        "9",
        ROOT,
        {"root.vxml": vxml(f"<link event='root'>{NINE}</link>")},
    ),
    Case(
        "a menu's choice goes before a link of the document",
        f"<link event='l'>{NINE}</link><catch event='l'>{FAIL}</catch>"
        f"<menu><choice event='c'>{NINE}nine</choice><catch event='c'>{PASS}</catch></menu>",
        "9",
    ),
]

MENUS = [
    Case(
        "a choice may compute where it goes",
        f"<menu><choice dtmf='1' expr=\"'#' + 'b'\">one</choice></menu><form id='b'><block>{PASS}</block></form>",
        "1",
    ),
    Case(
        "a choice may compute its event and message",
        "<menu><choice dtmf='1' eventexpr=\"'a' + '.b'\" messageexpr='1 + 1'>one</choice>"
        f"<catch event='a'>{when('_message == 2')}</catch></menu>",
        "1",
    ),
    Case(
        "a choice that leads nowhere is caught by the menu",
        f"<menu><choice dtmf='1' next='nobody.vxml'>one</choice><catch event='error.badfetch'>{PASS}</catch></menu>",
        "1",
    ),
    Case(
        "the event of a choice that was heard elsewhere is the menu's",
        f"{ASKED}<menu scope='document'><choice dtmf='5' event='c'>five</choice><catch event='c'>{PASS}</catch></menu>",
        "5",
    ),
    Case(
        "a menu's prompts taper",
        "<var name='s' expr=\"''\"/><menu><prompt><value expr=\"s += '1'\"/></prompt><prompt count='2'><value expr=\"s += '2'\"/></prompt>"
        f"<noinput><reprompt/></noinput><choice dtmf='1' event='c'>one</choice><catch event='c'>{when('s == 12')}</catch></menu>",
        "noinput,1",
    ),
    Case(
        "a form's handler may enumerate the options of the field",
        f"<form><noinput><enumerate/></noinput><field name='f'><option dtmf='1'/>{filled('f == 1')}</field></form>",
        "noinput,1",
    ),
]

OTHER_FORMS = [
    Case(
        "a form that is entered by its grammar has its variables, and asks for the rest",
        f"{ASKED}<form scope='document'>{FIVE}<var name='z' expr='4'/><initial/><field name='h'>{TWO}</field>"
        f"<field name='k'>{TWO}{filled('h == 1 && z == 4 && k == 2')}</field></form>",
        "5,2",
    ),
    Case(
        "a form's grammar that fills nothing still leads to the form",
        f"{ASKED}<form scope='document'>{NINE}<block>{PASS}</block></form>",
        "9",
    ),
    Case(
        "the active form's own grammar of document scope leaves it where it is",
        f"<form scope='document'><var name='n' expr='0'/>{FIVE}<block><assign name='n' expr='n + 1'/></block><field name='f'>{ONE}</field>"
        f"<field name='h'>{TWO}{filled('n == 1 && h == 1 && f === undefined')}</field></form>",
        "5",
    ),
    Case(
        "a form is heard from a menu",
        f"<menu><choice dtmf='1' event='c'>one</choice></menu><form scope='document'>{FIVE}<field name='h'>{TWO}{filled('h == 1')}</field></form>",
        "5",
    ),
]

ITEMS = [
    Case(
        "a recording that is not modal hears a link",
        f"<link event='l'>{NINE}</link><form><record name='r' modal='false'><filled>{FAIL}</filled></record><catch event='l'>{PASS}</catch></form>",
        "9",
    ),
    Case(
        "a recording hears no link otherwise",
        f"<link event='l'>{NINE}</link><form><record name='r'><filled>{when('r$.termchar == 9')}</filled></record><catch event='l'>{FAIL}</catch></form>",
        "9",
    ),
    Case(
        "a transfer hears no link",
        f"<link event='l'>{NINE}</link><catch event='l'>{FAIL}</catch>"
        f"<form><transfer name='t' dest='tel:+1' bridge='true'><filled>{PASS}</filled></transfer></form>",
        "9",
    ),
    Case(
        "a hot word of a transfer is the last result",
        f"<form><transfer name='t' dest='tel:+1' bridge='true'>{NINE}{filled('application.lastresult$.utterance == 9')}</transfer></form>",
        "9",
    ),
    Case(
        "an item that was cleared asks again from its first prompt",
        f"<var name='s' expr=\"''\"/><form><field name='f'>{ONE}<prompt><value expr=\"s += '1'\"/></prompt><prompt count='2'><value expr=\"s += '2'\"/></prompt>"
        f"<filled><if cond=\"s == '1'\"><clear namelist='f'/><elseif cond=\"s == '11'\"/>{PASS}</if></filled></field></form>",
        "1,1",
    ),
    Case(
        "an item that lost its value asks again with its next prompt",
        f"<var name='s' expr=\"''\"/><form><field name='f'>{ONE}<prompt><value expr=\"s += '1'\"/></prompt><prompt count='2'><value expr=\"s += '2'\"/></prompt>"
        f"<filled><if cond=\"s == '1'\"><assign name='f' expr='undefined'/><elseif cond=\"s == '12'\"/>{PASS}</if></filled></field></form>",
        "1,1",
    ),
    Case(
        "the prompts of a subdialog taper",
        "<var name='s' expr=\"''\"/><form><subdialog name='d' src='#sub'><prompt><value expr=\"s += '1'\"/></prompt><prompt count='2'><value expr=\"s += '2'\"/></prompt>"
        f"<catch event='e'><if cond=\"s == '12'\">{PASS}</if><reprompt/></catch></subdialog></form><form id='sub'><block><return event='e'/></block></form>",
    ),
]

SUBDIALOGS = [
    Case(
        "a parameter is given to the first dialog alone",
        calls(
            f"<param name='p' expr='5'/>{filled('s.p == 1')}",
            "<var name='p' expr='1'/><block><if cond='p == 5'><goto next='#sub'/></if><return namelist='p'/></block>",
        ),
    ),
    Case(
        "what is declared after a parameter may use it",
        calls(
            f"<param name='p' expr='5'/>{filled('s.q == 10')}",
            "<var name='p' expr='1'/><var name='q' expr='p * 2'/><block><return namelist='q'/></block>",
        ),
    ),
    Case(
        "a parameter fills no item",
        calls(
            "<param name='f' expr='1'/>",
            f"<catch event='error.semantic'>{when('f === undefined')}</catch><field name='f'>{ONE}</field>",
        ),
    ),
    Case(
        "a parameter whose expression fails is the caller's error",
        f"<catch event='error.semantic'>{PASS}</catch>"
        + calls("<param name='p' expr='nobody'/>", f"<catch>{FAIL}</catch><var name='p'/><block>{FAIL}</block>"),
    ),
    Case(
        "an item and its shadow are returned",
        calls(
            filled("s.f == 1 && s.f$.utterance == 1"),
            f"<field name='f'>{ONE}<filled><return namelist='f f$'/></filled></field>",
        ),
        "1",
    ),
    Case(
        "a menu may be a subdialog, and return out of a handler",
        f"<form><subdialog name='s' src='#m'><filled>{PASS}</filled></subdialog></form>"
        "<menu id='m'><choice dtmf='1' event='c'>one</choice><catch event='c'><return/></catch></menu>",
        "1",
    ),
    Case(
        "the caller's last result is its own",
        f"<form><field name='f'>{ONE}</field><subdialog name='s' src='#sub'/><block>{when('lastresult$.utterance == 1')}</block></form>"
        f"<form id='sub'><field name='g'>{TWO}<filled><return/></filled></field></form>",
        "1,2",
    ),
    Case(
        "a subdialog may hang up",
        calls("", f"<catch event='connection.disconnect.hangup'>{PASS}</catch><block><disconnect/></block>"),
    ),
]


@pytest.mark.parametrize("case", LINKS + MENUS + OTHER_FORMS + ITEMS + SUBDIALOGS, ids=lambda case: case.sentence)
def test_that(case: Case) -> None:
    check(case)
