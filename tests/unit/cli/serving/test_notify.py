from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirabelle.cli.serving.notify import Notifier

PID = 4711


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager's socket; its path is short, as such a path must be."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("notify")
        listening.settimeout(10)
        yield listening


def heard(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().split("\n")


def test_the_manager_hears_when_work_is_taken(manager: socket.socket) -> None:
    Notifier({"NOTIFY_SOCKET": "notify"}, PID).ready()
    assert heard(manager) == ["READY=1"]


def test_the_manager_hears_how_long_the_end_may_take(manager: socket.socket) -> None:
    Notifier({"NOTIFY_SOCKET": "notify"}, PID).stopping(45.5)
    assert heard(manager) == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=45500000"]


async def test_a_watchdog_gets_its_signs_of_life(manager: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "2000", "WATCHDOG_PID": str(PID)}
    watching = asyncio.create_task(Notifier(environ, PID).keep_watch())
    assert [await asyncio.to_thread(heard, manager) for _ in range(3)] == [["WATCHDOG=1"]] * 3
    watching.cancel()
    await asyncio.wait({watching})


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"NOTIFY_SOCKET": "notify"},
        {"WATCHDOG_USEC": "1000"},
        {"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
        {"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "soon"},
    ],
)
async def test_no_sign_of_life_is_given_where_nobody_asks_for_one(environ: dict[str, str]) -> None:
    await Notifier(environ, PID).keep_watch()


@pytest.mark.parametrize("address", ["", "nowhere", "@nowhere"])
def test_a_manager_that_is_gone_stops_nothing(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Notifier({"NOTIFY_SOCKET": address}, PID).ready()
