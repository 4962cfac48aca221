"""Which calls a turn of the dialer takes: those without rules, and those of campaigns that keep schedules and profiles.

A campaign that keeps rules has two gates: one of its schedules must be open, and its profiles must have room. Trunk
slots are shared out evenly among the campaigns that have something to dial; all calls without rules count as one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mirabelle.calls.call import Call
from mirabelle.calls.clock import Clock
from mirabelle.calls.gate import Verdict
from mirabelle.calls.pacing import TokenBucket, bucket
from mirabelle.calls.profile import Pace, tightest
from mirabelle.calls.schedule import Schedule, verdict
from mirabelle.store.ledger import Ledger
from mirabelle.store.records import RuledCampaign

NOBODYS: Final = 0
"""Stands for all calls whose campaigns keep no rules, where their turn comes; no campaign has this key."""

PATIENCE: Final = 1.0
"""Seconds until a campaign is asked again whose calls seemed to be due, but could not be had."""

Start = Callable[[Call, Sequence[Schedule]], None]
"""Begins to carry a call that was claimed, with the schedules that its campaign keeps."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one campaign may have in a turn.

    Attributes:
        campaign_id: which campaign; `NOBODYS` for all that keep no rules.
        room: the most calls.
        schedules: those that it keeps.
        channels: the most of its calls under a lease.
    """

    campaign_id: int
    room: int
    schedules: Sequence[Schedule] = ()
    channels: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A verdict that need not be worked out again for a while.

    Attributes:
        schedules: which it is about.
        since: when it was given.
        verdict: what it says.
    """

    schedules: Sequence[Schedule]
    since: datetime
    verdict: Verdict

    def holds(self, schedules: Sequence[Schedule], now: datetime) -> bool:
        """Whether it still answers the question; not where the clock was set back."""
        until = self.verdict.changes_at
        return self.schedules == schedules and self.since <= now and (until is None or now < until)


