"""A server, its customer and its far end, each a process or a thread of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.customer import GREETING, MENU, THANKS, WAITING, Customer
from tests.acceptance.service import Service
from tests.acceptance.sipp import Sipp
from tests.ports import free_rtp_ports, free_udp_port


@pytest.fixture
def customer() -> Iterator[Customer]:
    """A web server with an application at `start`."""
    pages = {
        "start": (200, GREETING),
        "menu": (200, MENU),
        "choice": (200, THANKS),
        "waiting": (200, WAITING),
        "result": (200, "thanks"),
    }
    with Customer(pages) as running:
        yield running


@contextmanager
def configured(folder: Path, store: str) -> Iterator[Service]:
    """A server with an account, not started; stopped at the end."""
    first, last = free_rtp_ports(50)
    service = Service(folder, store, free_udp_port(), f"{first}-{last}")
    service.prepare()
    try:
        yield service
    finally:
        service.stop()


@pytest.fixture
def prepared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A server that is configured and not started: on SQLite, or on PostgreSQL where a test names it."""
    store = f"sqlite:///{tmp_path}/ledger.db"
    if getattr(request, "param", "sqlite") == "postgresql":
        store = request.getfixturevalue("postgres_url")
    with configured(tmp_path, store) as service:
        yield service


@pytest.fixture
def service(prepared: Service) -> Service:
    """A server that takes requests."""
    prepared.start()
    return prepared


@pytest.fixture
def sipp(
    require_peer: Callable[[str, Path | str | None], Path], tmp_path: Path, prepared: Service
) -> Iterator[Callable[..., Sipp]]:
    """Starts a scenario where the server's trunk leads, or at another port."""
    binary = require_peer("sipp", shutil.which("sipp"))
    running: list[Sipp] = []

    def start(scenario: str, *, calls: int = 1, port: int = 0) -> Sipp:
        running.append(Sipp(binary, scenario, port or prepared.trunk_port, tmp_path, calls=calls))
        return running[-1]

    yield start
    for each in running:
        each.stop()
