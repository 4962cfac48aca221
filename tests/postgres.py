"""A private PostgreSQL on a loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from mirabelle.store.open import open_ledger
from tests.ports import free_tcp_port

EMPTY = (
    # The audit refuses to be emptied.
    "SET session_replication_role = replica;"
    " TRUNCATE accounts, paces, audit RESTART IDENTITY CASCADE;"
    " SET session_replication_role = origin"
)
"""Takes everything out of a ledger."""


def postgres_binaries() -> Path | None:
    """Where the newest PostgreSQL of this machine has its programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: path.parts[4])
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


class PostgresServer:
    """A server of our own, in a new folder, that can be stopped and started.

    Args:
        binaries: where its programs are.
        fsync: whether a commit waits for the disk; no test needs it, a measurement does.

    Attributes:
        url: its URL, without a database's name.
    """

    def __init__(self, binaries: Path, *, fsync: bool) -> None:
        self._binaries = binaries
        # It refuses to run as root, and a socket's path must be short.
        root = os.geteuid() == 0
        self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if root else []
        self._home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        if root:
            shutil.chown(self._home, "postgres", "postgres")
        port = free_tcp_port()
        self.url = f"postgresql://mirabelle@127.0.0.1:{port}"
        self._options = (
            f"-c listen_addresses=127.0.0.1 -p {port} -k {self._home} -c shared_buffers=64MB"
            f" -c fsync={'on' if fsync else 'off'} -c max_connections=60"
        )
        self._run("initdb", "-U", "mirabelle", "-A", "trust", "-E", "UTF8", "--locale=C")

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        # Written to a file: a pipe would stay open as long as the server runs.
        self._run("pg_ctl", "-w", "-t", "30", "-l", str(self._home / "log"), "-o", self._options, "start")

    def stop(self) -> None:
        """Stop it as a crash would."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def create(self, name: str) -> str:
        """An empty database; its URL."""
        asyncio.run(_execute(f"{self.url}/postgres", f"CREATE DATABASE {name}"))
        return f"{self.url}/{name}"

    def cut_off(self, name: str) -> None:
        """End every connection to a database."""
        ending = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        asyncio.run(_execute(f"{self.url}/postgres", ending))

    def remove(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._binaries / program), "-D", str(self._home / "data"), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self._home, timeout=60)


@contextlib.contextmanager
def postgres_of_our_own(binaries: Path, *, fsync: bool) -> Iterator[PostgresServer]:
    """A server of our own, running, which is gone when this ends; see `PostgresServer`."""
    server = PostgresServer(binaries, fsync=fsync)
    try:
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        server.remove()


@contextlib.contextmanager
def running_postgres(binaries: Path, *, fsync: bool) -> Iterator[str]:
    """The URL of a `PostgresServer`, without a database's name."""
    with postgres_of_our_own(binaries, fsync=fsync) as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres_server(require_peer: Callable[[str, Path | str | None], Path]) -> Iterator[str]:
    """The URL, without a database's name, of a server of our own; it is gone with the session."""
    with running_postgres(require_peer("PostgreSQL", postgres_binaries()), fsync=False) as url:
        yield url


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database."""
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    asyncio.run(_execute(f"{postgres_server}/postgres", f"CREATE DATABASE {name}"))
    yield f"{postgres_server}/{name}"
    asyncio.run(_execute(f"{postgres_server}/postgres", f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: str) -> str:
    """A database that tests use one after the other."""
    asyncio.run(_execute(f"{postgres_server}/postgres", "CREATE DATABASE shared_ledger"))
    url = f"{postgres_server}/shared_ledger"

    async def make_tables() -> None:
        await (await open_ledger(url)).aclose()

    asyncio.run(make_tables())
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a ledger without tables, on each store in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a ledger that holds nothing, on each store in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    url: str = request.getfixturevalue("shared_postgres_url")
    asyncio.run(_execute(url, EMPTY))
    return url
