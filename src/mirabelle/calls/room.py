"""Room: how many calls may leave at this instant, over each trunk, for each account and each campaign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from mirabelle.calls import pace
from mirabelle.calls.pace import ENOUGH, Pace

LOOK_AGAIN: Final = 1.0
"""Seconds until it is asked again whether somebody has given a channel back."""


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
        limit = self.limits.get(name, NO_LIMIT)
        taken = self.taken.get(name, 0)
        ready = pace.ready(self._pace(name, limit), limit.calls_per_second, self.now) - taken
        free = ENOUGH if limit.channels is None else limit.channels - self.in_use.get(name, 0) - taken
        return max(0, min(ready, free))

    def wants_channel(self, name: str) -> bool:
        """Whether a call could leave if one of those in progress ended."""
        limit = self.limits.get(name, NO_LIMIT)
        if limit.channels is None:
            return False
        taken = self.taken.get(name, 0)
        free = limit.channels - self.in_use.get(name, 0) - taken
        return free <= 0 and pace.ready(self._pace(name, limit), limit.calls_per_second, self.now) > taken

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
