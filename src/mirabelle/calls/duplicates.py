"""Duplicates: when a call that is asked for is one that is asked for already."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from mirabelle.calls.call import CallState
from mirabelle.calls.number import PhoneNumber


class DuplicateScope(enum.StrEnum):
    """Where a request to queue calls looks for the same person. Each scope holds those before it."""

    NONE = "none"
    """Nowhere: each request is a call of its own."""
    LIST = "list"
    """In the list that is uploaded: of several lines, the first is called."""
    CAMPAIGN = "campaign"
    """Also among the calls of the campaign that are not over."""
    ACCOUNT = "account"
    """Also among the calls of all campaigns of the account that are not over."""

    @property
    def in_list(self) -> bool:
        """Whether earlier lines of the same list count."""
        return self is not DuplicateScope.NONE

    @property
    def in_campaign(self) -> bool:
        """Whether calls of the same campaign count that are in the ledger and not over."""
        return self in (DuplicateScope.CAMPAIGN, DuplicateScope.ACCOUNT)

    @property
    def in_account(self) -> bool:
        """Whether calls of other campaigns count that are in the ledger and not over."""
        return self is DuplicateScope.ACCOUNT


@dataclass(frozen=True, slots=True)
class EarlierLine:
    """A line of the same list that asks for the same person.

    Attributes:
        line: its number, from 1.
    """

    line: int


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """A call of the same account, in the ledger, to the same person.

    Attributes:
        call_id: the store's key.
        campaign_id: which campaign it is in.
        state: where it stands.
    """

    call_id: int
    campaign_id: int
    state: CallState


Earlier = EarlierLine | EarlierCall
"""Something that was asked for before, and for the same person."""


def identity(number: PhoneNumber) -> str:
    """What makes two calls go to the same person: the number, and the extension or keys behind it.

    Two extensions of one switchboard are two people. The caller id and the way a number is written make no difference.
    """
    return f"{number.e164};{number.subaddress};{number.keys}" if number.keys or number.subaddress else number.e164


def duplicate(scope: DuplicateScope, campaign_id: int, earlier: Iterable[Earlier]) -> Earlier | None:
    """Decide whether a call is a duplicate.

    A call that is over is none: who was reached yesterday may be called today.

    Args:
        scope: where the request looks.
        campaign_id: which campaign the new call falls into.
        earlier: what was asked for before with the same `identity`, in the same list or account.

    Returns:
        The first of them that makes the new call a duplicate; None: queue it.
    """
    return next((each for each in earlier if _counts(scope, campaign_id, each)), None)


def reason(found: Earlier) -> str:
    """Why a call was not queued, in words for people."""
    if isinstance(found, EarlierLine):
        return f"The same person is on line {found.line} of this list."
    return f"Call {found.call_id} to the same person is not over yet: it is {found.state}."


def _counts(scope: DuplicateScope, campaign_id: int, earlier: Earlier) -> bool:
    if isinstance(earlier, EarlierLine):
        return scope.in_list
    if earlier.state.final:
        return False
    return scope.in_campaign if earlier.campaign_id == campaign_id else scope.in_account
