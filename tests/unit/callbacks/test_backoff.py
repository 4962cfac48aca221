from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.callbacks.backoff import DELAYS, JITTER, Answer, answer, delay


def test_a_result_is_tried_for_three_days_in_all() -> None:
    assert timedelta(seconds=sum(DELAYS)) == timedelta(days=3)


def test_delays_never_shrink() -> None:
    assert list(DELAYS) == sorted(DELAYS)


@given(st.integers(1, len(DELAYS)), st.integers())
def test_jitter_stays_near_the_delay(posts: int, seed: int) -> None:
    wait = delay(posts, random.Random(seed))
    assert wait is not None
    nominal = DELAYS[posts - 1]
    assert nominal * (1 - JITTER) - 1 <= wait.total_seconds() <= nominal * (1 + JITTER) + 1


def test_what_failed_together_does_not_return_together() -> None:
    rng = random.Random(7)
    assert len({delay(1, rng) for _ in range(100)}) == 100


@given(st.integers(len(DELAYS) + 1, 10_000))
def test_there_is_an_end(posts: int) -> None:
    assert delay(posts, random.Random(7)) is None


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, Answer.TAKEN),
        (204, Answer.TAKEN),
        (299, Answer.TAKEN),
        (410, Answer.GONE),
        (0, Answer.AGAIN),
        (302, Answer.AGAIN),
        (400, Answer.AGAIN),
        (404, Answer.AGAIN),
        (429, Answer.AGAIN),
        (500, Answer.AGAIN),
        (503, Answer.AGAIN),
    ],
)
def test_a_status_means(status: int, meaning: Answer) -> None:
    assert answer(status) is meaning
