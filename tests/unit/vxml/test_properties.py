# ruff: noqa: E501 - a document reads better in one piece
"""Properties and their scopes (VoiceXML 2.0, 6.3)."""

from __future__ import annotations

import pytest

from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.platform import Collect, InputProperties
from mirabelle.vxml.properties import Properties, whole
from tests.unit.vxml.running import key, run, vxml
from tests.unit.vxml.test_prompts import requests

ONE = key("1")


def timeout(value: str) -> str:
    return f"<property name='timeout' value='{value}'/>"


def asked(document: str) -> InputProperties:
    return next(r.properties for r in requests(document) if isinstance(r, Collect))


@pytest.mark.parametrize(
    ("document", "form", "field", "expected"),
    [
        ("", "", "", 3000),
        (timeout("4s"), "", "", 4000),
        (timeout("4s"), timeout("5s"), "", 5000),
        (timeout("4s"), timeout("5s"), timeout("6s"), 6000),
        (timeout("4s") + timeout("7s"), "", "", 7000),
    ],
)
def test_the_innermost_property_wins_and_there_the_last(document: str, form: str, field: str, expected: int) -> None:
    body = f"{document}<form>{form}<field name='f'>{field}{ONE}</field></form>"
    assert asked(vxml(body)).timeout_ms == expected


def test_everything_about_input_reaches_the_platform() -> None:
    values = {
        "interdigittimeout": "1500ms", "termtimeout": "2s", "termchar": "*", "completetimeout": "1s",
        "incompletetimeout": "2s", "maxspeechtimeout": "9s", "confidencelevel": "0.7", "sensitivity": "0.2",
        "maxnbest": "3", "inputmodes": "dtmf", "recordutterance": "true",
        "recordutterancetype": "Audio/Basic ",
    }  # fmt: skip
    given = "".join(f"<property name='{name}' value='{value}'/>" for name, value in values.items())
    expected = InputProperties(
        3000, 1500, 2000, "*", 1000, 2000, 9000, 0.7, 0.2, 3, frozenset({"dtmf"}), True, "audio/basic"
    )
    assert asked(vxml(f"{given}<form><field name='f'>{ONE}</field></form>")) == expected


def test_the_roots_properties_hold_in_a_leaf() -> None:
    documents = {
        "start.vxml": vxml(
            "<form><field name='f' type='digits'><filled><log expr='f'/></filled></field></form>",
            "application='root.vxml'",
        ),
        "root.vxml": vxml("<property name='termchar' value='*'/>"),
    }
    assert run(documents, "12*").logs == ["12"]


def test_a_subdialog_does_not_have_its_callers_properties() -> None:
    documents = {
        "start.vxml": vxml("<property name='termchar' value='*'/><form><subdialog name='s' src='sub.vxml'/></form>"),
        "sub.vxml": vxml(
            "<form><field name='f' type='digits'><filled><log expr='f'/><return/></filled></field></form>"
        ),
    }
    assert run(documents, "12#").logs == ["12"]


def test_keys_are_not_heard_where_inputmodes_has_voice_alone() -> None:
    body = f"<property name='inputmodes' value='voice'/><form><field name='f'>{ONE}<option>yes</option><noinput><log>no</log></noinput><filled><log expr='f'/></filled></field></form>"
    assert run(vxml(body), "1,text:yes").logs == ["no", "yes"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "nonsense") for name in ("timeout", "confidencelevel", "maxnbest", "interdigittimeout", "bargein")),
        ("confidencelevel", "1.5"),
        ("sensitivity", "-1"),
        ("speedvsaccuracy", "fast"),
        ("bargeintype", "loud"),
        ("inputmodes", "dtmf smell"),
        ("inputmodes", ""),
        ("recordutterance", "maybe"),
    ],
)
def test_a_value_that_is_none_is_a_semantic_error_where_input_is_waited_for(name: str, value: str) -> None:
    caught = "<catch event='error.semantic'>Sorry.<log>caught</log><exit/></catch>"
    body = f"{caught}<property name='{name}' value='{value}'/><form><field name='f'>Say it.{ONE}</field></form>"
    ended = run(vxml(body), "1")
    assert (ended.logs, ended.prompts[-1]) == (["caught"], "Sorry.")


@pytest.mark.parametrize(("wanted", "logs"), [("true", ["caught"]), ("false", ["1"])])
def test_a_type_that_utterances_cannot_have_is_an_event_where_they_are_recorded(wanted: str, logs: list[str]) -> None:
    given = (
        f"<property name='recordutterance' value='{wanted}'/><property name='recordutterancetype' value='audio/mpeg'/>"
    )
    caught = "<catch event='error.unsupported.format'><log>caught</log><exit/></catch>"
    field = f"<field name='f'>{ONE}<filled><log expr='f'/></filled></field>"
    assert run(vxml(f"{caught}{given}<form>{field}</form>"), "1").logs == logs


def test_a_property_nobody_knows_is_empty() -> None:
    assert Properties(()).text("nobody") == ""


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "", "1" * 10])
def test_a_count_is_a_whole_number(text: str) -> None:
    with pytest.raises(SemanticError):
        whole(text, "maxage")
