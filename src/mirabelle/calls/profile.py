"""Profile: how fast a campaign may call."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mirabelle.errors import MirabelleError

SLOWEST: Final = 0.001
FASTEST: Final = 1000.0
"""Calls a second: the least and the most that a profile may say."""

MOST_CHANNELS: Final = 100_000
"""The most calls at once that a profile may say."""


class ProfileError(MirabelleError):
    """A profile has a value that it cannot have."""


def check(calls_per_second: float | None, channels: int | None) -> None:
    """See whether a profile may say so.

    Raises:
        ProfileError: a value is out of bounds, or there is none at all.
    """
    if calls_per_second is None and channels is None:
        raise ProfileError("A profile needs calls_per_second, channels or both.")
    if calls_per_second is not None and not (
        math.isfinite(calls_per_second) and SLOWEST <= calls_per_second <= FASTEST
    ):
        raise ProfileError(f"calls_per_second is from {SLOWEST:g} to {FASTEST:g}.")
    if channels is not None and not 1 <= channels <= MOST_CHANNELS:
        raise ProfileError(f"channels is from 1 to {MOST_CHANNELS}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named limit of how fast calls may leave.

    Attributes:
        profile_id: the store's key.
        account_id: whose profile it is.
        name: unique within the account.
        calls_per_second: the most INVITEs a second; None: no limit here.
        channels: the most calls at once; None: no limit here.
        created_at: when it was made.
    """

    profile_id: int
    account_id: int
    name: str
    calls_per_second: float | None = None
    channels: int | None = None
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a campaign may call.

    Attributes:
        calls_per_second: the most INVITEs a second; None: as fast as the trunks.
        channels: the most calls at once; None: as many as the trunks carry.
    """

    calls_per_second: float | None = None
    channels: int | None = None


def tightest(profiles: Iterable[Profile]) -> Pace:
    """The pace of a campaign that keeps all these profiles: the least of each value."""
    kept = tuple(profiles)
    return Pace(
        min((each.calls_per_second for each in kept if each.calls_per_second is not None), default=None),
        min((each.channels for each in kept if each.channels is not None), default=None),
    )
