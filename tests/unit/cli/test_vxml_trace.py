"""`mirabelle vxml run --trace` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mirabelle.cli.main import app
from mirabelle.cli.vxml_trace import Lines, sentence
from mirabelle.vxml.trace import (
    ActiveGrammar,
    Collecting,
    Entered,
    Evaluated,
    FetchTold,
    Handled,
    Listening,
    Raised,
    ScopeContent,
    Selected,
    Skipped,
    Step,
)
from tests.unit.vxml.running import block


def run(document: str, folder: Path, *options: str) -> Result:
    path = folder / "a.vxml"
    path.write_text(document, encoding="utf-8")
    return CliRunner().invoke(app, ["vxml", "run", str(path), "--input", "", *options])


def test_the_steps_are_on_stderr_and_the_lines_on_stdout(tmp_path: Path) -> None:
    result = run(block("<log expr='1 + 1'/>"), tmp_path, "--trace")
    assert result.stdout == "log: 2\nexit\n"
    assert 'evaluate  1 + 1 is "2"\n' in result.stderr
    assert [line.split()[0] for line in result.stderr.splitlines()] == [
        *("fetch", "enter", "select", "collect", "execute", "evaluate", "select")
    ]


def test_json_lines_are_for_scripts(tmp_path: Path) -> None:
    result = run(block("<log expr='1 + 1'/>"), tmp_path, "--trace", "--json")
    steps = [json.loads(line) for line in result.stderr.splitlines()]
    assert {"step": "evaluate", "source": "1 + 1", "name": "", "value": '"2"', "error": ""} in steps
    assert steps[2]["skipped"] == []


def test_json_without_steps_is_refused(tmp_path: Path) -> None:
    result = run(block(""), tmp_path, "--json")
    assert result.exit_code == 2
    assert "--trace" in result.stderr


def test_without_it_nothing_is_told(tmp_path: Path) -> None:
    assert run(block(""), tmp_path).stderr == ""


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Entered("http://a/b", "form", "x", 3), "form 'x' (http://a/b:3)"),
        (Entered("http://a/b", "menu", "", 3, 1), "menu (http://a/b:3, in subdialog 1)"),
        (Selected("field", "f", 3, "because"), "field 'f' (line 3): because"),
        (Selected("", "", 0, "the end", (Skipped("f", 3, "why"),)), "nothing: the end; not f (line 3): why"),
        (
            Collecting("field", "f", 3, 2, True, (ScopeContent("dialog", ("a", "b")), ScopeContent("", ()))),
            "field 'f' (line 3), prompts of count 2; scopes: dialog(a, b) anonymous()",
        ),
        (Listening(()), "none is active"),
        (
            Listening((ActiveGrammar(1, "item", "dtmf", "grammar", 3, "item"),)),
            "1. item scope, dtmf, <grammar> line 3, for the item",
        ),
        (Raised("noinput", None, 2), "noinput, occurrence 2"),
        (Raised("error.semantic", "why", 1), "error.semantic, occurrence 1: why"),
        (Handled("a", "catch", 3, "vxml"), "<catch> of <vxml> (line 3)"),
        (Handled("a", "", 0, "", "exit"), "that of the platform: exit"),
        (Evaluated("a\n + b", "c", "3"), "c = 3 from a + b"),
        (Evaluated("3", "c", "3"), "c = 3"),
        (Evaluated("a", error="no a"), "a failed: no a"),
        (FetchTold("GET", "http://a", "audio", 200, 5), "GET audio http://a: 200, 5 bytes"),
        (FetchTold("GET", "http://a", "audio", 0, reason="no answer."), "GET audio http://a: no answer."),
        (Evaluated("'\x1b[2J'"), "'\ufffd[2J'"),
    ],
)
def test_a_step_is_one_line(step: Step, expected: str) -> None:
    assert sentence(step) == expected


def test_colour_is_for_terminals() -> None:
    lines: list[str] = []
    Lines(lines.append, as_json=False, colour=True).tell(Raised("a", None, 1))
    assert lines == ["\x1b[2mevent    \x1b[0m a, occurrence 1"]
