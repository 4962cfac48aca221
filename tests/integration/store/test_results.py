from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall
from mirabelle.store.ledger import Ledger, StoreError
from mirabelle.store.records import ResultState, StoredResult

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND
NO_KEYS = [-1, 0, 99, 2**31, 2**63, 2**70]


async def report(ledger: Ledger, account: Account, count: int = 1) -> list[int]:
    """Results that wait to be posted."""
    for _ in range(count):
        new = NewCall(
            account_id=account.account_id,
            campaign_id=account.default_campaign_id,
            phone_number="+16175550123",
            start_url="http://example.com/start",
            result_url="http://example.com/result",
        )
        call = await ledger.queue_call(new, NOW)
        await ledger.cancel_call(call.call_id, NOW)
    return [each.delivery_id for each in await ledger.results(account.account_id)]


async def found(ledger: Ledger, delivery_id: int) -> StoredResult:
    result = await ledger.result(delivery_id)
    assert result is not None
    return result


async def test_a_result_tells_where_it_stands(ledger: Ledger, account: Account) -> None:
    [delivery_id] = await report(ledger, account)
    waiting = await found(ledger, delivery_id)
    assert (waiting.state, waiting.attempts, waiting.due_at, waiting.created_at) == (ResultState.PENDING, 0, NOW, NOW)
    assert (waiting.account_id, waiting.sequence, waiting.url) == (account.account_id, 1, "http://example.com/result")
    assert dict(waiting.form)["result"] == "failed"
    await ledger.claim_deliveries(NOW, 1, "one", LEASE)
    await ledger.delivery_failed(delivery_id, now=NOW, next_at=NOW + SECOND, reason="500")
    failed = await found(ledger, delivery_id)
    assert (failed.state, failed.attempts, failed.due_at, failed.reason) == (
        ResultState.PENDING,
        1,
        NOW + SECOND,
        "500",
    )


async def test_results_are_listed_in_pages_and_by_state(ledger: Ledger, account: Account) -> None:
    done, dead, *waiting = await report(ledger, account, 5)
    other = await ledger.add_account("other", "hashed", NOW)
    await report(ledger, other)
    await ledger.delivery_done(done, NOW)
    await ledger.delivery_failed(dead, now=NOW, next_at=None, reason="410")

    async def keys(state: ResultState | None, after: int = 0, limit: int = 10) -> list[int]:
        listed = await ledger.results(account.account_id, state=state, after=after, limit=limit)
        assert state is None or {each.state for each in listed} == {state}
        return [each.delivery_id for each in listed]

    assert await keys(None) == [done, dead, *waiting]
    assert await keys(None, after=dead, limit=2) == waiting[:2]
    assert await keys(ResultState.DONE) == [done]
    assert await keys(ResultState.DEAD) == [dead]
    assert await keys(ResultState.PENDING, after=waiting[0]) == waiting[1:]


@pytest.mark.parametrize("dead", [True, False])
async def test_a_replayed_result_is_posted_again_like_a_new_one(ledger: Ledger, account: Account, dead: bool) -> None:
    [delivery_id] = await report(ledger, account)
    await ledger.claim_deliveries(NOW, 1, "one", LEASE)
    if dead:
        await ledger.delivery_failed(delivery_id, now=NOW, next_at=None, reason="410")
    else:
        await ledger.delivery_done(delivery_id, NOW)
    await ledger.replay(delivery_id, NOW + SECOND)
    again = await found(ledger, delivery_id)
    assert (again.state, again.ended_at, again.reason) == (ResultState.PENDING, None, "")
    assert await ledger.next_delivery(NOW) == NOW + SECOND
    [delivery] = await ledger.claim_deliveries(NOW + SECOND, 1, "one", LEASE)
    assert (delivery.delivery_id, delivery.attempts) == (delivery_id, 0)


async def test_a_replay_of_what_is_pending_changes_nothing(ledger: Ledger, account: Account) -> None:
    [delivery_id] = await report(ledger, account)
    await ledger.claim_deliveries(NOW, 1, "one", LEASE)
    before = await found(ledger, delivery_id)
    await ledger.replay(delivery_id, NOW)
    assert await found(ledger, delivery_id) == before


@pytest.mark.parametrize("key", NO_KEYS)
async def test_a_result_that_is_not_there_is_none_and_cannot_be_replayed(ledger: Ledger, key: int) -> None:
    assert await ledger.result(key) is None
    assert await ledger.results(key) == ()
    with pytest.raises(StoreError, match="no result"):
        await ledger.replay(key, NOW)


async def test_a_page_may_begin_behind_any_number(ledger: Ledger, account: Account) -> None:
    await report(ledger, account)
    assert await ledger.results(account.account_id, after=2**70) == ()
    assert len(await ledger.results(account.account_id, after=-(2**70))) == 1


async def test_the_results_of_a_call_are_listed_in_order(ledger: Ledger, account: Account) -> None:
    delivery_id, _other = await report(ledger, account, 2)
    result = await found(ledger, delivery_id)
    assert await ledger.results_of_call(result.call_id) == (result,)


@pytest.mark.parametrize("call_id", [-1, 0, 99, 2**31, 2**70])
async def test_no_call_has_no_results(ledger: Ledger, call_id: int) -> None:
    assert await ledger.results_of_call(call_id) == ()
