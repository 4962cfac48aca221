from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.store.ledger import Ledger, StoreError
from mirabelle.store.records import Remembered

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
