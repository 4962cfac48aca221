from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.campaign import Campaign
from mirabelle.store.ledger import Ledger
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=30)
STATES = (CallState.QUEUED, CallState.DIALING, CallState.EXPIRED, CallState.CANCELED)


@pytest.fixture
async def campaign(ledger: Ledger, account: Account) -> Campaign:
    """Eight calls, two in each of four states, between calls of others."""
    made = await ledger.add_campaign(account.account_id, "spring", "", NOW)
    other = await ledger.add_account("other", "hashed", NOW)
    for number in range(8):
        state = STATES[number % 4]
        expires_at = NOW if state is CallState.EXPIRED else None
        due_at = None if state is CallState.DIALING else NOW + timedelta(hours=1)
        for account_id, campaign_id in (
            (account.account_id, account.default_campaign_id),
            (account.account_id, made.campaign_id),
            (other.account_id, other.default_campaign_id),
        ):
            new = NewCall(
                account_id=account_id,
                campaign_id=campaign_id,
                phone_number=f"+1617555000{number}",
                start_url="http://example.com/start",
                scheduled_at=due_at,
                expires_at=expires_at,
            )
            call = await ledger.queue_call(new, NOW)
            if state is CallState.CANCELED:
                await ledger.cancel_call(call.call_id, NOW)
    await ledger.expire_due(NOW, 100)
    await claim(ledger, NOW, 100, "one", LEASE)
    return made


def keys(calls: Sequence[Call]) -> list[int]:
    return [call.call_id for call in calls]


@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize("whole_account", [True, False])
async def test_pages_hold_every_call_once_and_in_order(
    ledger: Ledger, account: Account, campaign: Campaign, state: CallState | None, whole_account: bool
) -> None:
    campaign_id = None if whole_account else campaign.campaign_id
    listed: list[Call] = []
    while page := await ledger.calls(
        account.account_id,
        campaign_id=campaign_id,
        state=state,
        after=listed[-1].call_id if listed else 0,
        limit=3,
    ):
        listed.extend(page)
    assert len(listed) == (16 if whole_account else 8) // (1 if state is None else 4)
    assert all(before < after for before, after in pairwise(keys(listed)))
    assert {call.account_id for call in listed} == {account.account_id}
    assert {call.state for call in listed} == (set(STATES) if state is None else {state})
    if not whole_account:
        assert {call.campaign_id for call in listed} == {campaign.campaign_id}


async def test_a_campaign_of_another_account_lists_nothing(ledger: Ledger, campaign: Campaign) -> None:
    other = await ledger.account_by_login("other")
    assert other is not None
    assert await ledger.calls(other.account_id, campaign_id=campaign.campaign_id) == ()


@pytest.mark.parametrize("key", [-1, 0, 99, 2**31, 2**70])
async def test_nobodys_calls_are_none(ledger: Ledger, account: Account, key: int) -> None:
    assert await ledger.calls(key) == ()
    assert await ledger.calls(account.account_id, campaign_id=key) == ()
    assert set((await ledger.campaign_counts(key)).values()) == {0}


async def test_the_numbers_of_a_campaign_come_in_pages_whatever_the_state(
    ledger: Ledger, account: Account, campaign: Campaign
) -> None:
    calls = await ledger.calls(account.account_id, campaign_id=campaign.campaign_id)
    known = tuple((call.call_id, call.phone_number) for call in calls)
    assert len(known) > 4
    first = await ledger.campaign_numbers(campaign.campaign_id, limit=3)
    rest = await ledger.campaign_numbers(campaign.campaign_id, after=first[-1][0])
    assert first == known[:3]
    assert first + rest == known
    assert await ledger.campaign_numbers(-1) == ()


async def test_the_numbers_of_an_account_that_wait_come_in_pages(
    ledger: Ledger, account: Account, campaign: Campaign
) -> None:
    calls = await ledger.calls(account.account_id)
    known = tuple((call.call_id, call.phone_number) for call in calls if not call.state.final)
    assert 2 < len(known) < len(calls)
    first = await ledger.waiting_numbers(account.account_id, limit=2)
    rest = await ledger.waiting_numbers(account.account_id, after=first[-1][0])
    assert first == known[:2]
    assert first + rest == known
    assert await ledger.waiting_numbers(2**40) == ()


