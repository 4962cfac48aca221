"""`mirabelle vxml check` as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import CliRunner, Result

from mirabelle.cli.main import app
from mirabelle.cli.vxml_check import line
from mirabelle.vxml.analysis.finding import Finding, Rule, Severity
from tests.unit.vxml.running import block, vxml


class Check(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def check(folder: Path) -> Check:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["vxml", "check", *arguments])

    return run


@pytest.fixture
def saved(folder: Path) -> Callable[[str, str], None]:
    def save(name: str, document: str) -> None:
        (folder / name).write_text(document, encoding="utf-8")

    return save


Save = Callable[[str, str], None]


def test_an_error_is_a_line_and_the_exit_status(check: Check, saved: Save) -> None:
    saved("a.vxml", block("\n<log expr='unknown'/>"))
    result = check("a.vxml")
    assert result.stdout == (
        "a.vxml:2:12: error: 'unknown' is not declared; declare it with <var name=\"unknown\"/>.\n"
    )
    assert result.stderr == "1 error in 1 document.\n"
    assert result.exit_code == 1


def test_warnings_alone_are_no_failure(check: Check, saved: Save) -> None:
    saved("a.vxml", vxml("<property name='what' value=''/><form/>"))
    result = check("a.vxml")
    assert (result.stderr, result.exit_code) == ("1 warning in 1 document.\n", 0)


def test_nothing_wrong_is_said(check: Check, saved: Save) -> None:
    saved("a.vxml", block(""))
    saved("b.vxml", block(""))
    result = check("a.vxml", "b.vxml")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "Nothing wrong in 2 documents.\n", 0)


def test_a_missing_file_is_an_error(check: Check, folder: Path) -> None:
    result = check("a.vxml")
    assert result.stdout.startswith("a.vxml: error: It cannot be had: file:///")
    assert result.exit_code == 1


def test_json_is_for_scripts(check: Check, saved: Save) -> None:
    saved("a.vxml", block("<log expr='unknown'/>"))
    result = check("a.vxml", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["documents"], told["errors"], told["warnings"], told["left_out"]) == (["a.vxml"], 1, 0, 0)
    (finding,) = told["findings"]
    assert finding.pop("message")
    assert finding == {"file": "a.vxml", "line": 1, "column": 99, "severity": "error", "rule": "undeclared"}


def test_following_is_bounded_and_says_so(check: Check, saved: Save) -> None:
    saved("a.vxml", block("<goto next='b.vxml'/>"))
    saved("b.vxml", block("<log expr='unknown'/>"))
    assert check("a.vxml").exit_code == 0
    assert check("a.vxml", "--follow").stdout.startswith("b.vxml:1:")
    assert check("a.vxml", "--follow", "--most-documents", "1").stderr == (
        "Nothing wrong in 1 document. 1 document not looked at; --most-documents allows more.\n"
    )


def test_colour_is_for_terminals_and_nothing_commands_one() -> None:
    finding = Finding("http://test/a\x1b[2J", 1, 2, Severity.ERROR, Rule.DOCUMENT, "It is\n \x1b[31mwrong.")
    assert line(finding, colour=False) == "http://test/a\ufffd[2J:1:2: error: It is \ufffd[31mwrong."
    assert line(finding, colour=True).count("\x1b") == 4
