from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.campaign import Campaign
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.calls.schedule import parse_windows
from mirabelle.calls.trunk import Trunk
from mirabelle.store.ledger import Ledger
from mirabelle.store.records import Admitted

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND
MAIN = Trunk(name="main", host="a:5060", calls_per_second=100.0, channels=1000)


async def queue(ledger: Ledger, campaign: Campaign, count: int = 1, **changes: Any) -> list[int]:
    plain: dict[str, Any] = {
        "account_id": campaign.account_id,
        "campaign_id": campaign.campaign_id,
        "phone_number": "+16175550123",
        "start_url": "http://example.com/start",
    }
    return [(await ledger.queue_call(NewCall(**plain | changes), NOW)).call_id for _ in range(count)]


async def admit(ledger: Ledger, *trunks: Trunk, now: datetime = NOW, limit: int = 1000, owner: str = "one") -> Admitted:
    return await ledger.admit(trunks or (MAIN,), now, limit, owner, now + 30 * SECOND, memory=VerdictMemory())


async def end(ledger: Ledger, call: Call, outcome: Outcome, now: datetime, **more: Any) -> Call:
    attempt = await ledger.begin_attempt(call.call_id, f"{call.call_id}@here", call.trunk, now, "one")
    step = NextStep(CallState.QUEUED, now, counted=False)
    return await ledger.end_attempt(
        attempt.attempt_id, outcome=outcome, now=now, sip_status=0, detail="", step=step, **more
    )


@pytest.fixture
async def campaign(ledger: Ledger, account: Account) -> Campaign:
    return await ledger.add_campaign(account.account_id, "spring", "", NOW)


async def test_no_more_leave_than_a_trunk_may_carry_a_second(ledger: Ledger, campaign: Campaign) -> None:
    await queue(ledger, campaign, 40)
    first = await admit(ledger)
    assert len(first.calls) == 10
    assert first.again_at is not None
    assert NOW < first.again_at <= NOW + 0.02 * SECOND
    assert len((await admit(ledger)).calls) == 0
    assert len((await admit(ledger, now=NOW + 0.05 * SECOND)).calls) == 5


async def test_no_more_are_under_a_lease_than_a_trunk_has_channels(ledger: Ledger, campaign: Campaign) -> None:
    narrow = replace(MAIN, channels=3)
    await queue(ledger, campaign, 8)
    first = await admit(ledger, narrow)
    assert len(first.calls) == 3
    later = NOW + SECOND
    assert (await admit(ledger, narrow, now=later)).calls == ()
    await end(ledger, first.calls[0], Outcome.BUSY, later)
    assert len((await admit(ledger, narrow, now=later)).calls) == 1


async def test_channels_of_a_dead_process_come_back_with_its_leases(ledger: Ledger, campaign: Campaign) -> None:
    narrow = replace(MAIN, channels=2)
    await queue(ledger, campaign, 4)
    await admit(ledger, narrow, owner="dead")
    after = NOW + 31 * SECOND
    assert (await admit(ledger, narrow, now=after)).calls == ()
    for call, _ in await ledger.recover(after, "heir", after + 30 * SECOND):
        await ledger.release(call.call_id, after, "heir")
    assert len((await admit(ledger, narrow, now=after)).calls) == 2


async def test_a_fleet_shares_rate_and_channels(
    ledger: Ledger, campaign: Campaign, another: Callable[[], Awaitable[Ledger]]
) -> None:
    fleet = [ledger, *[await another() for _ in range(3)]]
    await queue(ledger, campaign, 60)
    narrow = replace(MAIN, calls_per_second=120.0, channels=30)
    for second in range(4):
        now = NOW + second * SECOND
        rounds = await asyncio.gather(
            *(admit(each, narrow, now=now, owner=f"dialer {index}") for index, each in enumerate(fleet))
        )
        assert sum(len(each.calls) for each in rounds) <= 12
    taken = [call for call in await ledger.calls(campaign.account_id, limit=100) if call.state is CallState.DIALING]
    assert len(taken) == 30


async def test_campaigns_share_by_weight_and_nobody_starves(ledger: Ledger, account: Account) -> None:
    campaigns = [await ledger.add_campaign(account.account_id, name, "", NOW) for name in ("big", "small")]
    await queue(ledger, campaigns[0], 60)
    await queue(ledger, campaigns[1], 12)
    seen: Counter[int] = Counter()
    for turn in range(4):
        admitted = await admit(ledger, replace(MAIN, calls_per_second=60.0), now=NOW + turn * SECOND)
        seen.update(call.campaign_id for call in admitted.calls)
        assert len(admitted.calls) == 6
    assert seen == {campaigns[0].campaign_id: 12, campaigns[1].campaign_id: 12}
    rest = await admit(ledger, replace(MAIN, calls_per_second=60.0), now=NOW + 5 * SECOND)
    assert {call.campaign_id for call in rest.calls} == {campaigns[0].campaign_id}


