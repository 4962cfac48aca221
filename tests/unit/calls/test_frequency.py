from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.frequency import FrequencyCap, FrequencyError, verdict

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def ago(hours: float, *, answered: bool = False) -> tuple[datetime, bool]:
    return NOON - timedelta(hours=hours), answered


def test_whoever_was_not_called_may_be() -> None:
    found = verdict(FrequencyCap(3, 1, DAY), [], NOON)
    assert (found.open, found.changes_at) == (True, None)


def test_the_last_attempt_that_is_allowed_closes_it_until_the_oldest_falls_out() -> None:
    cap = FrequencyCap(3, None, DAY)
    assert verdict(cap, [ago(20), ago(1)], NOON).open
    found = verdict(cap, [ago(1), ago(20), ago(2)], NOON)
    assert (found.open, found.changes_at) == (False, NOON + 4 * HOUR)


def test_where_more_were_made_than_allowed_all_but_the_cap_must_fall_out() -> None:
    found = verdict(FrequencyCap(2, None, DAY), [ago(23), ago(20), ago(10)], NOON)
    assert found.changes_at == NOON + 4 * HOUR


def test_an_attempt_falls_out_exactly_one_span_after_it_began() -> None:
    cap = FrequencyCap(1, None, DAY)
    tick = timedelta(microseconds=1)
    assert not verdict(cap, [(NOON, False)], NOON + DAY - tick).open
    assert verdict(cap, [(NOON, False)], NOON + DAY).open


def test_an_answer_closes_it_earlier_and_longer() -> None:
    found = verdict(FrequencyCap(3, 1, DAY), [ago(20), ago(5, answered=True)], NOON)
    assert (found.open, found.changes_at) == (False, NOON + 19 * HOUR)


def test_both_limits_must_open() -> None:
    found = verdict(FrequencyCap(2, 1, DAY), [ago(20, answered=True), ago(5)], NOON)
    assert found.changes_at == NOON + 4 * HOUR
    found = verdict(FrequencyCap(2, 1, DAY), [ago(20), ago(5, answered=True)], NOON)
    assert found.changes_at == NOON + 19 * HOUR


def test_an_attempt_of_a_machine_whose_clock_is_ahead_counts() -> None:
    assert not verdict(FrequencyCap(1, None, DAY), [ago(-1)], NOON).open


def test_the_reason_is_for_people() -> None:
    cap = FrequencyCap(1, None, 7 * DAY)
    assert verdict(cap, [ago(1)], NOON).reason == "The person was called once within 7 days; 1 is the most."
    cap = FrequencyCap(3, 1, DAY)
    assert verdict(cap, [ago(1, answered=True)], NOON).reason == "The person answered once within 1 day; 1 is the most."


BERLIN = timezone(HOUR)
ATTEMPTS = st.lists(
    st.tuples(
        st.integers(0, 300).map(lambda minutes: (NOON - timedelta(minutes=minutes)).astimezone(BERLIN)), st.booleans()
    ),
    max_size=12,
)
CAPS = st.integers(1, 5).flatmap(
    lambda most: st.builds(
        FrequencyCap,
        st.just(most),
        st.none() | st.integers(1, most),
        st.integers(1, 200).map(lambda minutes: timedelta(minutes=minutes)),
    )
)


def allowed(cap: FrequencyCap, attempts: list[tuple[datetime, bool]], now: datetime) -> bool:
    counted = [answered for began, answered in attempts if now - cap.per < began]
    return len(counted) < cap.attempts and (cap.answered is None or sum(counted) < cap.answered)


@given(CAPS, ATTEMPTS)
def test_it_opens_at_that_instant_and_not_before(cap: FrequencyCap, attempts: list[tuple[datetime, bool]]) -> None:
    found = verdict(cap, attempts, NOON)
    assert found.open == allowed(cap, attempts, NOON)
    opens = next(minute for minute in range(601) if allowed(cap, attempts, NOON + timedelta(minutes=minute)))
    assert found.changes_at == (NOON + timedelta(minutes=opens) if opens else None)


@given(CAPS, ATTEMPTS)
def test_older_attempts_and_more_than_the_cap_change_nothing(
    cap: FrequencyCap, attempts: list[tuple[datetime, bool]]
) -> None:
    recent = sorted((each for each in attempts if each[0] > cap.begins(NOON)), reverse=True)
    answered = [each for each in recent if each[1]][: cap.answered or 0]
    needed = recent[: cap.attempts] + [each for each in answered if each not in recent[: cap.attempts]]
    whole, part = verdict(cap, attempts, NOON), verdict(cap, needed, NOON)
    assert whole.open == part.open
    assert not recent or len(set(recent)) < len(recent) or whole.changes_at == part.changes_at


@pytest.mark.parametrize(
    ("attempts", "answered", "per"),
    [(0, None, DAY), (101, None, DAY), (1, 0, DAY), (1, 2, DAY), (1, None, 59 * HOUR / 3600), (1, None, 367 * DAY)],
)
def test_a_cap_out_of_bounds_is_refused(attempts: int, answered: int | None, per: timedelta) -> None:
    with pytest.raises(FrequencyError):
        FrequencyCap(attempts, answered, per)
