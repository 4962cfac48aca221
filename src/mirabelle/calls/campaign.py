"""Campaign: calls that belong together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Campaign:
    """A named set of calls of one account.

    Attributes:
        campaign_id: the store's key.
        account_id: whose campaign it is.
        name: unique within the account; `default` for single calls.
        parameters: the campaign-wide text handed to the application as `campaign_parameters`.
    """

    campaign_id: int
    account_id: int
    name: str
    parameters: str = ""
