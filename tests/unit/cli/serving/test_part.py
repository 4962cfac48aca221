from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from mirabelle.cli.serving.notify import Notifier
from mirabelle.cli.serving.part import Part, run_until_stopped
from mirabelle.cli.serving.signals import Signals
from mirabelle.cli.serving.voice import Voice


class Engine:
    """A part whose work in hand ends when it is told to."""

    def __init__(self, name: str, diary: list[str], *, idle: bool = True, broken: bool = False) -> None:
        self.name = name
        self.diary = diary
        self.broken = broken
        self.idle = asyncio.Event()
        if idle:
            self.idle.set()

    def part(self, patience: float | None = None) -> Part:
        return Part(
            name=self.name,
            run=self.run,
            drain=self.drain,
            cut=self.cut,
            in_hand=lambda: "" if self.idle.is_set() else "3 calls",
            patience=patience,
        )

    async def run(self) -> None:
        self.diary.append(f"{self.name} runs")
        if self.broken:
            raise OSError("broken")
        await asyncio.Event().wait()

    async def drain(self, limit: float) -> None:
        self.diary.append(f"{self.name} drains")
        async with asyncio.timeout(limit):
            await self.idle.wait()

    async def cut(self) -> None:
        self.diary.append(f"{self.name} cut")
        self.idle.set()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
async def signals() -> Signals:
    return Signals()


@pytest.fixture(autouse=True)
def _quiet(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    capsys.readouterr()


async def run(parts: list[Part], signals: Signals, said: list[str]) -> int:
    async with asyncio.timeout(60):
        return await run_until_stopped(
            parts, signals, notifier=Notifier({}, 1), voice=Voice(said.append), drain_seconds=600.0, ready="here"
        )


async def test_parts_end_in_their_order_after_the_first_signal(signals: Signals, said: list[str]) -> None:
    diary: list[str] = []
    signals.stop.set()
    parts = [Engine(name, diary).part() for name in ("first", "second")]
    assert await run(parts, signals, said) == 0
    assert diary == ["first runs", "second runs", "first drains", "second drains"]
    assert said == ["here"]


async def test_the_second_signal_cuts_what_is_in_hand(signals: Signals, said: list[str]) -> None:
    diary: list[str] = []
    signals.stop.set()
    signals.hurry.set()
    assert await run([Engine("only", diary, idle=False).part()], signals, said) == 0
    assert diary == ["only runs", "only drains", "only cut"]


async def test_the_operator_is_told_what_is_waited_for(signals: Signals, said: list[str]) -> None:
    signals.stop.set()
    signals.hurry.set()
    await run([Engine("only", [], idle=False).part()], signals, said)
    assert said[1] == "Waiting up to 600 s for 3 calls; once more ends them now."


async def test_the_end_of_one_part_ends_all_and_is_told_by_the_exit_status(signals: Signals, said: list[str]) -> None:
    diary: list[str] = []
    parts = [Engine("whole", diary).part(), Engine("broken", diary, broken=True).part()]
    assert await run(parts, signals, said) == 1
    assert "whole drains" in diary
    assert signals.stop.is_set()


async def test_a_part_without_work_in_hand_is_only_stopped(signals: Signals, said: list[str]) -> None:
    signals.stop.set()
    assert await run([Part(name="plain", run=asyncio.Event().wait)], signals, said) == 0  # type: ignore[arg-type]
