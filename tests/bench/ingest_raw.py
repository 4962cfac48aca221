"""The raw drivers of both stores, for the ingest benchmark: rows that are made already, in one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from mirabelle.store.open import open_ledger
from mirabelle.store.rows import NEW_CALL_COLUMNS
from mirabelle.store.sqlite import BULK_INSERT

Rows = Sequence[tuple[Any, ...]]


async def prepare(url: str, login: str = "acme", pin_hash: str = "-") -> tuple[int, int]:
    """Make a ledger with an account; returns its key and that of its campaign."""
    ledger = await open_ledger(url)
    try:
        account = await ledger.add_account(login, pin_hash, datetime.now(UTC))
        return account.account_id, account.default_campaign_id
    finally:
        await ledger.aclose()


def load(url: str, rows: Rows, *, checks: bool = True) -> float:
    """Put rows into a ledger that is prepared; returns the seconds from the first to the commit.

    Args:
        url: of the ledger.
        rows: the calls.
        checks: False leaves the CHECKs of the tables out, on SQLite.
    """
    if url.startswith("sqlite:"):
        return load_sqlite(Path(url.removeprefix("sqlite:///")), rows, checks=checks)
    return asyncio.run(load_postgres(url, rows))


def load_sqlite(path: Path, rows: Rows, *, checks: bool) -> float:
    """By executemany, with a commit that is on the disk as the ledger's own."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA ignore_check_constraints = {'OFF' if checks else 'ON'}")
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(BULK_INSERT, rows)
        connection.execute("COMMIT")
        return time.perf_counter() - began
    finally:
        connection.close()


async def load_postgres(url: str, rows: Rows) -> float:
    """By COPY."""
    connection = await asyncpg.connect(url)
    try:
        began = time.perf_counter()
        async with connection.transaction():
            await connection.copy_records_to_table("calls", records=rows, columns=NEW_CALL_COLUMNS)
        return time.perf_counter() - began
    finally:
        await connection.close()
