"""What the ledger gives back beside calls, attempts, campaigns and accounts."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

Role: TypeAlias = Literal["admin", "manager", "read"]
"""What the bearer of a key may do."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of an upload.

    Attributes:
        campaign_id: the campaign that holds the calls.
        first_call_id: the least of their keys; 0 where nothing was queued.
        last_call_id: the greatest. On PostgreSQL, calls that others queued meanwhile may have keys in between.
        queued: how many calls.
        call_ids: the keys of the first calls, in their order, as many as were asked for.
    """

    campaign_id: int
    first_call_id: int
    last_call_id: int
    queued: int
    call_ids: tuple[int, ...] = ()


class ResultState(enum.StrEnum):
    """Where a result stands."""

    PENDING = "pending"
    """It is posted when it is due."""
    DONE = "done"
    """The receiver took it."""
    DEAD = "dead"
    """Given up; `replay` posts it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """A result in the ledger.

    Attributes:
        delivery_id: the store's key.
        call_id: the call it reports.
        account_id: whose it is.
        sequence: 1 for the first result of its call.
        url: where it goes.
        form: the fields, in order.
        state: where it stands.
        attempts: posts that were begun.
        due_at: the next post, while it is pending; a post under way shows as due when its lease ends.
        created_at: when the call became final.
        ended_at: when it was done or given up.
        reason: why the last post failed; empty where none did.
    """

    delivery_id: int
    call_id: int
    account_id: int
    sequence: int
    url: str
    form: tuple[tuple[str, str], ...]
    state: ResultState
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    reason: str


class KeyHolder(NamedTuple):
    """Whose a bearer key is, and what it may do."""

    account_id: int
    role: Role


class Remembered(NamedTuple):
    """The first reply to a request with an `Idempotency-Key`."""

    body_hash: str
    status: int
    reply: str
