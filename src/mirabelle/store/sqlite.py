"""The ledger on SQLite: one file, one writer, nothing to install."""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from mirabelle.calls.call import NewCall
from mirabelle.store import hot, migration
from mirabelle.store.asking import Ask, Load, Steps
from mirabelle.store.compiled import CompiledStatements
from mirabelle.store.hot import HotPaths
from mirabelle.store.ledger import StoreError
from mirabelle.store.rows import CALLEE_COLUMNS, COMMON_COLUMNS, NEW_CALL_COLUMNS, new_call_row
from mirabelle.store.spool import Spool
from mirabelle.store.sqlite_thread import SqliteThread, Work
from mirabelle.store.stepped import SteppedLedger

T = TypeVar("T")

OLDEST: Final = (3, 35, 0)
"""The first SQLite with RETURNING."""

BUSY: Final = 30.0
"""Seconds to wait for another process that writes."""

LOOK: Final = 0.25
"""Seconds between looks at whether another process has written."""

READERS: Final = 2


def _insert(columns: Sequence[str]) -> str:
    return f"INSERT INTO calls ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608


BULK_INSERT: Final = _insert(NEW_CALL_COLUMNS)
_LOAD: Final = _insert((*CALLEE_COLUMNS, *COMMON_COLUMNS, "account_id", "campaign_id"))


class SqliteLedger(SteppedLedger):
    """See `mirabelle.store.ledger.Ledger`. Make one with `SqliteLedger.open`."""

    hot: ClassVar[HotPaths] = hot.SQLITE

    def __init__(self, path: Path) -> None:
        self._directory = path.absolute().parent
        self._compiled = CompiledStatements(SQLiteDialect_pysqlite(paramstyle="qmark"))
        self._writes: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._reads: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._writer = SqliteThread(lambda: connect(path), name="ledger writer", writes=True, pending=self._writes)
        self._readers = [
            SqliteThread(lambda: connect(path, reads=True), name="ledger reader", writes=False, pending=self._reads)
            for _ in range(READERS)
        ]
        self._queued = asyncio.Event()
        self._seen = -1
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> SqliteLedger:
        """Open a ledger, made or migrated if need be.

        Raises:
            StoreError: it cannot be opened, or was made by a newer program.
        """
        if sqlite3.sqlite_version_info < OLDEST:
            raise StoreError(f"This Python has SQLite {sqlite3.sqlite_version}; the ledger needs 3.35 or newer.")
        await asyncio.to_thread(prepare, path)
        ledger = cls(path)
        for thread in (ledger._writer, *ledger._readers):
            await thread.start()
        ledger._seen = await ledger._data_version()
        return ledger

    async def queue_calls(self, news: Iterable[NewCall], now: datetime) -> int:
        """See `Ledger.queue_calls`."""

        def load(connection: sqlite3.Connection) -> int:
            filled = (tuple(new_call_row(new, now).values()) for new in news)
            return connection.executemany(BULK_INSERT, filled).rowcount

        loaded: int = await self._submit(self._writes, load)
        self._announce()
        return max(loaded, 0)

    async def time(self) -> None:
        """See `Ledger.time`: who shares a file shares a machine."""

    async def wait_for_work(self, timeout: float) -> bool:
        """See `Ledger.wait_for_work`. Another process's calls are seen within a quarter of a second."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while not self._queued.is_set():
            try:
                async with asyncio.timeout(max(0.0, min(LOOK, until - loop.time()))):
                    await self._queued.wait()
            except TimeoutError:
                if (version := await self._data_version()) != self._seen:
                    self._seen = version
                    self._queued.set()
                elif loop.time() >= until:
                    return False
        self._queued.clear()
        return True

    async def aclose(self) -> None:
        """See `Ledger.aclose`."""
        if self._closed:
            return
        self._closed = True
        self._writes.put(None)
        for _ in self._readers:
            self._reads.put(None)
        for thread in (*self._readers, self._writer):
            await thread.ended()

    async def _write(self, begin: Callable[[], Steps[T]], *, alone: bool = False) -> T:
        written: T = await self._submit(self._writes, lambda connection: drive(connection, self._compiled, begin()))
        return written

    async def _read(self, begin: Callable[[], Steps[T]], *, together: bool = False) -> T:
        def work(connection: sqlite3.Connection) -> T:
            if not together:
                return drive(connection, self._compiled, begin())
            connection.execute("BEGIN")
            try:
                return drive(connection, self._compiled, begin())
            finally:
                connection.execute("COMMIT")

        read: T = await self._submit(self._reads, work)
        return read

    def _spool(self) -> Spool:
        # Beside the ledger: the system's temporary files may be in memory.
        return Spool(self._directory)

    def _announce(self) -> None:
        self._queued.set()

    async def _data_version(self) -> int:
        """Counts the commits of other processes: on the writer's connection only theirs change it."""
        version: int = await self._submit(
            self._writes, lambda connection: connection.execute("PRAGMA data_version").fetchone()[0]
        )
        return version

    async def _submit(self, pending: queue.SimpleQueue[Any], work: Work) -> Any:
        if self._closed:
            raise StoreError("The ledger is closed.")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        pending.put((work, future))
        return await future


