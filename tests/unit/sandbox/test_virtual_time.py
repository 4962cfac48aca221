from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.sandbox import virtual_time
from mirabelle.sandbox.virtual_time import NothingLeft, VirtualClock

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


class TestVirtualTime:
    def test_two_months_of_sleep_are_over_at_once(self) -> None:
        async def main(clock: VirtualClock) -> datetime:
            for _ in range(60 * 24):
                await asyncio.sleep(3_600)
            return clock.now()

        assert virtual_time.run(main, START) == START + timedelta(days=60)

    def test_the_clock_and_the_loop_agree(self) -> None:
        async def main(clock: VirtualClock) -> None:
            for seconds in (0.1, 1 / 3, 7.25, 3600.000001):
                await asyncio.sleep(seconds)
                assert clock.monotonic() == asyncio.get_running_loop().time()
                assert clock.now() == START + timedelta(seconds=clock.monotonic())

        virtual_time.run(main, START)

    @given(st.lists(st.floats(0, 1_000_000), max_size=30))
    def test_timers_fire_in_their_order_and_never_early(self, delays: list[float]) -> None:
        fired: list[tuple[float, float]] = []

        async def main(clock: VirtualClock) -> None:
            async def wait(delay: float) -> None:
                await asyncio.sleep(delay)
                fired.append((delay, clock.monotonic()))

            await asyncio.gather(*map(wait, delays))

        virtual_time.run(main, START)
        assert [delay for delay, _ in fired] == sorted(delays)
        assert all(delay - 1e-8 <= at <= delay + 2e-6 for delay, at in fired)

    def test_a_limit_on_waiting_runs_out_in_virtual_time(self) -> None:
        async def main(clock: VirtualClock) -> float:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(3600):
                    await asyncio.Event().wait()
            return clock.monotonic()

        assert virtual_time.run(main, START) == 3600

    def test_waiting_for_what_can_never_come_is_an_error(self) -> None:
        async def main(clock: VirtualClock) -> None:
            await asyncio.Event().wait()

        with pytest.raises(NothingLeft, match="Everything waits"):
            virtual_time.run(main, START)
