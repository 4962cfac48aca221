from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls import pace
from mirabelle.calls.pace import Pace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_fresh_bucket_holds_a_tenth_of_a_second_and_at_least_one() -> None:
    assert pace.ready(pace.fresh(2.0, NOW), 2.0, NOW) == 1
    assert pace.ready(pace.fresh(100.0, NOW), 100.0, NOW) == 10
    assert pace.ready(pace.fresh(None, NOW), None, NOW) == pace.ENOUGH


@given(st.floats(0.01, 1000.0), st.lists(st.floats(0.0, 5.0), max_size=60))
def test_no_span_of_time_holds_more_than_its_rate_and_one_burst(rate: float, pauses: list[float]) -> None:
    kept, now, taken = pace.fresh(rate, NOW), NOW, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        count = pace.ready(kept, rate, now)
        kept = pace.take(kept, rate, count, now)
        taken += count
    assert taken <= (now - NOW).total_seconds() * rate + pace.burst(rate) + 0.01


@given(st.floats(0.01, 1000.0), st.integers(0, 6))
def test_waiting_as_long_as_asked_is_enough(rate: float, refusals: int) -> None:
    kept = pace.fresh(rate, NOW)
    kept = pace.take(kept, rate, pace.ready(kept, rate, NOW), NOW)
    for _ in range(refusals):
        kept = pace.refused(kept, NOW)
    later = after(pace.wait(kept, rate, NOW) + 1e-5)
    assert pace.ready(kept, rate, later) >= 1
    assert pace.wait(kept, rate, later) == 0.0


def test_each_refusal_halves_the_rate_and_each_quiet_minute_doubles_it() -> None:
    kept = pace.fresh(10.0, NOW)
    for part in (1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 32):
        kept = pace.refused(kept, NOW)
        assert pace.slowed(kept, NOW) == pytest.approx(part)
    assert pace.slowed(kept, after(60)) == pytest.approx(1 / 16)
    assert pace.slowed(kept, after(600)) == 1.0


def test_nothing_leaves_before_the_instant_that_the_carrier_named() -> None:
    kept = pace.refused(pace.fresh(10.0, NOW), NOW, 30)
    assert (pace.ready(kept, 10.0, after(29)), pace.ready(kept, None, after(29))) == (0, 0)
    assert pace.wait(kept, 10.0, after(10)) == 20.0
    assert pace.ready(kept, 10.0, after(30)) == 1
    assert pace.refused(kept, after(1), 5).blocked_until == after(30)


def test_a_clock_that_was_put_back_gives_no_tokens() -> None:
    kept = Pace(tokens=0.0, at=after(60))
    assert pace.ready(kept, 100.0, NOW) == 0
    assert pace.take(kept, 100.0, 0, NOW).at == after(60)
