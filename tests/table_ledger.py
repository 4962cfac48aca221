"""The tables of the ledger on SQLite, in memory and without a thread, so that a dialer can use them on virtual time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final, TypeVar

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call, NewCall, NewCalls
from mirabelle.sandbox.simulation import Plan
from mirabelle.store import hot, migration, sqlite, steps
from mirabelle.store.asking import Steps
from mirabelle.store.compiled import CompiledStatements
from mirabelle.store.hot import HotPaths
from mirabelle.store.ledger import StoreError
from mirabelle.store.rows import new_call_row
from mirabelle.store.spool import Spool
from mirabelle.store.stepped import SteppedLedger

T = TypeVar("T")

MOST: Final = 100_000
"""Calls that it can tell about."""


class TableLedger(SteppedLedger):
    """See `mirabelle.store.ledger.Ledger`. Nothing in it ever waits, but for `wait_for_work`; it takes no uploads."""

    hot: ClassVar[HotPaths] = hot.SQLITE

    def __init__(self) -> None:
        self._compiled = CompiledStatements(SQLiteDialect_pysqlite(paramstyle="qmark"))
        self._connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        self._connection.row_factory = sqlite3.Row
        for statement in migration.split(migration.script("sqlite", None)):
            self._connection.execute(statement)

    async def queue_calls(self, news: Iterable[NewCall], now: datetime) -> int:
        """See `Ledger.queue_calls`."""
        filled = (tuple(new_call_row(new, now).values()) for new in news)
        loaded = self._in_transaction(lambda: self._connection.executemany(sqlite.BULK_INSERT, filled).rowcount)
        self._announce()
        return max(loaded, 0)

    async def wait_for_work(self, timeout: float) -> bool:
        """See `Ledger.wait_for_work`: nobody queues anything while the dialer runs."""
        await asyncio.sleep(timeout)
        return False

    async def aclose(self) -> None:
        """See `Ledger.aclose`."""
        self._connection.close()

    @property
    def all_calls(self) -> Collection[Call]:
        """Every call, in the order in which they were queued."""
        return self._all(steps.recent_calls(MOST))[::-1]

    @property
    def made(self) -> Sequence[Attempt]:
        """Every attempt, in the order in which they began."""
        made = (each for call in self.all_calls for each in self._all(steps.attempts(call.call_id)))
        return sorted(made, key=lambda attempt: attempt.attempt_id)

    def _all(self, asked: Steps[T]) -> T:
        return sqlite.drive(self._connection, self._compiled, asked)

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
        raise StoreError("This ledger takes no uploads; use queue_calls.")

    def _announce(self) -> None:
        pass


async def table_ledger(plan: Plan) -> TableLedger:
    """The tables with the campaign of a plan and all of its calls."""
    ledger, now = TableLedger(), plan.start
    account = await ledger.add_account("simulation", "", now)
    schedules, profiles = [], []
    if plan.windows:
        kept = await ledger.add_schedule(account.account_id, "windows", plan.zone, plan.windows, now)
        schedules.append(kept.schedule_id)
    if plan.calls_per_second is not None or plan.channels is not None:
        pace = await ledger.add_profile(account.account_id, "pace", plan.calls_per_second, plan.channels, now)
        profiles.append(pace.profile_id)
    campaign = await ledger.add_campaign(
        account.account_id, "simulated", "", now, schedules=schedules, profiles=profiles, dialing=plan.dialing
    )
    like = replace(plan.like, account_id=account.account_id, campaign_id=campaign.campaign_id, result_url="")
    await ledger.queue_calls(NewCalls(like, plan.callees), now)
    return ledger
