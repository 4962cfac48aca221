"""The part of the ledger that has schedules, profiles, and the campaigns that keep them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from mirabelle.calls.campaign import Campaign, Dialing
from mirabelle.calls.profile import Profile
from mirabelle.calls.schedule import Schedule, Window
from mirabelle.store.records import CampaignRules


class Rulebook(Protocol):
    """See `mirabelle.store.ledger.Ledger`, which has all of this.

    A schedule or a profile never changes; a campaign may keep others.
    """

    async def add_schedule(
        self, account_id: int, name: str, zone: str, windows: Sequence[Window], now: datetime
    ) -> Schedule:
        """Add a schedule.

        Raises:
            RuleExists: the account has one of this name.
            StoreError: there is no such account, or a value cannot be stored.
        """
        ...

    async def schedule(self, schedule_id: int) -> Schedule | None:
        """The schedule with this key."""
        ...

    async def schedules(self, account_id: int, *, after: int = 0, limit: int = 100) -> tuple[Schedule, ...]:
        """The schedules of an account in the order of their keys, from behind `after`."""
        ...

    async def delete_schedule(self, schedule_id: int) -> None:
        """Delete a schedule that no campaign keeps.

        Raises:
            RuleInUse: a campaign keeps it.
            RuleMissing: there is none.
        """
        ...

    async def add_profile(
        self, account_id: int, name: str, calls_per_second: float | None, channels: int | None, now: datetime
    ) -> Profile:
        """Add a profile.

        Raises:
            RuleExists: the account has one of this name.
            ProfileError: the values cannot be those of a profile.
            StoreError: there is no such account, or a value cannot be stored.
        """
        ...

    async def profile(self, profile_id: int) -> Profile | None:
        """The profile with this key."""
        ...

    async def profiles(self, account_id: int, *, after: int = 0, limit: int = 100) -> tuple[Profile, ...]:
        """The profiles of an account in the order of their keys, from behind `after`."""
        ...

    async def delete_profile(self, profile_id: int) -> None:
        """Delete a profile that no campaign keeps.

        Raises:
            RuleInUse: a campaign keeps it.
            RuleMissing: there is none.
        """
        ...

    async def set_dialing(self, campaign_id: int, dialing: Dialing) -> Campaign:
        """Let the calls of a campaign be dialled so from now on. Wakes `wait_for_work`.

        A call that waits already keeps the time at which it is due; other hours or another policy count from then.

        Raises:
            StoreError: there is no such campaign, or the dialing cannot be stored.
        """
        ...

    async def campaign_rules(self, campaign_id: int) -> CampaignRules:
        """What a campaign keeps; nothing where there is no such campaign."""
        ...

    async def set_campaign_rules(
        self, campaign_id: int, schedules: Collection[int], profiles: Collection[int]
    ) -> CampaignRules:
        """Let a campaign keep these schedules and profiles and no others. Wakes `wait_for_work`.

        Raises:
            RuleMissing: one is not of the campaign's account; nothing is changed.
            StoreError: there is no such campaign, or they are too many.
        """
        ...
