"""The steps of schedules, profiles and the campaigns that keep them; see `mirabelle.store.steps`."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from mirabelle.calls import profile as profiles_of_calls
from mirabelle.calls.profile import Profile
from mirabelle.calls.schedule import Schedule, Window
from mirabelle.store import rows, rule_statements, schema
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.ledger import RuleExists, RuleField, RuleInUse, RuleMissing, StoreError
from mirabelle.store.records import CampaignRules
from mirabelle.store.rows import micros

MOST_KEPT: Final = 10
"""The most schedules, and the most profiles, that one campaign keeps."""

_SCHEDULES: Final[RuleField] = "schedules"
_PROFILES: Final[RuleField] = "profiles"


def add_schedule(account_id: int, name: str, zone: str, windows: Sequence[Window], now: datetime) -> Steps[Schedule]:
    """See `Rulebook.add_schedule`."""
    values = {
        "account_id": account_id,
        "name": _name("schedule", name),
        "zone": rows.storable("zone", zone, schema.NAME),
        "windows": rows.storable("windows", json.dumps([each.as_json() for each in windows]), schema.WINDOWS),
        "now": micros(now),
    }
    added = yield Ask(rule_statements.ADD_SCHEDULE, values)
    if not added:
        raise RuleExists(f"The account already has a schedule '{name}'; choose another name.")
    return rows.schedule_of(added[0])


def schedule(schedule_id: int) -> Steps[Schedule | None]:
    """See `Rulebook.schedule`."""
    if not rows.is_key(schedule_id):
        return None
    found = yield Ask(rule_statements.SCHEDULE, {"rule_id": schedule_id})
    return rows.schedule_of(found[0]) if found else None


def schedules(account_id: int, after: int, limit: int) -> Steps[tuple[Schedule, ...]]:
    """See `Rulebook.schedules`."""
    if not rows.is_key(account_id):
        return ()
    values = {"account_id": account_id, "after": rows.cursor(after), "most": limit}
    return tuple(map(rows.schedule_of, (yield Ask(rule_statements.SCHEDULES_AFTER, values))))


def delete_schedule(schedule_id: int) -> Steps[None]:
    """See `Rulebook.delete_schedule`."""
    if rows.is_key(schedule_id):
        if (yield Ask(rule_statements.DELETE_SCHEDULE, {"rule_id": schedule_id})):
            return
        if (yield Ask(rule_statements.SCHEDULE, {"rule_id": schedule_id})):
            raise RuleInUse(f"A campaign keeps schedule {schedule_id}; let it keep another first.")
    raise RuleMissing(f"There is no schedule {schedule_id}.", "schedules")


def add_profile(
    account_id: int, name: str, calls_per_second: float | None, channels: int | None, now: datetime
) -> Steps[Profile]:
    """See `Rulebook.add_profile`."""
    profiles_of_calls.check(calls_per_second, channels)
    values = {
        "account_id": account_id,
        "name": _name("profile", name),
        "calls_per_second": None if calls_per_second is None else float(calls_per_second),
        "channels": channels,
        "now": micros(now),
    }
    added = yield Ask(rule_statements.ADD_PROFILE, values)
    if not added:
        raise RuleExists(f"The account already has a profile '{name}'; choose another name.")
    return rows.profile_of(added[0])


def profile(profile_id: int) -> Steps[Profile | None]:
    """See `Rulebook.profile`."""
    if not rows.is_key(profile_id):
        return None
    found = yield Ask(rule_statements.PROFILE, {"rule_id": profile_id})
    return rows.profile_of(found[0]) if found else None


def profiles(account_id: int, after: int, limit: int) -> Steps[tuple[Profile, ...]]:
    """See `Rulebook.profiles`."""
    if not rows.is_key(account_id):
        return ()
    values = {"account_id": account_id, "after": rows.cursor(after), "most": limit}
    return tuple(map(rows.profile_of, (yield Ask(rule_statements.PROFILES_AFTER, values))))


def delete_profile(profile_id: int) -> Steps[None]:
    """See `Rulebook.delete_profile`."""
    if rows.is_key(profile_id):
        if (yield Ask(rule_statements.DELETE_PROFILE, {"rule_id": profile_id})):
            return
        if (yield Ask(rule_statements.PROFILE, {"rule_id": profile_id})):
            raise RuleInUse(f"A campaign keeps profile {profile_id}; let it keep another first.")
    raise RuleMissing(f"There is no profile {profile_id}.", "profiles")


def campaign_rules(campaign_id: int) -> Steps[CampaignRules]:
    """See `Rulebook.campaign_rules`."""
    if not rows.is_key(campaign_id):
        return CampaignRules()
    kept = yield Ask(rule_statements.SCHEDULES_KEPT, {"campaign_id": campaign_id})
    paced = yield Ask(rule_statements.PROFILES_KEPT, {"campaign_id": campaign_id})
    return CampaignRules(tuple(map(rows.schedule_of, kept)), tuple(map(rows.profile_of, paced)))


def set_campaign_rules(campaign_id: int, schedules: Collection[int], profiles: Collection[int]) -> Steps[CampaignRules]:
    """See `Rulebook.set_campaign_rules`."""
    locked: Sequence[rows.Row] = ()
    if rows.is_key(campaign_id):
        locked = yield Ask(rule_statements.LOCK_CAMPAIGN, {"campaign_id": campaign_id})
    if not locked:
        raise StoreError(f"There is no campaign {campaign_id} in the ledger.")
    yield Ask(rule_statements.DROP_SCHEDULES, {"campaign_id": campaign_id})
    yield Ask(rule_statements.DROP_PROFILES, {"campaign_id": campaign_id})
    yield from keep(campaign_id, locked[0]["account_id"], schedules, profiles)
    return (yield from campaign_rules(campaign_id))


def keep(campaign_id: int, account_id: int, schedules: Collection[int], profiles: Collection[int]) -> Steps[None]:
    """Let a campaign that keeps nothing keep these.

    Raises:
        RuleMissing: one is not the account's.
        StoreError: they are too many.
    """
    for what, statement, keys in (
        (_SCHEDULES, rule_statements.KEEP_SCHEDULE, schedules),
        (_PROFILES, rule_statements.KEEP_PROFILE, profiles),
    ):
        if len(keys) > MOST_KEPT:
            raise StoreError(f"A campaign keeps at most {MOST_KEPT} {what}.")
        for key in sorted(set(keys)):
            values = {"campaign_id": campaign_id, "account_id": account_id, "rule_id": key}
            if not rows.is_key(key) or not (yield Ask(statement, values)):
                raise RuleMissing(f"The account has no {what[:-1]} {key}.", what)


def _name(what: str, name: str) -> str:
    if not name:
        raise StoreError(f"A {what} needs a name.")
    return rows.storable("name", name, schema.NAME)
