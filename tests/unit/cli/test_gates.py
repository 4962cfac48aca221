from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import Result

from mirabelle.calls.campaign import DialingError
from mirabelle.calls.retry import RetryError
from mirabelle.cli.dialing import DialingUnreadable
from mirabelle.cli.do_not_call import NumberRefused
from mirabelle.cli.owner import NotThere

BOSTON = "+16175550123"
START = ("--start-url", "http://example.com/start")


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


def test_numbers_are_added_listed_masked_and_removed(mirabelle: Mirabelle) -> None:
    added = mirabelle("do-not-call", "add", BOSTON, "+1900*", "--reason", "by letter")
    assert added.stdout == "2 numbers added, 0 known before.\n"
    listed = mirabelle("do-not-call", "list").stdout
    assert BOSTON not in listed
    assert "+1900*" in listed
    assert BOSTON in mirabelle("do-not-call", "list", "--show-numbers").stdout
    assert mirabelle("do-not-call", "remove", BOSTON).stdout == "1 number removed.\n"
    with pytest.raises(NumberRefused):
        mirabelle("do-not-call", "add", "nobody")


def test_a_file_is_imported_and_its_wrong_lines_told(mirabelle: Mirabelle, tmp_path: Path) -> None:
    file = tmp_path / "stop.csv"
    file.write_text(f"{BOSTON},by letter\nnobody\n+442079460000\n")
    result = mirabelle("do-not-call", "import", str(file))
    assert result.stdout == "2 numbers added, 0 known before, 1 lines passed over.\n"
    assert result.stderr.startswith("line 2: ")
    again = json.loads(mirabelle("do-not-call", "import", str(file), "--json").stdout)
    assert (again["added"], again["known"], again["skipped"]) == (0, 2, 1)


def test_a_call_is_explained(mirabelle: Mirabelle) -> None:
    mirabelle("call", BOSTON, *START, "--priority", "high", "--zone", "America/New_York")
    mirabelle("do-not-call", "add", BOSTON)
    told = mirabelle("explain", "1").stdout
    assert told.startswith("Closed: do not call. The number is on the do-not-call list of the account.")
    assert "✗ do not call" in told
    assert "✓ pause" in told
    assert json.loads(mirabelle("explain", "1", "--json").stdout)["first_closed"] == "do_not_call"
    assert "The campaign 'default' is active." in mirabelle("explain", "--campaign", "default").stdout
    mirabelle("cancel", "1")
    assert mirabelle("explain", "1").stdout.startswith("It is canceled since ")
    with pytest.raises(NotThere):
        mirabelle("explain", "4711")


def test_how_a_campaign_dials_is_set_and_shown(mirabelle: Mirabelle, tmp_path: Path) -> None:
    mirabelle("campaign", "add", "autumn")
    hours = tmp_path / "hours.json"
    hours.write_text('{"holidays": ["US"]}')
    set_ = mirabelle("campaign", "dialing", "autumn", "--weight", "5", "--retry", "reminder", "--hours", str(hours))
    assert "weight\t5" in set_.stdout
    shown = json.loads(mirabelle("campaign", "dialing", "autumn", "--json").stdout)
    assert (shown["weight"], shown["retry"], shown["hours"]) == (5, "reminder", {"holidays": ["US"]})
    assert "hours\talways" in mirabelle("campaign", "dialing", "autumn", "--hours", "always").stdout
    with pytest.raises(DialingError):
        mirabelle("campaign", "dialing", "autumn", "--weight", "0")
    with pytest.raises(DialingUnreadable, match="default, reminder, patient, emergency"):
        mirabelle("campaign", "dialing", "autumn", "--retry", "often")
    hours.write_text('{"busy": 7')
    with pytest.raises(DialingUnreadable, match="line 1 column 11"):
        mirabelle("campaign", "dialing", "autumn", "--retry", str(hours))
    hours.write_text('{"busy": 7}')
    with pytest.raises(RetryError):
        mirabelle("campaign", "dialing", "autumn", "--retry", str(hours))
