"""Admissions as tests ask for them, over a trunk that carries everything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mirabelle.calls.call import Call
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.trunk import Trunk
from mirabelle.store.ledger import Ledger

WIDE = Trunk(name="wide", host="127.0.0.1:5060", calls_per_second=1_000_000, channels=1_000_000)
"""A trunk that is never full."""


async def claim(
    ledger: Ledger, now: datetime, limit: int, owner: str, until: datetime, trunks: Sequence[Trunk] = (WIDE,)
) -> tuple[Call, ...]:
    """The calls that may be dialled now, under a lease."""
    return (await ledger.admit(trunks, now, limit, owner, until, memory=VerdictMemory())).calls


async def next_look(ledger: Ledger, now: datetime) -> datetime | None:
    """When a dialer has something to do next: a call is due, or expires."""
    foreseen = await ledger.admit((WIDE,), now, 0, "nobody", now, memory=VerdictMemory())
    instants = (foreseen.again_at, await ledger.next_expiry())
    return min((each for each in instants if each is not None), default=None)
