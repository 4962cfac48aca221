from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mirabelle.store.ledger import StoreError
from mirabelle.store.sqlite_thread import SqliteThread, Work


class Written:
    """A writer on a file with one table, and the commits that the file has seen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pending: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.thread = SqliteThread(self.connect, name="writer", writes=True, pending=self.pending)
        self.commits: list[str] = []

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.execute("CREATE TABLE IF NOT EXISTS t (x INTEGER UNIQUE)")
        connection.set_trace_callback(lambda sql: self.commits.append(sql) if sql == "COMMIT" else None)
        return connection

    def submit(self, work: Work) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.pending.put((work, future))
        return future

    def insert(self, value: int) -> asyncio.Future[Any]:
        return self.submit(lambda connection: connection.execute("INSERT INTO t VALUES (?)", (value,)).rowcount)

    async def hold(self) -> threading.Event:
        """Keep the writer busy until the event is set, so that what is asked meanwhile waits together."""
        busy, gate = threading.Event(), threading.Event()

        def wait(_: sqlite3.Connection) -> None:
            busy.set()
            gate.wait(20)

        self.submit(wait)
        await asyncio.to_thread(busy.wait, 20)
        return gate

    def rows(self) -> list[int]:
        connection = sqlite3.connect(self.path)
        found = [row[0] for row in connection.execute("SELECT x FROM t ORDER BY x")]
        connection.close()
        return found


@pytest.fixture
async def written(tmp_path: Path) -> AsyncIterator[Written]:
    one = Written(tmp_path / "t.db")
    await one.thread.start()
    yield one
    one.pending.put(None)
    await one.thread.ended()


async def test_a_write_is_there_when_its_future_is(written: Written) -> None:
    assert await written.insert(1) == 1
    assert written.rows() == [1]


async def test_writes_that_wait_share_one_commit(written: Written) -> None:
    gate = await written.hold()
    rest = [written.insert(number) for number in range(50)]
    gate.set()
    await asyncio.gather(*rest)
    assert written.rows() == list(range(50))
    assert len(written.commits) == 2


async def test_a_write_that_fails_undoes_only_itself(written: Written) -> None:
    gate = await written.hold()

    def halfway(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO t VALUES (77)")
        raise ValueError("halfway")

    before, failing, refused, after = written.insert(1), written.submit(halfway), written.insert(1), written.insert(2)
    gate.set()
    await asyncio.gather(before, after)
    with pytest.raises(ValueError, match="halfway"):
        await failing
    with pytest.raises(StoreError, match="refused"):
        await refused
    assert written.rows() == [1, 2]


async def test_when_the_commit_fails_nobody_is_told_otherwise(written: Written) -> None:
    gate = await written.hold()
    lost = written.insert(1)
    # It takes the whole transaction away, as SQLite itself does on a full disk.
    spoiler = written.submit(lambda connection: connection.execute("ROLLBACK"))
    gate.set()
    for future in (lost, spoiler):
        with pytest.raises(StoreError):
            await future
    assert written.rows() == []
    assert await written.insert(2) == 1


async def test_a_writer_waits_for_another_process(written: Written) -> None:
    other = sqlite3.connect(written.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = written.insert(1)
    other.execute("INSERT INTO t VALUES (2)")
    other.execute("COMMIT")
    other.close()
    assert await waiting == 1
    assert written.rows() == [1, 2]


async def test_work_whose_asker_has_left_harms_nobody(written: Written) -> None:
    gate = await written.hold()
    left = written.insert(4)
    left.cancel()
    staying = written.insert(3)
    gate.set()
    assert await staying == 1


async def test_what_was_asked_before_the_end_is_still_done(tmp_path: Path) -> None:
    one = Written(tmp_path / "t.db")
    await one.thread.start()
    asked = [one.insert(number) for number in range(300)]
    one.pending.put(None)
    await one.thread.ended()
    assert all(future.done() for future in asked)
    assert len(one.rows()) == 300


async def test_a_file_that_cannot_be_opened_is_said_at_the_start(tmp_path: Path) -> None:
    one = Written(tmp_path / "missing" / "t.db")
    with pytest.raises(StoreError, match="SQLite"):
        await one.thread.start()
