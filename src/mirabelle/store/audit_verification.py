"""Whether the audit is as it was written, and whether it and the attempts of the ledger tell the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mirabelle.calls.audit import AuditEntry, Break, Chain, Decision
from mirabelle.store.audit_trail import AuditTrail

PAGE: Final = 2000
"""Entries or attempts that are read at once."""
MOST_BREAKS: Final = 100
"""The most breaks that are kept; the others are counted."""

_TELLS: Final = {Decision.DIAL: ("number", "trunk", "sip_call_id"), Decision.ENDED: ("outcome", "sip_status")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a look at the whole audit has found.

    Attributes:
        sequence: of the last entry of the chain; 0 where there is none.
        head: its hash.
        unsealed: entries that wait to be sealed.
        attempts: attempts that were compared with the audit.
        breaks: where it is not as it was written, the first of them.
        broken: how many there are in all.
        noted_at: the place of the hash that was looked for; None where it was not found, or none was.
    """

    sequence: int
    head: str
    unsealed: int
    attempts: int
    breaks: tuple[Break, ...]
    broken: int
    noted_at: int | None


async def verify(
    trail: AuditTrail, *, noted: str = "", advance: Callable[[int], None] = lambda count: None
) -> Verification:
    """Look at every entry and every attempt. It only reads, and may run beside a server.

    Args:
        trail: where the audit is.
        noted: the hash of a head that somebody has noted, which must be in the chain; empty for none.
        advance: hears that so many more entries were looked at.
    """
    walk = _Walk(trail, noted, advance)
    await walk.entries()
    waiting = await walk.unsealed()
    attempts = await walk.attempts()
    if noted and walk.chain.noted_at is None:
        walk.tell(
            Break("The noted head is not in the chain: entries were cut off its end, or it was all written anew.")
        )
    return Verification(
        sequence=walk.chain.sequence,
        head=walk.chain.head,
        unsealed=waiting,
        attempts=attempts,
        breaks=tuple(walk.breaks),
        broken=walk.broken,
        noted_at=walk.chain.noted_at,
    )


class _Walk:
    def __init__(self, trail: AuditTrail, noted: str, advance: Callable[[int], None]) -> None:
        self._trail = trail
        self._advance = advance
        self._older = 0
        self.chain = Chain(noted)
        self.breaks: list[Break] = []
        self.broken = 0

    def tell(self, broken: Break | None) -> None:
        if broken is not None:
            self.broken += 1
            if len(self.breaks) < MOST_BREAKS:
                self.breaks.append(broken)

    async def entries(self) -> None:
        """Follow the chain; each entry that names an attempt must tell what the attempt tells."""
        while page := await self._trail.audit_chain(after=self.chain.sequence, limit=PAGE):
            before = self.chain.sequence
            for entry, attempt in page:
                if entry.sequence == 1:
                    self._begins(entry)
                self.tell(self.chain.follow(entry))
                self.tell(_compared(entry, attempt))
            self._advance(len(page))
            if self.chain.sequence == before:
                # What has no proper sequence would be found again and again.
                return

    async def unsealed(self) -> int:
        """Count what waits to be sealed."""
        if not self.chain.sequence:
            for entry in await self._trail.audit_unsealed(limit=1):
                self._begins(entry)
        return await self._trail.audit_unsealed_count()

    async def attempts(self) -> int:
        """Each attempt that is not older than the audit must have begun once, and ended once if it is over."""
        after = seen = 0
        while page := await self._trail.attempts_audited(after=after, limit=PAGE):
            after = page[-1].attempt_id
            for each in page:
                if each.attempt_id <= self._older:
                    continue
                seen += 1
                for wanted, found, what in ((1, each.begun, "was dialled"), (int(each.over), each.ended, "ended")):
                    if found != wanted:
                        many = "No entry tells" if found < wanted else f"{found} entries tell"
                        message = f"{many} that attempt {each.attempt_id} of call {each.call_id} {what}."
                        self.tell(Break(message, attempt_id=each.attempt_id))
        return seen

    def _begins(self, entry: AuditEntry) -> None:
        older = entry.told().get("last_attempt") if entry.decision == Decision.OPENED else None
        self._older = older if isinstance(older, int) else 0


def _compared(entry: AuditEntry, attempt: Mapping[str, Any] | None) -> Break | None:
    """What an entry tells of an attempt, beside the attempt itself."""
    if entry.decision not in _TELLS:
        return None
    at = f"Entry {entry.sequence} tells of attempt {entry.attempt_id} of call {entry.call_id}"
    if attempt is None:
        return Break(f"{at}, which is not in the ledger.", entry.sequence, entry.audit_id, entry.attempt_id)
    told = entry.told()
    other = [name for name in _TELLS[Decision(entry.decision)] if told.get(name) != attempt[name]]
    if entry.call_id != attempt["call_id"]:
        other.append("call_id")
    if not other:
        return None
    return Break(
        f"{at}; the attempt in the ledger has another {', '.join(other)}.",
        entry.sequence,
        entry.audit_id,
        entry.attempt_id,
    )
