"""Elements that take one of several attributes, and forms that contradict themselves, throw error.badfetch."""

from __future__ import annotations

import pytest

from tests.unit.vxml.running import block, run, vxml

CAUGHT = '<catch event="error.badfetch"><log>caught</log><exit/></catch><catch><log expr="_event"/><exit/></catch>'
ITEM = '<grammar mode="dtmf" version="1.0" root="r"><rule id="r">1</rule></grammar>'
SCOPED = ITEM.replace(' version="1.0"', ' version="1.0" scope="document"')

EXECUTABLE = [
    "<goto/>",
    '<goto next="#b" expr="\'#b\'"/>',
    '<goto next="#b" nextitem="i"/>',
    '<goto nextitem="i" expritem="\'i\'"/>',
    '<submit next="x" expr="nobody"/>',
    '<submit namelist=""/>',
    '<exit expr="1" namelist="i"/>',
    "<throw/>",
    '<throw event="a" eventexpr="nobody"/>',
    '<throw event="a" message="b" messageexpr="nobody"/>',
    '<script src="a.js">1</script>',
    '<script src="a.js" srcexpr="nobody"/>',
    "<script/>",
    "<audio>words</audio>",
    '<audio src="a.wav" expr="nobody"/>',
    "<prompt><mark/></prompt>",
    '<data name="d"/>',
]
ITEMS = [
    '<subdialog name="s"/>',
    '<subdialog name="s" src="#b" srcexpr="nobody"/>',
    '<subdialog name="s" src="#b"><param name="x" expr="1" value="1"/></subdialog>',
    '<transfer name="t"/>',
    '<transfer name="t" dest="tel:+1" destexpr="nobody"/>',
    '<transfer name="t" dest="tel:+1" type="blind" bridge="true"/>',
    '<transfer name="t" dest="tel:+1" aai="a" aaiexpr="nobody"/>',
    f'<field name="f"><grammar src="g.grxml" srcexpr="nobody"/>{ITEM}</field>',
    '<field name="f"><grammar src="g.grxml">1</grammar></field>',
    '<field name="f"><grammar/></field>',
    f'<field name="f"><link next="#b" event="e" dtmf="9"/>{ITEM}</field>',
    f'<link dtmf="9"/><field name="f">{ITEM}</field>',
]
FORMS = [
    f'<field name="f">{ITEM}<filled mode="any"/></field>',
    f'<field name="f">{ITEM}<filled namelist="f"/></field>',
    f'<block name="b"/><field name="f">{ITEM}</field><filled namelist="b f"/>',
    '<block name="b"/><block name="b"/>',
    f'<field name="f">{SCOPED}</field>',
]
DIALOGS = [
    f'<menu id="m"><choice event="e">{SCOPED}</choice>{{}}</menu>',
    f'<form><field name="f"><link event="e">{SCOPED}</link>{ITEM}</field>{{}}</form>',
    '<menu id="m"><choice dtmf="1">one</choice>{}</menu>',
    '<menu id="m"><choice dtmf="1" next="#b" event="e">one</choice>{}</menu>',
    '<menu id="m"><choice dtmf="1" event="e" message="m" messageexpr="nobody">one</choice>{}</menu>',
    '<menu id="m" dtmf="true"><choice dtmf="5" next="#b">one</choice>{}</menu>',
]
OTHER = '<form id="b"><block><log>not here</log></block></form>'
WRITTEN = [
    *(f'<form><block name="i">{one}<log>not here</log></block>{{}}</form>' for one in EXECUTABLE),
    *(f"<form>{one}{{}}</form>" for one in ITEMS + FORMS),
    *DIALOGS,
]


@pytest.mark.parametrize("dialog", WRITTEN)
def test_the_first_document_catches_it_where_it_is_executed(dialog: str) -> None:
    assert run(vxml(dialog.format(CAUGHT) + OTHER), "1").logs == ["caught"]


@pytest.mark.parametrize("dialog", WRITTEN)
def test_of_any_other_document_whoever_asked_for_it_is_told(dialog: str) -> None:
    start = vxml(f'<form>{CAUGHT}<block><goto next="other.vxml"/></block></form>')
    refused = CAUGHT.replace("caught", "not here")
    ended = run({"start.vxml": start, "other.vxml": vxml(dialog.format(refused) + OTHER)}, "1")
    assert ended.logs == ["caught"]


def test_what_the_first_document_never_executes_does_no_harm() -> None:
    assert run(block('<if cond="false"><goto/></if><log>here</log>')).logs == ["here"]


def test_nobody_catching_it_tells_the_line() -> None:
    ended = run("<vxml version='2.0'>\n<form><block>\n<goto/></block></form></vxml>")
    assert ended.lines == [
        "error: error.badfetch <goto> (line 3) must have exactly one of next, expr, nextitem, expritem."
    ]
