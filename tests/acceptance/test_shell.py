"""The commands as a shell runs them: processes on one ledger."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

MIRABELLE = (sys.executable, "-m", "mirabelle.cli.main")
START = ("--start-url", "http://example.com/start")
NUMBERS = "phone_number,message_reference\n+16175550123,order-1\n12\n+16175550124,order-2\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "mirabelle.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/calls.db"\n[http]\npreflight = false\n')
    return {**os.environ, "MIRABELLE_CONFIG": str(config)}


def run(environment: dict[str, str], *words: str, given: str = "", status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*MIRABELLE, *words], input=given, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == status, done.stderr
    return done


def test_a_campaign_goes_through_the_shell(environment: dict[str, str], tmp_path: Path) -> None:
    refused = run(environment, "campaign", "upload", "-", "--name", "autumn", *START, given=NUMBERS, status=1)
    assert "line 3: The number needs" in refused.stderr
    assert run(environment, "calls").stdout == ""

    words = ("campaign", "upload", "-", "--name", "autumn", "--on-bad-line", "skip", "--json", *START)
    told = json.loads(run(environment, *words, given=NUMBERS).stdout)
    assert (told["queued"], told["skipped"]) == (2, 1)
    run(environment, "campaign", "pause", "autumn")
    shown = json.loads(run(environment, "campaign", "show", "autumn", "--json").stdout)
    assert (shown["state"], shown["calls"]["queued"]) == ("paused", 2)

    file = tmp_path / "autumn.csv"
    run(environment, "export", "calls", "--campaign", "autumn", "--show-numbers", "-o", str(file))
    rows = list(csv.DictReader(io.StringIO(file.read_text(), newline="")))
    assert [(row["phone_number"], row["message_reference"]) for row in rows] == [
        ("+16175550123", "order-1"),
        ("+16175550124", "order-2"),
    ]
    assert run(environment, "campaign", "cancel", "autumn").stdout == "2 calls were cancelled.\n"
    again = run(environment, "campaign", "upload", "-", "--name", "autumn", *START, given=NUMBERS, status=1)
    assert "already has a campaign 'autumn'" in again.stderr


def test_an_interrupted_upload_leaves_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    pipe = tmp_path / "numbers"
    os.mkfifo(pipe)
    words = ("campaign", "upload", str(pipe), "--name", "autumn", *START)
    with (
        subprocess.Popen(
            [*MIRABELLE, *words],
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            # A shell that runs the tests in the background has them, and us, ignore SIGINT.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as program,
        # Opens when the program has opened it; this end stays open, so the list never ends.
        pipe.open("w") as numbers,
    ):
        # More than a pipe holds, so the program reads when this has returned.
        numbers.write("+16175550123\n" * 20_000)
        numbers.flush()
        program.send_signal(signal.SIGINT)
        _, told = program.communicate(timeout=60)
    assert program.returncode == 130
    assert told == "Interrupted; nothing was queued.\n"
    assert run(environment, "calls").stdout == ""
    assert run(environment, "campaign", "list", "--json").stdout.count("autumn") == 0


def test_a_reader_that_goes_away_ends_an_export_quietly(environment: dict[str, str]) -> None:
    given = "+16175550123\n" * 20_000
    run(environment, "campaign", "upload", "-", "--name", "autumn", *START, given=given)
    words = ("export", "calls", "--campaign", "autumn")
    with subprocess.Popen(
        [*MIRABELLE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("call_id,")
        program.stdout.close()
        assert program.stderr is not None
        told = program.stderr.read()
    assert program.returncode == 1
    assert "Traceback" not in told
