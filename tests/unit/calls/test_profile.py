from __future__ import annotations

import math

import pytest

from mirabelle.calls.profile import Pace, Profile, ProfileError, check, tightest


def profile(calls_per_second: float | None = None, channels: int | None = None) -> Profile:
    return Profile(profile_id=1, account_id=1, name="slow", calls_per_second=calls_per_second, channels=channels)


@pytest.mark.parametrize(
    ("kept", "pace"),
    [
        ([], Pace()),
        ([profile(2.5)], Pace(2.5, None)),
        ([profile(2.5, 10), profile(5.0, 3)], Pace(2.5, 3)),
        ([profile(channels=10), profile(0.5)], Pace(0.5, 10)),
    ],
)
def test_of_several_profiles_the_least_of_each_value_holds(kept: list[Profile], pace: Pace) -> None:
    assert tightest(kept) == pace


@pytest.mark.parametrize("values", [(1.0, None), (None, 1), (0.001, 100_000), (1000.0, 1)])
def test_a_profile_within_its_bounds_is_taken(values: tuple[float | None, int | None]) -> None:
    check(*values)


@pytest.mark.parametrize(
    ("calls_per_second", "channels", "said"),
    [
        (None, None, "or both"),
        (0.0, None, "calls_per_second"),
        (-1.0, None, "calls_per_second"),
        (math.nan, None, "calls_per_second"),
        (math.inf, None, "calls_per_second"),
        (1001.0, None, "calls_per_second"),
        (None, 0, "channels"),
        (None, 100_001, "channels"),
    ],
)
def test_a_profile_out_of_bounds_is_refused(calls_per_second: float | None, channels: int | None, said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        check(calls_per_second, channels)