async def test_the_counts_of_a_campaign_are_its_own(ledger: Ledger, campaign: Campaign) -> None:
    assert await ledger.campaign_counts(campaign.campaign_id) == {
        **dict.fromkeys(CallState, 0),
        **dict.fromkeys(STATES, 2),
    }


async def test_calls_are_found_by_their_reference(ledger: Ledger, account: Account, campaign: Campaign) -> None:
    other = await ledger.add_account("third", "hashed", NOW)
    queued: list[int] = []
    for owner, campaign_id in (
        (account, account.default_campaign_id),
        (account, campaign.campaign_id),
        (other, other.default_campaign_id),
    ):
        call = await ledger.queue_call(
            NewCall(
                account_id=owner.account_id,
                campaign_id=campaign_id,
                phone_number="+16175550100",
                start_url="http://example.com/start",
                message_reference="order 7",
            ),
            NOW,
        )
        queued.append(call.call_id)
    account_id, reference = account.account_id, "order 7"
    assert keys(await ledger.calls(account_id, message_reference=reference)) == queued[:2]
    assert keys(await ledger.calls(account_id, message_reference=reference, after=queued[0])) == queued[1:2]
    only = await ledger.calls(account_id, message_reference=reference, campaign_id=campaign.campaign_id)
    assert keys(only) == queued[1:2]
    assert await ledger.calls(account_id, message_reference=reference, state=CallState.FAILED) == ()
    for nothing in ("", "order 8", "a\0", "x" * 300, "\ud800"):
        assert await ledger.calls(account_id, message_reference=nothing) == ()


@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize("whole_account", [True, False])
async def test_the_newest_calls_come_first(
    ledger: Ledger, account: Account, campaign: Campaign, state: CallState | None, whole_account: bool
) -> None:
    campaign_id = None if whole_account else campaign.campaign_id
    every = await ledger.calls(account.account_id, campaign_id=campaign_id, state=state)
    newest = await ledger.newest_calls(account.account_id, campaign_id=campaign_id, state=state, limit=2)
    assert newest == every[:-3:-1]


async def test_the_newest_calls_are_found_by_their_reference(
    ledger: Ledger, account: Account, campaign: Campaign
) -> None:
    new = NewCall(
        account_id=account.account_id,
        campaign_id=campaign.campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
        message_reference="order-17",
    )
    first = await ledger.queue_call(new, NOW)
    second = await ledger.queue_call(replace(new, campaign_id=account.default_campaign_id), NOW)
    await ledger.queue_call(replace(new, message_reference="order-18"), NOW)
    found = partial(ledger.newest_calls, account.account_id, message_reference="order-17")
    assert await found() == (second, first)
    assert await found(limit=1) == (second,)
    assert await found(campaign_id=campaign.campaign_id) == (first,)
    assert await found(state=CallState.QUEUED) == (second, first)
    assert await found(state=CallState.FAILED) == ()


@pytest.mark.parametrize("key", [-1, 0, 99, 2**31, 2**70])
async def test_nobodys_newest_calls_are_none(ledger: Ledger, account: Account, key: int) -> None:
    assert await ledger.newest_calls(key) == ()
    assert await ledger.newest_calls(account.account_id, campaign_id=key) == ()


async def test_the_newest_calls_of_anothers_campaign_are_none(ledger: Ledger, campaign: Campaign) -> None:
    other = await ledger.account_by_login("other")
    assert other is not None
    assert await ledger.newest_calls(other.account_id, campaign_id=campaign.campaign_id) == ()


@pytest.mark.parametrize("reference", ["x" * 300, "a\0b", "\ud800"])
async def test_a_reference_that_cannot_exist_is_nobodys(ledger: Ledger, account: Account, reference: str) -> None:
    assert await ledger.newest_calls(account.account_id, message_reference=reference) == ()
