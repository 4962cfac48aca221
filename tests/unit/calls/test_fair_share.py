from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.fair_share import Contender, share

contenders = st.lists(
    st.builds(Contender, st.integers(1, 50), st.integers(1, 10), st.just(0.0), st.integers(0, 30)),
    unique_by=lambda each: each.campaign_id,
    max_size=8,
)


@given(st.integers(0, 60), contenders)
def test_all_slots_are_given_that_somebody_can_use(slots: int, among: list[Contender]) -> None:
    shares = share(slots, among, 0.0)
    assert sum(shares.slots.values()) == min(slots, sum(each.room for each in among))
    assert all(shares.slots.get(each.campaign_id, 0) <= each.room for each in among)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.lists(st.integers(1, 5), min_size=1, max_size=200))
def test_over_time_each_has_its_weight_and_nobody_starves(weights: list[int], turns: list[int]) -> None:
    passed, got, now = dict.fromkeys(range(len(weights)), 0.0), [0] * len(weights), 0.0
    for slots in turns:
        among = [Contender(index, weight, passed[index], 1000) for index, weight in enumerate(weights)]
        shares = share(slots, among, now)
        passed |= shares.passed
        now = shares.now
        for index, count in shares.slots.items():
            got[index] += count
    total, whole = sum(turns), sum(weights)
    for weight, count in zip(weights, got, strict=True):
        assert abs(count - total * weight / whole) <= len(weights)


def test_a_campaign_that_had_nothing_to_dial_cannot_save_up_turns() -> None:
    first = share(100, [Contender(1, 1, 0.0, 1000)], 0.0)
    both = [Contender(1, 1, first.passed[1], 1000), Contender(2, 1, 0.0, 1000)]
    assert dict(share(100, both, first.now).slots) == {1: 50, 2: 50}


def test_a_heavier_campaign_has_more_but_not_all() -> None:
    shares = share(40, [Contender(1, 3, 0.0, 100), Contender(2, 1, 0.0, 100)], 0.0)
    assert dict(shares.slots) == {1: 30, 2: 10}