def drive(connection: sqlite3.Connection, compiled: CompiledStatements, steps: Steps[T]) -> T:
    """Run steps to their end on a connection, in the transaction that it is in.

    Args:
        connection: with rows that know their columns' names.
        compiled: the statements as SQLite's text.
        steps: what to do.
    """
    try:
        ask = next(steps)
        while True:
            ask = steps.send(_rows(connection, compiled, ask))
    except StopIteration as stop:
        result: T = stop.value
        return result


def _rows(connection: sqlite3.Connection, compiled: CompiledStatements, ask: Ask | Load) -> list[sqlite3.Row]:
    if isinstance(ask, Load):
        _load(connection, ask)
        return []
    statement = compiled[ask.statement]
    # The first question is the quick one.
    if isinstance(ask.values, dict) or isinstance(ask.values, Mapping):  # noqa: SIM101
        return connection.execute(statement.sql, statement.arguments(ask.values)).fetchall()
    connection.executemany(statement.sql, statement.many_arguments(ask.values))
    return []


def _load(connection: sqlite3.Connection, load: Load) -> None:
    # The rows keep the rules already; asking again for each would make all other writes wait twice as long.
    connection.execute("PRAGMA ignore_check_constraints = ON")
    try:
        connection.executemany(_LOAD, _filled(load))
    finally:
        connection.execute("PRAGMA ignore_check_constraints = OFF")


def _filled(load: Load) -> Iterator[tuple[Any, ...]]:
    for common, callees in load.spool.batches():
        alike = (*common, load.account_id, load.campaign_id)
        for callee in callees:
            yield callee + alike


def connect(path: Path, *, reads: bool = False) -> sqlite3.Connection:
    """A connection that waits for others, keeps references and is durable at each commit.

    Args:
        path: of the file.
        reads: refuse to write.
    """
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    # On macOS an ordinary fsync leaves the data in the drive's cache. Elsewhere this changes nothing.
    connection.execute("PRAGMA fullfsync = ON")
    if reads:
        connection.execute("PRAGMA query_only = ON")
    return connection


def prepare(path: Path) -> None:
    """Make the file, readable by its owner only, and its tables, or migrate them. Blocks.

    Raises:
        StoreError: the file cannot be made or opened, or was made by a newer program.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        theirs = isinstance(error, PermissionError)
        remedy = "Run this as the user whose ledger it is" if theirs else "Make its directory"
        raise StoreError(
            f"The ledger {path} cannot be opened: {error.strerror}. {remedy}, or change [store] url."
        ) from error
    try:
        connection = connect(path)
        try:
            _use_write_ahead_log(connection)
            _migrate(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"The ledger {path} cannot be opened: {error}. Is it a ledger of ours?") from error


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to WAL. Where another process is just switching, SQLite answers "locked" at once, so ask again."""
    until = time.monotonic() + BUSY
    while True:
        try:
            [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.02)
            continue
        if mode != "wal":
            raise StoreError("The ledger's file system cannot carry SQLite's write-ahead log; use a local disk.")
        return


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    version = connection.execute(migration.CURRENT).fetchone() if made else None
    current = version[0] if version else None
    for statement in migration.split(migration.script("sqlite", current)):
        connection.execute(statement)
    connection.execute("COMMIT")
