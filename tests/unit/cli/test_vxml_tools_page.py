"""docs/vxml-tools.md: its files do what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mirabelle.cli.main import app
from mirabelle.vxml.analysis.finding import Rule
from mirabelle.vxml.cases.case import KINDS

PAGE = (Path(__file__).parents[3] / "docs/vxml-tools.md").read_text(encoding="utf-8")
FILES = re.findall(r"`([\w.]+)`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"```console\n\$ mirabelle (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES:
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("command", "shown"), COMMANDS)
def test_a_command_prints_what_the_page_shows(folder: Path, command: str, shown: str) -> None:
    output = CliRunner().invoke(app, command.split()).output
    assert output.replace(folder.as_uri(), "file:///home/me") == shown


def test_the_page_shows_all_three_commands_and_their_files() -> None:
    assert [command.split()[1] for command, _ in COMMANDS] == ["check", "run", "test"]
    assert [name for name, _ in FILES] == ["appointment.vxml", "faulty.vxml", "appointment.toml"]


def test_the_application_of_the_examples_has_no_faults(folder: Path) -> None:
    assert CliRunner().invoke(app, ["vxml", "check", "appointment.vxml"]).stdout == ""


def test_every_rule_and_every_step_is_explained() -> None:
    rows = " ".join(row.split("|")[1] for row in PAGE.splitlines() if row.startswith("| `"))
    assert {f"`{name}`" for name in (*Rule, *KINDS, "input")} <= set(re.findall(r"`\w+`", rows))
