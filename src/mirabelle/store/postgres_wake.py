"""How processes that share a PostgreSQL ledger tell each other that a call was queued: LISTEN and NOTIFY."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import asyncpg

CHANNEL: Final = "mirabelle_work"
"""The channel on which every queued call is announced."""

NOTIFY: Final = f"NOTIFY {CHANNEL}"

RECONNECT: Final = 1.0
"""Seconds before the next try to reach a server that went away."""

CONNECTION_ERRORS: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises when a server cannot be reached, refuses, or cuts the connection (a timeout is an OSError)."""


class PostgresWake:
    """One connection that hears and says that calls were queued.

    An announcement is a hint and not a record: one that is lost is made good when a waiter's timeout passes. So it is
    sent after the commit, many in one, and nobody waits for it.

    Args:
        url: of the database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._said = asyncio.Event()
        self._heard = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="ledger wake")

    @property
    def unsaid(self) -> bool:
        """Whether an announcement has not left yet."""
        return self._said.is_set()

    def announce(self) -> None:
        """A call was queued here: wake our own waiter at once, and the others soon."""
        self._heard.set()
        self._said.set()

    async def wait(self, timeout: float) -> bool:
        """Whether a call was queued since the last time, waiting `timeout` seconds for one."""
        try:
            async with asyncio.timeout(timeout):
                await self._heard.wait()
        except TimeoutError:
            return False
        self._heard.clear()
        return True

    async def aclose(self) -> None:
        """Hang up."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        while True:
            try:
                await self._converse()
            except CONNECTION_ERRORS:
                await asyncio.sleep(RECONNECT)

    async def _converse(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=10, command_timeout=10)
        try:
            connection.add_termination_listener(self._look)
            await connection.add_listener(CHANNEL, self._hear)
            # Something may have been queued while nobody listened.
            self._heard.set()
            while True:
                await self._said.wait()
                self._said.clear()
                if connection.is_closed():
                    return
                try:
                    await connection.execute(NOTIFY)
                except BaseException:
                    self._said.set()
                    raise
        finally:
            connection.terminate()

    def _look(self, connection: Any) -> None:
        self._said.set()

    def _hear(self, connection: Any, pid: int, channel: str, payload: str) -> None:
        if pid != connection.get_server_pid():
            self._heard.set()
