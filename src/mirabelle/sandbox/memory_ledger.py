"""A ledger in memory that runs its steps in the event loop itself: for virtual time, where no thread may be in the way.

The statements and the tables are those of the ledger on SQLite. What is missing is the disk: it is gone with the
process. For speed the rules that check each value are off, and the indexes are those that a dialer needs.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import ClassVar, Final, TypeVar

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from mirabelle.calls.call import NewCall
from mirabelle.store import hot, migration, sqlite
from mirabelle.store.asking import Steps
from mirabelle.store.compiled import CompiledStatements
from mirabelle.store.hot import HotPaths
from mirabelle.store.ledger import StoreError
from mirabelle.store.rows import new_call_row
from mirabelle.store.spool import Spool
from mirabelle.store.stepped import SteppedLedger

T = TypeVar("T")

_FASTER: Final = (
    "DROP INDEX calls_account_id_state",
    "DROP INDEX calls_campaign_id_state",
    "CREATE INDEX calls_in_use ON calls (trunk, account_id, campaign_id, lease_until) WHERE lease_until IS NOT NULL",
    "PRAGMA ignore_check_constraints = ON",
)


class MemoryLedger(SteppedLedger):
    """See `mirabelle.store.ledger.Ledger`. Nothing in it ever waits, but for `wait_for_work`.

    Uploads need a file and a thread and are refused; `queue_calls` takes any number.
    """

    hot: ClassVar[HotPaths] = hot.SQLITE

    def __init__(self) -> None:
        self._compiled = CompiledStatements(SQLiteDialect_pysqlite(paramstyle="qmark"))
        self._connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        self._connection.row_factory = sqlite3.Row
        for statement in migration.split(migration.script("sqlite", None)):
            self._connection.execute(statement)
        for statement in _FASTER:
            self._connection.execute(statement)
        self._queued = asyncio.Event()

    async def queue_calls(self, news: Iterable[NewCall], now: datetime) -> int:
        """See `Ledger.queue_calls`."""
        filled = (tuple(new_call_row(new, now).values()) for new in news)
        loaded = self._in_transaction(lambda: self._connection.executemany(sqlite.BULK_INSERT, filled).rowcount)
        self._announce()
        return max(loaded, 0)

    async def wait_for_work(self, timeout: float) -> bool:
        """See `Ledger.wait_for_work`."""
        try:
            async with asyncio.timeout(timeout):
                await self._queued.wait()
        except TimeoutError:
            return False
        self._queued.clear()
        return True

    async def aclose(self) -> None:
        """See `Ledger.aclose`."""
        self._connection.close()

    def rows(self, sql: str) -> Iterator[sqlite3.Row]:
        """What a question in SQL of one's own finds, for a report."""
        return iter(self._connection.execute(sql))

    async def _write(self, begin: Callable[[], Steps[T]], *, alone: bool = False) -> T:
        return self._in_transaction(lambda: sqlite.drive(self._connection, self._compiled, begin()))

    async def _read(self, begin: Callable[[], Steps[T]], *, together: bool = False) -> T:
        return sqlite.drive(self._connection, self._compiled, begin())

    def _in_transaction(self, work: Callable[[], T]) -> T:
        self._connection.execute("BEGIN")
        try:
            done = work()
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return done

    def _spool(self) -> Spool:
        raise StoreError("A ledger in memory takes no uploads; use queue_calls.")

    def _announce(self) -> None:
        self._queued.set()
