# ruff: noqa: E501 - a document reads better in one piece
"""Which of several grammars that match has its way (VoiceXML 2.0, 3.1.3 and 3.1.4)."""

from __future__ import annotations

import pytest

from tests.unit.vxml.running import key, run, vxml

ONE = key("1", "out.f=1;out.other=1")
LINK = f"<link event='by.link'>{key('1')}</link>"
FIELD = "<field name='f'>{}" + key("2") + "<filled><log>by grammar</log><exit/></filled></field>"
OPTION = "<option dtmf='1' value='by option'/>"
OPEN = f"<form scope='document'>{ONE}<field name='other'>{key('3')}<filled><log>by form</log><exit/></filled></field></form>"
MENU = "<menu scope='document'><choice dtmf='1' event='by.menu'/></menu>"
CAUGHT = "<catch event='by'><log expr='_event'/><exit/></catch>"


def field(inside: str) -> str:
    return FIELD.format(inside)


@pytest.mark.parametrize(
    ("document", "log"),
    [
        (f"<form>{field(ONE + LINK)}</form>", "by grammar"),
        (f"<form>{field(LINK + ONE)}</form>", "by.link"),
        (f"<form>{ONE}{LINK}{field('')}</form>", "by grammar"),
        (f"<form>{LINK}{ONE}{field('')}</form>", "by.link"),
        (f"<form>{field('')}</form>{LINK}{OPEN}{MENU}", "by.link"),
        (f"<form>{field('')}</form>{OPEN}{LINK}{MENU}", "by form"),
        (f"<form>{field('')}</form>{MENU}{OPEN}{LINK}", "by.menu"),
    ],
    ids=[
        "item",
        "item, link first",
        "form",
        "form, link first",
        "document",
        "document, form first",
        "document, menu first",
    ],
)
def test_of_equal_scopes_the_first_in_the_document_wins(document: str, log: str) -> None:
    assert run(vxml(document + CAUGHT), "1").logs == [log]


@pytest.mark.parametrize(
    ("inside", "value"),
    [(OPTION + key("1", "out='by grammar'"), "by option"), (key("1", "out='by grammar'") + OPTION, "by grammar")],
)
def test_options_have_their_place_among_the_grammars(inside: str, value: str) -> None:
    document = vxml(f"<form><field name='f'>{inside}<filled><log expr='f'/></filled></field></form>")
    assert run(document, "1").logs == [value]


@pytest.mark.parametrize(
    ("inner", "outer", "log"),
    [
        (ONE, LINK, "by grammar"),
        (LINK, ONE, "by.link"),
    ],
)
def test_the_inner_scope_wins(inner: str, outer: str, log: str) -> None:
    assert run(vxml(f"<form>{outer}{field(inner)}</form>{OPEN}{CAUGHT}"), "1").logs == [log]


@pytest.mark.parametrize(
    ("form", "grammar", "log"),
    [
        ("scope='document'", "", "by form"),
        ("", "scope='document'", "by form"),
        ("scope='document'", "scope='dialog'", "nomatch"),
        ("", "", "nomatch"),
    ],
)
def test_a_grammar_is_open_to_other_dialogs_by_its_scope_or_its_forms(form: str, grammar: str, log: str) -> None:
    opened = OPEN.replace("scope='document'", form).replace("<grammar", f"<grammar {grammar}", 1)
    document = f"<form>{field('')}</form>{opened}<nomatch><log>nomatch</log><exit/></nomatch>"
    assert run(vxml(document), "1").logs == [log]
