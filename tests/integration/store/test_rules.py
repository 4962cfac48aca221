from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall
from mirabelle.calls.campaign import Campaign, CampaignDefaults, CampaignState
from mirabelle.calls.profile import Profile, ProfileError
from mirabelle.calls.schedule import Schedule, Window
from mirabelle.store.ledger import CampaignExists, Ledger, RuleExists, RuleInUse, RuleMissing, StoreError
from mirabelle.store.records import CampaignRules
from mirabelle.store.rule_steps import MOST_KEPT

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND
OFFICE = (Window((0, 1, 2, 3, 4), 540, 1050), Window((5,), 1320, 120))
NO_KEYS = [-1, 0, 999, 2**31, 2**70]


@pytest.fixture
async def schedule(ledger: Ledger, account: Account) -> Schedule:
    return await ledger.add_schedule(account.account_id, "office ✓", "Europe/Berlin", OFFICE, NOW)


@pytest.fixture
async def profile(ledger: Ledger, account: Account) -> Profile:
    return await ledger.add_profile(account.account_id, "slow", 0.5, 2, NOW)


@pytest.fixture
async def ruled(ledger: Ledger, account: Account, schedule: Schedule, profile: Profile) -> Campaign:
    return await ledger.add_campaign(
        account.account_id, "spring", "", NOW, schedules=[schedule.schedule_id], profiles=[profile.profile_id]
    )


async def queue(ledger: Ledger, campaign: Campaign, **changes: Any) -> int:
    new = {"account_id": campaign.account_id, "campaign_id": campaign.campaign_id, **changes}
    call = NewCall(phone_number="+16175550123", start_url="http://example.com/start", **new)
    return (await ledger.queue_call(call, NOW)).call_id


async def test_a_schedule_is_kept_as_it_was_made(ledger: Ledger, account: Account, schedule: Schedule) -> None:
    assert schedule == Schedule(schedule.schedule_id, account.account_id, "office ✓", "Europe/Berlin", OFFICE, NOW)
    assert await ledger.schedule(schedule.schedule_id) == schedule


async def test_a_profile_is_kept_as_it_was_made(ledger: Ledger, account: Account, profile: Profile) -> None:
    assert (profile.name, profile.calls_per_second, profile.channels, profile.created_at) == ("slow", 0.5, 2, NOW)
    assert await ledger.profile(profile.profile_id) == profile
    other = await ledger.add_profile(account.account_id, "wide", None, 7, NOW)
    assert (other.calls_per_second, other.channels) == (None, 7)


@pytest.mark.parametrize("key", NO_KEYS)
async def test_a_rule_that_is_not_there_is_none_and_cannot_be_deleted(ledger: Ledger, key: int) -> None:
    assert await ledger.schedule(key) is None
    assert await ledger.profile(key) is None
    assert await ledger.schedules(key) == ()
    assert await ledger.profiles(key) == ()
    assert await ledger.campaign_rules(key) == CampaignRules()
    with pytest.raises(RuleMissing):
        await ledger.delete_schedule(key)
    with pytest.raises(RuleMissing):
        await ledger.delete_profile(key)
    with pytest.raises(StoreError, match="no campaign"):
        await ledger.set_campaign_rules(key, (), ())


async def test_a_name_is_given_once_in_an_account(
    ledger: Ledger, account: Account, schedule: Schedule, profile: Profile
) -> None:
    with pytest.raises(RuleExists, match="office"):
        await ledger.add_schedule(account.account_id, "office ✓", "UTC", OFFICE, NOW)
    with pytest.raises(RuleExists, match="slow"):
        await ledger.add_profile(account.account_id, "slow", 1.0, None, NOW)
    other = await ledger.add_account("other", "hashed", NOW)
    await ledger.add_schedule(other.account_id, "office ✓", "UTC", OFFICE, NOW)
    await ledger.add_profile(other.account_id, "slow", 1.0, None, NOW)


async def test_what_cannot_be_kept_is_refused(ledger: Ledger, account: Account) -> None:
    for name in ("", "x" * 256, "a\0b"):
        with pytest.raises(StoreError, match="name"):
            await ledger.add_schedule(account.account_id, name, "UTC", OFFICE, NOW)
        with pytest.raises(StoreError, match="name"):
            await ledger.add_profile(account.account_id, name, 1.0, None, NOW)
    with pytest.raises(ProfileError):
        await ledger.add_profile(account.account_id, "none", None, None, NOW)
    with pytest.raises(StoreError):
        await ledger.add_schedule(77, "office", "UTC", OFFICE, NOW)


