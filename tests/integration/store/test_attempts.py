from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account, AccountSettings
from mirabelle.calls.attempt import AttemptState
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.lifecycle import LifecycleError
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.result import result_form
from mirabelle.calls.retry import NextStep
from mirabelle.store.ledger import LeaseLost, Ledger, StoreError
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND
AGAIN = NextStep(CallState.QUEUED, NOW + 60 * SECOND)


@pytest.fixture
async def claimed(ledger: Ledger, account: Account) -> Call:
    await ledger.queue_call(
        NewCall(
            account_id=account.account_id,
            campaign_id=account.default_campaign_id,
            phone_number="+16175550123",
            start_url="http://example.com/start",
            result_url="http://example.com/result",
        ),
        NOW,
    )
    [call] = await claim(ledger, NOW, 1, "me", LEASE)
    return call


async def begin(ledger: Ledger, call: Call, owner: str = "me", now: datetime = NOW) -> int:
    attempt = await ledger.begin_attempt(call.call_id, f"{now.timestamp()}@test", "main", now, owner)
    return attempt.attempt_id


async def end(ledger: Ledger, attempt_id: int, step: NextStep, outcome: Outcome = Outcome.BUSY) -> Call:
    return await ledger.end_attempt(
        attempt_id, outcome=outcome, now=NOW + 9 * SECOND, sip_status=486, detail="Busy Here", step=step
    )


async def test_an_intent_is_in_the_ledger_with_its_call_id_and_trunk(ledger: Ledger, claimed: Call) -> None:
    attempt = await ledger.begin_attempt(claimed.call_id, "abc@test", "main", NOW, "me")
    assert (attempt.number, attempt.sip_call_id, attempt.trunk) == (1, "abc@test", "main")
    assert (attempt.state, attempt.started_at) == (AttemptState.INTENDED, NOW)
    assert await ledger.attempts(claimed.call_id) == (attempt,)
    after = await ledger.call(claimed.call_id)
    assert after is not None
    assert (after.state, after.last_attempt_at) == (CallState.DIALING, NOW)


async def test_a_call_that_somebody_else_leases_cannot_be_dialled(ledger: Ledger, claimed: Call) -> None:
    with pytest.raises(LeaseLost):
        await begin(ledger, claimed, owner="you")
    assert await ledger.attempts(claimed.call_id) == ()


async def test_a_lease_that_ran_out_dials_nothing(ledger: Ledger, claimed: Call) -> None:
    with pytest.raises(LeaseLost):
        await begin(ledger, claimed, now=LEASE)


async def test_a_call_has_one_unfinished_attempt_at_most(ledger: Ledger, claimed: Call) -> None:
    await begin(ledger, claimed)
    with pytest.raises(LeaseLost):
        await begin(ledger, claimed)
    assert len(await ledger.attempts(claimed.call_id)) == 1


async def test_a_call_that_does_not_exist_cannot_be_dialled(ledger: Ledger) -> None:
    with pytest.raises(LeaseLost):
        await ledger.begin_attempt(12345, "abc@test", "main", NOW, "me")


async def test_ringing_is_kept_once_and_never_undoes_the_answer(ledger: Ledger, claimed: Call) -> None:
    attempt_id = await begin(ledger, claimed)
    await ledger.attempt_ringing(attempt_id, NOW)
    await ledger.attempt_ringing(attempt_id, NOW + SECOND)
    [ringing] = await ledger.attempts(claimed.call_id)
    assert ringing.state is AttemptState.RINGING
    await ledger.attempt_answered(attempt_id, NOW + 2 * SECOND)
    await ledger.attempt_ringing(attempt_id, NOW + 3 * SECOND)
    [answered] = await ledger.attempts(claimed.call_id)
    assert (answered.state, answered.answered_at) == (AttemptState.ANSWERED, NOW + 2 * SECOND)


async def test_an_answer_connects_the_call(ledger: Ledger, claimed: Call) -> None:
    await ledger.attempt_answered(await begin(ledger, claimed), NOW)
    after = await ledger.call(claimed.call_id)
    assert after is not None
    assert after.state is CallState.CONNECTED


async def test_an_answer_that_is_said_again_changes_nothing(ledger: Ledger, claimed: Call) -> None:
    attempt_id = await begin(ledger, claimed)
    await ledger.attempt_answered(attempt_id, NOW)
    await ledger.attempt_answered(attempt_id, NOW + timedelta(seconds=1))
    (attempt,) = await ledger.attempts(claimed.call_id)
    assert attempt.answered_at == NOW


async def test_an_ended_attempt_neither_rings_nor_answers(ledger: Ledger, claimed: Call) -> None:
    attempt_id = await begin(ledger, claimed)
    await end(ledger, attempt_id, AGAIN)
    with pytest.raises(LeaseLost):
        await ledger.attempt_ringing(attempt_id, NOW)
    with pytest.raises(LeaseLost):
        await ledger.attempt_answered(attempt_id, NOW)


async def test_an_attempt_that_is_unknown_is_said_to_be(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="no attempt 4711"):
        await ledger.attempt_ringing(4711, NOW)
    with pytest.raises(StoreError, match="no attempt 4711"):
        await end(ledger, 4711, AGAIN)


