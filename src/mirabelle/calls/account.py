"""Account: who may queue calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """One customer's login.

    Attributes:
        account_id: the store's key.
        login: the name given in each request, at most 128 characters.
        pin_hash: the PIN, hashed with argon2; the PIN itself is kept nowhere.
        default_campaign_id: the campaign that single calls fall into.
    """

    account_id: int
    login: str
    pin_hash: str
    default_campaign_id: int
