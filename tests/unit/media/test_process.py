from __future__ import annotations

import fcntl
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

import pytest

from mirabelle.media.engine import Engine
from mirabelle.media.link import environment
from mirabelle.media.process import MediaProcess
from mirabelle.media.protocol import Frame, FrameReader, pack
from mirabelle.media.wire import PythonWire

FORBIDDEN = (
    "asyncio",
    "asyncpg",
    "espeakng_loader",
    "fastapi",
    "httpx",
    "mirabelle.api",
    "mirabelle.calls",
    "mirabelle.callbacks",
    "mirabelle.cli",
    "mirabelle.dialer",
    "mirabelle.fetch",
    "mirabelle.grammar",
    "mirabelle.settings",
    "mirabelle.sip",
    "mirabelle.speech",
    "mirabelle.store",
    "mirabelle.vxml",
    "mirabelle.web",
    "pydantic",
    "quickjs",
    "sqlalchemy",
    "sqlite3",
)


def test_the_media_process_holds_nothing_that_could_make_it_late() -> None:
    script = "import sys, mirabelle.media.process; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", script], env=environment(), capture_output=True, text=True, check=True
    ).stdout.split()
    assert "mirabelle.media.engine" in loaded
    assert [name for name in loaded if name.startswith(FORBIDDEN)] == []


@contextmanager
def running(engine: Engine) -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        thread = threading.Thread(target=MediaProcess(engine, theirs, "127.0.0.1").run)
        thread.start()
        with ours:
            yield ours
        thread.join()


def an_engine(capacity: int = 4) -> Engine:
    return Engine(PythonWire(), capacity=capacity, clock=time.monotonic, rng=random.Random(1), arena_frames=200)


class Overloaded:
    """An engine with more to do than a sub-tick has time for."""

    streams = 1
    native = False

    def __init__(self) -> None:
        self.ticks = 0

    def tick(self, phase: int) -> None:
        self.ticks += 1
        until = time.process_time() + 0.01
        while time.process_time() < until:
            pass

    def tock(self, phase: int) -> None:
        pass

    def skip(self, ticks: int) -> None:
        pass

    def drain(self) -> list[Never]:
        return []

    def drain_pieces(self) -> list[Never]:
        return []


def test_a_process_with_too_much_to_do_leaves_a_part_of_its_core_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    sleep = time.sleep

    def watched(seconds: float) -> None:
        slept.append(seconds)
        sleep(seconds)

    monkeypatch.setattr("mirabelle.media.process.time.sleep", watched)
    engine = Overloaded()
    ours, theirs = socket.socketpair()
    with theirs:
        thread = threading.Thread(target=MediaProcess(engine, theirs, "127.0.0.1").run)  # type: ignore[arg-type]
        thread.start()
        with ours:
            next(answers(ours, "health"))
        thread.join()
    assert sum(slept) >= engine.ticks * 0.00125 * 0.9


def test_a_control_socket_with_a_large_number_is_served() -> None:
    ours, theirs = socket.socketpair()
    number = fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD, min(1100, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 1))
    command = [sys.executable, "-P", "-m", "mirabelle.media.process", "--bind", "127.0.0.1", "--capacity", "4"]
    with ours, theirs, subprocess.Popen([*command, "--control", str(number)], pass_fds=[number], env=environment()):
        os.close(number)
        theirs.close()
        assert next(answers(ours, "health")).fields["streams"] == 0
        ours.close()


def answers(control: socket.socket, kind: str) -> Iterator[Frame]:
    reader = FrameReader()
    while data := control.recv(1 << 20):
        yield from (frame for frame in reader.feed(data) if frame.fields["is"] == kind)


def test_a_long_recording_comes_in_pieces() -> None:
    engine = an_engine()
    engine.open(1, socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    engine.record(1, 8000 * 60)
    engine.skip(1000)
    pieces = []
    with running(engine) as control:
        control.sendall(pack({"do": "stop_record", "stream": 1}))
        for frame in answers(control, "recorded"):
            pieces.append(len(frame.payload))
            if frame.fields["last"]:
                break
    engine.close(1)
    assert len(pieces) == 2
    assert sum(pieces) >= 1000 * 320


@pytest.mark.parametrize("do", ["play", "connect", "stop_record", "close", "digits"])
def test_a_command_for_an_unknown_stream_is_answered_with_a_fault(do: str) -> None:
    fields = {"play": 1, "names": [], "host": "127.0.0.1", "port": 9, "codec": "PCMU", "payload_type": 0, "digits": "1"}
    with running(an_engine()) as control:
        control.sendall(pack({**fields, "event_type": None, "do": do, "stream": 7}))
        fault = next(answers(control, "fault"))
    assert fault.fields["stream"] == 7
    assert "no stream 7" in fault.fields["reason"]


def test_a_process_with_nothing_to_carry_still_reports_its_health() -> None:
    with running(an_engine()) as control:
        health = next(answers(control, "health"))
    assert (health.fields["streams"], health.fields["native"], health.fields["skipped_ticks"]) == (0, False, 0)
