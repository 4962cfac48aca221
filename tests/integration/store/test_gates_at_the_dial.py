"""Every gate is asked again at the moment of dialling, after the admission let the call pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call, NewCall
from mirabelle.calls.campaign import Campaign
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.schedule import parse_windows
from mirabelle.calls.trunk import Trunk
from mirabelle.store.ledger import CallHeld, Ledger

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MAIN = Trunk(name="main", host="a:5060", calls_per_second=100.0, channels=1000)
OFFICE = parse_windows([{"weekdays": ["monday"], "start": "09:00", "end": "10:30"}])


@pytest.fixture
async def campaign(ledger: Ledger, account: Account) -> Campaign:
    return await ledger.add_campaign(account.account_id, "spring", "", NOW)


async def admitted(ledger: Ledger, campaign: Campaign, count: int = 1) -> list[Call]:
    for _ in range(count):
        await ledger.queue_call(
            NewCall(
                account_id=campaign.account_id,
                campaign_id=campaign.campaign_id,
                phone_number="+16175550123",
                start_url="http://example.com/start",
            ),
            NOW,
        )
    lease = NOW + timedelta(hours=1)
    return list((await ledger.admit((MAIN,), NOW, 10, "one", lease, memory=VerdictMemory())).calls)


async def dial(ledger: Ledger, call: Call, now: datetime = NOW) -> Attempt:
    return await ledger.begin_attempt(call.call_id, f"{call.call_id}@here", "main", now, "one")


async def test_a_schedule_that_closed_since_holds_the_call_in_its_place(ledger: Ledger, campaign: Campaign) -> None:
    schedule = await ledger.add_schedule(campaign.account_id, "office", "America/New_York", OFFICE, NOW)
    await ledger.set_campaign_rules(campaign.campaign_id, [schedule.schedule_id], [])
    [call] = await admitted(ledger, campaign)
    with pytest.raises(CallHeld, match="Closed until schedule 'office' opens") as held:
        await dial(ledger, call, NOW + timedelta(minutes=30))
    assert held.value.until is None
    await ledger.release(call.call_id, call.due_at, "one")
    later = NOW + timedelta(minutes=30)
    again = await ledger.admit((MAIN,), later, 10, "one", later + SECOND, memory=VerdictMemory())
    assert (again.calls, again.again_at) == ((), datetime(2026, 3, 9, 13, tzinfo=UTC))


async def test_a_schedule_given_to_the_campaign_since_holds_the_call(ledger: Ledger, campaign: Campaign) -> None:
    [call] = await admitted(ledger, campaign)
    night = parse_windows([{"weekdays": ["monday"], "start": "22:00", "end": "23:00"}])
    schedule = await ledger.add_schedule(campaign.account_id, "night", "America/New_York", night, NOW)
    await ledger.set_campaign_rules(campaign.campaign_id, [schedule.schedule_id], [])
    with pytest.raises(CallHeld, match="night"):
        await dial(ledger, call)
    await ledger.set_campaign_rules(campaign.campaign_id, [], [])
    assert (await dial(ledger, call)).number == 1


async def test_a_person_who_was_called_meanwhile_is_not_called_once_more(
    ledger: Ledger, account: Account, campaign: Campaign
) -> None:
    first, second = await admitted(ledger, campaign, 2)
    await ledger.update_settings(account.account_id, replace(account.settings, person_attempts=1))
    await dial(ledger, first)
    with pytest.raises(CallHeld, match="called once within 1 day") as held:
        await dial(ledger, second, NOW + SECOND)
    assert held.value.until == NOW + timedelta(days=1)


async def test_of_two_dials_of_one_person_at_once_one_is_held(
    ledger: Ledger, account: Account, campaign: Campaign, another: Callable[[], Awaitable[Ledger]]
) -> None:
    other = await another()
    first, second = await admitted(ledger, campaign, 2)
    await ledger.update_settings(account.account_id, replace(account.settings, person_attempts=1))
    both = await asyncio.gather(dial(ledger, first), dial(other, second), return_exceptions=True)
    assert [type(each) for each in both].count(Attempt) == 1
    assert [type(each) for each in both].count(CallHeld) == 1
