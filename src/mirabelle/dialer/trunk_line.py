"""The state of a trunk while it is in use: how many calls it carries, and when the next may leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mirabelle.calls.pacing import TokenBucket, bucket
from mirabelle.calls.trunk import Trunk


@dataclass(slots=True)
class TrunkLine:
    """One trunk's room.

    Attributes:
        trunk: what the operator configured.
        tokens: the pace of its INVITEs.
        in_use: calls on it now.
    """

    trunk: Trunk
    tokens: TokenBucket
    in_use: int = 0

    def wait(self, now: float) -> float | None:
        """Seconds until an INVITE may leave here; None while every channel is taken."""
        if self.in_use >= self.trunk.channels:
            return None
        return self.tokens.wait(now)

    def take(self, now: float) -> None:
        """Occupy a channel and a token. Ask `wait` first."""
        self.tokens = self.tokens.take(now)
        self.in_use += 1

    def give_back(self) -> None:
        """Free the channel."""
        self.in_use -= 1

    def open_slots(self, now: float) -> int:
        """INVITEs that may leave here at this instant."""
        return max(0, min(self.trunk.channels - self.in_use, self.tokens.ready(now)))


def trunk_lines(trunks: Sequence[Trunk], now: float) -> tuple[TrunkLine, ...]:
    """The trunks, unused, each with a full bucket."""
    return tuple(TrunkLine(trunk, bucket(trunk.calls_per_second, now)) for trunk in trunks)
