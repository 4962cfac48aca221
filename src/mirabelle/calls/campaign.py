"""Campaign: calls that belong together."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime


class CampaignState(enum.StrEnum):
    """Whether the calls of a campaign are dialled."""

    ACTIVE = "active"
    """They are, when they are due."""
    PAUSED = "paused"
    """They wait. Those that are ringing or connected go on; expirations are kept."""


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
    """

    campaign_id: int
    account_id: int
    name: str
    parameters: str = ""
    state: CampaignState = CampaignState.ACTIVE
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
