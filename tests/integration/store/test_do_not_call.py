from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import CallState, NewCall
from mirabelle.calls.campaign import Campaign
from mirabelle.calls.do_not_call import DoNotCallEntry, parse
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.trunk import Trunk
from mirabelle.store.do_not_call_steps import MOST_AT_ONCE
from mirabelle.store.ledger import CallHeld, Ledger, StoreError
from mirabelle.store.records import Admitted

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
MAIN = Trunk(name="main", host="a:5060", calls_per_second=100.0, channels=1000)
BOSTON = "+16175550123"


@pytest.fixture
async def campaign(ledger: Ledger, account: Account) -> Campaign:
    return await ledger.add_campaign(account.account_id, "spring", "", NOW)


async def queue(ledger: Ledger, campaign: Campaign, phone_number: str = BOSTON) -> int:
    new = NewCall(
        account_id=campaign.account_id,
        campaign_id=campaign.campaign_id,
        phone_number=phone_number,
        start_url="http://example.com/start",
        result_url="http://example.com/result",
    )
    return (await ledger.queue_call(new, NOW)).call_id


async def admit(ledger: Ledger) -> Admitted:
    return await ledger.admit((MAIN,), NOW, 10, "one", NOW + timedelta(minutes=1), memory=VerdictMemory())


async def test_entries_are_added_once_listed_counted_and_removed(ledger: Ledger, account: Account) -> None:
    mine = account.account_id
    entries = [parse(BOSTON), parse("+1900*"), DoNotCallEntry("+442079460000", reason="asked for it")]
    assert await ledger.add_do_not_call(mine, entries, NOW) == 3
    assert await ledger.add_do_not_call(mine, [*entries, parse("+491711234567")], NOW) == 1
    listed = await ledger.do_not_call(mine)
    assert [each.entry.key for each in listed] == [BOSTON, "+1900*", "+442079460000", "+491711234567"]
    assert (listed[2].entry.reason, listed[2].created_at) == ("asked for it", NOW)
    assert [each.entry.key for each in await ledger.do_not_call(mine, after=listed[1].entry_id, limit=1)] == [
        "+442079460000"
    ]
    assert await ledger.count_do_not_call(mine) == 4
    assert await ledger.remove_do_not_call(mine, [BOSTON, "+15550000000"]) == 1
    assert await ledger.remove_do_not_call_entry(mine, listed[1].entry_id)
    assert not await ledger.remove_do_not_call_entry(mine, listed[1].entry_id)
    assert await ledger.count_do_not_call(mine) == 2


async def test_the_list_of_a_campaign_is_its_own(ledger: Ledger, account: Account, campaign: Campaign) -> None:
    mine, one = account.account_id, campaign.campaign_id
    await ledger.add_do_not_call(mine, [parse(BOSTON), parse(BOSTON, campaign_id=one)], NOW)
    assert [each.entry.campaign_id for each in await ledger.do_not_call(mine)] == [None, one]
    assert [each.entry.campaign_id for each in await ledger.do_not_call(mine, campaign_id=one)] == [one]
    assert [each.entry.campaign_id for each in await ledger.do_not_call(mine, campaign_id=0)] == [None]
    assert await ledger.count_do_not_call(mine, campaign_id=one) == 1
    assert await ledger.remove_do_not_call(mine, [BOSTON], campaign_id=one) == 1
    assert await ledger.count_do_not_call(mine) == 1


async def test_the_entries_that_mean_a_number_are_found(ledger: Ledger, account: Account) -> None:
    await ledger.add_do_not_call(account.account_id, [parse("+1617*"), parse(BOSTON), parse("+1900*")], NOW)
    found = await ledger.do_not_call_of(account.account_id, BOSTON)
    assert [each.entry.key for each in found] == ["+1617*", BOSTON]


async def test_nobody_sees_or_changes_the_list_of_another(ledger: Ledger, account: Account, campaign: Campaign) -> None:
    other = (await ledger.add_account("other", "hashed", NOW)).account_id
    await ledger.add_do_not_call(account.account_id, [parse(BOSTON)], NOW)
    [entry] = await ledger.do_not_call(account.account_id)
    assert await ledger.do_not_call(other) == ()
    assert await ledger.do_not_call_of(other, BOSTON) == ()
    assert await ledger.remove_do_not_call(other, [BOSTON]) == 0
    assert not await ledger.remove_do_not_call_entry(other, entry.entry_id)
    with pytest.raises(StoreError, match="no campaign"):
        await ledger.add_do_not_call(other, [parse(BOSTON, campaign_id=campaign.campaign_id)], NOW)


async def test_too_many_at_once_are_refused(ledger: Ledger, account: Account) -> None:
    many = [parse(BOSTON)] * (MOST_AT_ONCE + 1)
    with pytest.raises(StoreError, match="send fewer"):
        await ledger.add_do_not_call(account.account_id, many, NOW)
    assert await ledger.add_do_not_call(account.account_id, many[1:], NOW) == 1
    assert await ledger.add_do_not_call(account.account_id, (), NOW) == 0


async def test_a_call_on_a_list_ends_with_its_reason_and_its_result(
    ledger: Ledger, account: Account, campaign: Campaign
) -> None:
    call_id = await queue(ledger, campaign)
    spared = await queue(ledger, campaign, "+16175550199")
    await ledger.add_do_not_call(account.account_id, [DoNotCallEntry("+16175550123", reason="by letter")], NOW)
    admitted = await admit(ledger)
    assert [call.call_id for call in admitted.calls] == [spared]
    call = await ledger.call(call_id)
    assert call is not None
    assert (call.state, call.detail) == (
        CallState.FAILED,
        "The number is on the do-not-call list of the account (by letter).",
    )
    assert len(await ledger.results_of_call(call_id)) == 1


async def test_a_list_of_another_campaign_holds_nobody(ledger: Ledger, account: Account, campaign: Campaign) -> None:
    other = await ledger.add_campaign(account.account_id, "other", "", NOW)
    await ledger.add_do_not_call(account.account_id, [parse("+1617*", campaign_id=other.campaign_id)], NOW)
    call_id = await queue(ledger, campaign)
    assert [call.call_id for call in (await admit(ledger)).calls] == [call_id]


async def test_who_was_put_on_a_list_just_now_is_not_dialled(
    ledger: Ledger, account: Account, campaign: Campaign
) -> None:
    call_id = await queue(ledger, campaign)
    [call] = (await admit(ledger)).calls
    await ledger.add_do_not_call(account.account_id, [parse(BOSTON)], NOW)
    with pytest.raises(CallHeld, match="do-not-call"):
        await ledger.begin_attempt(call_id, "x@y", "main", NOW, "one")
    await ledger.release(call_id, call.due_at, "one")
    assert [each.call_id for each in (await admit(ledger)).refused] == [call_id]
