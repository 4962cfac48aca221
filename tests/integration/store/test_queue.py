from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import CallState, NewCall
from mirabelle.store.ledger import Ledger, StoreError
from tests.admission import claim, next_look

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND


def new_call(account: Account, **changes: object) -> NewCall:
    plain = NewCall(
        account_id=account.account_id,
        campaign_id=account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


async def test_a_queued_call_is_kept_as_it_was_asked_for(ledger: Ledger, account: Account) -> None:
    new = new_call(
        account,
        result_url="http://example.com/result",
        message_reference="ref ✓",
        call_parameters="a=1&b=ä",
        max_retries=3,
        retry_interval=600,
        scheduled_at=NOW + 5 * SECOND,
        expires_at=NOW + timedelta(days=1, microseconds=1),
    )
    call = await ledger.queue_call(new, NOW)
    for field in dataclasses.fields(new):
        if field.name != "scheduled_at":
            assert getattr(call, field.name) == getattr(new, field.name)
    assert (call.state, call.queued_at, call.due_at) == (CallState.QUEUED, NOW, NOW + 5 * SECOND)
    assert await ledger.call(call.call_id) == call


async def test_a_call_id_is_positive_and_fits_31_bits(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account), NOW)
    assert 0 < call.call_id < 2**31


@pytest.mark.parametrize("call_id", [0, -1, 999, 2**31, 2**70])
async def test_a_call_that_is_not_there_is_none(ledger: Ledger, call_id: int) -> None:
    assert await ledger.call(call_id) is None
    assert await ledger.attempts(call_id) == ()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"phone_number": "1" * 129}, "phone_number"),
        ({"start_url": "http://" + "x" * 2048}, "start_url"),
        ({"message_reference": "a\0b"}, "message_reference"),
        ({"call_parameters": "\udc80"}, "call_parameters"),
        ({"max_retries": 11}, "refused"),
        ({"retry_interval": 172_801}, "refused"),
        ({"account_id": 77}, "refused"),
        ({"scheduled_at": datetime(2026, 3, 1)}, "time zone"),  # noqa: DTZ001
    ],
)
async def test_a_call_that_cannot_be_kept_is_refused(
    ledger: Ledger, account: Account, changes: dict[str, object], named: str
) -> None:
    with pytest.raises(StoreError, match=named):
        await ledger.queue_call(new_call(account, **changes), NOW)
    assert await ledger.recent_calls(10) == ()


async def test_a_campaign_of_another_account_is_refused(ledger: Ledger, account: Account) -> None:
    other = await ledger.add_account("other", "hashed", NOW)
    with pytest.raises(StoreError):
        await ledger.queue_call(new_call(account, campaign_id=other.default_campaign_id), NOW)


async def test_a_bulk_load_is_queued_whole(ledger: Ledger, account: Account) -> None:
    news = (new_call(account, phone_number=f"+1617555{number:04}") for number in range(7000))
    assert await ledger.queue_calls(news, NOW) == 7000
    assert (await ledger.counts())[CallState.QUEUED] == 7000


async def test_a_bulk_load_with_one_bad_call_loads_nothing(ledger: Ledger, account: Account) -> None:
    good = [new_call(account) for _ in range(6000)]
    with pytest.raises(StoreError, match="start_url"):
        await ledger.queue_calls([*good, new_call(account, start_url="\0")], NOW)
    with pytest.raises(StoreError):
        await ledger.queue_calls([*good, new_call(account, campaign_id=99)], NOW)
    assert (await ledger.counts())[CallState.QUEUED] == 0


async def test_an_empty_bulk_load_loads_nothing(ledger: Ledger) -> None:
    assert await ledger.queue_calls([], NOW) == 0


async def test_claims_take_the_longest_due_first_and_each_call_once(ledger: Ledger, account: Account) -> None:
    late = await ledger.queue_call(new_call(account, scheduled_at=NOW + 2 * SECOND), NOW)
    early = await ledger.queue_call(new_call(account, scheduled_at=NOW + SECOND), NOW)
    same = await ledger.queue_call(new_call(account, scheduled_at=NOW + SECOND), NOW)
    now = NOW + 3 * SECOND
    first = await claim(ledger, now, 2, "one", LEASE)
    second = await claim(ledger, now, 2, "two", LEASE)
    assert [call.call_id for call in first] == [early.call_id, same.call_id]
    assert [call.call_id for call in second] == [late.call_id]
    assert {call.state for call in (*first, *second)} == {CallState.DIALING}
    assert await claim(ledger, now, 2, "three", LEASE) == ()


