from __future__ import annotations

import json
from typing import Protocol

import pytest
from typer.testing import Result

from mirabelle.calls.when import WhenError

NOON = "2024-03-09T12:00:00"


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


def test_a_time_is_told_with_its_zone_and_its_distance(mirabelle: Mirabelle) -> None:
    assert mirabelle("when", "tomorrow 9:30", "--zone", "Europe/Berlin", "--now", NOON).stdout.splitlines() == [
        "Sun 2024-03-10 09:30:00 CET (2024-03-10T09:30:00+01:00)",
        "zone: Europe/Berlin",
        "Unix time: 1710059400",
        "distance: in 21 hours 30 minutes",
    ]


@pytest.mark.parametrize(
    ("expression", "distance"),
    [
        ("now", "now"),
        ("+1 day +1 sec", "in 1 day 1 second"),
        ("90 minutes ago", "1 hour 30 minutes ago"),
        ("-2 days", "2 days ago"),
    ],
)
def test_the_distance_is_in_words(mirabelle: Mirabelle, expression: str, distance: str) -> None:
    assert f"distance: {distance}" in mirabelle("when", "--now", NOON, "--", expression).stdout.splitlines()


def test_a_time_in_a_gap_comes_with_a_warning(mirabelle: Mirabelle) -> None:
    text = mirabelle("when", "tomorrow 2:30", "--zone", "America/New_York", "--now", NOON).stdout
    assert "03:30:00 EDT" in text
    assert "warning: The clocks there are put forward" in text


def test_a_script_gets_json(mirabelle: Mirabelle) -> None:
    arguments = ("2024-11-03 1:30", "--zone", "America/New_York", "--now", f"{NOON}-05:00", "--json")
    found = json.loads(mirabelle("when", *arguments).stdout)
    assert "put back" in found.pop("warning")
    assert found == {
        "expression": "2024-11-03 1:30",
        "instant": "2024-11-03T01:30:00-04:00",
        "timestamp": 1730611800,
        "zone": "America/New_York",
        "seconds_from_now": 1730611800 - 1710003600,
        "in_gap": False,
        "in_fold": True,
    }


def test_without_a_zone_it_is_utc_as_for_the_services(mirabelle: Mirabelle) -> None:
    assert "(2024-03-09T15:00:00+00:00)" in mirabelle("when", "15:00", "--now", f"{NOON}-02:00").stdout


def test_what_is_no_time_is_refused(mirabelle: Mirabelle) -> None:
    with pytest.raises(WhenError, match="'whenever' is not understood"):
        mirabelle("when", "whenever")


@pytest.mark.parametrize(
    ("option", "value"), [("--zone", "Europe/Nowhere"), ("--zone", "../etc"), ("--now", "soon"), ("--zone", "")]
)
def test_a_wrong_option_is_named(mirabelle: Mirabelle, option: str, value: str) -> None:
    result = mirabelle("when", "now", option, value)
    assert result.exit_code == 2
    assert option in result.stderr
