from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.store.ledger import CallBusy, Ledger, StoreError
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND


def new_call(account: Account, **changes: object) -> NewCall:
    plain = NewCall(
        account_id=account.account_id,
        campaign_id=account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
        result_url="http://example.com/result",
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


async def state_of(ledger: Ledger, call: Call) -> CallState:
    found = await ledger.call(call.call_id)
    assert found is not None
    return found.state


async def dial(ledger: Ledger, call: Call, outcome: Outcome, state: CallState) -> None:
    """Claim a call and end its attempt."""
    [claimed] = await claim(ledger, NOW, 1, "one", LEASE)
    assert claimed.call_id == call.call_id
    attempt = await ledger.begin_attempt(call.call_id, f"{call.call_id}@x", "main", NOW, "one")
    if outcome is Outcome.ANSWERED:
        await ledger.attempt_answered(attempt.attempt_id, NOW)
    await ledger.end_attempt(
        attempt.attempt_id, outcome=outcome, now=NOW, sip_status=0, detail="why", step=NextStep(state, None)
    )


async def test_a_queued_call_is_cancelled_and_reported(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account), NOW)
    cancelled = await ledger.cancel_call(call.call_id, NOW + SECOND)
    assert (cancelled.state, cancelled.ended_at) == (CallState.CANCELED, NOW + SECOND)
    assert await claim(ledger, NOW + SECOND, 1, "one", LEASE) == ()
    [delivery] = await ledger.claim_deliveries(NOW + SECOND, 10, "one", LEASE)
    assert (delivery.call_id, dict(delivery.form)["result"]) == (call.call_id, "failed")


async def test_a_call_that_has_ended_stays_as_it_is(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account), NOW)
    cancelled = await ledger.cancel_call(call.call_id, NOW)
    assert await ledger.cancel_call(call.call_id, NOW + SECOND) == cancelled
    assert len(await ledger.claim_deliveries(NOW, 10, "one", LEASE)) == 1


async def test_a_call_that_is_being_dialled_cannot_be_cancelled(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account), NOW)
    await claim(ledger, NOW, 1, "one", LEASE)
    with pytest.raises(CallBusy, match="being dialled"):
        await ledger.cancel_call(call.call_id, NOW)
    assert await state_of(ledger, call) is CallState.DIALING


@pytest.mark.parametrize("call_id", [-1, 0, 99, 2**31, 2**70])
async def test_a_call_that_is_not_there_cannot_be_cancelled(ledger: Ledger, call_id: int) -> None:
    with pytest.raises(StoreError, match="no call"):
        await ledger.cancel_call(call_id, NOW)


async def test_cancelling_a_campaign_takes_all_that_waits_and_nothing_else(ledger: Ledger, account: Account) -> None:
    busy = await ledger.queue_call(new_call(account), NOW)
    await claim(ledger, NOW, 1, "one", LEASE)
    other = await ledger.add_campaign(account.account_id, "other", "", NOW)
    apart = await ledger.queue_call(new_call(account, campaign_id=other.campaign_id), NOW)
    await ledger.queue_calls([new_call(account)] * 1200, NOW)
    assert await ledger.cancel_campaign(account.default_campaign_id, NOW) == 1200
    assert await ledger.cancel_campaign(account.default_campaign_id, NOW) == 0
    counts = await ledger.campaign_counts(account.default_campaign_id)
    assert (counts[CallState.CANCELED], counts[CallState.DIALING]) == (1200, 1)
    assert await state_of(ledger, busy) is CallState.DIALING
    assert await state_of(ledger, apart) is CallState.QUEUED
    assert len(await ledger.claim_deliveries(NOW, 5000, "one", LEASE)) == 1200


@pytest.mark.parametrize("campaign_id", [-1, 0, 99, 2**31, 2**70])
async def test_a_campaign_that_is_not_there_is_neither_cancelled_nor_retried(ledger: Ledger, campaign_id: int) -> None:
    with pytest.raises(StoreError, match="no campaign"):
        await ledger.cancel_campaign(campaign_id, NOW)
    with pytest.raises(StoreError, match="no campaign"):
        await ledger.retry_failed(campaign_id, NOW)


async def test_a_failed_call_is_retried_with_all_its_attempts(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account, max_retries=2), NOW)
    await dial(ledger, call, Outcome.BUSY, CallState.FAILED)
    assert await ledger.retry_failed(account.default_campaign_id, NOW + SECOND) == 1
    again = await ledger.call(call.call_id)
    assert again is not None
    assert (again.state, again.attempts, again.due_at) == (CallState.QUEUED, 0, NOW + SECOND)
    assert (again.detail, again.ended_at, again.last_attempt_at) == ("", None, NOW)
    assert await ledger.retry_failed(account.default_campaign_id, NOW + SECOND) == 0


async def test_a_retried_call_goes_on_counting_attempts_and_reports_again(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account), NOW)
    await dial(ledger, call, Outcome.BUSY, CallState.FAILED)
    await ledger.retry_failed(account.default_campaign_id, NOW)
    await dial(ledger, call, Outcome.ANSWERED, CallState.COMPLETED)
    assert [attempt.number for attempt in await ledger.attempts(call.call_id)] == [1, 2]
    deliveries = await ledger.claim_deliveries(NOW, 10, "one", LEASE)
    assert [(each.sequence, dict(each.form)["result"]) for each in deliveries] == [(1, "failed"), (2, "completed")]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.ANSWERED, CallState.FAILED), (Outcome.ANSWERED, CallState.COMPLETED)],
)
async def test_nobody_who_answered_is_called_again(
    ledger: Ledger, account: Account, outcome: Outcome, state: CallState
) -> None:
    call = await ledger.queue_call(new_call(account), NOW)
    await dial(ledger, call, outcome, state)
    assert await ledger.retry_failed(account.default_campaign_id, NOW) == 0
    assert await state_of(ledger, call) is state


async def test_what_was_cancelled_is_not_retried(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account), NOW)
    await ledger.cancel_call(call.call_id, NOW)
    assert await ledger.retry_failed(account.default_campaign_id, NOW) == 0


async def test_an_expired_call_is_retried_only_with_a_new_expiration(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account, expires_at=NOW), NOW)
    await ledger.expire_due(NOW, 1)
    campaign = account.default_campaign_id
    assert await ledger.retry_failed(campaign, NOW) == 0
    with pytest.raises(StoreError, match="past"):
        await ledger.retry_failed(campaign, NOW, expires_at=NOW)
    assert await ledger.retry_failed(campaign, NOW, expires_at=NOW + SECOND) == 1
    again = await ledger.call(call.call_id)
    assert again is not None
    assert (again.state, again.expires_at) == (CallState.QUEUED, NOW + SECOND)


async def test_a_large_campaign_is_retried_whole(ledger: Ledger, account: Account) -> None:
    await ledger.queue_calls([new_call(account, expires_at=NOW + SECOND)] * 1100, NOW)
    while await ledger.expire_due(NOW + SECOND, 500):
        pass
    later = NOW + 9 * SECOND
    assert await ledger.retry_failed(account.default_campaign_id, NOW + SECOND, expires_at=later) == 1100
    assert (await ledger.counts())[CallState.QUEUED] == 1100