class CampaignGates:
    """Remembers the pace of each campaign, and whose turn comes first.

    The rate of a profile is kept by this process alone; its channels are counted in the ledger, across all.

    Args:
        ledger: where the calls are.
        clock: the time.
        owner: names the leases.
        lease: how long a claim holds.
    """

    def __init__(self, ledger: Ledger, clock: Clock, owner: str, lease: timedelta) -> None:
        self._ledger = ledger
        self._clock = clock
        self._owner = owner
        self._lease = lease
        self._buckets: dict[int, TokenBucket] = {}
        self._verdicts: dict[int, Known] = {}
        self._first = NOBODYS
        self._waits: list[float] = []

    async def claim(self, slots: int, start: Start) -> int:
        """Claim calls for trunk slots and start each at once; returns how many there were.

        Args:
            slots: INVITEs that may leave now.
            start: begins to carry a call.
        """
        ruled = await self._ledger.ruled_campaigns()
        now = self._clock.now()
        self._forget(ruled)
        self._waits = []
        shares = [Share(NOBODYS, slots), *filter(None, [self._share(each, now, slots) for each in ruled])]
        shares.sort(key=lambda share: (share.campaign_id <= self._first, share.campaign_id))
        self._first = shares[0].campaign_id

        async def claim(share: Share, most: int) -> int:
            calls = await self._claim(share, most)
            for call in calls:
                start(call, share.schedules)
            return len(calls)

        return slots - await share_out(slots, shares, claim)

    def wait(self) -> float | None:
        """Seconds from the last `claim` until a campaign that keeps rules may have more; None where nothing tells.

        Only where slots were left: else whatever frees one is waited for.
        """
        return min(self._waits, default=None)

    def verdict(self, campaign_id: int, schedules: Sequence[Schedule]) -> Verdict:
        """Whether a campaign may call at this instant.

        Args:
            campaign_id: which campaign.
            schedules: those that it keeps.
        """
        now = self._clock.now()
        known = self._verdicts.get(campaign_id)
        if known is not None and known.holds(schedules, now):
            return known.verdict
        found = verdict(schedules, now)
        self._verdicts[campaign_id] = Known(schedules, now, found)
        return found

    async def _claim(self, share: Share, most: int) -> tuple[Call, ...]:
        now = self._clock.now()
        until = now + self._lease
        if share.campaign_id == NOBODYS:
            return await self._ledger.claim_due(now, most, self._owner, until)
        calls = await self._ledger.claim_campaign(
            share.campaign_id, now, most, self._owner, until, channels=share.channels
        )
        tokens = self._buckets.get(share.campaign_id)
        if tokens is not None:
            monotonic = self._clock.monotonic()
            for _ in calls:
                tokens = tokens.take(monotonic)
            self._buckets[share.campaign_id] = tokens
        # What is left, and when it is due, the next look tells; where nothing could be had, not at once.
        self._waits.append(0.0 if calls else PATIENCE)
        return calls

    def _share(self, ruled: RuledCampaign, now: datetime, slots: int) -> Share | None:
        """What a campaign may have now; None where it is nothing, and then when that could change."""
        schedules, pace = ruled.rules.schedules, tightest(ruled.rules.profiles)
        found = self.verdict(ruled.campaign_id, schedules)
        if not found.open:
            if found.changes_at is not None:
                self._wait_until(found.changes_at, now)
            return None
        if ruled.due_at > now:
            self._wait_until(ruled.due_at, now)
            return None
        room = slots if pace.channels is None else min(slots, pace.channels - ruled.busy)
        tokens = self._tokens(ruled.campaign_id, pace)
        if tokens is not None and room > 0:
            monotonic = self._clock.monotonic()
            room = min(room, tokens.ready(monotonic))
            if room <= 0:
                self._waits.append(tokens.wait(monotonic))
        return Share(ruled.campaign_id, room, schedules, pace.channels) if room > 0 else None

    def _wait_until(self, instant: datetime, now: datetime) -> None:
        self._waits.append(max(0.0, (instant - now).total_seconds()))

    def _tokens(self, campaign_id: int, pace: Pace) -> TokenBucket | None:
        """The bucket of a campaign, filled anew where its rate is another one now."""
        if pace.calls_per_second is None:
            self._buckets.pop(campaign_id, None)
            return None
        tokens = self._buckets.get(campaign_id)
        if tokens is None or tokens.rate != pace.calls_per_second:
            tokens = self._buckets[campaign_id] = bucket(pace.calls_per_second, self._clock.monotonic())
        return tokens

    def _forget(self, ruled: Sequence[RuledCampaign]) -> None:
        """Let go of campaigns that have nothing to dial; of a bucket only when it would be full again."""
        here, monotonic = {each.campaign_id for each in ruled}, self._clock.monotonic()
        self._verdicts = {key: known for key, known in self._verdicts.items() if key in here}
        self._buckets = {
            key: tokens
            for key, tokens in self._buckets.items()
            if key in here or monotonic - tokens.at < tokens.burst / tokens.rate
        }


async def share_out(slots: int, shares: Sequence[Share], claim: Callable[[Share, int], Awaitable[int]]) -> int:
    """Share slots out evenly, and what one cannot use among the others. Returns how many nobody could use.

    Args:
        slots: how many there are.
        shares: who may have some, in the order of the turn: where they do not go up evenly, the first have one more.
        claim: takes up to so many for one share, and returns how many it got. Several go on at once, so that a ledger
            with one writer may commit them together.
    """
    hungry = list(shares)
    while slots and hungry:
        asked = list(zip(hungry, portions(slots, [share.room for share in hungry]), strict=True))
        got = await asyncio.gather(*(claim(share, most) for share, most in asked if most))
        slots -= sum(got)
        taken = iter(got)
        hungry = [
            replace(share, room=share.room - most)
            for share, most in asked
            if (not most or next(taken) == most) and most < share.room
        ]
    return slots


def portions(slots: int, rooms: Sequence[int]) -> list[int]:
    """Even portions, none larger than its room; where they do not go up evenly, the first have one more.

    Args:
        slots: how many there are to give.
        rooms: the most for each.
    """
    given = [0] * len(rooms)
    while slots and (lacking := [index for index, room in enumerate(rooms) if given[index] < room]):
        each = slots // len(lacking)
        for index in lacking if each else lacking[:slots]:
            more = min(rooms[index] - given[index], each or 1)
            given[index] += more
            slots -= more
    return given
