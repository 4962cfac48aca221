"""Ledgers that hold millions of calls, filled by the stores themselves: rows are made in SQL, indexes afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import asyncpg

from mirabelle.store.open import open_ledger
from mirabelle.store.rows import micros
from tests.bench import usage

PIECE: Final = 250_000
"""Calls between two words to whoever watches."""
GAP: Final = 1_000
"""Microseconds between the due times of two calls that wait."""
FAR: Final = timedelta(days=1)
"""How far ahead the first of those is that wait."""
RESULT_URL: Final = "http://app.example.com/result"

FORGET: Final = "DELETE FROM paces"
"""Every bucket is full again."""
END: Final = """
    UPDATE calls SET state = 'completed', ended_at = due_at, lease_owner = NULL, lease_until = NULL
    WHERE lease_until > 0
"""
"""Whatever is under a lease has ended."""
_CAMPAIGNS: Final = """
    INSERT INTO campaigns (account_id, name, parameters, created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
    SELECT 1, 'campaign ' || i, '', 0 FROM n
"""
FIRST_CAMPAIGN: Final = 2
"""The first key of those; the account's own campaign has 1."""

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Calls to put into a ledger.

    Attributes:
        count: how many.
        campaigns: over how many they are spread, one after the other.
        due_at: when the first is due.
        gap: microseconds from one to the next.
        result_url: where their results go; empty: nowhere.
    """

    count: int
    campaigns: int = 1
    due_at: datetime
    gap: int = GAP
    result_url: str = RESULT_URL

    def insert(self, first: int, end: int) -> str:
        """The statement, on both stores, for those from `first` to before `end`."""
        now, due = micros(datetime.now(UTC)), micros(self.due_at)
        return f"""
            INSERT INTO calls (account_id, campaign_id, phone_number, start_url, result_url, message_reference,
                call_parameters, max_retries, retry_interval, state, queued_at, due_at)
            WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {end - 1})
            SELECT 1, {FIRST_CAMPAIGN} + i % {self.campaigns}, '+161755501' || (10 + i % 90),
                'http://app.example.com/start.vxml', '{self.result_url}', 'order-' || i,
                'lang=en;room=' || (i % 500), 0, 60, 'queued', {now}, {due} + CAST(i AS BIGINT) * {self.gap}
            FROM n
        """


class Store(Protocol):
    """A ledger's tables, for whoever fills them past the ledger."""

    name: str
    url: str

    def load(self, waiting: Waiting, told: Told) -> None:
        """Fill an empty ledger, and leave it as one that has been there for long."""
        ...

    def execute(self, *statements: str) -> None:
        """Run statements in one transaction."""
        ...

    def count(self, query: str) -> int:
        """The number that a query gives."""
        ...

    def pairs(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query that gives two columns."""
        ...

    def server_seconds(self) -> float:
        """Processor time that a server of its own has used so far; 0.0 where it has none."""
        ...

    def drop(self) -> None:
        """Give the disk back."""
        ...


def make(store: Store, campaigns: int) -> None:
    """The tables, an account and its campaigns."""

    async def prepare() -> None:
        ledger = await open_ledger(store.url)
        await ledger.add_account("acme", "-", datetime.now(UTC))
        await ledger.aclose()

    asyncio.run(prepare())
    store.execute(_CAMPAIGNS.format(count=campaigns))


def add(store: Store, waiting: Waiting) -> None:
    """Add a few calls to a ledger that is filled."""
    store.execute(waiting.insert(0, waiting.count))


class SqliteStore:
    """A file.

    Args:
        path: where to.
    """

    name = "SQLite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.url = f"sqlite:///{path}"

    def load(self, waiting: Waiting, told: Told) -> None:
        """See `Store.load`."""
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            for pragma in ("synchronous = OFF", "ignore_check_constraints = ON", "cache_size = -500000"):
                connection.execute(f"PRAGMA {pragma}")
            found = connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'calls' AND sql IS NOT NULL"
            ).fetchall()
            for name, _ in found:
                connection.execute(f"DROP INDEX {name}")
            for first in range(0, waiting.count, PIECE):
                end = min(waiting.count, first + PIECE)
                connection.execute(waiting.insert(first, end))
                told(end - first)
            for _, sql in found:
                connection.execute(sql)
                told(PIECE)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def execute(self, *statements: str) -> None:
        """See `Store.execute`."""
        with closing(sqlite3.connect(self._path, isolation_level=None, timeout=60)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for each in statements:
                connection.execute(each)
            connection.execute("COMMIT")

    def count(self, query: str) -> int:
        """See `Store.count`."""
        with closing(sqlite3.connect(self._path, timeout=60)) as connection:
            found: int = connection.execute(query).fetchone()[0]
            return found

    def pairs(self, query: str) -> list[tuple[Any, ...]]:
        """See `Store.pairs`."""
        with closing(sqlite3.connect(self._path, timeout=60)) as connection:
            return connection.execute(query).fetchall()

    def server_seconds(self) -> float:
        """See `Store.server_seconds`."""
        return 0.0

    def drop(self) -> None:
        """See `Store.drop`."""
        for each in self._path.parent.glob(f"{self._path.name}*"):
            each.unlink()


class PostgresStore:
    """A database of a server of our own.

    Args:
        server: its URL.
        name: of the database.
    """

    name = "PostgreSQL"

    def __init__(self, server: str, name: str) -> None:
        self._server = f"{server}/postgres"
        self._database = name
        self.url = f"{server}/{name}"
        asyncio.run(_run(self._server, [f"CREATE DATABASE {name}"]))
        self._pid = int(
            asyncio.run(_ask(self._server, "SELECT pg_read_file('postmaster.pid', 0, 20)"))[0][0].split()[0]
        )

    def load(self, waiting: Waiting, told: Told) -> None:
        """See `Store.load`."""
        asyncio.run(self._load(waiting, told))

    async def _load(self, waiting: Waiting, told: Told) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            # As a replica it trusts that the references are right.
            await connection.execute(
                "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '1GB'"
            )
            found = await connection.fetch(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'calls' AND indexname <> 'calls_pkey'"
            )
            for row in found:
                await connection.execute(f"DROP INDEX {row['indexname']}")
            for first in range(0, waiting.count, PIECE):
                end = min(waiting.count, first + PIECE)
                await connection.execute(waiting.insert(first, end))
                told(end - first)
            for row in found:
                await connection.execute(row["indexdef"])
                told(PIECE)
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()

    def execute(self, *statements: str) -> None:
        """See `Store.execute`."""
        asyncio.run(_run(self.url, statements))

    def count(self, query: str) -> int:
        """See `Store.count`."""
        return int(asyncio.run(_ask(self.url, query))[0][0])

    def pairs(self, query: str) -> list[tuple[Any, ...]]:
        """See `Store.pairs`."""
        return asyncio.run(_ask(self.url, query))

    def server_seconds(self) -> float:
        """See `Store.server_seconds`."""
        return usage.tree_seconds(self._pid) or 0.0

    def drop(self) -> None:
        """See `Store.drop`."""
        asyncio.run(_run(self._server, [f"DROP DATABASE {self._database} WITH (FORCE)"]))


async def _run(url: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(url)
    try:
        if len(statements) == 1:  # not in a transaction, where a database cannot be made
            await connection.execute(statements[0])
        else:
            async with connection.transaction():
                for each in statements:
                    await connection.execute(each)
    finally:
        await connection.close()


async def _ask(url: str, query: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()
