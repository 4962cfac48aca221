"""What a person at a terminal sees, and what a script reads instead."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import pytest

from mirabelle.cli import terminal
from mirabelle.cli.progress import progress

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROWS = [{"call_id": 1, "at": NOON, "detail": None}, {"call_id": 23, "at": NOON, "detail": "Busy\tHere"}]
COLUMNS = {"call": "call_id", "why": "detail"}


def sit_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person is at the terminal."""
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)


def show(*, rows: list[dict[str, object]] = ROWS, as_json: bool = False) -> None:
    terminal.print_rows(rows, COLUMNS, as_json=as_json, title="Calls", empty="There are none.")


def test_a_script_reads_every_column_of_a_row_between_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    show()
    assert capsys.readouterr().out == "1\t2026-11-23 12:00:00\t\n23\t2026-11-23 12:00:00\tBusy Here\n"


def test_json_has_every_column_and_instants_of_iso_8601(capsys: pytest.CaptureFixture[str]) -> None:
    show(as_json=True)
    assert json.loads(capsys.readouterr().out)[0] == {"call_id": 1, "at": "2026-11-23T12:00:00+00:00", "detail": None}


def test_a_person_sees_the_chosen_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch)
    show()
    text = capsys.readouterr().out
    assert "Calls" in text
    assert "why" in text
    assert "2026" not in text


def test_a_person_is_told_what_there_is_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_down(monkeypatch)
    show(rows=[])
    assert capsys.readouterr().out == "There are none.\n"


def test_a_record_is_a_line_for_each_value(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_record({"login": "demo", "country": ""}, title="Account")
    assert capsys.readouterr().out == "login\tdemo\ncountry\t\n"


def test_a_person_sees_what_a_record_holds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch)
    terminal.print_record({"login": "demo", "country": ""}, title="Account")
    text = capsys.readouterr().out
    assert "demo" in text
    assert "country" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The number +16175550123 is in the list before.", "The number +•••••••••23 is in the list before."),
        ("Give '+' and 12 digits.", "Give '+' and 12 digits."),
    ],
)
def test_a_sentence_is_told_without_its_numbers(text: str, expected: str) -> None:
    assert terminal.without_numbers(text) == expected


def work() -> None:
    with progress("reading", 10, "bytes") as shown:
        shown.advance(10)
        shown.phase("storing")


def test_nobody_but_a_person_hears_of_progress(capsys: pytest.CaptureFixture[str]) -> None:
    work()
    assert capsys.readouterr().err == ""


def test_a_person_sees_how_far_it_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch)
    work()
    assert "storing" in capsys.readouterr().err
