from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import CallState, NewCall
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.store.ledger import LeaseLost, Ledger
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND
LATER = NOW + 60 * SECOND


async def queue(ledger: Ledger, account: Account, count: int) -> None:
    new = NewCall(
        account_id=account.account_id,
        campaign_id=account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
    )
    await ledger.queue_calls([new] * count, NOW)


async def test_a_renewed_lease_is_not_recovered(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 3)
    await claim(ledger, NOW, 2, "one", LEASE)
    await claim(ledger, NOW, 1, "two", LEASE)
    assert await ledger.renew_leases("one", LATER, [1, 2, 3]) == 2
    [(call, attempt)] = await ledger.recover(LEASE, "three", LATER)
    assert (call.call_id, attempt) == (3, None)


async def test_a_lease_that_runs_is_left_alone(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 1)
    await claim(ledger, NOW, 1, "one", LEASE)
    assert await ledger.recover(LEASE - SECOND, "two", LATER) == ()


async def test_recovery_hands_over_each_call_with_its_unfinished_attempt_once(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 3)
    first, second, third = await claim(ledger, NOW, 3, "dead", LEASE)
    sent = await ledger.begin_attempt(second.call_id, "two@test", "main", NOW, "dead")
    answered = await ledger.begin_attempt(third.call_id, "three@test", "main", NOW, "dead")
    await ledger.attempt_answered(answered.attempt_id, NOW)
    found = await ledger.recover(LEASE, "heir", LATER)
    assert [(call.call_id, attempt and attempt.attempt_id) for call, attempt in found] == [
        (first.call_id, None),
        (second.call_id, sent.attempt_id),
        (third.call_id, answered.attempt_id),
    ]
    assert found[2][0].state is CallState.CONNECTED
    assert found[2][1] is not None
    assert found[2][1].answered_at == NOW
    assert await ledger.recover(LEASE, "another", LATER) == ()


async def test_an_ended_attempt_does_not_come_back_with_a_later_claim(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 1)
    [call] = await claim(ledger, NOW, 1, "one", LEASE)
    attempt = await ledger.begin_attempt(call.call_id, "one@test", "main", NOW, "one")
    again = NextStep(CallState.QUEUED, NOW)
    await ledger.end_attempt(attempt.attempt_id, outcome=Outcome.BUSY, now=NOW, sip_status=486, detail="", step=again)
    await claim(ledger, NOW, 1, "one", LEASE)
    assert [attempt for _, attempt in await ledger.recover(LEASE, "two", LATER)] == [None]


async def test_who_lost_the_call_cannot_connect_it(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 1)
    [call] = await claim(ledger, NOW, 1, "slow", LEASE)
    attempt = await ledger.begin_attempt(call.call_id, "one@test", "main", NOW, "slow")
    await ledger.recover(LEASE, "heir", LATER)
    with pytest.raises(LeaseLost, match="hang up"):
        await ledger.attempt_answered(attempt.attempt_id, LEASE)


async def test_the_heir_releases_what_was_never_sent(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 1)
    await claim(ledger, NOW, 1, "dead", LEASE)
    [(call, _)] = await ledger.recover(LEASE, "heir", LATER)
    await ledger.release(call.call_id, LEASE, "heir")
    assert len(await claim(ledger, LEASE, 1, "heir", LATER)) == 1


async def test_the_heir_ends_an_attempt_in_doubt_as_interrupted(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 1)
    [call] = await claim(ledger, NOW, 1, "dead", LEASE)
    await ledger.begin_attempt(call.call_id, "one@test", "main", NOW, "dead")
    [(_, attempt)] = await ledger.recover(LEASE, "heir", LATER)
    assert attempt is not None
    after = await ledger.end_attempt(
        attempt.attempt_id,
        outcome=Outcome.INTERRUPTED,
        now=LEASE,
        sip_status=0,
        detail="",
        step=NextStep(CallState.QUEUED, LATER),
    )
    assert (after.state, after.attempts) == (CallState.QUEUED, 1)


async def test_four_claimers_never_take_the_same_call(
    ledger: Ledger, account: Account, another: Callable[[], Awaitable[Ledger]]
) -> None:
    await queue(ledger, account, 1000)
    ledgers = [await another() for _ in range(4)]

    async def claim_all(one: Ledger, owner: str) -> list[int]:
        taken: list[int] = []
        while calls := await claim(one, NOW, 7, owner, LEASE):
            taken += [call.call_id for call in calls]
        return taken

    taken = await asyncio.gather(*(claim_all(one, f"claimer {n}") for n, one in enumerate(ledgers)))
    everything = [call_id for part in taken for call_id in part]
    assert len(everything) == len(set(everything)) == 1000


async def test_four_recoverers_never_take_the_same_call(
    ledger: Ledger, account: Account, another: Callable[[], Awaitable[Ledger]]
) -> None:
    await queue(ledger, account, 100)
    await claim(ledger, NOW, 100, "dead", LEASE)
    ledgers = [await another() for _ in range(4)]
    found = await asyncio.gather(*(one.recover(LEASE, f"heir {n}", LATER) for n, one in enumerate(ledgers)))
    everything = [call.call_id for part in found for call, _ in part]
    assert sorted(everything) == list(range(1, 101))


async def test_an_attempt_ends_once_whoever_asks_at_the_same_time(
    ledger: Ledger, account: Account, another: Callable[[], Awaitable[Ledger]]
) -> None:
    await queue(ledger, account, 20)
    for call in await claim(ledger, NOW, 20, "one", LEASE):
        attempt = await ledger.begin_attempt(call.call_id, f"{call.call_id}@test", "main", NOW, "one")
        assert attempt.attempt_id == call.call_id
    other = await another()

    async def end(one: Ledger, attempt_id: int) -> bool:
        try:
            await one.end_attempt(
                attempt_id,
                outcome=Outcome.BUSY,
                now=NOW,
                sip_status=486,
                detail="",
                step=NextStep(CallState.QUEUED, NOW),
            )
        except LeaseLost:
            return False
        return True

    ended = await asyncio.gather(*(end(one, number) for number in range(1, 21) for one in (ledger, other)))
    assert sum(ended) == 20
    assert [call.attempts for call in await ledger.recent_calls(20)] == [1] * 20


async def test_a_lease_of_ours_that_we_do_not_name_runs_out(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 2)
    first, second = await claim(ledger, NOW, 2, "one", LEASE)
    assert await ledger.renew_leases("one", LATER, [second.call_id]) == 1
    assert await ledger.renew_leases("one", LATER, []) == 0
    assert [call.call_id for call, _ in await ledger.recover(LEASE, "one", LATER)] == [first.call_id]
