from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall
from mirabelle.store.ledger import Ledger, StoreError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
UNTIL = NOW + timedelta(days=1)


async def signed_with(ledger: Ledger, account: Account, at: datetime) -> tuple[str, ...]:
    """The secrets that a result comes with which is claimed then."""
    new = NewCall(
        account_id=account.account_id,
        campaign_id=account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
        result_url="http://example.com/result",
    )
    call = await ledger.queue_call(new, NOW)
    await ledger.cancel_call(call.call_id, NOW)
    [delivery] = await ledger.claim_deliveries(at, 1, "me", at + 30 * SECOND)
    await ledger.delivery_done(delivery.delivery_id, at)
    return delivery.secrets


async def test_results_of_an_account_without_a_secret_come_with_none(ledger: Ledger, account: Account) -> None:
    assert await signed_with(ledger, account, NOW) == ()


async def test_a_result_comes_with_the_secret_of_its_own_account(ledger: Ledger, account: Account) -> None:
    mine = await ledger.add_account("mine", "hashed", NOW, signing_secret="whsec_bWluZQ==")
    theirs = await ledger.add_account("theirs", "hashed", NOW, signing_secret="whsec_dGhlaXJz")
    assert await signed_with(ledger, mine, NOW) == ("whsec_bWluZQ==",)
    assert await signed_with(ledger, theirs, NOW) == ("whsec_dGhlaXJz",)
    assert await signed_with(ledger, account, NOW) == ()


async def test_the_former_secret_is_there_until_its_time(ledger: Ledger) -> None:
    account = await ledger.add_account("mine", "hashed", NOW, signing_secret="old")
    await ledger.rotate_signing_secret(account.account_id, "new", NOW, UNTIL)
    assert await signed_with(ledger, account, NOW) == ("new", "old")
    assert await signed_with(ledger, account, UNTIL - SECOND) == ("new", "old")
    assert await signed_with(ledger, account, UNTIL) == ("new",)


@pytest.mark.parametrize("until", [None, NOW])
async def test_a_former_secret_can_be_revoked_at_once(ledger: Ledger, until: datetime | None) -> None:
    account = await ledger.add_account("mine", "hashed", NOW, signing_secret="first")
    await ledger.rotate_signing_secret(account.account_id, "second", NOW, UNTIL)
    await ledger.rotate_signing_secret(account.account_id, "third", NOW, until)
    assert await signed_with(ledger, account, NOW) == ("third",)


async def test_of_former_secrets_the_last_is_kept(ledger: Ledger) -> None:
    account = await ledger.add_account("mine", "hashed", NOW, signing_secret="first")
    await ledger.rotate_signing_secret(account.account_id, "second", NOW, UNTIL)
    await ledger.rotate_signing_secret(account.account_id, "third", NOW, UNTIL)
    assert await signed_with(ledger, account, NOW) == ("third", "second")


async def test_a_first_secret_has_none_before_it(ledger: Ledger, account: Account) -> None:
    await ledger.rotate_signing_secret(account.account_id, "first", NOW, UNTIL)
    assert await signed_with(ledger, account, NOW) == ("first",)


async def test_an_account_does_not_show_its_secret(ledger: Ledger) -> None:
    account = await ledger.add_account("mine", "hashed", NOW, signing_secret="hidden")
    assert account == await ledger.account(account.account_id)
    assert "hidden" not in repr(account)


@pytest.mark.parametrize("account_id", [-1, 0, 99, 2**31, 2**70])
async def test_a_secret_for_nobody_is_refused(ledger: Ledger, account_id: int) -> None:
    with pytest.raises(StoreError, match="no account"):
        await ledger.rotate_signing_secret(account_id, "secret", NOW, UNTIL)


@pytest.mark.parametrize("secret", ["", "x" * 256, "a\0b"])
async def test_a_secret_that_cannot_be_kept_is_refused_without_showing_it(
    ledger: Ledger, account: Account, secret: str
) -> None:
    with pytest.raises(StoreError, match="signing secret") as caught:
        await ledger.rotate_signing_secret(account.account_id, secret, NOW, UNTIL)
    assert not secret or secret not in str(caught.value)
