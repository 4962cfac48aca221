from __future__ import annotations

import contextlib
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls import number
from mirabelle.sandbox import rate_table
from mirabelle.sandbox.callee_model import HOURS, CalleeModel, ModelError, Rates, Reaction
from mirabelle.sandbox.carrier_model import Carrier, CarrierError, CarrierLimits

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
BOSTON = number.parse("+16175550123")
RATES = Rates(answer=0.4, machine=0.1, busy=0.2, reject=0.05, fail=0.05)

shares = st.lists(st.floats(0, 0.2), min_size=5, max_size=5)


class TestRates:
    @given(shares, st.floats(0, 1, exclude_max=True))
    def test_every_draw_stands_for_one_reaction(self, given: list[float], drawn: float) -> None:
        rates = Rates(**dict(zip(rate_table.COLUMNS, given, strict=True)))
        assert rates.reaction(drawn) in set(Reaction) - {Reaction.UNALLOCATED}
        assert 0 <= rates.no_answer <= 1

    @pytest.mark.parametrize("wrong", [{"answer": 1.5}, {"busy": -0.1}, {"answer": 0.7, "busy": 0.4}])
    def test_shares_that_cannot_be_are_refused(self, wrong: dict[str, float]) -> None:
        with pytest.raises(ModelError):
            Rates(**wrong)


class TestCallees:
    def test_shares_come_out_as_they_were_given(self) -> None:
        model = CalleeModel.steady(RATES, unallocated=0.1)
        drawn = Counter(model.act(call, 1, BOSTON, NOON).reaction for call in range(20_000))
        there = 20_000 - drawn[Reaction.UNALLOCATED]
        assert drawn[Reaction.UNALLOCATED] / 20_000 == pytest.approx(0.1, abs=0.01)
        for name, share in RATES.shares().items():
            assert drawn[Reaction(name)] / there == pytest.approx(share, abs=0.015)
        assert drawn[Reaction.NO_ANSWER] / there == pytest.approx(0.2, abs=0.015)

    def test_talks_have_the_mean_that_was_given(self) -> None:
        model = CalleeModel.steady(Rates(answer=1), talk_seconds=45, ring_seconds=8)
        acts = [model.act(call, 1, BOSTON, NOON) for call in range(20_000)]
        assert sum(act.talk_seconds for act in acts) / len(acts) == pytest.approx(45, rel=0.03)
        assert sum(act.ring_seconds for act in acts) / len(acts) == pytest.approx(8, rel=0.03)

    @given(st.integers(0, 2**31), st.integers(1, 11), st.integers(0, 2**40))
    def test_an_attempt_ends_the_same_way_whenever_it_is_asked(self, call: int, attempt: int, seed: int) -> None:
        model = CalleeModel.steady(RATES, seed=seed)
        assert model.act(call, attempt, BOSTON, NOON) == model.act(call, attempt, BOSTON, NOON.replace(hour=3))

    def test_another_seed_is_another_day(self) -> None:
        one, other = (
            [CalleeModel.steady(RATES, seed=seed).act(call, 1, BOSTON, NOON) for call in range(50)] for seed in (1, 2)
        )
        assert one != other

    @given(st.integers(0, 1000), st.integers(1, 11))
    def test_a_number_that_does_not_exist_never_does(self, call: int, attempt: int) -> None:
        model = CalleeModel.steady(RATES, unallocated=0.5)
        gone = model.act(call, 1, BOSTON, NOON).reaction is Reaction.UNALLOCATED
        assert (model.act(call, attempt, BOSTON, NOON).reaction is Reaction.UNALLOCATED) == gone

    @pytest.mark.parametrize(("zone", "named", "answers"), [("", "", True), ("UTC", "", False), ("", "UTC", False)])
    def test_the_hour_is_that_of_the_callee_or_of_the_zone_given(self, zone: str, named: str, answers: bool) -> None:
        # 12:00 UTC is 7:00 in Boston.
        hours = tuple(Rates(answer=1.0 if hour == 7 else 0.0) for hour in range(HOURS))
        assert CalleeModel(hours=hours, zone=zone).act(1, 1, BOSTON, NOON, named).answers == answers

    @pytest.mark.parametrize(
        "wrong", [{"talk_seconds": 0.0}, {"zone": "Mars/Base"}, {"unallocated": 2.0}, {"talk_spread": 9.0}]
    )
    def test_callees_that_cannot_be_are_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ModelError):
            CalleeModel.steady(RATES, **wrong)


class TestRateTable:
    def test_a_table_speaks_of_some_hours_and_the_rest_is_as_usual(self) -> None:
        hours = rate_table.read("hour,answer,busy\n9,0.5,0.1\n20, 0.3 ,0\n", Rates(answer=0.2, fail=0.1))
        assert hours[9] == Rates(answer=0.5, busy=0.1, fail=0.1)
        assert hours[20] == Rates(answer=0.3, fail=0.1)
        assert hours[10] == Rates(answer=0.2, fail=0.1)

    @pytest.mark.parametrize(
        "text",
        ["", "answer\n0.4\n", "hour,reply\n1,2\n", "hour,answer\n24,0.1\n", "hour,answer\n1,x\n", "hour,answer\n1\n",
         "hour,answer\n1,0.1\n1,0.2\n", "hour,answer\n1,0.1,9\n1.5,0\n", "hour,answer\n2,1.2\n"],
    )  # fmt: skip
    def test_what_is_no_table_is_refused_in_words(self, text: str) -> None:
        with pytest.raises(ModelError, match="rate"):
            rate_table.read(text, Rates())

    @given(st.text(max_size=200))
    def test_no_text_raises_anything_else(self, text: str) -> None:
        for each in (text, f"hour,answer\n{text}"):
            with contextlib.suppress(ModelError):
                rate_table.read(each, Rates())


class TestCarrier:
    @given(st.lists(st.floats(0, 0.5), max_size=60), st.integers(1, 5))
    def test_no_second_has_more_calls_than_the_carrier_takes(self, gaps: list[float], rate: int) -> None:
        carrier, now, taken = Carrier(CarrierLimits(calls_per_second=rate)), 0.0, []
        for gap in gaps:
            now += gap
            if not carrier.invite(now):
                taken.append(now)
        assert all(sum(at - 1 < each <= at for each in taken) <= rate for at in taken)

    def test_channels_come_back_when_calls_end(self) -> None:
        carrier = Carrier(CarrierLimits(channels=1))
        assert carrier.invite(0) == ""
        assert "Channel limit" in carrier.invite(1)
        carrier.over()
        assert carrier.invite(2) == ""

    @pytest.mark.parametrize("wrong", [{"channels": 0}, {"calls_per_second": 0.5}, {"retry_after": -1}])
    def test_limits_that_cannot_be_are_refused(self, wrong: dict[str, int]) -> None:
        with pytest.raises(CarrierError):
            CarrierLimits(**wrong)