async def test_a_time_long_past_takes_no_place_in_front(ledger: Ledger, account: Account) -> None:
    waiting = await ledger.queue_call(new_call(account), NOW)
    pushing = await ledger.queue_call(new_call(account, scheduled_at=NOW - timedelta(days=400)), NOW + SECOND)
    claimed = await claim(ledger, NOW + SECOND, 10, "one", LEASE)
    assert [call.call_id for call in claimed] == [waiting.call_id, pushing.call_id]


async def test_a_call_is_not_claimed_before_its_time(ledger: Ledger, account: Account) -> None:
    await ledger.queue_call(new_call(account, scheduled_at=NOW + SECOND), NOW)
    assert await claim(ledger, NOW + SECOND - timedelta(microseconds=1), 1, "one", LEASE) == ()
    assert len(await claim(ledger, NOW + SECOND, 1, "one", LEASE)) == 1


async def test_a_claimed_call_brings_its_campaigns_parameters(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account), NOW)
    [claimed] = await claim(ledger, NOW, 1, "one", LEASE)
    assert claimed == dataclasses.replace(call, state=CallState.DIALING, trunk="wide")


async def test_an_expired_call_is_never_claimed(ledger: Ledger, account: Account) -> None:
    await ledger.queue_call(new_call(account, expires_at=NOW + SECOND), NOW)
    assert await claim(ledger, NOW + SECOND, 1, "one", LEASE) == ()


async def test_an_expired_call_ends_with_its_result_in_the_outbox(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(
        new_call(account, expires_at=NOW + SECOND, result_url="http://example.com/result"), NOW
    )
    silent = await ledger.queue_call(new_call(account, expires_at=NOW + SECOND), NOW)
    assert await ledger.expire_due(NOW, 10) == ()
    expired = await ledger.expire_due(NOW + SECOND, 10)
    assert [(each.call_id, each.state, each.ended_at) for each in expired] == [
        (call.call_id, CallState.EXPIRED, NOW + SECOND),
        (silent.call_id, CallState.EXPIRED, NOW + SECOND),
    ]
    [delivery] = await ledger.claim_deliveries(NOW + SECOND, 10, "one", LEASE)
    assert delivery.call_id == call.call_id
    assert dict(delivery.form)["result"] == "failed"
    assert await ledger.expire_due(NOW + SECOND, 10) == ()


async def test_expiry_takes_no_more_than_its_limit(ledger: Ledger, account: Account) -> None:
    await ledger.queue_calls([new_call(account, expires_at=NOW)] * 5, NOW)
    assert len(await ledger.expire_due(NOW, 3)) == 3
    assert len(await ledger.expire_due(NOW, 3)) == 2


async def test_the_next_instant_is_the_earliest_due_time_or_expiration(ledger: Ledger, account: Account) -> None:
    assert await next_look(ledger, NOW) is None
    await ledger.queue_call(new_call(account, scheduled_at=NOW + 60 * SECOND), NOW)
    assert await next_look(ledger, NOW) == NOW + 60 * SECOND
    await ledger.queue_call(new_call(account, scheduled_at=NOW + 90 * SECOND, expires_at=NOW + 50 * SECOND), NOW)
    assert await next_look(ledger, NOW) == NOW + 50 * SECOND


async def test_counts_name_every_state(ledger: Ledger, account: Account) -> None:
    await ledger.queue_calls([new_call(account)] * 3, NOW)
    await claim(ledger, NOW, 1, "one", LEASE)
    counts = await ledger.counts()
    assert set(counts) == set(CallState)
    assert (counts[CallState.QUEUED], counts[CallState.DIALING], counts[CallState.FAILED]) == (2, 1, 0)


async def test_recent_calls_are_the_newest_first(ledger: Ledger, account: Account) -> None:
    queued = [await ledger.queue_call(new_call(account), NOW) for _ in range(3)]
    assert await ledger.recent_calls(2) == (queued[2], queued[1])
