# ruff: noqa: E501 - a document reads better in one piece
"""Menus and links (VoiceXML 2.0, 2.2 and 2.5)."""

from __future__ import annotations

import pytest

from tests.unit.vxml.running import block, key, run, vxml

TARGETS = "<form id='a'><block><log>a</log></block></form><form id='b'><block><log>b</log></block></form>"
ONE = key("1")
NINE = "<choice next='#a'>x</choice>" * 9


def menu(choices: str, attributes: str = "", *, prompt: str = "") -> str:
    return vxml(f"<menu {attributes}>{prompt}{choices}</menu>{TARGETS}")


@pytest.mark.parametrize(
    ("attributes", "choices", "inputs", "logs"),
    [
        ("", "<choice dtmf='1' next='#a'>apple</choice><choice dtmf='2' next='#b'>pear</choice>", "2", ["b"]),
        ("", "<choice next='#a'>apple</choice><choice next='#b'>pear</choice>", "text:pear", ["b"]),
        ("dtmf='true'", "<choice next='#a'>apple</choice><choice next='#b'>pear</choice>", "2", ["b"]),
        ("dtmf='true'", "<choice next='#a' dtmf='*'>apple</choice><choice next='#b'>pear</choice>", "1", ["b"]),
        ("dtmf='true'", "<choice next='#a' dtmf='*'>apple</choice><choice next='#b'>pear</choice>", "*", ["a"]),
        ("", "<choice expr=\"'#' + 'b'\" dtmf='1'/>", "1", ["b"]),
        ("", f"<choice next='#b'>{ONE}</choice>", "1", ["b"]),
        (
            "accept='approximate'",
            "<choice next='#a'>stargazer astrophysics news</choice>",
            "text:stargazer news",
            ["a"],
        ),
        ("", "<choice accept='approximate' next='#a'>big red apple</choice>", "text:apple", ["a"]),
        (
            "accept='approximate'",
            "<choice accept='exact' next='#a'>big apple</choice><choice next='#b'>apple</choice>",
            "text:apple",
            ["b"],
        ),
    ],
)
def test_a_choice_is_made(attributes: str, choices: str, inputs: str, logs: list[str]) -> None:
    assert run(menu(choices, attributes), inputs).logs == logs


def test_a_choice_may_throw() -> None:
    document = menu(
        "<choice dtmf='1' event='my.event' message='m'/><catch><log expr='_event + _message'/><exit/></catch>"
    )
    assert run(document, "1").logs == ["my.eventm"]


@pytest.mark.parametrize(
    ("choices", "heard"),
    [
        ("<choice next='#a'>apple</choice><choice next='#b'>pear</choice>", ["apple; pear;"]),
        ("<choice dtmf='1' next='#a'>apple</choice>", ["For apple, press 1."]),
    ],
)
def test_enumerate_names_the_choices(choices: str, heard: list[str]) -> None:
    assert run(menu(choices, prompt="<prompt><enumerate/></prompt>")).prompts == heard


def test_enumerate_has_a_template() -> None:
    template = "<prompt><enumerate>press <value expr='_dtmf'/> for <value expr='_prompt'/>. </enumerate></prompt>"
    document = menu("<choice next='#a'>apple</choice><choice next='#b'>pear</choice>", "dtmf='true'", prompt=template)
    assert run(document).prompts == ["press 1 for apple. press 2 for pear."]


def test_enumerate_goes_over_the_options_of_a_field() -> None:
    document = vxml(
        "<form><field name='f'><prompt>One of <enumerate/></prompt><option value='1'>red</option><option>blue</option></field></form>"
    )
    assert run(document).prompts == ["One of red; blue;"]


def test_enumerate_anywhere_else_is_a_semantic_error() -> None:
    assert run(block("<enumerate/>")).lines[-1].startswith("error: error.semantic")


def test_a_menu_asks_again_after_silence() -> None:
    document = menu("<choice dtmf='1' next='#a'/>", prompt="<prompt>go</prompt><prompt count='2'>again</prompt>")
    assert run(document, "noinput,1").prompts == ["go", "again"]


def test_a_menu_of_document_scope_is_open_in_other_dialogs() -> None:
    document = vxml(
        f"<form><field name='f'>{ONE}</field></form><menu id='m' scope='document'><choice dtmf='9' next='#a'/></menu>{TARGETS}"
    )
    assert run(document, "9").logs == ["a"]


def test_a_choice_with_a_key_that_the_menu_deals_out_is_refused() -> None:
    ended = run(menu("<choice dtmf='5' next='#a'>x</choice>", "dtmf='true'"))
    assert ended.lines[-1].startswith("error: error.badfetch")


@pytest.mark.parametrize(
    ("link", "inputs", "logs"),
    [
        (f"<link next='#a'>{key('9')}</link>", "9", ["a"]),
        ("<link next='#a' dtmf='9'/>", "9", ["a"]),
        ("<link next='#a' dtmf='9 8'/>", "98", ["a"]),
        (f"<link expr=\"'#' + 'a'\">{key('9')}</link>", "9", ["a"]),
        (f"<link event='help'>{key('9')}</link><help><log>help</log></help>", "9", ["help"]),
        (
            f"<link event='x.y' message='m'>{key('9')}</link><catch event='x'><log expr='_event + _message'/></catch>",
            "9",
            ["x.ym"],
        ),
        (
            f"<link eventexpr=\"'x.' + f\">{key('9')}</link><catch event='x'><log expr='_event'/></catch>",
            "9",
            ["x.undefined"],
        ),
    ],
)
def test_a_link_is_followed_from_a_field(link: str, inputs: str, logs: list[str]) -> None:
    body = f"{link}<form><field name='f'>{ONE}</field></form>{TARGETS}"
    assert run(vxml(body), inputs).logs == logs


