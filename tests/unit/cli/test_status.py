from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from mirabelle.calls.call import CallState
from mirabelle.calls.room import Room, TrunkRoom, trunk_limits
from mirabelle.calls.trunk import Trunk
from mirabelle.cli.status import LiveStatus
from mirabelle.media.plane import ProcessHealth


class Hours:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Book:
    async def counts(self) -> Mapping[CallState, int]:
        return {CallState.QUEUED: 3}

    async def trunk_rooms(self, trunks: Sequence[Trunk], now: datetime) -> tuple[TrunkRoom, ...]:
        room = Room(now, trunk_limits(trunks), {}, {f"trunk:{each.name}": 2 for each in trunks})
        return tuple(map(room.trunk, trunks))


async def test_every_part_is_asked_anew() -> None:
    hours, running = Hours(), [1]
    trunks = (Trunk(name="main", host="127.0.0.1:5080"),)
    media = (ProcessHealth(index=0),)
    live = LiveStatus(
        ledger=Book(), clock=hours, trunks=trunks, media=lambda: media, calls_in_progress=lambda: running[0]
    )
    running[0] = 5
    hours.at += timedelta(hours=1)
    status = await live.status()
    assert status.now - status.started_at == timedelta(hours=1)
    assert (status.calls_in_progress, status.counts, status.trunks) == (5, {CallState.QUEUED: 3}, trunks)
    assert [room.in_use for room in status.rooms] == [2]
    assert status.media == media
