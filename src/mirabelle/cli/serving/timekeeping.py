"""The part of a server that keeps to the clock of the fleet."""

from __future__ import annotations

import asyncio
from typing import Final

from mirabelle.calls.clock import SharedClock
from mirabelle.cli.serving.part import Part
from mirabelle.cli.serving.voice import Voice
from mirabelle.store.ledger import Ledger, StoreError

EVERY: Final = 10.0
"""Seconds from one look at the shared clock to the next."""
WORTH_TELLING: Final = 1.0
"""Seconds by which the machine's clock is off when the operator hears of it; and again when it has moved by as much."""


ADVICE: Final = "The database's clock is kept to. Set this machine's: NTP, chrony."


class Timekeeper:
    """Keeps a clock to that of the ledger, and tells where the machine's own is wrong.

    Args:
        ledger: whose clock it is; one without a clock leaves everything as it is.
        clock: is set.
        voice: hears how far the machine's clock is off.
    """

    def __init__(self, ledger: Ledger, clock: SharedClock, voice: Voice) -> None:
        self._ledger = ledger
        self._clock = clock
        self._voice = voice
        self._told = 0.0

    async def look(self) -> None:
        """Hear the time once.

        Raises:
            StoreError: the ledger does not answer.
        """
        asked = self._clock.monotonic()
        instant = await self._ledger.time()
        if instant is None:
            return
        self._clock.hear(instant, asked, self._clock.monotonic())
        ahead = self._clock.ahead
        if abs(ahead - self._told) >= WORTH_TELLING:
            self._told = ahead
            self._voice.log.warning("clock is off", seconds_ahead=round(ahead, 1), advice=ADVICE)

    def part(self) -> Part:
        """To be run beside the others."""
        return Part(name="timekeeping", run=self._run)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except StoreError as error:
                # Until it answers, the time goes on by itself.
                self._voice.store_failed(str(error))
