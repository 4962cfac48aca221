"""Telling systemd how a service fares: its sd_notify protocol, a datagram to the socket that it names."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from typing import Final

_MICROSECONDS: Final = 1_000_000


class Notifier:
    """Speaks to the service manager that started us; silent where none did.

    Args:
        environ: `NOTIFY_SOCKET` says where to, `WATCHDOG_USEC` and `WATCHDOG_PID` how often it wants a sign of life.
        pid: our own number.
    """

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        meant = environ.get("WATCHDOG_PID", "") in {"", str(pid)}
        limit = environ.get("WATCHDOG_USEC", "")
        self._limit = int(limit) / _MICROSECONDS if meant and limit.isascii() and limit.isdigit() else 0.0

    @classmethod
    def ours(cls) -> Notifier:
        """Of this process."""
        return cls(os.environ, os.getpid())

    def ready(self) -> None:
        """The service takes work."""
        self._say("READY=1")

    def stopping(self, seconds: float) -> None:
        """The service ends, which may take so many seconds, whatever `TimeoutStopSec` says."""
        self._say(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={round(seconds * _MICROSECONDS)}")

    async def keep_watch(self) -> None:
        """Give a sign of life, twice as often as is asked, for as long as the event loop turns."""
        while self._address and self._limit:
            self._say("WATCHDOG=1")
            await asyncio.sleep(self._limit / 2)

    def _say(self, message: str) -> None:
        """Send a message; a manager that is gone or busy is no reason to stop working."""
        if not self._address:
            return
        path = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(message.encode(), path)
            except OSError:
                return
