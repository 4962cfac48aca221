"""A private PostgreSQL on a loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from mirabelle.store.open import open_ledger

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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running_postgres(binaries: Path, *, fsync: bool) -> Iterator[str]:
    """A server of our own, which is gone when this ends.

    Args:
        binaries: where its programs are.
        fsync: whether a commit waits for the disk; no test needs it, a measurement does.

    Yields:
        Its URL, without a database's name.
    """
    # It refuses to run as root, and a socket's path must be short.
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    if as_user:
        shutil.chown(home, "postgres", "postgres")
    data = home / "data"
    port = _free_port()

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, cwd=home, timeout=60)

    run(str(binaries / "initdb"), "-D", str(data), "-U", "mirabelle", "-A", "trust", "-E", "UTF8", "--locale=C")
    options = (
        f"-c listen_addresses=127.0.0.1 -p {port} -k {home} -c shared_buffers=64MB"
        f" -c fsync={'on' if fsync else 'off'} -c max_connections=60"
    )
    # Written to a file: a pipe would stay open as long as the server runs.
    run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-t", "30", "-l", str(home / "log"), "-o", options, "start")
    try:
        yield f"postgresql://mirabelle@127.0.0.1:{port}"
    finally:
        run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(home, ignore_errors=True)


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
