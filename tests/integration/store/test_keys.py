from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mirabelle.calls.account import Account
from mirabelle.store.ledger import Ledger, StoreError
from mirabelle.store.records import KeyRecord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("role", ["admin", "manager", "read"])
async def test_a_key_opens_its_account_in_its_role(ledger: Ledger, account: Account, role: Any) -> None:
    await ledger.add_key(account.account_id, role, "abc", NOW)
    assert await ledger.key("abc") == (account.account_id, role)


async def test_a_revoked_key_opens_nothing(ledger: Ledger, account: Account) -> None:
    key_id = await ledger.add_key(account.account_id, "read", "abc", NOW)
    other = await ledger.add_key(account.account_id, "read", "def", NOW)
    await ledger.revoke_key(key_id)
    await ledger.revoke_key(key_id)
    assert await ledger.key("abc") is None
    assert await ledger.key("def") is not None
    assert other != key_id


@pytest.mark.parametrize("key_hash", ["", "ABC", "x" * 300, "a\0b", "\ud800"])
async def test_a_key_that_nobody_has_opens_nothing(ledger: Ledger, account: Account, key_hash: str) -> None:
    await ledger.add_key(account.account_id, "read", "abc", NOW)
    assert await ledger.key(key_hash) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"role": "owner"}, "role"),
        ({"key_hash": ""}, "hash"),
        ({"key_hash": "x" * 256}, "hash"),
        ({"account_id": 99}, "refused"),
    ],
)
async def test_a_key_that_cannot_be_stored_is_refused(
    ledger: Ledger, account: Account, change: dict[str, Any], said: str
) -> None:
    plain = {"account_id": account.account_id, "role": "read", "key_hash": "abc", "now": NOW}
    with pytest.raises(StoreError, match=said):
        await ledger.add_key(**{**plain, **change})


async def test_a_key_is_given_once(ledger: Ledger, account: Account) -> None:
    await ledger.add_key(account.account_id, "read", "abc", NOW)
    with pytest.raises(StoreError, match="refused"):
        await ledger.add_key(account.account_id, "admin", "abc", NOW)


@pytest.mark.parametrize("key_id", [-1, 0, 99, 2**31, 2**70])
async def test_a_key_that_is_not_there_is_revoked_already(ledger: Ledger, key_id: int) -> None:
    await ledger.revoke_key(key_id)


async def test_the_keys_of_an_account_are_listed_without_what_opens_it(ledger: Ledger, account: Account) -> None:
    other = await ledger.add_account("other", "hashed", NOW)
    first = await ledger.add_key(account.account_id, "admin", "abc", NOW, name="the shop")
    second = await ledger.add_key(account.account_id, "read", "def", NOW)
    await ledger.add_key(other.account_id, "read", "ghi", NOW)
    assert await ledger.keys(account.account_id) == (
        KeyRecord(first, "admin", "the shop", NOW),
        KeyRecord(second, "read", "", NOW),
    )
    await ledger.revoke_key(first)
    assert [each.key_id for each in await ledger.keys(account.account_id)] == [second]


@pytest.mark.parametrize("account_id", [-1, 0, 99, 2**31, 2**70])
async def test_nobodys_keys_are_none(ledger: Ledger, account_id: int) -> None:
    assert await ledger.keys(account_id) == ()


async def test_an_account_revokes_a_key_of_its_own(ledger: Ledger, account: Account) -> None:
    key_id = await ledger.add_key(account.account_id, "read", "abc", NOW)
    await ledger.revoke_key(key_id, account_id=account.account_id)
    assert await ledger.key("abc") is None


async def test_an_account_cannot_revoke_the_key_of_another(ledger: Ledger, account: Account) -> None:
    other = await ledger.add_account("other", "hashed", NOW)
    key_id = await ledger.add_key(account.account_id, "read", "abc", NOW)
    with pytest.raises(StoreError, match=f"no key {key_id}"):
        await ledger.revoke_key(key_id, account_id=other.account_id)
    assert await ledger.key("abc") is not None


@pytest.mark.parametrize("key_id", [-1, 0, 99, 2**31, 2**70])
async def test_a_key_that_an_account_does_not_have_is_not_revoked(
    ledger: Ledger, account: Account, key_id: int
) -> None:
    with pytest.raises(StoreError, match="no key"):
        await ledger.revoke_key(key_id, account_id=account.account_id)
