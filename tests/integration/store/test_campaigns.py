from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import CallState, NewCall
from mirabelle.calls.campaign import Campaign, CampaignState
from mirabelle.store.ledger import CampaignExists, CampaignPaused, Ledger, StoreError
from tests.admission import claim, next_look

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND


@pytest.fixture
async def campaign(ledger: Ledger, account: Account) -> Campaign:
    return await ledger.add_campaign(account.account_id, "spring", "colour=green", NOW)


def new_call(campaign: Campaign, **changes: object) -> NewCall:
    plain = NewCall(
        account_id=campaign.account_id,
        campaign_id=campaign.campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


async def test_a_campaign_is_found_by_key_and_by_name(ledger: Ledger, campaign: Campaign) -> None:
    assert (campaign.state, campaign.parameters, campaign.created_at) == (CampaignState.ACTIVE, "colour=green", NOW)
    assert await ledger.campaign(campaign.campaign_id) == campaign
    assert await ledger.campaign_by_name(campaign.account_id, "spring") == campaign


@pytest.mark.parametrize("name", ["", "Spring", "x" * 300, "a\0b", "\ud800"])
async def test_a_name_that_no_campaign_has_is_none(ledger: Ledger, campaign: Campaign, name: str) -> None:
    assert await ledger.campaign_by_name(campaign.account_id, name) is None


@pytest.mark.parametrize("key", [-1, 0, 999, 2**31, 2**70])
async def test_a_campaign_that_is_not_there_is_none_and_cannot_be_paused(ledger: Ledger, key: int) -> None:
    assert await ledger.campaign(key) is None
    assert await ledger.campaign_by_name(key, "spring") is None
    assert await ledger.campaigns(key) == ()
    with pytest.raises(StoreError, match="no campaign"):
        await ledger.pause_campaign(key, NOW)


async def test_a_name_is_given_once_in_an_account(ledger: Ledger, campaign: Campaign) -> None:
    with pytest.raises(CampaignExists, match="spring"):
        await ledger.add_campaign(campaign.account_id, "spring", "", NOW)
    other = await ledger.add_account("other", "hashed", NOW)
    await ledger.add_campaign(other.account_id, "spring", "", NOW)


@pytest.mark.parametrize(("name", "parameters"), [("", ""), ("x" * 256, ""), ("x", "a\0b"), ("x", "y" * 16385)])
async def test_a_campaign_that_cannot_be_stored_is_refused(
    ledger: Ledger, account: Account, name: str, parameters: str
) -> None:
    with pytest.raises(StoreError, match="campaign"):
        await ledger.add_campaign(account.account_id, name, parameters, NOW)


async def test_campaigns_are_listed_in_pages(ledger: Ledger, account: Account) -> None:
    for name in ("one", "two", "three"):
        await ledger.add_campaign(account.account_id, name, "", NOW)
    first = await ledger.campaigns(account.account_id, limit=2)
    rest = await ledger.campaigns(account.account_id, after=first[-1].campaign_id, limit=10)
    assert [each.name for each in (*first, *rest)] == ["default", "one", "two", "three"]
    assert await ledger.campaigns(account.account_id, after=2**70) == ()


async def test_a_paused_campaigns_calls_are_not_claimed_and_others_are(
    ledger: Ledger, account: Account, campaign: Campaign
) -> None:
    resting = await ledger.queue_call(new_call(campaign), NOW)
    other = await ledger.queue_call(new_call(campaign, campaign_id=account.default_campaign_id), NOW + SECOND)
    paused = await ledger.pause_campaign(campaign.campaign_id, NOW)
    assert paused == await ledger.campaign(campaign.campaign_id)
    assert paused.state is CampaignState.PAUSED
    now = NOW + 2 * SECOND
    assert [call.call_id for call in await claim(ledger, now, 10, "one", LEASE)] == [other.call_id]
    resumed = await ledger.resume_campaign(campaign.campaign_id, now)
    assert resumed == campaign
    assert [call.call_id for call in await claim(ledger, now, 10, "one", LEASE)] == [resting.call_id]


async def test_claims_around_a_pause_take_the_longest_due_of_all_campaigns(ledger: Ledger, account: Account) -> None:
    made = [await ledger.add_campaign(account.account_id, name, "", NOW) for name in ("one", "two", "three")]
    await ledger.pause_campaign(made[1].campaign_id, NOW)
    queued = [await ledger.queue_call(new_call(made[second % 3]), NOW + second * SECOND) for second in range(9)]
    wanted = [call.call_id for call in queued if call.campaign_id != made[1].campaign_id]
    now = NOW + 20 * SECOND
    assert [call.call_id for call in await claim(ledger, now, 4, "one", LEASE)] == wanted[:4]
    assert [call.call_id for call in await claim(ledger, now, 4, "one", LEASE)] == wanted[4:]


async def test_a_paused_campaign_keeps_no_dialer_awake(ledger: Ledger, campaign: Campaign, account: Account) -> None:
    await ledger.queue_call(new_call(campaign), NOW)
    await ledger.pause_campaign(campaign.campaign_id, NOW)
    assert await next_look(ledger, NOW) is None
    await ledger.queue_call(new_call(campaign, expires_at=NOW + 9 * SECOND), NOW)
    assert await next_look(ledger, NOW) == NOW + 9 * SECOND
    other = new_call(campaign, campaign_id=account.default_campaign_id, scheduled_at=NOW + 5 * SECOND)
    await ledger.queue_call(other, NOW)
    assert await next_look(ledger, NOW) == NOW + 5 * SECOND


async def test_calls_expire_in_a_paused_campaign_too(ledger: Ledger, campaign: Campaign) -> None:
    call = await ledger.queue_call(new_call(campaign, expires_at=NOW + SECOND), NOW)
    await ledger.pause_campaign(campaign.campaign_id, NOW)
    assert [each.call_id for each in await ledger.expire_due(NOW + SECOND, 10)] == [call.call_id]


async def test_no_attempt_begins_in_a_paused_campaign(ledger: Ledger, campaign: Campaign) -> None:
    call = await ledger.queue_call(new_call(campaign), NOW)
    await claim(ledger, NOW, 1, "one", LEASE)
    await ledger.pause_campaign(campaign.campaign_id, NOW)
    with pytest.raises(CampaignPaused, match="spring"):
        await ledger.begin_attempt(call.call_id, "x@y", "main", NOW, "one")
    assert await ledger.attempts(call.call_id) == ()
    found = await ledger.call(call.call_id)
    assert found is not None
    assert found.last_attempt_at is None
    await ledger.release(call.call_id, call.due_at, "one")
    await ledger.resume_campaign(campaign.campaign_id, NOW)
    [again] = await claim(ledger, NOW, 1, "two", LEASE)
    assert again == dataclasses.replace(call, state=CallState.DIALING, trunk="wide")


async def test_an_attempt_that_had_begun_goes_on_when_its_campaign_is_paused(
    ledger: Ledger, campaign: Campaign
) -> None:
    call = await ledger.queue_call(new_call(campaign), NOW)
    await claim(ledger, NOW, 1, "one", LEASE)
    attempt = await ledger.begin_attempt(call.call_id, "x@y", "main", NOW, "one")
    await ledger.pause_campaign(campaign.campaign_id, NOW)
    await ledger.attempt_answered(attempt.attempt_id, NOW)
    found = await ledger.call(call.call_id)
    assert found is not None
    assert found.state is CallState.CONNECTED
