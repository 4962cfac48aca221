"""What happens to results, for whoever watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from mirabelle.calls.result import Delivery


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took a result.

    Attributes:
        delivery: the result.
        attempt: which post it was, from 1.
        status: the HTTP status.
    """

    delivery: Delivery
    attempt: int
    status: int


@dataclass(frozen=True, slots=True)
class DeliveryRetry:
    """A post failed and will be made again.

    Attributes:
        delivery: the result.
        attempt: which post it was, from 1.
        reason: why it failed.
        next_at: when the next is due.
    """

    delivery: Delivery
    attempt: int
    reason: str
    next_at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A result is given up. It stays in the ledger.

    Attributes:
        delivery: the result.
        attempt: which post was the last, from 1.
        reason: why it failed.
    """

    delivery: Delivery
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerAway:
    """The ledger could not be asked or told. What was being posted is posted again when its lease runs out.

    Attributes:
        reason: what the ledger said.
    """

    reason: str


DeliveryEvent: TypeAlias = Delivered | DeliveryRetry | DeadLetter | LedgerAway
