"""What the ledger gives back beside calls, attempts, campaigns and accounts."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from mirabelle.calls.audit import AuditEntry
from mirabelle.calls.call import Call
from mirabelle.calls.profile import Profile
from mirabelle.calls.schedule import Schedule

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


@dataclass(frozen=True, slots=True)
class CampaignRules:
    """What a campaign keeps.

    Attributes:
        schedules: when it may call: while one of them is open; in the order of their keys.
        profiles: how fast: by all of them; in the order of their keys.
    """

    schedules: tuple[Schedule, ...] = ()
    profiles: tuple[Profile, ...] = ()


@dataclass(frozen=True, slots=True)
class Admitted:
    """What an admission came to.

    Attributes:
        calls: those that may be dialled now, each under a lease and with the trunk that it takes room of.
        again_at: when to ask again at the latest; None where nothing is foreseen.
        refused: calls that were ended, since they may never be dialled; their results are in the outbox.
        wants_channel: whether more calls could leave as soon as one in progress ends.
    """

    calls: tuple[Call, ...] = ()
    again_at: datetime | None = None
    refused: tuple[Call, ...] = ()
    wants_channel: bool = False


class Linked(NamedTuple):
    """A sealed entry of the audit.

    Attributes:
        entry: itself.
        attempt: the attempt that it names: `call_id`, `number`, `trunk`, `sip_call_id`, `outcome`, `sip_status`; None
            where it names none, or one that is not there.
    """

    entry: AuditEntry
    attempt: Mapping[str, Any] | None


class Audited(NamedTuple):
    """An attempt, and how the audit tells of it.

    Attributes:
        attempt_id: the store's key.
        call_id: its call.
        over: whether it has ended.
        begun: how many entries tell that it was dialled.
        ended: how many tell that it ended.
    """

    attempt_id: int
    call_id: int
    over: bool
    begun: int
    ended: int


class KeyHolder(NamedTuple):
    """Whose a bearer key is, and what it may do."""

    account_id: int
    role: Role


class KeptReply(NamedTuple):
    """The reply to a request with an `Idempotency-Key`, to be kept in the transaction that does what was asked."""

    key: str
    body_hash: str
    status: int
    reply: str


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A bearer key in the ledger, without what opens it.

    Attributes:
        key_id: the store's key.
        role: what its bearer may do.
        name: what people call it; may be empty.
        created_at: when it was made.
    """

    key_id: int
    role: Role
    name: str
    created_at: datetime


class Remembered(NamedTuple):
    """The first reply to a request with an `Idempotency-Key`."""

    body_hash: str
    status: int
    reply: str