async def test_rules_are_listed_in_pages(ledger: Ledger, account: Account) -> None:
    schedules = [await ledger.add_schedule(account.account_id, name, "UTC", OFFICE, NOW) for name in "abc"]
    profiles = [await ledger.add_profile(account.account_id, name, 1.0, None, NOW) for name in "abc"]
    assert await ledger.schedules(account.account_id, limit=2) == tuple(schedules[:2])
    assert await ledger.schedules(account.account_id, after=schedules[1].schedule_id) == (schedules[2],)
    assert await ledger.profiles(account.account_id, limit=2) == tuple(profiles[:2])
    assert await ledger.profiles(account.account_id, after=profiles[1].profile_id) == (profiles[2],)
    assert await ledger.schedules(account.account_id, after=2**70) == ()


async def test_a_rule_that_no_campaign_keeps_is_deleted(ledger: Ledger, schedule: Schedule, profile: Profile) -> None:
    await ledger.delete_schedule(schedule.schedule_id)
    await ledger.delete_profile(profile.profile_id)
    assert await ledger.schedule(schedule.schedule_id) is None
    assert await ledger.profile(profile.profile_id) is None


async def test_a_rule_that_a_campaign_keeps_is_not_deleted(
    ledger: Ledger, ruled: Campaign, schedule: Schedule, profile: Profile
) -> None:
    with pytest.raises(RuleInUse):
        await ledger.delete_schedule(schedule.schedule_id)
    with pytest.raises(RuleInUse):
        await ledger.delete_profile(profile.profile_id)
    await ledger.set_campaign_rules(ruled.campaign_id, (), ())
    await ledger.delete_schedule(schedule.schedule_id)
    await ledger.delete_profile(profile.profile_id)


async def test_a_campaign_is_made_with_what_it_keeps(
    ledger: Ledger, account: Account, schedule: Schedule, profile: Profile
) -> None:
    defaults = CampaignDefaults(start_url="http://example.com/ä", max_retries=2, retry_interval=600)
    made = await ledger.add_campaign(
        account.account_id,
        "summer",
        "colour=blue",
        NOW,
        defaults=defaults,
        schedules=[schedule.schedule_id, schedule.schedule_id],
        profiles=[profile.profile_id],
        state=CampaignState.PAUSED,
    )
    assert (made.state, made.defaults, made.parameters) == (CampaignState.PAUSED, defaults, "colour=blue")
    assert await ledger.campaign(made.campaign_id) == made
    assert await ledger.campaign_rules(made.campaign_id) == CampaignRules((schedule,), (profile,))


async def test_a_campaign_that_keeps_anothers_rules_is_not_made(
    ledger: Ledger, schedule: Schedule, profile: Profile
) -> None:
    other = await ledger.add_account("other", "hashed", NOW)
    for rules in ({"schedules": [schedule.schedule_id]}, {"profiles": [profile.profile_id]}, {"schedules": [2**40]}):
        with pytest.raises(RuleMissing, match=r"no schedule|no profile") as missing:
            await ledger.add_campaign(other.account_id, "spring", "", NOW, **rules)  # type: ignore[arg-type]
        assert {missing.value.field} == rules.keys()
    assert await ledger.campaign_by_name(other.account_id, "spring") is None
    with pytest.raises(RuleMissing):
        await ledger.set_campaign_rules(other.default_campaign_id, [schedule.schedule_id], ())


async def test_a_campaign_that_cannot_be_stored_is_refused(ledger: Ledger, account: Account, ruled: Campaign) -> None:
    with pytest.raises(CampaignExists):
        await ledger.add_campaign(account.account_id, "spring", "", NOW, schedules=[1])
    for defaults in (
        CampaignDefaults(start_url="a\0b"),
        CampaignDefaults(start_url="x" * 2049),
        CampaignDefaults(start_url='"' * 2048, result_url='"' * 2048),
        CampaignDefaults(max_retries=11),
        CampaignDefaults(retry_interval=-1),
    ):
        with pytest.raises(StoreError):
            await ledger.add_campaign(account.account_id, "new", "", NOW, defaults=defaults)
    with pytest.raises(StoreError, match="at most"):
        await ledger.set_campaign_rules(ruled.campaign_id, range(1, MOST_KEPT + 2), ())


async def test_new_rules_take_the_place_of_the_old_or_nothing_changes(
    ledger: Ledger, account: Account, ruled: Campaign, schedule: Schedule, profile: Profile
) -> None:
    other = await ledger.add_schedule(account.account_id, "late", "UTC", OFFICE, NOW)
    with pytest.raises(RuleMissing):
        await ledger.set_campaign_rules(ruled.campaign_id, [other.schedule_id, 999], ())
    assert await ledger.campaign_rules(ruled.campaign_id) == CampaignRules((schedule,), (profile,))
    rules = await ledger.set_campaign_rules(ruled.campaign_id, [other.schedule_id], ())
    assert rules == await ledger.campaign_rules(ruled.campaign_id) == CampaignRules((other,), ())


async def test_a_change_of_rules_wakes_the_dialers(ledger: Ledger, ruled: Campaign) -> None:
    while await ledger.wait_for_work(0.01):
        pass
    await ledger.set_campaign_rules(ruled.campaign_id, (), ())
    assert await ledger.wait_for_work(30)
