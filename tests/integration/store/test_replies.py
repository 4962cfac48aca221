from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import Call, NewCall
from mirabelle.store.ledger import AlreadyAnswered, Ledger, StoreError
from mirabelle.store.records import KeptReply, Remembered, Uploaded

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_the_first_reply_is_the_one_that_is_remembered(ledger: Ledger, account: Account) -> None:
    assert await ledger.remember(account.account_id, "key", "hash", 201, '{"é": 1}', NOW)
    assert not await ledger.remember(account.account_id, "key", "other", 500, "", NOW)
    assert await ledger.remembered(account.account_id, "key") == Remembered("hash", 201, '{"é": 1}')


async def test_each_account_has_keys_of_its_own(ledger: Ledger, account: Account) -> None:
    other = await ledger.add_account("other", "hashed", NOW)
    await ledger.remember(account.account_id, "key", "hash", 201, "", NOW)
    assert await ledger.remembered(other.account_id, "key") is None
    assert await ledger.remember(other.account_id, "key", "hash", 201, "", NOW)


@pytest.mark.parametrize("key", ["", "KEY", "x" * 300, "a\0b", "\ud800"])
async def test_a_key_that_was_never_sent_has_no_reply(ledger: Ledger, account: Account, key: str) -> None:
    await ledger.remember(account.account_id, "key", "hash", 201, "", NOW)
    assert await ledger.remembered(account.account_id, key) is None


@pytest.mark.parametrize("account_id", [-1, 0, 2**31, 2**70])
async def test_nobody_has_replies(ledger: Ledger, account_id: int) -> None:
    assert await ledger.remembered(account_id, "key") is None


async def test_old_replies_are_forgotten(ledger: Ledger, account: Account) -> None:
    for hours in range(3):
        await ledger.remember(account.account_id, f"key {hours}", "hash", 201, "", NOW + hours * HOUR)
    assert await ledger.forget_before(NOW + HOUR) == 1
    assert await ledger.remembered(account.account_id, "key 0") is None
    assert await ledger.remembered(account.account_id, "key 1") is not None


@pytest.mark.parametrize(("key", "reply"), [("x" * 256, ""), ("a\0b", ""), ("key", "x" * 1_000_001), ("key", "\0")])
async def test_a_reply_that_cannot_be_stored_is_refused(ledger: Ledger, account: Account, key: str, reply: str) -> None:
    with pytest.raises(StoreError, match=r"Idempotency-Key|reply"):
        await ledger.remember(account.account_id, key, "hash", 200, reply, NOW)


def new_call(account: Account) -> NewCall:
    return NewCall(
        account_id=account.account_id,
        campaign_id=account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
    )


def about(call: Call) -> KeptReply:
    return KeptReply("key", "hash", 201, f"call {call.call_id}")


async def test_a_call_is_queued_together_with_the_reply_about_it(ledger: Ledger, account: Account) -> None:
    call = await ledger.queue_call(new_call(account), NOW, reply=about)
    assert await ledger.remembered(account.account_id, "key") == Remembered("hash", 201, f"call {call.call_id}")


async def test_of_requests_with_one_key_at_once_one_queues_a_call(ledger: Ledger, account: Account) -> None:
    done = await asyncio.gather(
        *(ledger.queue_call(new_call(account), NOW, reply=about) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(each, AlreadyAnswered) for each in done) == 7
    assert len(await ledger.calls(account.account_id)) == 1


async def test_a_list_that_was_answered_before_leaves_nothing(ledger: Ledger, account: Account) -> None:
    async def batches() -> AsyncIterator[Sequence[NewCall]]:
        yield [new_call(account)] * 3

    def reply(uploaded: Uploaded) -> KeptReply:
        return KeptReply("list", "hash", 201, str(uploaded.queued))

    first = await ledger.upload(account.account_id, "spring", "", batches(), NOW, reply=reply)
    assert await ledger.remembered(account.account_id, "list") == Remembered("hash", 201, "3")
    with pytest.raises(AlreadyAnswered):
        await ledger.upload(account.account_id, "", "", batches(), NOW, into=first.campaign_id, reply=reply)
    assert len(await ledger.calls(account.account_id)) == 3
