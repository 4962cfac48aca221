"""Threads that own SQLite connections, and the futures that bring their results back to the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from mirabelle.errors import MirabelleError
from mirabelle.store.ledger import StoreError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]

MOST_IN_ONE_COMMIT: Final = 200
"""Writes that may share one transaction, and so one wait for the disk."""

_Pending = tuple[Work, "asyncio.Future[Any]"]
_Settled = tuple["asyncio.Future[Any]", Any, Exception | None]


class SqliteThread:
    """Runs work on one SQLite connection, one piece after the other, on a thread of its own.

    A writer gathers the pieces that wait into one transaction, each behind a savepoint so that one that fails undoes
    only itself; none of them is settled before the commit is on the disk. A reader runs each piece by itself.

    Args:
        connect: makes the connection, on the thread.
        name: of the thread.
        writes: whether this is the writer.
        pending: where the work waits; several readers share one queue.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        *,
        name: str,
        writes: bool,
        pending: queue.SimpleQueue[_Pending | None],
    ) -> None:
        self._connect = connect
        self._writes = writes
        self._pending = pending
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    async def start(self) -> None:
        """Start the thread and wait for its connection.

        Raises:
            StoreError: the file cannot be opened.
        """
        self._thread.start()
        await self._ready

    async def ended(self) -> None:
        """Wait until the thread has finished what came before the None in its queue, and closed its connection."""
        await self._ended
        self._thread.join()

    def _work(self) -> None:
        try:
            connection = self._connect()
        except (sqlite3.Error, MirabelleError) as error:
            self._settle([(self._ready, None, _named(error))])
            return
        self._settle([(self._ready, None, None)])
        try:
            while (first := self._pending.get()) is not None:
                if self._writes:
                    self._commit_together(connection, first)
                else:
                    self._settle([_done(connection, first)])
        finally:
            connection.close()
            self._settle([(self._ended, None, None)])

    def _commit_together(self, connection: sqlite3.Connection, first: _Pending) -> None:
        batch = [first]
        while len(batch) < MOST_IN_ONE_COMMIT and not self._pending.empty():
            following = self._pending.get()
            if following is None:
                self._pending.put(None)
                break
            batch.append(following)
        try:
            connection.execute("BEGIN IMMEDIATE")
            settled = [_done_or_undone(connection, each) for each in batch]
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            settled = [(future, None, _named(error)) for _, future in batch]
        self._settle(settled)

    def _settle(self, settled: list[_Settled]) -> None:
        self._loop.call_soon_threadsafe(_set_results, settled)


def _done(connection: sqlite3.Connection, pending: _Pending) -> _Settled:
    work, future = pending
    try:
        return future, work(connection), None
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for the future
        return future, None, _named(error)


def _done_or_undone(connection: sqlite3.Connection, pending: _Pending) -> _Settled:
    connection.execute("SAVEPOINT piece")
    settled = _done(connection, pending)
    if settled[2] is not None:
        # Where SQLite gave up the whole transaction (a full disk), this fails too, and with it the whole batch.
        connection.execute("ROLLBACK TO piece")
    connection.execute("RELEASE piece")
    return settled


def _set_results(settled: list[_Settled]) -> None:
    for future, result, error in settled:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def _named(error: Exception) -> Exception:
    if isinstance(error, sqlite3.IntegrityError):
        named = StoreError(f"The ledger refused a value: {error}.")
    elif isinstance(error, sqlite3.Error):
        named = StoreError(f"SQLite could not read or write the ledger: {error}. Check the disk and the file.")
    else:
        return error
    named.__cause__ = error
    return named
