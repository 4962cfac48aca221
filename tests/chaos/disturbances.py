"""What may happen to a server beside its own death: its store goes, its media process dies, its trunk falls silent."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.chaos.books import Broken
from tests.chaos.stage import Stage
from tests.ports import free_rtp_ports, free_udp_port
from tests.postgres import PostgresServer

HOUR = 3600.0
PATIENCE = 60.0


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that must come."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.02)


def wait_for_rings(stage: Stage, count: int) -> None:
    """Wait until so many calls have rung."""
    wait_until(lambda: len(stage.callee.book().rings) >= count, f"{count} rings")


def wait_for_media(stage: Stage) -> int:
    """The number of the server's media process, waiting for it."""
    found: list[int] = []

    def look() -> bool:
        children = Path(f"/proc/{stage.server.pid}/task/{stage.server.pid}/children").read_text().split()
        for child in children:
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"mirabelle.media.process" in command:
                found.append(int(child))
        return bool(found)

    wait_until(look, "a media process")
    return found[0]


def ended(stage: Stage) -> Broken:
    """Let the server that runs bring all to its end, stop it, and judge."""
    stage.settle()
    stage.server.stop()
    return stage.judged()


def store_stopped(stage: Stage, postgres: PostgresServer) -> Broken:
    """PostgreSQL dies while calls ring, is away for two seconds, and comes back."""
    stage.queue(5)
    stage.server.start()
    wait_for_rings(stage, 2)
    postgres.stop()
    time.sleep(2)
    postgres.start()
    stage.queue(3)
    return ended(stage)


def store_cut_off(stage: Stage, postgres: PostgresServer) -> Broken:
    """Every connection to PostgreSQL is cut, again and again, while calls are made."""
    stage.server.start()
    stage.server.wait_until_ready(PATIENCE)  # one that cannot open its ledger ends, and says so
    for _ in range(5):
        stage.queue(2)
        before = len(stage.callee.book().rings)
        until = time.monotonic() + 2
        while len(stage.callee.book().rings) == before and time.monotonic() < until:
            postgres.cut_off(stage.books.url.rpartition("/")[2])
            time.sleep(0.03)
    return ended(stage)


def media_killed(stage: Stage) -> Broken:
    """The media process dies under calls, twice."""
    stage.server.start()
    for times in (1, 2):
        stage.queue(5)
        wait_for_rings(stage, 5 * times)
        os.kill(wait_for_media(stage), signal.SIGKILL)
    return ended(stage)


def trunk_silent(stage: Stage, *, seconds: float = 0.0) -> Broken:
    """The trunk swallows INVITEs; the server dies, and the trunk comes back.

    Args:
        stage: the stage.
        seconds: how long the server lives with the silence; above 32 it gives the attempts up itself.
    """
    stage.callee.stop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
        hole.bind(("127.0.0.1", stage.server.trunk))
        hole.settimeout(PATIENCE)
        stage.queue(3)
        stage.server.start()
        assert hole.recv(65536).startswith(b"INVITE")
        time.sleep(seconds)
        stage.server.kill()
    stage.callee.start()
    return stage.verdict()


def clock_stepped(stage: Stage) -> Broken:
    """The clock goes an hour forwards while calls ring, and an hour back while others do."""
    offset = stage.server.folder / "offset"
    offset.write_text("0")
    stage.server.command = (sys.executable, "-m", "tests.chaos.stepped_clock", str(offset))
    stage.queue(3)
    stage.server.start()
    wait_for_rings(stage, 1)
    _step(offset, HOUR)
    stage.queue(3)
    stage.settle()
    stage.queue(3)
    wait_for_rings(stage, len(stage.callee.book().rings) + 1)
    _step(offset, 0)
    stage.queue(3)
    return ended(stage)


def clock_ahead(stage: Stage) -> Broken:
    """A second server, whose clock is an hour ahead, comes to work beside the first."""
    stage.server.start()
    stage.server.wait_until_ready(PATIENCE)
    folder = stage.server.folder / "second"
    folder.mkdir()
    offset = folder / "offset"
    offset.write_text(str(HOUR))
    first, last = free_rtp_ports(50)
    command = (sys.executable, "-m", "tests.chaos.stepped_clock", str(offset))
    second = replace(stage.server, folder=folder, sip=free_udp_port(), ports=f"{first}-{last}", command=command)
    second.start()
    try:
        second.wait_until_ready(PATIENCE)
        for times in range(1, 6):
            stage.queue(5)
            wait_for_rings(stage, 5 * times)
        return ended(stage)
    finally:
        second.stop()


def _step(offset: Path, seconds: float) -> None:
    new = offset.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(offset)
