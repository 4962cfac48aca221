# ruff: noqa: E501 - a document reads better in one piece
"""What an application reads about input: `application.lastresult$` and shadow variables (VoiceXML 2.0, 2.3.1 and 5.1.5)."""

from __future__ import annotations

import pytest

from tests.unit.vxml.running import key, run, vxml

ONE, TWO = key("1", "out=5"), key("2")
LAST = "application.lastresult$"


def asking(expr: str, *, fields: str = "", around: str = "") -> str:
    """A field that logs an expression whenever anything happens to it, after other fields."""
    log = f'<log expr="{expr}"/>'
    return vxml(
        f"{around}<form>{fields}<field name='f'>{ONE}<filled>{log}</filled><nomatch>{log}<exit/></nomatch>"
        f"<noinput>{log}<exit/></noinput></field></form>"
    )


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        (f"{LAST}.length", "1"),
        (f"{LAST}[0].utterance + {LAST}.utterance", "11"),
        (f"{LAST}[0].interpretation + {LAST}.interpretation", "10"),
        (f"{LAST}.inputmode + {LAST}.confidence", "dtmf1"),
        ("lastresult$.utterance", "1"),
        ("f$.utterance + f$.inputmode + f$.confidence + f$.interpretation", "1dtmf15"),
    ],
)
def test_a_match_is_told(expr: str, value: str) -> None:
    assert run(asking(expr), "1").logs == [value]


@pytest.mark.parametrize(
    ("inputs", "value"),
    [
        ("1", "5"),
        ("noinput", "undefined"),
        ("3", "undefined3"),
    ],
)
def test_what_was_heard_is_forgotten_when_input_is_waited_for_again(inputs: str, value: str) -> None:
    expr = (
        f"{LAST} === undefined ? 'undefined' : {LAST}.interpretation + ({LAST}.interpretation ? '' : {LAST}.utterance)"
    )
    first = f"<field name='first'>{TWO}</field>"
    assert run(asking(expr, fields=first), f"2,{inputs}").logs == [value]


def test_input_that_matches_nothing_counts_as_heard() -> None:
    expr = f"{LAST}.length + {LAST}.inputmode + {LAST}.utterance + {LAST}.confidence"
    assert run(asking(expr), "3").logs == ["1dtmf30"]


@pytest.mark.parametrize(("value", "shown"), [("NaN", "NaN"), ("-1/0", "-Infinity"), ("null", "null")])
def test_a_meaning_arrives_as_the_tags_gave_it_also_where_json_has_no_such_value(value: str, shown: str) -> None:
    log = f"<log expr='String({LAST}.interpretation) + String(f)'/>"
    document = vxml(f"<form><field name='f'>{key('1', f'out={value}')}<filled>{log}</filled></field></form>")
    assert run(document, "1").logs == [shown + shown]


def test_input_that_means_undefined_fills_nothing() -> None:
    grammars = key("1", "out=undefined") + key("2", "out=4")
    log = f"<filled><log expr='{LAST}.utterance + f'/></filled>"
    document = vxml(f"<form><field name='f'>{grammars}<prompt>say</prompt>{log}</field></form>")
    ran = run(document, "1,2")
    assert ran.prompts == ["say", "say"]
    assert ran.logs == ["24"]


@pytest.mark.parametrize("around", ["<var name='application' expr='1'/>", "<var name='lastresult$x' expr='1'/>"])
def test_a_variable_called_like_a_scope_does_no_harm(around: str) -> None:
    assert run(asking("f$.utterance", around=around), "1").logs == ["1"]


@pytest.mark.parametrize(("name", "value"), [(LAST, "'mine'"), (f"{LAST}.utterance", "'mine'")])
def test_the_last_result_can_be_written(name: str, value: str) -> None:
    document = vxml(
        f"<form><field name='f'>{ONE}<filled><assign name='{name}' expr=\"{value}\"/><log expr='{name}'/></filled></field></form>"
    )
    assert run(document, "1").logs == ["mine"]


@pytest.mark.parametrize(
    ("inputs", "logs"),
    [
        ("text:hello", ["undefined", "undefined"]),
        ("#", ["#", "#"]),
        ("5", ["5", "5"]),
        ("1", ["1", "1"]),
    ],
)
def test_the_key_that_ends_a_recording_is_told(inputs: str, logs: list[str]) -> None:
    document = vxml(
        f"<form><record name='r'>{ONE}<filled><log expr='r$.termchar'/>"
        f"<log expr=\"{LAST} ? {LAST}.utterance : 'undefined'\"/></filled></record></form>"
    )
    assert run(document, inputs).logs == logs
