"""Campaign: calls that belong together."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final


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
    """

    weight: int = 1


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
