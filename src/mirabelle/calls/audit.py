"""The audit: one entry for each decision about dialling, and the chain of hashes that keeps them as they were written.

An entry is written in the transaction that it tells of, and sealed a moment later: it gets the next sequence number,
and a hash over itself and the hash before. Whoever changes, removes or exchanges a sealed entry breaks the chain there.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mirabelle.errors import MirabelleError

FIRST: Final = "0" * 64
"""What stands for the hash before the first entry."""


class AuditError(MirabelleError):
    """A question to the audit makes no sense."""


class Decision(enum.StrEnum):
    """What was decided."""

    OPENED = "opened"
    """The audit begins; attempts up to `last_attempt` are older than it."""
    DIAL = "dial"
    """An attempt begins: its INVITE may leave."""
    HELD = "held"
    """A gate is closed, so the call waits. Told again only when the reason is another."""
    REFUSED = "refused"
    """The call may never be dialled, and is over."""
    EXPIRED = "expired"
    """Its expiration came while it waited."""
    CANCELED = "canceled"
    """It was withdrawn while it waited."""
    ENDED = "ended"
    """An attempt is over; the entry says what becomes of the call."""
    RECOVERED = "recovered"
    """The lease of a dialer that died ran out, and another took the call over."""
    ANSWERED_LATE = "answered_late"
    """An attempt that was over turns out to have been answered, so the call is not dialled again."""
    TAKEN_BACK = "taken_back"
    """A call that was over waits once more, since somebody asked for it."""
    TRANSFER = "transfer"
    """Who was reached is to be transferred: the INVITE of a second leg, or a REFER, may leave."""
    TRANSFER_REFUSED = "transfer_refused"
    """Who was reached cannot be transferred, or not now; the reason says why."""
    TRANSFER_ENDED = "transfer_ended"
    """The second leg is over."""
    PAUSED = "paused"
    """No attempt of a campaign begins any more."""
    RESUMED = "resumed"
    """The calls of a campaign may be dialled again."""


@dataclass(frozen=True, slots=True)
class Note:
    """An entry that is to be written.

    Attributes:
        decision: what was decided.
        call_id: about which call; None where it is about a campaign.
        attempt_id: about which attempt.
        reason: why, in our own words; never a telephone number, and nothing that the network said.
        detail: what belongs to it.
    """

    decision: Decision
    call_id: int | None = None
    attempt_id: int | None = None
    reason: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An entry as the store has it; somebody may have tampered with it.

    Attributes:
        audit_id: the store's key.
        at: when it was decided, microseconds since 1970-01-01 UTC.
        owner: the dialer that decided; empty where it was a request.
        call_id: about which call.
        attempt_id: about which attempt.
        decision: a `Decision`.
        reason: why, in words.
        detail: what belongs to it, as the JSON text that was written.
        sequence: its place in the chain, from 1; None before it is sealed.
        hash: SHA-256 in hexadecimal digits; None before it is sealed.
    """

    audit_id: int
    at: int
    owner: str
    call_id: int | None
    attempt_id: int | None
    decision: str
    reason: str
    detail: str
    sequence: int | None = None
    hash: str | None = None

    def told(self) -> Mapping[str, Any]:
        """The detail; empty where somebody has made it unreadable."""
        try:
            found = json.loads(self.detail)
        except (TypeError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def link(previous: str, sequence: int, entry: AuditEntry) -> str:
    """The hash of an entry at its place in the chain.

    Args:
        previous: the hash of the entry before; `FIRST` where there is none.
        sequence: its place.
        entry: what is sealed.
    """
    sealed = (
        sequence,
        entry.audit_id,
        entry.at,
        entry.owner,
        entry.call_id,
        entry.attempt_id,
        entry.decision,
        entry.reason,
        entry.detail,
    )
    # A JSON list: no two entries are written alike, whatever their texts hold.
    written = json.dumps(sealed, ensure_ascii=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(f"{previous}\n{written}".encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the audit is not as it was written.

    Attributes:
        message: what is wrong, in words.
        sequence: where in the chain.
        audit_id: at which entry.
        attempt_id: at which attempt.
    """

    message: str
    sequence: int | None = None
    audit_id: int | None = None
    attempt_id: int | None = None


class Chain:
    """Follows the chain from its beginning, entry by entry, and says where it breaks.

    Args:
        noted: a hash that somebody has noted, to be looked for on the way.
    """

    def __init__(self, noted: str = "") -> None:
        self._noted = noted
        self._before: frozenset[str] = frozenset({FIRST})
        self.sequence = 0
        self.head = FIRST
        self.noted_at: int | None = None

    def follow(self, entry: AuditEntry) -> Break | None:
        """Go one entry further, in the order of sequences; returns what is wrong with it."""
        sequence, kept = entry.sequence, entry.hash
        if not isinstance(sequence, int) or not isinstance(kept, str):
            return Break(f"Entry {entry.audit_id} has no proper sequence and hash.", audit_id=entry.audit_id)
        due, before = self.sequence + 1, self._before
        made = {link(each, sequence, entry) for each in before}
        self.sequence, self.head = sequence, kept
        # Where it breaks here, the next entry may still follow from what is kept or from what it should be; so one
        # change is told once.
        self._before = frozenset({kept, *made})
        if kept == self._noted:
            self.noted_at = sequence
        if sequence != due:
            self._before = frozenset({kept})
            lacking = (
                f"Entry {due} is missing" if sequence == due + 1 else f"Entries {due} to {sequence - 1} are missing"
            )
            return Break(f"{lacking} from the chain.", sequence=due)
        if kept in made:
            self._before = frozenset({kept})
            return None
        message = f"Entry {sequence} is not what was sealed: itself, its hash or its place was changed."
        return Break(message, sequence, entry.audit_id)
