from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirabelle.calls.call import Callee, NewCall
from mirabelle.calls.campaign import Dialing
from mirabelle.calls.pace import burst
from mirabelle.calls.retry import PRESETS, RetryPolicy, RetryRule
from mirabelle.calls.schedule import Window
from mirabelle.calls.trunk import Trunk
from mirabelle.sandbox.callee_model import CalleeModel, Rates
from mirabelle.sandbox.carrier_model import CarrierLimits
from mirabelle.sandbox.simulation import Plan, PlanError, simulate
from mirabelle.sandbox.tally import by_day, channels, series

START = datetime(2026, 11, 30, 8, tzinfo=UTC)
LIKE = NewCall(account_id=0, campaign_id=0, phone_number="", start_url="http://example.com/", retry_interval=3600)
TRUNK = Trunk(name="main", host="127.0.0.1:5060", calls_per_second=2, channels=20)


def plan(calls: int = 100, trunk: Trunk = TRUNK, **more: object) -> Plan:
    usual: dict[str, object] = {
        "start": START,
        "length": timedelta(days=3),
        "callees": [Callee(f"+1617555{each:04}") for each in range(calls)],
        "like": LIKE,
        "trunks": (trunk,),
        "model": CalleeModel.steady(Rates(answer=0.5, busy=0.2), unallocated=0.05),
    }
    return Plan(**{**usual, **more})  # type: ignore[arg-type]


class TestSimulation:
    def test_the_same_seed_gives_the_same_campaign(self) -> None:
        asked = plan(like=replace(LIKE, max_retries=2))
        assert simulate(asked) == simulate(asked)

    def test_every_call_is_dialled_and_is_final_in_the_end(self) -> None:
        found = simulate(plan(150))
        assert len(found.made) == 150
        assert sum(found.states.values()) == 150
        assert found.states.keys() <= {"completed", "failed"}
        assert found.finished_at == max(datetime.fromtimestamp(each.ended_at or 0, UTC) for each in found.made)

    def test_a_retry_comes_an_interval_after_the_end_of_the_attempt_before(self) -> None:
        model = CalleeModel.steady(Rates(busy=1))
        found = simulate(plan(3, like=replace(LIKE, max_retries=2), model=model))
        assert Counter(each.call_id for each in found.made) == {1: 3, 2: 3, 3: 3}
        for call_id in (1, 2, 3):
            own = [each for each in found.made if each.call_id == call_id]
            waits = [after.started_at - (before.ended_at or 0) for before, after in itertools.pairwise(own)]
            assert all(3600 <= wait < 3602 for wait in waits)

    def test_a_machine_is_called_again_where_the_retry_policy_wants_a_person(self) -> None:
        model = CalleeModel.steady(Rates(machine=1))
        asked = plan(5, like=replace(LIKE, max_retries=5), model=model)
        assert len(simulate(asked).made) == 5
        patient = simulate(replace(asked, dialing=Dialing(retry=PRESETS["patient"])))
        assert Counter(each.call_id for each in patient.made) == dict.fromkeys(range(1, 6), 2)
        assert patient.states == {"completed": 5}

    @pytest.mark.parametrize("most", [1, 2, 4])
    def test_an_outcome_has_no_more_attempts_than_its_rule_allows(self, most: int) -> None:
        rule = RetryPolicy(busy=RetryRule(again=True, at_most=most))
        asked = plan(3, like=replace(LIKE, max_retries=9), model=CalleeModel.steady(Rates(busy=1)))
        found = simulate(replace(asked, dialing=Dialing(retry=rule)))
        assert Counter(each.call_id for each in found.made) == dict.fromkeys((1, 2, 3), most)
        assert found.states == {"failed": 3}

    @settings(max_examples=15, deadline=None)
    @given(st.floats(0.2, 60), st.integers(1, 40), st.integers(0, 2**20))
    def test_no_rate_and_no_channel_is_ever_passed(self, rate: float, cap: int, seed: int) -> None:
        model = CalleeModel.steady(Rates(answer=0.6, busy=0.2), seed=seed)
        trunk = replace(TRUNK, calls_per_second=rate, channels=cap)
        found = simulate(plan(60, trunk, model=model, length=timedelta(days=30)))
        most, _, _ = channels(found.made, START.timestamp(), found.end.timestamp())
        assert most <= cap
        begins = [each.started_at for each in found.made]
        for first in range(len(begins)):
            for last in range(first, len(begins)):
                allowed = burst(rate) + rate * (begins[last] - begins[first])
                assert last - first + 1 <= allowed + 0.001 * rate + 1e-3

    def test_a_rate_that_can_be_kept_is_kept(self) -> None:
        trunk = replace(TRUNK, calls_per_second=7, channels=1000)
        found = simulate(plan(700, trunk))
        took = found.made[-1].started_at - found.made[0].started_at
        assert took == pytest.approx(100, rel=0.02)

    def test_a_channel_that_comes_free_is_used_at_once(self) -> None:
        model = CalleeModel.steady(Rates(answer=1), talk_seconds=30, talk_spread=0)
        found = simulate(plan(20, replace(TRUNK, channels=1), model=model))
        gaps = [after.started_at - (each.ended_at or 0) for each, after in itertools.pairwise(found.made)]
        assert max(gaps) <= 0.5

    def test_nothing_leaves_outside_of_the_windows(self) -> None:
        found = simulate(plan(200, replace(TRUNK, calls_per_second=0.01), windows=(Window((0, 1, 2), 600, 660),)))
        hours = {datetime.fromtimestamp(each.started_at, UTC).hour for each in found.made}
        assert hours == {10}
        assert found.finished_at is None
        assert found.states["queued"] > 0

    def test_what_expires_is_told_for_its_day(self) -> None:
        like = replace(LIKE, expires_at=START + timedelta(hours=1))
        found = simulate(plan(100, replace(TRUNK, calls_per_second=0.01), like=like))
        total = by_day(found)[-1]
        assert total.expired == found.states["expired"] > 50

    def test_a_carrier_that_takes_less_slows_the_campaign_and_costs_no_attempt(self) -> None:
        found = simulate(plan(100, carrier=CarrierLimits(channels=3), model=CalleeModel.steady(Rates(answer=1))))
        outcomes = Counter(each.outcome for each in found.made)
        assert outcomes["capacity"] > 0
        assert found.states == {"completed": 100}
        carried = [each for each in found.made if each.outcome != "capacity"]
        assert channels(carried, START.timestamp(), found.end.timestamp())[0] <= 3

    def test_a_plan_without_calls_or_trunks_is_refused(self) -> None:
        changes: tuple[dict[str, Any], ...] = ({"callees": []}, {"trunks": ()}, {"length": timedelta(days=61)})
        for wrong in changes:
            with pytest.raises(PlanError):
                plan(**wrong)


class TestFigures:
    def test_days_add_up_to_the_whole(self) -> None:
        found = simulate(plan(120, replace(TRUNK, calls_per_second=0.001)))
        *each_day, total = by_day(found)
        assert len(each_day) == 2
        assert sum(day.attempts for day in each_day) == total.attempts == len(found.made)
        assert sum(total.outcomes.values()) == total.attempts
        assert max(day.most_channels for day in each_day) == total.most_channels

    def test_steps_of_the_picture_add_up_too(self) -> None:
        found = simulate(plan(120))
        course = series(found)
        assert sum(map(sum, course.outcomes.values())) == len(found.made)
        assert max(course.most_channels) == by_day(found)[-1].most_channels
        assert len(course.begins) <= 151
