"""The signals that stop a server."""

from __future__ import annotations

import asyncio
import signal


class Signals:
    """Hears SIGTERM and SIGINT; to be made inside the event loop that is to be stopped.

    Attributes:
        stop: the first signal came: end what is in hand.
        hurry: the second came: end it now.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._heard)

    def _heard(self) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()