@pytest.mark.parametrize("where", ["document", "form", "field", "initial"])
def test_a_link_stands_in_a_document_a_form_or_an_item(where: str) -> None:
    link = "<link next='#b' dtmf='9'/>"
    at = {name: link if name == where else "" for name in ("document", "form", "field", "initial")}
    initial = f"<initial>{at['initial']}</initial>" if where == "initial" else ""
    body = f"{at['document']}<form>{ONE}{at['form']}{initial}<field name='f'>{at['field']}</field></form>{TARGETS}"
    assert run(vxml(body), "9").logs == ["b"]


def test_the_inner_grammar_wins_over_the_outer_one() -> None:
    body = f"<link next='#b' dtmf='1'/><form><field name='f'>{ONE}<filled><log>field</log></filled></field></form>{TARGETS}"
    assert run(vxml(body), "1").logs == ["field"]


def test_a_modal_field_hears_no_link_from_outside() -> None:
    body = f"<link next='#b' dtmf='9'/><form><field name='f' modal='true'>{ONE}<link event='own' dtmf='8'/><catch event='own'><log>own</log></catch></field></form>{TARGETS}"
    assert run(vxml(body), "9,8").logs == ["own"]


@pytest.mark.parametrize(("property_value", "logs"), [("all", ["helped"]), ("help", ["helped"]), ("none", [])])
def test_universals_are_on_by_property_only(property_value: str, logs: list[str]) -> None:
    body = f"<property name='universals' value='{property_value}'/><form><field name='f'>{ONE}<help><log>helped</log></help></field></form>"
    assert run(vxml(body), "text:help").logs == logs


@pytest.mark.parametrize(
    ("link", "logs"),
    [
        ('next="#there"', ["root"]),
        ("expr=\"'#' + 'there'\"", ["root"]),
        ('next="next.vxml"', ["beside the root"]),
        ('next="../start.vxml#there"', ["leaf"]),
        ('event="away"', ["leaf catches"]),
    ],
)
def test_what_a_link_of_the_root_names_is_relative_to_the_root(link: str, logs: list[str]) -> None:
    def there(text: str) -> str:
        return f'<form id="there"><block><log>{text}</log></block></form>'

    leaf = f'<form><field>{key("1")}</field><catch event="away"><log>leaf catches</log><exit/></catch></form>'
    documents = {
        "start.vxml": vxml(leaf + there("leaf"), 'application="sub/root.vxml"'),
        "sub/root.vxml": vxml(f'<link {link} dtmf="9"/>' + there("root")),
        "sub/next.vxml": vxml(there("beside the root")),
        "next.vxml": vxml(there("beside the leaf")),
    }
    assert run(documents, "9").logs == logs


@pytest.mark.parametrize(
    ("dialog", "inputs", "logs"),
    [
        (f"<menu><choice next='#b'>2</choice></menu>{TARGETS}", "2", ["b"]),
        (f"<menu><choice next='#b'>1 2</choice></menu>{TARGETS}", "12", ["b"]),
        (f"<menu><choice next='#b'>*</choice></menu>{TARGETS}", "*", ["b"]),
        (f"<menu><choice next='#b' dtmf='1'>...</choice></menu>{TARGETS}", "1", ["b"]),
        (f"<menu><choice next='#a' dtmf='1'>2</choice><choice next='#b'>3</choice></menu>{TARGETS}", "3", ["b"]),
        (
            f"<menu dtmf='true'>{NINE}<choice next='#b'>0</choice><nomatch><log>no</log></nomatch></menu>{TARGETS}",
            "0",
            ["no"],
        ),
        ("<form><field name='f'><option>2</option><filled><log expr='f'/></filled></field></form>", "2", ["2"]),
        (
            "<form><field name='f'><option dtmf='1'>2</option><nomatch><log>no</log></nomatch></field></form>",
            "2",
            ["no"],
        ),
    ],
)
def test_words_that_are_keys_may_be_pressed_where_no_keys_are_named(dialog: str, inputs: str, logs: list[str]) -> None:
    assert run(vxml(dialog), inputs).logs == logs


@pytest.mark.parametrize(
    "choice", ["<choice next='#a'>apple</choice>", f"<choice dtmf='1' next='#a'>apple{key('9')}</choice>"]
)
def test_a_choice_without_keys_or_with_grammars_has_none_to_enumerate(choice: str) -> None:
    template = "<enumerate><value expr='typeof _dtmf'/></enumerate>"
    assert run(menu(choice, prompt=template)).prompts == ["undefined"]


def test_enumerate_parts_the_keys_of_a_choice() -> None:
    template = "<enumerate><value expr='_dtmf'/></enumerate>"
    assert run(menu("<choice dtmf='1 2#' next='#a'>apple</choice>", prompt=template)).prompts == ["1 2 #"]


def test_clear_leaves_the_counts_of_a_menu_alone() -> None:
    document = menu(
        "<choice dtmf='1' next='#a'/><noinput><clear/></noinput><noinput count='2'><log>second</log><exit/></noinput>"
    )
    assert run(document, "noinput,noinput").logs == ["second"]
