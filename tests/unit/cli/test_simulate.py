from __future__ import annotations

import builtins
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.schedule import ScheduleError
from mirabelle.cli import simulation_plan
from mirabelle.cli.simulation_plan import CampaignUnfit
from mirabelle.sandbox.callee_model import ModelError
from mirabelle.sandbox.plot import PlotError
from tests.unit.cli.conftest import Mirabelle

START = ("--start", "2026-11-30 09:00", "--seed", "7")


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.csv"
    path.write_text("+16175550123,first\n+12125550188,second\n")
    return path


class TestTheCommand:
    def test_a_table_says_how_it_would_go(self, mirabelle: Mirabelle, numbers: Path) -> None:
        shown = mirabelle("simulate", "--campaign", str(numbers), "--calls", "50", *START).stdout
        assert shown.startswith("50 calls from Mon 2026-11-30 09:00 (UTC)")
        for title in ("attempts", "answered", "channels, most", "calls a second, mean", "expired calls", "Done Mon"):
            assert title in shown

    def test_json_has_the_same_for_a_program(self, mirabelle: Mirabelle) -> None:
        arguments = ("simulate", "--calls", "40", "--answer-rate", "1", "--machine-rate", "0", "--busy-rate", "0")
        none = ("--reject-rate", "0", "--fail-rate", "0", "--unallocated-rate", "0")
        found = json.loads(mirabelle(*arguments, *none, *START, "--json").stdout)
        assert found["states"] == {"completed": 40}
        assert found["all"]["outcomes"] == {"answered": 40}
        assert [day["name"] for day in found["days"]] == ["Mon 2026-11-30"]

    def test_the_list_alone_is_dialled_once(self, mirabelle: Mirabelle, numbers: Path) -> None:
        found = json.loads(mirabelle("simulate", "--campaign", str(numbers), *START, "--json").stdout)
        assert found["calls"] == 2

    def test_the_settings_trunks_are_used(self, mirabelle: Mirabelle, config: Path) -> None:
        config.write_text('[[trunk]]\nname = "a"\nhost = "127.0.0.1:5060"\nchannels = 2\n')
        found = json.loads(mirabelle("simulate", "--calls", "30", *START, "--json").stdout)
        assert found["all"]["channels"]["most"] == 2

    def test_hours_windows_and_retries_are_kept(self, mirabelle: Mirabelle) -> None:
        more = ("--window", "mon-fri 10:00-11:00", "--callee-window", "mon-sun 00:00-24:00", "--retry", "emergency")
        found = json.loads(mirabelle("simulate", "--calls", "20", "--max-retries", "1", *more, *START, "--json").stdout)
        assert found["all"]["attempts"] > 20
        assert found["finished_at"] > "2026-11-30T10:00"

    def test_a_picture_is_a_png(self, mirabelle: Mirabelle, tmp_path: Path) -> None:
        mirabelle("simulate", "--calls", "30", *START, "--plot", str(tmp_path / "it.png"))
        assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")

    def test_without_matplotlib_a_sentence_says_what_to_install(
        self, mirabelle: Mirabelle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = builtins.__import__

        def without(name: str, *arguments: Any, **more: Any) -> Any:
            if name.startswith("matplotlib"):
                raise ImportError(name)
            return real(name, *arguments, **more)

        monkeypatch.setattr(builtins, "__import__", without)
        with pytest.raises(PlotError, match=r"-m pip install matplotlib$"):
            mirabelle("simulate", "--calls", "3", "--plot", str(tmp_path / "it.png"))

    def test_what_is_wrong_is_told_in_words(self, mirabelle: Mirabelle, tmp_path: Path) -> None:
        bad = tmp_path / "bad.csv"
        bad.write_text("nonsense\n")
        for error, arguments in (
            (CampaignUnfit, ()),
            (CampaignUnfit, ("--campaign", str(bad))),
            (CampaignUnfit, ("--calls", "3", "--expiration-time", "rubbish")),
            (CampaignUnfit, ("--calls", "3", "--rates", str(tmp_path / "none.csv"))),
            (ModelError, ("--calls", "3", "--answer-rate", "0.9", "--busy-rate", "0.9")),
            (ScheduleError, ("--calls", "3", "--zone", "Mars")),
        ):
            with pytest.raises(error):
                mirabelle("simulate", *arguments)


class TestWindows:
    def test_days_may_go_over_the_end_of_the_week(self) -> None:
        [window] = simulation_plan.windows(["sat-mon 10:00-14:00"])
        assert window.weekdays == (0, 5, 6)

    @given(st.text(max_size=30))
    def test_nothing_else_is_raised(self, text: str) -> None:
        with contextlib.suppress(ScheduleError):
            simulation_plan.windows([text])
