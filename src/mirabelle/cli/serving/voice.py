"""What a server says: to its log, and to the operator's terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from mirabelle.callbacks.event import DeadLetter, Delivered, DeliveryEvent, DeliveryRetry, LedgerAway

Announce = Callable[[str], None]
"""Hears a line for the operator's terminal."""


class Voice:
    """Turns what happens into lines.

    Attributes:
        log: the log itself.
        announce: the terminal.
    """

    def __init__(self, announce: Announce) -> None:
        self.log: Any = structlog.get_logger("mirabelle.serve")
        self.announce = announce

    def story(self, event: str, call_id: int, **fields: object) -> None:
        """What happens to a call; see `mirabelle.dialer.story`."""
        tell = self.log.warning if event == "error" else self.log.info
        tell(event, call_id=call_id, **fields)

    def delivery(self, event: DeliveryEvent) -> None:
        """What happens to a result."""
        match event:
            case Delivered(delivery=delivery, attempt=attempt, status=status):
                self.log.info("result posted", call_id=delivery.call_id, status=status, attempt=attempt)
            case DeliveryRetry(delivery=delivery, attempt=attempt, reason=reason, next_at=next_at):
                again = next_at.isoformat()
                self.log.warning(
                    "result not taken", call_id=delivery.call_id, attempt=attempt, reason=reason, next_at=again
                )
            case DeadLetter(delivery=delivery, attempt=attempt, reason=reason):
                self.log.error("result given up", call_id=delivery.call_id, attempt=attempt, reason=reason)
            case LedgerAway(reason=reason):
                self.store_failed(reason)

    def store_failed(self, reason: str) -> None:
        """The ledger did not answer."""
        self.log.error("store failed", reason=reason)
