from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog

from mirabelle.calls.clock import SharedClock
from mirabelle.cli.serving.timekeeping import Timekeeper
from mirabelle.cli.serving.voice import Voice
from mirabelle.store.ledger import Ledger

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Machine:
    """A machine whose clock shows noon."""

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0


class Shown:
    """A ledger of which only the clock is asked."""

    def __init__(self, time: datetime | None) -> None:
        self.shown = time

    async def time(self) -> datetime | None:
        return self.shown


def looked(times: list[datetime | None]) -> tuple[SharedClock, list[Any]]:
    """The clock after looks at a ledger's, and what was told."""
    clock, ledger = SharedClock(Machine()), Shown(None)

    async def look() -> None:
        keeper = Timekeeper(cast(Ledger, ledger), clock, Voice(print))
        for each in times:
            ledger.shown = each
            await keeper.look()

    with structlog.testing.capture_logs() as told:
        asyncio.run(look())
    return clock, told


class TestTimekeeper:
    def test_a_ledger_without_a_clock_leaves_the_machine_its_own(self) -> None:
        clock, told = looked([None])
        assert clock.now() == NOON
        assert told == []

    def test_the_clock_of_the_ledger_is_kept_to(self) -> None:
        clock, _ = looked([NOON - timedelta(minutes=5)])
        assert clock.now() == NOON - timedelta(minutes=5)

    def test_a_wrong_machine_is_told_once_with_the_fix(self) -> None:
        _, told = looked([NOON - timedelta(minutes=5), NOON - timedelta(minutes=5, seconds=0.5)])
        [line] = told
        assert (line["event"], line["seconds_ahead"]) == ("clock is off", 300.0)
        assert "NTP" in line["advice"]

    def test_it_is_told_again_when_it_has_moved(self) -> None:
        _, told = looked([NOON - timedelta(minutes=5), NOON])
        assert [line["seconds_ahead"] for line in told] == [300.0, 0.0]

    def test_milliseconds_are_not_worth_telling(self) -> None:
        _, told = looked([NOON - timedelta(milliseconds=300)])
        assert told == []
