from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.call import Call, CallState
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import CAPACITY_WAIT, after_attempt

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_call(*, attempts: int = 0, max_retries: int = 2, expires_at: datetime | None = None) -> Call:
    return Call(
        call_id=1,
        account_id=1,
        campaign_id=1,
        campaign_parameters="",
        phone_number="+16175550123",
        start_url="http://example.org/start",
        result_url="",
        message_reference="",
        call_parameters="",
        max_retries=max_retries,
        retry_interval=300,
        state=CallState.DIALING,
        queued_at=NOON,
        due_at=NOON,
        expires_at=expires_at,
        attempts=attempts,
    )


RETRIED = [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED, Outcome.INTERRUPTED]


@pytest.mark.parametrize("outcome", RETRIED)
def test_the_next_attempt_counts_from_the_end_of_the_last(outcome: Outcome) -> None:
    step = after_attempt(a_call(), outcome, NOON)
    assert (step.state, step.due_at) == (CallState.QUEUED, NOON + timedelta(seconds=300))


@pytest.mark.parametrize("outcome", RETRIED)
def test_the_last_permitted_attempt_ends_the_call_as_failed(outcome: Outcome) -> None:
    assert after_attempt(a_call(attempts=2), outcome, NOON).state is CallState.FAILED


def test_without_retries_the_first_failure_is_final() -> None:
    assert after_attempt(a_call(max_retries=0), Outcome.BUSY, NOON).state is CallState.FAILED


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.UNALLOCATED])
def test_a_refusal_is_never_tried_again(outcome: Outcome) -> None:
    assert after_attempt(a_call(), outcome, NOON).state is CallState.FAILED


def test_an_answered_call_is_final() -> None:
    assert after_attempt(a_call(), Outcome.ANSWERED, NOON).state is CallState.COMPLETED


def test_a_canceled_attempt_withdraws_the_call() -> None:
    assert after_attempt(a_call(), Outcome.CANCELED, NOON).state is CallState.CANCELED


def test_a_full_trunk_never_costs_an_attempt() -> None:
    step = after_attempt(a_call(attempts=2), Outcome.CAPACITY, NOON)
    assert (step.state, step.due_at, step.counted) == (CallState.QUEUED, NOON + CAPACITY_WAIT, False)


def test_a_retry_that_would_come_after_the_expiration_expires_now() -> None:
    call = a_call(expires_at=NOON + timedelta(seconds=299))
    assert after_attempt(call, Outcome.BUSY, NOON).state is CallState.EXPIRED
