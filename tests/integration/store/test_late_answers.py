"""Answers to INVITEs that nobody keeps track of any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.attempt import Attempt, AttemptState, new_sip_call_id
from mirabelle.calls.audit import Decision
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.store.audit_verification import verify
from mirabelle.store.ledger import LeaseLost, Ledger
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND
LATER = NOW + 60 * SECOND


async def dialled(ledger: Ledger, account: Account) -> tuple[Call, Attempt]:
    """A call whose INVITE has left, by a dialer that is dead since."""
    new = NewCall(
        account_id=account.account_id,
        campaign_id=account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
        result_url="http://example.com/result",
        max_retries=3,
    )
    await ledger.queue_calls([new], NOW)
    [call] = await claim(ledger, NOW, 1, "dead", LEASE)
    sip_call_id = new_sip_call_id(call.call_id)
    return call, await ledger.begin_attempt(call.call_id, sip_call_id, "main", NOW, "dead")


async def interrupted(ledger: Ledger, attempt: Attempt, state: CallState = CallState.QUEUED) -> Call:
    """Another dialer has decided about the attempt."""
    await ledger.recover(LEASE, "heir", LATER)
    return await ledger.end_attempt(
        attempt.attempt_id,
        outcome=Outcome.INTERRUPTED,
        now=LEASE,
        sip_status=0,
        detail="",
        step=NextStep(state, LATER if state is CallState.QUEUED else None),
    )


async def state_of(ledger: Ledger, call: Call) -> CallState:
    found = await ledger.call(call.call_id)
    assert found is not None
    return found.state


async def test_a_call_that_waits_for_its_next_attempt_ends_with_a_result(ledger: Ledger, account: Account) -> None:
    call, attempt = await dialled(ledger, account)
    await interrupted(ledger, attempt)
    ended = await ledger.answered_late(attempt.sip_call_id, LATER)
    assert ended is not None
    assert (ended.state, ended.ended_at) == (CallState.FAILED, LATER)
    assert await claim(ledger, LATER + 60 * SECOND, 1, "heir", LATER + 90 * SECOND) == ()
    [delivery] = await ledger.claim_deliveries(LATER, 10, "heir", LATER + SECOND)
    assert delivery.call_id == call.call_id


async def test_it_is_one_answer_however_often_it_is_said(ledger: Ledger, account: Account) -> None:
    _, attempt = await dialled(ledger, account)
    await interrupted(ledger, attempt)
    first = await ledger.answered_late(attempt.sip_call_id, LATER)
    assert await ledger.answered_late(attempt.sip_call_id, LATER + SECOND) == first
    assert len(await ledger.claim_deliveries(LATER, 10, "heir", LATER + SECOND)) == 1


async def test_whoever_takes_the_call_over_finds_it_answered(ledger: Ledger, account: Account) -> None:
    call, attempt = await dialled(ledger, account)
    connected = await ledger.answered_late(attempt.sip_call_id, NOW + SECOND)
    assert connected is not None
    assert connected.state is CallState.CONNECTED
    [(_, found)] = await ledger.recover(LEASE, "heir", LATER)
    assert found is not None
    assert (found.state, found.answered_at) == (AttemptState.ANSWERED, NOW + SECOND)
    assert await state_of(ledger, call) is CallState.CONNECTED


async def test_while_another_decides_about_the_attempt_it_has_to_be_said_again(
    ledger: Ledger, account: Account
) -> None:
    call, attempt = await dialled(ledger, account)
    await ledger.recover(LEASE, "heir", LATER)
    assert await ledger.answered_late(attempt.sip_call_id, LEASE) is None
    assert await state_of(ledger, call) is CallState.DIALING


async def test_a_call_that_was_admitted_again_is_not_dialled(ledger: Ledger, account: Account) -> None:
    call, attempt = await dialled(ledger, account)
    await interrupted(ledger, attempt)
    [again] = await claim(ledger, LATER, 1, "heir", LATER + 30 * SECOND)
    assert (await ledger.answered_late(attempt.sip_call_id, LATER)) is not None
    assert await state_of(ledger, call) is CallState.FAILED
    with pytest.raises(LeaseLost):
        await ledger.begin_attempt(again.call_id, new_sip_call_id(again.call_id), "main", LATER, "heir")


async def test_a_call_that_rings_again_goes_on_and_the_answer_is_kept(ledger: Ledger, account: Account) -> None:
    call, attempt = await dialled(ledger, account)
    await interrupted(ledger, attempt)
    await claim(ledger, LATER, 1, "heir", LATER + 30 * SECOND)
    await ledger.begin_attempt(call.call_id, new_sip_call_id(call.call_id), "main", LATER, "heir")
    kept = await ledger.answered_late(attempt.sip_call_id, LATER)
    assert kept is not None
    assert kept.state is CallState.DIALING
    assert [each.answered_at for each in await ledger.attempts(call.call_id)] == [LATER, None]


async def test_a_call_that_is_over_stays_as_it_is_and_is_not_taken_back(ledger: Ledger, account: Account) -> None:
    call, attempt = await dialled(ledger, account)
    over = await interrupted(ledger, attempt, CallState.FAILED)
    kept = await ledger.answered_late(attempt.sip_call_id, LATER)
    assert kept is not None
    assert (kept.state, kept.ended_at) == (over.state, over.ended_at)
    assert await ledger.retry_failed(call.campaign_id, LATER) == 0


@pytest.mark.parametrize(
    "sip_call_id", ["", "1", "x@mirabelle", "1-x@mirabelle", "1-x@elsewhere", "9" * 40 + "-x@mirabelle"]
)
async def test_a_call_id_that_is_not_ours_changes_nothing(ledger: Ledger, account: Account, sip_call_id: str) -> None:
    call, _ = await dialled(ledger, account)
    assert await ledger.answered_late(sip_call_id, LATER) is None
    assert await state_of(ledger, call) is CallState.DIALING


async def test_the_audit_tells_of_it_and_holds(ledger: Ledger, account: Account) -> None:
    call, attempt = await dialled(ledger, account)
    await interrupted(ledger, attempt)
    await ledger.answered_late(attempt.sip_call_id, LATER)
    await ledger.seal_audit(100)
    entries = await ledger.audit_newest(call_id=call.call_id, limit=1)
    assert [entry.decision for entry in entries] == [Decision.ANSWERED_LATE]
    assert (await verify(ledger)).broken == 0
