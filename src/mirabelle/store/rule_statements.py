"""The portable statements of schedules and profiles; see `mirabelle.store.statements`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from mirabelle.store.schema import (
    CAMPAIGN_PROFILES,
    CAMPAIGN_SCHEDULES,
    CAMPAIGNS,
    PROFILES,
    SCHEDULES,
)

_MOST: Final = sa.bindparam("most", type_=sa.Integer)

ADD_SCHEDULE: Final = sa.text(
    "INSERT INTO schedules (account_id, name, zone, windows, created_at)"
    " VALUES (:account_id, :name, :zone, :windows, :now)"
    " ON CONFLICT (account_id, name) DO NOTHING"
    " RETURNING schedule_id, account_id, name, zone, windows, created_at"
)
ADD_PROFILE: Final = sa.text(
    "INSERT INTO profiles (account_id, name, calls_per_second, channels, created_at)"
    " VALUES (:account_id, :name, :calls_per_second, :channels, :now)"
    " ON CONFLICT (account_id, name) DO NOTHING"
    " RETURNING profile_id, account_id, name, calls_per_second, channels, created_at"
)
SCHEDULE: Final = sa.select(*SCHEDULES.c).where(SCHEDULES.c.schedule_id == sa.bindparam("rule_id"))
PROFILE: Final = sa.select(*PROFILES.c).where(PROFILES.c.profile_id == sa.bindparam("rule_id"))
# The pair of account and name is unique, so that an account's own are found by it, whatever others have.
SCHEDULES_AFTER: Final = (
    sa.select(*SCHEDULES.c)
    .where(SCHEDULES.c.account_id == sa.bindparam("account_id"), SCHEDULES.c.schedule_id > sa.bindparam("after"))
    .order_by(SCHEDULES.c.schedule_id)
    .limit(_MOST)
)
PROFILES_AFTER: Final = (
    sa.select(*PROFILES.c)
    .where(PROFILES.c.account_id == sa.bindparam("account_id"), PROFILES.c.profile_id > sa.bindparam("after"))
    .order_by(PROFILES.c.profile_id)
    .limit(_MOST)
)


def _delete(rules: sa.Table, key: sa.Column[int], links: sa.Table, link: sa.Column[int]) -> sa.Executable:
    kept = sa.exists().where(link == key).correlate(rules)
    return sa.delete(rules).where(key == sa.bindparam("rule_id"), ~kept).returning(key)


DELETE_SCHEDULE: Final = _delete(
    SCHEDULES, SCHEDULES.c.schedule_id, CAMPAIGN_SCHEDULES, CAMPAIGN_SCHEDULES.c.schedule_id
)
DELETE_PROFILE: Final = _delete(PROFILES, PROFILES.c.profile_id, CAMPAIGN_PROFILES, CAMPAIGN_PROFILES.c.profile_id)

# Only what is the account's is found, so that no campaign keeps a stranger's.
KEEP_SCHEDULE: Final = sa.text(
    "INSERT INTO campaign_schedules (campaign_id, schedule_id)"
    " SELECT CAST(:campaign_id AS INTEGER), schedule_id FROM schedules"
    " WHERE schedule_id = :rule_id AND account_id = :account_id RETURNING schedule_id"
)
KEEP_PROFILE: Final = sa.text(
    "INSERT INTO campaign_profiles (campaign_id, profile_id)"
    " SELECT CAST(:campaign_id AS INTEGER), profile_id FROM profiles"
    " WHERE profile_id = :rule_id AND account_id = :account_id RETURNING profile_id"
)
DROP_SCHEDULES: Final = sa.delete(CAMPAIGN_SCHEDULES).where(
    CAMPAIGN_SCHEDULES.c.campaign_id == sa.bindparam("campaign_id")
)
DROP_PROFILES: Final = sa.delete(CAMPAIGN_PROFILES).where(
    CAMPAIGN_PROFILES.c.campaign_id == sa.bindparam("campaign_id")
)
SCHEDULES_KEPT: Final = (
    sa.select(*SCHEDULES.c)
    .join_from(CAMPAIGN_SCHEDULES, SCHEDULES, CAMPAIGN_SCHEDULES.c.schedule_id == SCHEDULES.c.schedule_id)
    .where(CAMPAIGN_SCHEDULES.c.campaign_id == sa.bindparam("campaign_id"))
    .order_by(SCHEDULES.c.schedule_id)
)
PROFILES_KEPT: Final = (
    sa.select(*PROFILES.c)
    .join_from(CAMPAIGN_PROFILES, PROFILES, CAMPAIGN_PROFILES.c.profile_id == PROFILES.c.profile_id)
    .where(CAMPAIGN_PROFILES.c.campaign_id == sa.bindparam("campaign_id"))
    .order_by(PROFILES.c.profile_id)
)

# Locked against other claims, so that no two count the same leases; not against uploads, which refer to the campaign.
LOCK_CAMPAIGN: Final = (
    sa.select(CAMPAIGNS.c.campaign_id, CAMPAIGNS.c.account_id, CAMPAIGNS.c.state)
    .where(CAMPAIGNS.c.campaign_id == sa.bindparam("campaign_id"))
    .with_for_update(key_share=True)
)
