from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import Result

from mirabelle.api.export import COLUMNS
from mirabelle.cli import export
from mirabelle.cli.export import NotWritten
from mirabelle.cli.owner import NotThere

DOCS = Path(__file__).parents[3] / "docs"


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


@pytest.fixture
def autumn(mirabelle: Mirabelle, numbers: Path) -> None:
    """A campaign of three calls."""
    words = ("--name", "autumn", "--start-url", "http://example.com/s", "--on-bad-line", "skip")
    mirabelle("campaign", "upload", str(numbers), *words)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.usefixtures("autumn")
def test_a_campaign_is_written_as_csv(mirabelle: Mirabelle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_PAGE", 2)
    result = mirabelle("export", "calls", "--campaign", "autumn")
    found = rows(result.stdout)
    assert [row["call_id"] for row in found] == ["1", "2", "3"]
    assert [row["message_reference"] for row in found] == ["order-1", "'=order-2", ""]
    assert found[0]["phone_number"] == "+•••••••••23"
    assert "--show-numbers" in result.stderr


@pytest.mark.usefixtures("autumn")
def test_a_campaign_is_written_as_ndjson(mirabelle: Mirabelle) -> None:
    result = mirabelle("export", "calls", "--campaign", "autumn", "--format", "ndjson", "--show-numbers")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["phone_number"], row["message_reference"]) for row in found] == [
        ("+16175550123", "order-1"),
        ("+16175550124", "=order-2"),
        ("+16175550123", ""),
    ]
    assert result.stderr == ""


@pytest.mark.usefixtures("autumn")
def test_an_account_is_written_and_by_state(mirabelle: Mirabelle) -> None:
    mirabelle("cancel", "2")
    assert len(rows(mirabelle("export", "calls", "--login", "local").stdout)) == 3
    [row] = rows(mirabelle("export", "calls", "--login", "local", "--state", "canceled").stdout)
    assert row["call_id"] == "2"


@pytest.mark.usefixtures("autumn")
def test_a_file_is_its_owners_only(mirabelle: Mirabelle, tmp_path: Path) -> None:
    path = tmp_path / "autumn.csv"
    path.write_text("old")
    result = mirabelle("export", "calls", "--campaign", "autumn", "-o", str(path))
    assert result.stdout == ""
    assert "3 calls written" in result.stderr
    assert len(rows(path.read_text())) == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("autumn")
def test_a_file_is_left_as_it_was_until_all_is_written(
    mirabelle: Mirabelle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "autumn.csv"
    path.write_text("old")
    before = set(tmp_path.iterdir())

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mirabelle.api.export.lines", full)
    with pytest.raises(NotWritten, match="No space left"):
        mirabelle("export", "calls", "--campaign", "autumn", "-o", str(path))
    assert path.read_text() == "old"
    assert {each for each in tmp_path.iterdir() if "autumn" in each.name} == {path}
    assert path in before


@pytest.mark.parametrize("name", ["nowhere/autumn.csv", "."])
@pytest.mark.usefixtures("autumn")
def test_a_file_that_cannot_be_written_is_told(mirabelle: Mirabelle, tmp_path: Path, name: str) -> None:
    with pytest.raises(NotWritten, match=str(tmp_path)):
        mirabelle("export", "calls", "--campaign", "autumn", "-o", str(tmp_path / name))


def test_it_asks_whose_calls(mirabelle: Mirabelle) -> None:
    result = mirabelle("export", "calls")
    assert result.exit_code == 2
    assert "--campaign or --login" in result.stderr
    with pytest.raises(NotThere):
        mirabelle("export", "calls", "--login", "nobody")


def test_no_calls_are_a_file_with_its_columns(mirabelle: Mirabelle) -> None:
    mirabelle("account", "add", "demo")
    assert mirabelle("export", "calls", "--login", "demo").stdout.strip() == ",".join(each.name for each in COLUMNS)


def test_every_column_is_documented() -> None:
    page = (DOCS / "export.md").read_text()
    assert [line for line in page.splitlines() if line.startswith("| `")] == [
        f"| `{column.name}` | {column.meaning} |" for column in COLUMNS
    ]
