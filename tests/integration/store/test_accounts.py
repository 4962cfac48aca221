from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mirabelle.calls.account import Account, AccountSettings
from mirabelle.store.ledger import AccountExists, Ledger, StoreError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_an_account_is_found_by_login_and_by_key(ledger: Ledger, account: Account) -> None:
    assert await ledger.account_by_login("acme") == account
    assert await ledger.account(account.account_id) == account


async def test_an_unknown_account_is_none(ledger: Ledger) -> None:
    assert await ledger.account_by_login("nobody") is None
    assert await ledger.account(7) is None


@pytest.mark.parametrize("login", ["x" * 200, "a\0b", "\ud800"])
async def test_a_login_that_cannot_exist_is_looked_up_like_any_other(ledger: Ledger, login: str) -> None:
    assert await ledger.account_by_login(login) is None


async def test_a_login_is_given_once(ledger: Ledger, account: Account) -> None:
    with pytest.raises(AccountExists, match="acme"):
        await ledger.add_account(account.login, "other", NOW)
    assert await ledger.account_by_login("acme") == account


async def test_each_account_has_a_default_campaign_of_its_own(ledger: Ledger, account: Account) -> None:
    other = await ledger.add_account("other", "hashed", NOW)
    assert other.default_campaign_id != account.default_campaign_id


@pytest.mark.parametrize("login", ["", "x" * 129, "a\0b"])
async def test_a_login_that_cannot_be_stored_is_refused_with_a_sentence(ledger: Ledger, login: str) -> None:
    with pytest.raises(StoreError, match="login"):
        await ledger.add_account(login, "hashed", NOW)


async def test_settings_of_an_account_are_kept(ledger: Ledger, account: Account) -> None:
    chosen = AccountSettings(
        preflight=False,
        start_method="get",
        country="FR",
        bad_vxml="refuse",
        result_extras=True,
        result_literals="extended",
    )
    assert account.settings == AccountSettings()
    changed = await ledger.update_settings(account.account_id, chosen)
    assert changed.settings == chosen
    assert await ledger.account_by_login("acme") == changed


@pytest.mark.parametrize("account_id", [-1, 0, 99, 2**31, 2**70])
async def test_settings_of_nobody_are_refused(ledger: Ledger, account_id: int) -> None:
    with pytest.raises(StoreError, match="no account"):
        await ledger.update_settings(account_id, AccountSettings())


async def test_accounts_are_listed_in_pages(ledger: Ledger, account: Account) -> None:
    other = await ledger.add_account("other", "hashed", NOW)
    assert await ledger.accounts(limit=1) == (account,)
    assert await ledger.accounts(after=account.account_id) == (other,)


async def test_a_new_pin_takes_the_place_of_the_old(ledger: Ledger, account: Account) -> None:
    changed = await ledger.change_pin(account.account_id, "hashed anew")
    assert changed == replace(account, pin_hash="hashed anew")
    assert await ledger.account_by_login("acme") == changed


@pytest.mark.parametrize("account_id", [-1, 0, 99, 2**31, 2**70])
async def test_nobody_gets_no_pin(ledger: Ledger, account_id: int) -> None:
    with pytest.raises(StoreError, match="no account"):
        await ledger.change_pin(account_id, "hashed")


async def test_a_hash_that_cannot_be_stored_is_refused(ledger: Ledger, account: Account) -> None:
    with pytest.raises(StoreError, match="pin_hash"):
        await ledger.change_pin(account.account_id, "x" * 300)
    assert await ledger.account_by_login("acme") == account
