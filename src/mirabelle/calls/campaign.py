"""Campaign: calls that belong together."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from mirabelle.calls.calling_window import CalleeHours
from mirabelle.calls.fair_share import HEAVIEST
from mirabelle.calls.retry import DEFAULT, RetryPolicy
from mirabelle.errors import MirabelleError


class DialingError(MirabelleError):
    """How the calls of a campaign are to be dialled has a value that it cannot have."""


class CampaignState(enum.StrEnum):
    """Whether the calls of a campaign are dialled."""

    ACTIVE = "active"
    """They are, when they are due."""
    PAUSED = "paused"
    """They wait. Those that are ringing or connected go on; expirations are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDefaults:
    """What calls have that are added to a campaign later; see `NewCall` for the attributes.

    Attributes:
        start_url: where the application is; empty: the campaign has none, and calls cannot be added without theirs.
        result_url: where results go; empty for nowhere.
        max_retries: failed attempts that are allowed after the first, 0-10.
        retry_interval: seconds from the end of an attempt to the next, 60-172800.
    """

    start_url: str = ""
    result_url: str = ""
    max_retries: int = 0
    retry_interval: int = 300


NO_DEFAULTS: Final = CampaignDefaults()
"""Those of a campaign to which no calls are added later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialing:
    """How the calls of a campaign are dialled.

    Attributes:
        weight: its share against that of other campaigns, 1-100.
        retry: what the outcomes of attempts mean.
        hours: when callees may be called on their own clocks; None: at any time.

    Raises:
        DialingError: the weight is out of bounds.
    """

    weight: int = 1
    retry: RetryPolicy = DEFAULT
    hours: CalleeHours | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.weight, int) or isinstance(self.weight, bool) or not 1 <= self.weight <= HEAVIEST:
            raise DialingError(f"The weight of a campaign is a whole number from 1 to {HEAVIEST}.")

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Dialing:
        """Read it from JSON values, as `as_json` writes them; what is left out is as usual.

        Raises:
            DialingError: a name is not known, or the weight is out of bounds.
            RetryError: the policy is none.
            CalleeHoursError, ScheduleError, HolidayError: the hours are none.
        """
        if not set(value) <= _DIALING:
            raise DialingError(f"The dialing of a campaign has {', '.join(sorted(_DIALING))}, and nothing else.")
        hours = value.get("hours")
        return cls(
            weight=value.get("weight", 1),
            retry=RetryPolicy.parse(value.get("retry", "default")),
            hours=None if hours is None else CalleeHours.parse(hours),
        )

    def as_json(self) -> dict[str, object]:
        """As `parse` reads it."""
        hours = {} if self.hours is None else {"hours": self.hours.as_json()}
        return {"weight": self.weight, "retry": self.retry.as_json(), **hours}


_DIALING: Final = frozenset({"weight", "retry", "hours"})


USUAL_DIALING: Final = Dialing()
"""That of a campaign that says nothing."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A named set of calls of one account.

    Attributes:
        campaign_id: the store's key.
        account_id: whose campaign it is.
        name: unique within the account; `default` for single calls.
        parameters: the campaign-wide text handed to the application as `campaign_parameters`.
        state: whether its calls are dialled.
        created_at: when it was made.
        defaults: what calls have that are added later.
        dialing: how its calls are dialled.
    """

    campaign_id: int
    account_id: int
    name: str
    parameters: str = ""
    state: CampaignState = CampaignState.ACTIVE
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    defaults: CampaignDefaults = NO_DEFAULTS
    dialing: Dialing = USUAL_DIALING
