from hypothesis import given
from hypothesis import strategies as st

from mirabelle.api.token_bucket import TokenBucket

RATES = st.floats(min_value=0.2, max_value=500, allow_nan=False)


def bucket(rate: float, now: float) -> TokenBucket:
    burst = max(1.0, rate / 10)
    return TokenBucket(rate=rate, burst=burst, tokens=burst, at=now)


def test_the_first_call_leaves_at_once() -> None:
    assert bucket(1, now=0.0).wait(0.0) == 0.0


def test_the_second_waits_for_its_token() -> None:
    assert bucket(2, now=0.0).take(0.0).wait(0.0) == 0.5


@given(RATES, st.lists(st.floats(min_value=0, max_value=5), max_size=100))
def test_no_second_carries_more_than_the_rate_and_its_burst(rate: float, gaps: list[float]) -> None:
    tokens, now, sent = bucket(rate, now=0.0), 0.0, []
    for gap in gaps:
        now += gap
        while tokens.wait(now) == 0.0:
            tokens = tokens.take(now)
            sent.append(now)
    for start in sent:
        within = sum(start <= instant <= start + 1 for instant in sent)
        assert within <= rate + max(1.0, rate / 10) + 1e-6


@given(RATES, st.integers(min_value=1, max_value=50))
def test_waiting_as_long_as_asked_is_always_enough(rate: float, calls: int) -> None:
    tokens, now = bucket(rate, now=0.0), 0.0
    for _ in range(calls):
        now += tokens.wait(now)
        assert tokens.wait(now) == 0.0
        tokens = tokens.take(now)


def test_a_clock_that_steps_back_gives_no_tokens() -> None:
    tokens = bucket(1, now=100.0).take(100.0)
    assert tokens.wait(50.0) == 1.0
