"""The ledger's methods of schedules and profiles; see `mirabelle.store.stepped`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import ClassVar, TypeVar

from mirabelle.calls.campaign import Campaign, Dialing
from mirabelle.calls.profile import Profile
from mirabelle.calls.schedule import Schedule, Window
from mirabelle.store import campaign_steps, rule_steps
from mirabelle.store.asking import Steps
from mirabelle.store.hot import HotPaths
from mirabelle.store.records import CampaignRules

T = TypeVar("T")


class SteppedRulebook(ABC):
    """What both stores share. `mirabelle.store.rulebook.Rulebook` says what each method means."""

    hot: ClassVar[HotPaths]
    """The store's own SQL."""

    @abstractmethod
    async def _write(self, begin: Callable[[], Steps[T]], *, alone: bool = False) -> T:
        """Run steps in one transaction, and return when it is committed and on the disk.

        Args:
            begin: makes the steps.
            alone: they are a single statement, which is a transaction by itself.
        """

    @abstractmethod
    async def _read(self, begin: Callable[[], Steps[T]], *, together: bool = False) -> T:
        """Run steps that only read.

        Args:
            begin: makes the steps.
            together: all of them see the ledger as it is at one moment.
        """

    @abstractmethod
    def _announce(self) -> None:
        """Let `wait_for_work` know, wherever it waits, that there may be something to dial."""

    async def add_schedule(
        self, account_id: int, name: str, zone: str, windows: Sequence[Window], now: datetime
    ) -> Schedule:
        """See `Rulebook.add_schedule`."""
        return await self._write(lambda: rule_steps.add_schedule(account_id, name, zone, windows, now), alone=True)

    async def schedule(self, schedule_id: int) -> Schedule | None:
        """See `Rulebook.schedule`."""
        return await self._read(lambda: rule_steps.schedule(schedule_id))

    async def schedules(self, account_id: int, *, after: int = 0, limit: int = 100) -> tuple[Schedule, ...]:
        """See `Rulebook.schedules`."""
        return await self._read(lambda: rule_steps.schedules(account_id, after, limit))

    async def delete_schedule(self, schedule_id: int) -> None:
        """See `Rulebook.delete_schedule`."""
        await self._write(lambda: rule_steps.delete_schedule(schedule_id))

    async def add_profile(
        self, account_id: int, name: str, calls_per_second: float | None, channels: int | None, now: datetime
    ) -> Profile:
        """See `Rulebook.add_profile`."""
        return await self._write(
            lambda: rule_steps.add_profile(account_id, name, calls_per_second, channels, now), alone=True
        )

    async def profile(self, profile_id: int) -> Profile | None:
        """See `Rulebook.profile`."""
        return await self._read(lambda: rule_steps.profile(profile_id))

    async def profiles(self, account_id: int, *, after: int = 0, limit: int = 100) -> tuple[Profile, ...]:
        """See `Rulebook.profiles`."""
        return await self._read(lambda: rule_steps.profiles(account_id, after, limit))

    async def delete_profile(self, profile_id: int) -> None:
        """See `Rulebook.delete_profile`."""
        await self._write(lambda: rule_steps.delete_profile(profile_id))

    async def set_dialing(self, campaign_id: int, dialing: Dialing) -> Campaign:
        """See `Rulebook.set_dialing`."""
        changed = await self._write(lambda: campaign_steps.set_dialing(campaign_id, dialing), alone=True)
        self._announce()
        return changed

    async def campaign_rules(self, campaign_id: int) -> CampaignRules:
        """See `Rulebook.campaign_rules`."""
        return await self._read(lambda: rule_steps.campaign_rules(campaign_id))

    async def set_campaign_rules(
        self, campaign_id: int, schedules: Collection[int], profiles: Collection[int]
    ) -> CampaignRules:
        """See `Rulebook.set_campaign_rules`."""
        rules = await self._write(lambda: rule_steps.set_campaign_rules(campaign_id, schedules, profiles))
        self._announce()
        return rules
