"""`mirabelle vxml test` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mirabelle.cli.main import app
from mirabelle.cli.vxml_test import told
from mirabelle.vxml.cases.case import Case
from mirabelle.vxml.cases.verdict import Verdict
from tests.unit.vxml.running import block

GOOD = """
[[case]]
name = "It says hello"
steps = [{ prompt = "Hello" }, { end = "exit" }]
"""
BAD = """
[[case]]
name = "It says goodbye"
steps = [{ prompt = "Goodbye" }]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "start.vxml").write_text(block("Hello"), encoding="utf-8")
    return tmp_path


def run(folder: Path, cases: str, *options: str) -> Result:
    (folder / "a.toml").write_text(f'start = "start.vxml"\n{cases}', encoding="utf-8")
    return CliRunner().invoke(app, ["vxml", "test", "a.toml", *options])


def test_cases_that_pass_are_a_line_each(folder: Path) -> None:
    result = run(folder, GOOD)
    assert (result.stdout, result.stderr) == ("a.toml\n  ok    It says hello\n", "1 passed, 0 failed.\n")
    assert result.exit_code == 0


def test_a_case_that_fails_shows_the_difference_and_is_the_exit_status(folder: Path) -> None:
    result = run(folder, GOOD + BAD)
    assert result.stdout.splitlines()[2:] == [
        "  FAIL  It says goodbye",
        "        step 1: this did not happen: prompt: Goodbye",
        "        - prompt: Goodbye",
        "        + prompt: Hello",
        "        + end: exit",
    ]
    assert (result.stderr, result.exit_code) == ("1 passed, 1 failed.\n", 1)


def test_json_is_for_scripts(folder: Path) -> None:
    result = run(folder, GOOD + BAD, "--json")
    report = json.loads(result.stdout)
    assert (report["passed"], report["failed"], result.exit_code) == (1, 1, 1)
    good, bad = report["cases"]
    assert good == {
        "file": "a.toml",
        "name": "It says hello",
        "passed": True,
        "step": None,
        "reason": "",
        "diff": [],
        "transcript": ["prompt: Hello", "end: exit"],
    }
    assert (bad["step"], bad["diff"][0]) == (1, "- prompt: Goodbye")


def test_a_file_that_cannot_be_understood_is_wrong_use(folder: Path) -> None:
    result = run(folder, GOOD.replace("steps", "stps"))
    assert result.exit_code == 2
    assert "a.toml: case 1: 'stps' is not known" in result.stderr


def test_the_settings_choose_the_dialect(folder: Path) -> None:
    (folder / "start.vxml").write_text(block("<transfer name='t' dest='tel:1'/>"), encoding="utf-8")
    (folder / "m.toml").write_text('[compat]\ndialect = "classic"\n', encoding="utf-8")
    (folder / "start.vxml").write_text(
        '<vxml version="2.1"><form><transfer name="t" dest="tel:1"/></form></vxml>', encoding="utf-8"
    )
    case = '[[case]]\nname = "x"\nsteps = [{ transfer = "bridge tel:1" }]'
    assert run(folder, case).exit_code == 1
    assert run(folder, case, "--config", "m.toml").exit_code == 0


def test_colour_is_for_terminals_and_nothing_commands_one() -> None:
    verdict = Verdict(Case("a\x1b[2J", "", ()), (), 1, "why", ("- a", "+ b\nc", "  d"))
    assert list(told(verdict, colour=False)) == [
        *("  FAIL  a\ufffd[2J", "        step 1: why", "        - a", "        + b c", "          d")
    ]
    assert sum(line.count("\x1b") for line in told(verdict, colour=True)) == 6
