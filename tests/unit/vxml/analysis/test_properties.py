from __future__ import annotations

import pytest

from mirabelle.vxml.properties import DEFAULTS
from tests.unit.vxml.analysis.checking import found
from tests.unit.vxml.running import run, vxml


def prop(name: str, value: str) -> str:
    return vxml(f"<property name='{name}' value='{value}'/><form><field name='f' type='digits'/></form>")


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_the_default_of_every_property_is_right(name: str) -> None:
    assert found(prop(name, DEFAULTS[name])) == []


@pytest.mark.parametrize("name", ["audiomaxage", "documentmaxstale", "datamaxage"])
def test_those_of_caching_are_known(name: str) -> None:
    assert found(prop(name, "60")) == []
    assert len(found(prop(name, "soon"))) == 1


def test_the_nearest_name_is_suggested() -> None:
    assert found(prop("timeot", "3s")) == [
        "warning property: Nobody knows the property 'timeot', so that it has no effect; did you mean 'timeout'?"
    ]
    assert found(prop("com.example.colour", "red")) == [
        "warning property: Nobody knows the property 'com.example.colour', so that it has no effect."
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "3"),
        ("interdigittimeout", "fast"),
        ("confidencelevel", "high"),
        ("maxnbest", "x"),
        ("sensitivity", "2"),
        ("bargein", "yes"),
        ("bargeintype", "loud"),
        ("inputmodes", "speech"),
        ("inputmodes", ""),
    ],
)
def test_a_value_that_throws_is_an_error(name: str, value: str) -> None:
    (line,) = found(prop(name, value))
    assert line.startswith(f"error property: The property {name} is '{value}'; write ")
    assert run(prop(name, value), "1").status == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("universals", "helo"), ("termchar", "##")],
)
def test_a_value_without_effect_is_a_warning(name: str, value: str) -> None:
    lines = found(prop(name, value))
    assert any(line.startswith(f"warning property: The property {name} is '{value}', which means") for line in lines)