async def test_a_busy_line_is_tried_again_at_the_time_of_the_step(ledger: Ledger, claimed: Call) -> None:
    attempt_id = await begin(ledger, claimed)
    after = await end(ledger, attempt_id, AGAIN)
    assert (after.state, after.due_at, after.attempts) == (CallState.QUEUED, AGAIN.due_at, 1)
    assert (after.ended_at, after.detail) == (None, "Busy Here")
    [attempt] = await ledger.attempts(claimed.call_id)
    assert (attempt.state, attempt.outcome, attempt.sip_status) == (AttemptState.ENDED, Outcome.BUSY, 486)
    assert attempt.ended_at == NOW + 9 * SECOND
    assert await claim(ledger, NOW + 59 * SECOND, 1, "me", LEASE) == ()
    [again] = await claim(ledger, NOW + 60 * SECOND, 1, "me", NOW + 90 * SECOND)
    second = await ledger.begin_attempt(again.call_id, "two@test", "main", NOW + 60 * SECOND, "me")
    assert second.number == 2


async def test_an_attempt_that_does_not_count_costs_nothing(ledger: Ledger, claimed: Call) -> None:
    step = NextStep(CallState.QUEUED, NOW, counted=False)
    after = await end(ledger, await begin(ledger, claimed), step, Outcome.CAPACITY)
    assert after.attempts == 0


async def test_a_final_step_puts_the_result_into_the_outbox(ledger: Ledger, claimed: Call) -> None:
    after = await end(ledger, await begin(ledger, claimed), NextStep(CallState.FAILED, None))
    assert (after.state, after.ended_at) == (CallState.FAILED, NOW + 9 * SECOND)
    [delivery] = await ledger.claim_deliveries(NOW + 9 * SECOND, 10, "me", LEASE)
    assert delivery.form == result_form(after, AccountSettings())
    assert delivery.url == "http://example.com/result"


async def test_an_answered_call_ends_with_its_duration_and_callee(ledger: Ledger, claimed: Call) -> None:
    attempt_id = await begin(ledger, claimed)
    await ledger.attempt_answered(attempt_id, NOW)
    after = await ledger.end_attempt(
        attempt_id,
        outcome=Outcome.ANSWERED,
        now=NOW + 42 * SECOND,
        sip_status=200,
        detail="",
        step=NextStep(CallState.COMPLETED, None),
        duration=42,
        callee_type="voice",
    )
    assert (after.state, after.duration, after.callee_type) == (CallState.COMPLETED, 42, "voice")
    assert after == await ledger.call(claimed.call_id)


async def test_a_call_that_a_machine_answered_may_be_dialled_again(ledger: Ledger, claimed: Call) -> None:
    attempt_id = await begin(ledger, claimed)
    await ledger.attempt_answered(attempt_id, NOW)
    after = await ledger.end_attempt(
        attempt_id,
        outcome=Outcome.ANSWERED,
        now=NOW,
        sip_status=200,
        detail="",
        step=AGAIN,
        callee_type="answeringmachine",
    )
    assert (after.state, after.due_at) == (CallState.QUEUED, AGAIN.due_at)


async def test_an_attempt_ends_once(ledger: Ledger, claimed: Call) -> None:
    attempt_id = await begin(ledger, claimed)
    ended = await end(ledger, attempt_id, NextStep(CallState.FAILED, None))
    with pytest.raises(LeaseLost):
        await end(ledger, attempt_id, AGAIN)
    assert await ledger.call(claimed.call_id) == ended


@pytest.mark.parametrize(
    ("answered", "step"),
    [
        (False, NextStep(CallState.COMPLETED, None)),
        (False, NextStep(CallState.CONNECTED, None)),
        (False, NextStep(CallState.QUEUED, None)),
        (True, AGAIN),
        (True, NextStep(CallState.EXPIRED, None)),
    ],
)
async def test_a_step_that_the_table_forbids_changes_nothing(
    ledger: Ledger, claimed: Call, answered: bool, step: NextStep
) -> None:
    attempt_id = await begin(ledger, claimed)
    if answered:
        await ledger.attempt_answered(attempt_id, NOW)
    before = await ledger.call(claimed.call_id)
    with pytest.raises(LifecycleError):
        await end(ledger, attempt_id, step)
    assert await ledger.call(claimed.call_id) == before
    [attempt] = await ledger.attempts(claimed.call_id)
    assert attempt.state is not AttemptState.ENDED


async def test_a_reason_from_the_network_is_kept_as_far_as_it_can_be(ledger: Ledger, claimed: Call) -> None:
    after = await ledger.end_attempt(
        await begin(ledger, claimed),
        outcome=Outcome.FAILED,
        now=NOW,
        sip_status=500,
        detail="\0\udcff" + "x" * 5000,
        step=NextStep(CallState.FAILED, None),
    )
    assert after.detail == "??" + "x" * 998


async def test_a_released_call_is_due_again_without_an_attempt(ledger: Ledger, claimed: Call) -> None:
    await ledger.release(claimed.call_id, NOW + SECOND, "me")
    assert await claim(ledger, NOW, 1, "me", LEASE) == ()
    [again] = await claim(ledger, NOW + SECOND, 1, "me", LEASE)
    assert (again.call_id, again.attempts, again.last_attempt_at) == (claimed.call_id, 0, None)


async def test_only_the_holder_releases(ledger: Ledger, claimed: Call) -> None:
    await ledger.release(claimed.call_id, NOW, "you")
    after = await ledger.call(claimed.call_id)
    assert after is not None
    assert after.state is CallState.DIALING


async def test_a_call_with_an_attempt_is_not_released(ledger: Ledger, claimed: Call) -> None:
    await begin(ledger, claimed)
    with pytest.raises(LifecycleError, match="unfinished"):
        await ledger.release(claimed.call_id, NOW, "me")
    after = await ledger.call(claimed.call_id)
    assert after is not None
    assert after.state is CallState.DIALING
