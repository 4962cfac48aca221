"""The ledger on PostgreSQL: one database for a fleet."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, TypeVar

import asyncpg
from sqlalchemy import make_url

from mirabelle.calls.call import NewCall
from mirabelle.store import hot, migration, postgres_copy
from mirabelle.store.asking import Ask, Load, Steps
from mirabelle.store.compiled import CompiledStatements
from mirabelle.store.hot import HotPaths
from mirabelle.store.ledger import StoreError
from mirabelle.store.postgres_wake import CONNECTION_ERRORS, NOTIFY, PostgresWake
from mirabelle.store.rows import NEW_CALL_COLUMNS, Row, new_call_row
from mirabelle.store.spool import Spool
from mirabelle.store.stepped import SteppedLedger

T = TypeVar("T")

OLDEST: Final = 12
"""The first PostgreSQL with AS MATERIALIZED, which keeps a claim from locking more than it takes."""

CONNECTIONS: Final = 10
CONNECT_WITHIN: Final = 10.0
ANSWER_WITHIN: Final = 60.0
LOAD_WITHIN: Final = 3600.0
"""Seconds."""

LOADED_AT_ONCE: Final = 5000
"""Calls of a bulk load that are made ready before they are sent."""

MIGRATION_LOCK: Final = 0x4D69726162656C6C
"""The advisory lock that keeps two migrations apart: `Mirabell` in ASCII."""


SESSION: Final = {
    "application_name": "mirabelle",
    # Durable whatever the server's own default is.
    "synchronous_commit": "on",
    # Every statement walks an index in its order. Just after a bulk load the planner has no statistics to see that,
    # and would read and sort all that waits in order to claim a hundred.
    "enable_bitmapscan": "off",
    "enable_seqscan": "off",
    "plan_cache_mode": "force_generic_plan",
    # Where the planner does not know how few rows there are, it would compile a program for them, for 30 ms.
    "jit": "off",
}
"""What every connection asks of the server."""


class PostgresLedger(SteppedLedger):
    """See `mirabelle.store.ledger.Ledger`. Make one with `PostgresLedger.open`."""

    hot: ClassVar[HotPaths] = hot.POSTGRESQL

    def __init__(self, pool: Any, wake: PostgresWake) -> None:
        self._pool = pool
        self._wake = wake
        self._compiled = CompiledStatements(make_url("postgresql+asyncpg://").get_dialect()())

    @classmethod
    async def open(cls, url: str) -> PostgresLedger:
        """Open a ledger, with its tables made or migrated if need be.

        Raises:
            StoreError: the server cannot be reached or is too old, or the ledger was made by a newer program.
        """
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=CONNECTIONS,
                timeout=CONNECT_WITHIN,
                command_timeout=ANSWER_WITHIN,
                server_settings=SESSION,
                # Nothing that a transaction leaves behind outlives it here, so one round trip is saved.
                reset=_keep,
            )
        except (*CONNECTION_ERRORS, ValueError) as error:
            raise StoreError(
                f"PostgreSQL cannot be reached: {error}. Check [store] url, and that the server runs."
            ) from error
        try:
            with _named_errors():
                async with pool.acquire() as connection:
                    await _migrate(connection)
        except StoreError:
            await pool.close()
            raise
        return cls(pool, PostgresWake(url))

    async def queue_calls(self, news: Iterable[NewCall], now: datetime) -> int:
        """See `Ledger.queue_calls`."""
        waiting = iter(news)
        loaded = 0
        with _named_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                while records := await asyncio.to_thread(_records, waiting, now):
                    await connection.copy_records_to_table(
                        "calls", records=records, columns=NEW_CALL_COLUMNS, timeout=LOAD_WITHIN
                    )
                    loaded += len(records)
        self._announce()
        return loaded

    async def wait_for_work(self, timeout: float) -> bool:
        """See `Ledger.wait_for_work`."""
        return await self._wake.wait(timeout)

    async def time(self) -> datetime:
        """See `Ledger.time`."""
        with _named_errors():
            shown: datetime = await self._pool.fetchval("SELECT clock_timestamp()")
        return shown.astimezone(UTC)

    async def aclose(self) -> None:
        """See `Ledger.aclose`."""
        await self._wake.aclose()
        if self._wake.unsaid and not self._pool.is_closing():
            # Only a hint: where it cannot be sent, the others find the call by themselves.
            with contextlib.suppress(StoreError), _named_errors():
                await self._pool.execute(NOTIFY)
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _write(self, begin: Callable[[], Steps[T]], *, alone: bool = False) -> T:
        if alone:
            return await self._read(begin)
        with _named_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                return await self._drive(connection, begin())

    async def _read(self, begin: Callable[[], Steps[T]], *, together: bool = False) -> T:
        with _named_errors():
            async with self._pool.acquire() as connection:
                if not together:
                    return await self._drive(connection, begin())
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    return await self._drive(connection, begin())

    def _spool(self) -> Spool:
        return Spool()

    def _announce(self) -> None:
        self._wake.announce()

    async def _drive(self, connection: Any, steps: Steps[T]) -> T:
        try:
            ask = next(steps)
            while True:
                ask = steps.send(await self._rows(connection, ask))
        except StopIteration as stop:
            result: T = stop.value
            return result

    async def _rows(self, connection: Any, ask: Ask | Load) -> Sequence[Row]:
        if isinstance(ask, Load):
            await _load(connection, ask)
            return []
        statement = self._compiled[ask.statement]
        if isinstance(ask.values, Mapping):
            rows: Sequence[Row] = await connection.fetch(statement.sql, *statement.arguments(ask.values))
            return rows
        await connection.executemany(statement.sql, statement.many_arguments(ask.values))
        return []


async def _migrate(connection: Any) -> None:
    if connection.get_server_version().major < OLDEST:
        raise StoreError(f"The ledger needs PostgreSQL {OLDEST} or newer; this server is older.")
    if (encoding := await connection.fetchval("SHOW server_encoding")) != "UTF8":
        raise StoreError(f"The ledger's database has the encoding {encoding}; make one with ENCODING 'UTF8'.")
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        made = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
        current = await connection.fetchval(migration.CURRENT) if made else None
        script = await asyncio.to_thread(migration.script, "postgresql", current)
        if script:
            await connection.execute(script)


async def _load(connection: Any, load: Load) -> None:
    await connection.copy_to_table(
        "calls", source=_pieces(load), columns=postgres_copy.COLUMNS, format="binary", timeout=LOAD_WITHIN
    )


async def _pieces(load: Load) -> AsyncIterator[bytes]:
    """The stream of a COPY, made off the event loop."""
    pieces = postgres_copy.stream(load.spool.batches(), load.account_id, load.campaign_id)
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


async def _keep(connection: Any) -> None:
    """Leave a connection as it is."""


def _records(waiting: Iterator[NewCall], now: datetime) -> list[tuple[Any, ...]]:
    return [tuple(new_call_row(new, now).values()) for new in itertools.islice(waiting, LOADED_AT_ONCE)]


@contextlib.contextmanager
def _named_errors() -> Iterator[None]:
    """Give what the driver raises the name and the sentence that the rest of the program knows."""
    try:
        yield
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        raise StoreError(f"The ledger refused a value: {error}.") from error
    except CONNECTION_ERRORS as error:
        raise StoreError(f"PostgreSQL did not do what was asked: {error or 'no answer'}. Does it run?") from error
