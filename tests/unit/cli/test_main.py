from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mirabelle
from mirabelle.cli import main as entry

HEAVY = {"pydantic", "sqlalchemy", "fastapi", "numpy", "httpx", "phonenumbers", "uvicorn", "rich", "asyncio"}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["mirabelle", *arguments])
    with pytest.raises(SystemExit) as caught:
        entry.main()
    return caught.value.code


def test_wrong_settings_are_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "mirabelle.toml"
    config.write_text("[sip]\nbnid = 1\n")
    assert run(monkeypatch, "settings", "--config", str(config)) == 2
    assert capsys.readouterr().err == f"{config}, line 2: [sip] bnid is not a setting; did you mean 'bind'?\n"


def test_what_cannot_be_done_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "account", "add", "") == 1
    assert capsys.readouterr().err == "A login has from 1 to 128 characters.\n"


def test_wrong_use_is_status_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "call", "--max-retries", "11", "1") == 2
    assert "--max-retries" in capsys.readouterr().err


def test_an_unknown_log_format_names_those_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "serve", "--log-format", "xml") == 2
    assert "logfmt, json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "group", ["", "account", "account key", "campaign", "calls", "do-not-call", "result", "export", "vxml", "grammar"]
)
def test_every_command_is_told_in_a_line_of_eighty_columns(group: str) -> None:
    shown = CliRunner().invoke(entry.app, [*group.split(), "--help"], terminal_width=80).stdout
    commands = shown.partition("\nCommands:\n")[2].partition("\n\n")[0].splitlines()
    assert commands
    assert [line for line in commands if line.endswith("...")] == []


def test_help_comes_without_the_heavy_packages() -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(mirabelle.__file__).parents[1])}
    program = (
        "import sys\n"
        "sys.argv = ['mirabelle', '--help']\n"
        "from mirabelle.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(sorted({HEAVY} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "[]"