async def test_an_account_keeps_its_own_pace(ledger: Ledger, account: Account, campaign: Campaign) -> None:
    await ledger.update_settings(account.account_id, replace(account.settings, calls_per_second=20.0, channels=3))
    other = await ledger.add_account("other", "hashed", NOW)
    default = await ledger.campaign(other.default_campaign_id)
    assert default is not None
    await queue(ledger, campaign, 10)
    await queue(ledger, default, 10)
    seen = Counter(call.account_id for call in (await admit(ledger)).calls)
    assert seen == {account.account_id: 2, other.account_id: 8}
    later = await admit(ledger, now=NOW + SECOND)
    assert sum(call.account_id == account.account_id for call in later.calls) == 1


async def test_each_number_leaves_over_the_trunk_that_is_meant_for_it(ledger: Ledger, campaign: Campaign) -> None:
    uk = Trunk(name="uk", host="b:5060", prefixes=("+44",))
    [home] = await queue(ledger, campaign)
    [abroad] = await queue(ledger, campaign, phone_number="+442079460000")
    trunks = {call.call_id: call.trunk for call in (await admit(ledger, MAIN, uk)).calls}
    assert trunks == {home: "main", abroad: "uk"}


async def test_a_number_that_no_trunk_is_meant_for_is_ended_with_its_result(ledger: Ledger, campaign: Campaign) -> None:
    uk = Trunk(name="uk", host="b:5060", prefixes=("+44",))
    [call_id] = await queue(ledger, campaign, result_url="http://example.com/result")
    admitted = await admit(ledger, uk)
    assert [call.call_id for call in admitted.refused] == [call_id]
    call = await ledger.call(call_id)
    assert call is not None
    assert (call.state, "trunk" in call.detail) == (CallState.FAILED, True)
    assert len(await ledger.results_of_call(call_id)) == 1


async def test_calls_whose_trunk_is_full_let_others_pass(ledger: Ledger, campaign: Campaign) -> None:
    uk = Trunk(name="uk", host="b:5060", prefixes=("+44",), channels=1)
    await queue(ledger, campaign, 5, phone_number="+442079460000")
    home = await queue(ledger, campaign, 3)
    taken = {call.call_id for call in (await admit(ledger, MAIN, uk)).calls}
    assert set(home) < taken
    assert len(taken) == 4


async def test_a_trunk_that_says_it_is_full_is_used_more_slowly(ledger: Ledger, campaign: Campaign) -> None:
    slow = replace(MAIN, calls_per_second=10.0)
    await queue(ledger, campaign, 10)
    [call] = (await admit(ledger, slow)).calls
    await end(ledger, call, Outcome.CAPACITY, NOW, full=True, retry_after=5)
    assert (await admit(ledger, slow, now=NOW + 4 * SECOND)).calls == ()
    assert len((await admit(ledger, slow, now=NOW + 5 * SECOND)).calls) == 1
    assert (await admit(ledger, slow, now=NOW + 5.1 * SECOND)).calls == ()
    assert len((await admit(ledger, slow, now=NOW + 5.2 * SECOND)).calls) == 1


async def test_a_closed_campaign_waits_for_its_window_and_is_not_looked_at(ledger: Ledger, account: Account) -> None:
    windows = parse_windows([{"weekdays": ["monday"], "start": "09:00", "end": "17:00"}])
    schedule = await ledger.add_schedule(account.account_id, "office", "America/New_York", windows, NOW)
    campaign = await ledger.add_campaign(account.account_id, "spring", "", NOW, schedules=[schedule.schedule_id])
    [call_id] = await queue(ledger, campaign)
    closed = await admit(ledger)
    opens = datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert (closed.calls, closed.again_at) == ((), opens)
    assert [call.call_id for call in (await admit(ledger, now=opens)).calls] == [call_id]


async def test_a_profile_holds_its_campaign_back_alone(ledger: Ledger, account: Account, campaign: Campaign) -> None:
    profile = await ledger.add_profile(account.account_id, "slow", 1.0, 2, NOW)
    paced = await ledger.add_campaign(account.account_id, "paced", "", NOW, profiles=[profile.profile_id])
    await queue(ledger, campaign, 5)
    await queue(ledger, paced, 5)
    first = Counter(call.campaign_id for call in (await admit(ledger)).calls)
    assert first == {campaign.campaign_id: 5, paced.campaign_id: 1}
    assert len((await admit(ledger, now=NOW + SECOND)).calls) == 1
    full = await admit(ledger, now=NOW + 5 * SECOND)
    assert full.calls == ()
    assert full.again_at == NOW + 6 * SECOND


async def test_a_paused_campaign_keeps_nobody_awake(ledger: Ledger, campaign: Campaign) -> None:
    await queue(ledger, campaign)
    await ledger.pause_campaign(campaign.campaign_id, NOW)
    assert await admit(ledger) == Admitted((), None, ())


async def test_without_a_trunk_nothing_leaves(ledger: Ledger, campaign: Campaign) -> None:
    await queue(ledger, campaign)
    admitted = await ledger.admit((), NOW, 10, "one", LEASE, memory=VerdictMemory())
    assert admitted.calls == ()
