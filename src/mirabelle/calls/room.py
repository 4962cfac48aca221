"""Room: how many calls may leave at this instant, over each trunk, for each account and each campaign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from mirabelle.calls import pace
from mirabelle.calls.account import AccountSettings
from mirabelle.calls.gate import Verdict
from mirabelle.calls.pace import ENOUGH, Pace
from mirabelle.calls.profile import Profile, tightest
from mirabelle.calls.trunk import Trunk

LOOK_AGAIN: Final = 1.0
"""Seconds until it is asked again whether somebody has given a channel back."""

_LOOK_AGAIN: Final = timedelta(seconds=LOOK_AGAIN)


@dataclass(frozen=True, slots=True)
class Limit:
    """What somebody may do.

    Attributes:
        calls_per_second: the most INVITEs a second; None: any number.
        channels: the most calls at once; None: any number.
    """

    calls_per_second: float | None = None
    channels: int | None = None


NO_LIMIT: Final = Limit()
"""That of whoever has none."""


def trunk_limits(trunks: Iterable[Trunk]) -> dict[str, Limit]:
    """What trunks may carry, by name."""
    return {f"trunk:{each.name}": Limit(each.calls_per_second, each.channels) for each in trunks}


def campaign_limits(
    account_id: int, settings: AccountSettings, campaign_id: int, profiles: Iterable[Profile]
) -> dict[str, Limit]:
    """What a campaign and its account may do, by name.

    Args:
        account_id: the account.
        settings: of the account.
        campaign_id: the campaign.
        profiles: those that the campaign keeps.
    """
    kept = tightest(profiles)
    return {
        f"account:{account_id}": Limit(settings.calls_per_second or None, settings.channels or None),
        f"campaign:{campaign_id}": Limit(kept.calls_per_second, kept.channels),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkRoom:
    """What a trunk carries at an instant, and may.

    Attributes:
        name: how the operator calls it.
        tried: whether it failed the call that is asked about.
        left: how many more calls may leave.
        in_use: calls at this instant.
        channels: the most calls at once.
        rate: calls a second, as the operator has it.
        rate_now: the same as it is now, after the trunk said that it has no room.
        slowed_at: when it said so last; None where the rate is whole.
        blocked_until: nothing leaves before this instant, since the trunk said so; None where it may.
    """

    name: str
    tried: bool
    left: int
    in_use: int
    channels: int
    rate: float
    rate_now: float
    slowed_at: datetime | None
    blocked_until: datetime | None


@dataclass(slots=True)
class Room:
    """Counts what is left while calls are admitted.

    Attributes:
        now: the present instant.
        limits: by name (`trunk:main`, `account:4`, `campaign:7`); what is not there has none.
        paces: as they were kept, by name.
        in_use: calls under a lease, by name.
        taken: calls that were admitted, by name.
    """

    now: datetime
    limits: Mapping[str, Limit]
    paces: dict[str, Pace]
    in_use: dict[str, int]
    taken: dict[str, int] = field(default_factory=dict)

    def left(self, name: str) -> int:
        """How many more may leave."""
        return max(0, min(self._ready(name), self._free(name)))

    def _ready(self, name: str) -> int:
        limit = self.limits.get(name, NO_LIMIT)
        if limit == NO_LIMIT and name not in self.paces:
            return ENOUGH - self.taken.get(name, 0)
        return pace.ready(self._pace(name, limit), limit.calls_per_second, self.now) - self.taken.get(name, 0)

    def _free(self, name: str) -> int:
        limit = self.limits.get(name, NO_LIMIT)
        if limit.channels is None:
            return ENOUGH
        return limit.channels - self.in_use.get(name, 0) - self.taken.get(name, 0)

    def later(self, at: datetime, since: datetime) -> Room:
        """The room at another instant, if nobody calls until then and those who call now have ended.

        Args:
            at: that instant.
            since: the one at which `in_use` was counted, and is kept.
        """
        return Room(at, self.limits, dict(self.paces), self.in_use if at <= since else {})

    def rate(self, name: str, whose: str) -> Verdict:
        """Whether a rate lets one more leave.

        Args:
            name: as in `limits`.
            whose: in words, such as `account`.
        """
        rate = self.limits.get(name, NO_LIMIT).calls_per_second
        if rate is None:
            return Verdict(True, f"The {whose} has no rate of its own.")
        told = f"The {whose} may begin {rate:g} calls a second"
        return Verdict(True, f"{told}.") if self._ready(name) > 0 else self._not_yet(name, told)

    def _not_yet(self, name: str, told: str) -> Verdict:
        return Verdict(False, f"{told}, and has just begun as many.", self.again_at(name))

    def channels(self, name: str, whose: str) -> Verdict:
        """Whether the channels let one more leave; closed, it may change with every call that ends.

        Args:
            name: as in `limits`.
            whose: in words, such as `account`.
        """
        most = self.limits.get(name, NO_LIMIT).channels
        if most is None:
            return Verdict(True, f"The {whose} has no channels of its own.")
        told = f"{self.in_use.get(name, 0)} of {most} channels of the {whose} are in use."
        return Verdict(True, told) if self._free(name) > 0 else Verdict(False, told, self.now + _LOOK_AGAIN)

    def over(self, trunks: Sequence[Trunk]) -> Verdict:
        """Whether one more may leave over any of some trunks.

        Args:
            trunks: those that it may leave through.
        """
        if not trunks:
            return Verdict(False, "There is no trunk; [[trunk]] in the settings makes one.")
        names = ", ".join(trunk.name for trunk in trunks if self.left(f"trunk:{trunk.name}") > 0)
        if names:
            return Verdict(True, f"There is room on {names}.")
        again_at = min(self.again_at(f"trunk:{trunk.name}") for trunk in trunks)
        names = ", ".join(trunk.name for trunk in trunks)
        return Verdict(False, f"There is no room on {names}.", again_at)

    def trunk(self, trunk: Trunk, *, tried: bool = False) -> TrunkRoom:
        """What a trunk carries, and may.

        Args:
            trunk: which one.
            tried: whether it failed the call that is asked about.
        """
        name = f"trunk:{trunk.name}"
        kept = self._pace(name, self.limits.get(name, NO_LIMIT))
        part = pace.slowed(kept, self.now)
        blocked = kept.blocked_until if kept.blocked_until is not None and kept.blocked_until > self.now else None
        return TrunkRoom(
            name=trunk.name,
            tried=tried,
            left=self.left(name),
            in_use=self.in_use.get(name, 0),
            channels=trunk.channels,
            rate=trunk.calls_per_second,
            rate_now=trunk.calls_per_second * part,
            slowed_at=kept.slowed_at if part < 1.0 else None,
            blocked_until=blocked,
        )

    def wants_channel(self, name: str) -> bool:
        """Whether a call could leave if one of those in progress ended."""
        limit = self.limits.get(name, NO_LIMIT)
        if limit.channels is None:
            return False
        taken = self.taken.get(name, 0)
        free = limit.channels - self.in_use.get(name, 0) - taken
        return free <= 0 and pace.ready(self._pace(name, limit), limit.calls_per_second, self.now) > taken

    def turn(self, name: str) -> float | None:
        """Seconds until one that does not wait among the others may leave; None where no channel is free.

        Args:
            name: as in `limits`. Where the rate is used up, its turn comes when what it takes has come in again, and
                before those who wait for a token that is there.
        """
        if self._free(name) <= 0:
            return None
        limit = self.limits.get(name, NO_LIMIT)
        return pace.wait(self.after(name), limit.calls_per_second, self.now)

    def take(self, names: Iterable[str]) -> None:
        """One call leaves, and takes room of all these."""
        for name in names:
            self.taken[name] = self.taken.get(name, 0) + 1

    def again_at(self, name: str) -> datetime:
        """When there may be room again where there is none."""
        limit = self.limits.get(name, NO_LIMIT)
        after = self.after(name)
        tokens = 1 if limit.calls_per_second is None else pace.worthwhile(limit.calls_per_second)
        wait = pace.wait(after, limit.calls_per_second, self.now, tokens)
        if wait <= 0.0:
            wait = LOOK_AGAIN
        # An instant has whole microseconds: what is left of one must not become none at all.
        return self.now + timedelta(seconds=max(wait, 1e-6))

    def after(self, name: str) -> Pace:
        """The pace after what was taken."""
        limit = self.limits.get(name, NO_LIMIT)
        return pace.take(self._pace(name, limit), limit.calls_per_second, self.taken.get(name, 0), self.now)

    def _pace(self, name: str, limit: Limit) -> Pace:
        known = self.paces.get(name)
        if known is None:
            known = self.paces[name] = pace.fresh(limit.calls_per_second, self.now)
        return known
