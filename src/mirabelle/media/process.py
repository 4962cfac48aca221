"""The media process: `python -m mirabelle.media.process`. It does nothing but carry RTP.

One busy Python thread beside a sender of packets turns milliseconds of lateness into seconds, so no interpreter, no
SIP, no database and no HTTP is ever imported here. The process is started by the plane, is told what to do over a
socket it inherits, and ends when that socket does.
"""

from __future__ import annotations

import argparse
import errno
import gc
import os
import random
import resource
import select
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from mirabelle.media import events, protocol
from mirabelle.media.engine import PHASES, TICK, Engine, EngineError
from mirabelle.media.wire import open_wire

SUB_TICK: Final = TICK / PHASES
LATEST: Final = 0.1
"""Seconds of delay after which ticks are left out instead of made up for."""

TOLERATED_MS: Final = 5.0
"""Lateness of a burst that no jitter buffer notices."""

HEALTH_EVERY: Final = 1.0
BREATH: Final = 0.125
"""Seconds of sleep, at least, for each second of work: a process with more to do than it can leaves a ninth of its core
to others, whatever its priority."""

RUNAWAY: Final = 2_000_000
"""Microseconds without a sleep after which the kernel ends a process with real-time priority (Linux, RLIMIT_RTTIME)."""

SETTLED: Final = 0.002
"""Seconds before a sub-tick in which nothing else is begun."""

PRIORITY: Final = -10
"""The niceness asked for where there is no real-time class, or we may not use it."""

_READ: Final = 131_072
_COMMANDS: Final = 64
"""The most commands carried out between two sub-ticks."""

_PIECE: Final = 262_144
"""Octets of a recording in one message."""

_BACKLOG: Final = 256 << 20
"""Octets the plane may leave unread."""

_EXPEDITED: Final = 0xB8
"""DSCP EF, as voice is marked (RFC 4594)."""

Fields = Mapping[str, Any]


class MediaProcess:
    """Joins an engine, a control socket and the clock."""

    def __init__(self, engine: Engine, control: socket.socket, bind: str) -> None:
        self._engine, self._control, self._bind = engine, control, bind
        control.setblocking(False)
        self._reader = protocol.FrameReader()
        self._commands: list[protocol.Frame] = []
        self._unsent = bytearray()
        self._serving = True
        self._lateness: list[float] = []
        self._skipped = 0
        self._health_at = 0.0
        self._do: dict[str, Callable[[Fields, bytes], None]] = {
            "open": self._open,
            "connect": self._connect,
            "clip": lambda fields, payload: self._engine.clips.add(fields["name"], payload),
            "forget": lambda fields, _: self._engine.clips.forget(fields["name"]),
            "play": lambda fields, _: self._engine.play(fields["stream"], fields["play"], fields["names"]),
            "stop": lambda fields, _: self._engine.stop(fields["stream"]),
            "digits": lambda fields, _: self._engine.send_digits(fields["stream"], fields["digits"]),
            "record": lambda fields, _: self._engine.record(fields["stream"], fields["samples"]),
            "stop_record": self._stop_record,
            "watch_voice": lambda fields, _: self._engine.watch_voice(fields["stream"], fields["wanted"]),
            "watch_silence": lambda fields, _: self._engine.watch_silence(fields["stream"], fields["seconds"]),
            "listen": lambda fields, _: self._engine.listen(fields["stream"], fields["wanted"]),
            "bridge": lambda fields, _: self._engine.bridge(fields["stream"], fields["other"]),
            "unbridge": lambda fields, _: self._engine.unbridge(fields["stream"]),
            "close": self._close,
        }

    def run(self) -> None:
        """Carry packets until the plane closes the control socket."""
        clock = time.monotonic
        phase, due = 0, clock()
        while self._serving:
            if not self._engine.streams:
                self._rest()
                due = clock()
                continue
            self._wait(due)
            if clock() - due > LATEST:
                missed = int((clock() - due) / TICK)
                self._engine.skip(missed)
                self._skipped += missed
                due += missed * TICK
            began = time.process_time()
            self._engine.tick(phase)
            self._lateness.append(clock() - due)
            self._engine.tock(phase)
            self._exchange()
            # With real-time priority, what we do not leave to others they do not get.
            time.sleep(min(BREATH * (time.process_time() - began), SUB_TICK))
            phase, due = (phase + 1) % PHASES, due + SUB_TICK

    def _wait(self, due: float) -> None:
        """Until a sub-tick is due. What the plane says meanwhile is done at once, if there is time."""
        while self._serving and (left := due - time.monotonic() - SETTLED) > 0:
            if not select.select([self._control], [], [], left)[0]:
                break
            self._exchange()
        time.sleep(max(0.0, due - time.monotonic()))

    def _rest(self) -> None:
        """Nothing to carry: wait for the plane, and tidy up."""
        gc.collect()
        writing = [self._control] if self._unsent else []
        if not self._commands:
            select.select([self._control], writing, [], HEALTH_EVERY)
        self._exchange()

    def _exchange(self) -> None:
        """What the plane said, what it shall hear; never waits."""
        if len(self._commands) < _COMMANDS:
            self._read()
        for frame in self._commands[:_COMMANDS]:
            self._obey(frame)
        del self._commands[:_COMMANDS]
        for stream, event in self._engine.drain():
            self._say({"is": "event", "stream": stream, "event": events.as_fields(event)})
        for stream, codec, piece in self._engine.drain_pieces():
            self._say({"is": "heard", "stream": stream, "codec": codec}, piece)
        now = time.monotonic()
        if now >= self._health_at:
            self._health_at = now + HEALTH_EVERY
            self._say_health()
        self._write()

    def _read(self) -> None:
        try:
            data = self._control.recv(_READ)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._serving = False
        self._commands += self._reader.feed(data)

    def _write(self) -> None:
        if not self._unsent:
            return
        if len(self._unsent) > _BACKLOG:
            raise protocol.ProtocolError("The plane no longer reads what the media process says; giving up.")
        try:
            del self._unsent[: self._control.send(memoryview(self._unsent)[:_READ])]
        except BlockingIOError:
            return
        except ConnectionError:
            self._serving = False

    def _say(self, fields: dict[str, Any], payload: bytes = b"") -> None:
        self._unsent += protocol.pack(fields, payload)

    def _say_health(self) -> None:
        lateness = np.array(self._lateness or [0.0]) * 1000
        sub_ticks = len(self._lateness)
        self._lateness.clear()
        middle, most = np.percentile(lateness, (50, 99))
        self._say(
            {
                "is": "health",
                "streams": self._engine.streams,
                "native": self._engine.native,
                "late_p50_ms": float(middle),
                "late_p99_ms": float(most),
                "late_max_ms": float(lateness.max()),
                "sub_ticks": sub_ticks,
                "late_sub_ticks": int(np.count_nonzero(lateness > TOLERATED_MS)),
                "skipped_ticks": self._skipped,
            }
        )

    def _obey(self, frame: protocol.Frame) -> None:
        fields = frame.fields
        try:
            self._do[fields["do"]](fields, frame.payload)
        except (EngineError, OSError) as error:
            self._say({"is": "fault", "stream": fields.get("stream"), "do": fields["do"], "reason": str(error)})

    def _open(self, fields: Fields, _: bytes) -> None:
        taken, refusal = False, ""
        for port in fields["ports"]:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.bind((self._bind, port))
            except OSError as error:
                sock.close()
                # Somebody else has it: that is what the list is for. Anything else is worth a word.
                taken |= error.errno == errno.EADDRINUSE
                refusal = f"{self._bind}:{port}: {error.strerror}"
                continue
            try:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _EXPEDITED)
                self._engine.open(fields["stream"], sock)
            except BaseException:
                sock.close()
                raise
            self._say({"is": "opened", "stream": fields["stream"], "port": port})
            return
        self._say({"is": "opened", "stream": fields["stream"], "port": None, "reason": "" if taken else refusal})

    def _connect(self, fields: Fields, _: bytes) -> None:
        remote = (fields["host"], fields["port"])
        self._engine.connect(fields["stream"], remote, fields["codec"], fields["payload_type"], fields["event_type"])

    def _stop_record(self, fields: Fields, _: bytes) -> None:
        pcm = self._engine.stop_record(fields["stream"])
        for start in range(0, max(len(pcm), 1), _PIECE):
            last = start + _PIECE >= len(pcm)
            self._say({"is": "recorded", "stream": fields["stream"], "last": last}, pcm[start : start + _PIECE])

    def _close(self, fields: Fields, _: bytes) -> None:
        report = self._engine.close(fields["stream"])
        self._say({"is": "closed", "stream": fields["stream"], "report": asdict(report)})


def main() -> None:
    """Serve the control socket named on the command line."""
    parser = argparse.ArgumentParser(description="Carries RTP for Mirabelle; started by it, not by hand.")
    parser.add_argument("--control", type=int, required=True, help="file descriptor of the control socket")
    parser.add_argument("--bind", required=True, help="IPv4 address of the RTP sockets")
    parser.add_argument("--capacity", type=int, required=True, help="the most streams at once")
    parser.add_argument("--force-python", action="store_true", help="leave the C loop aside")
    parser.add_argument("--realtime", action="store_true", help="come before others in the queue for a core")
    options = parser.parse_args()
    # The plane decides when this ends, by closing the socket: a signal to the whole group must not cut calls that
    # drain.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = options.capacity + 64
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_soonest(wanted, hard), hard))
    wire = open_wire(force_python=options.force_python)
    engine = Engine(wire, capacity=options.capacity, clock=time.monotonic, rng=random.SystemRandom())
    control = socket.socket(
        fileno=os.dup(options.control)
    )  # the lowest number that is free: select() takes no large one
    os.close(options.control)
    if options.realtime:
        end_if_stuck()
        ask_for_precedence()
    # A collection in the middle would be a tick too late; what is made here per tick is freed by counting.
    gc.collect()
    gc.freeze()
    gc.disable()
    MediaProcess(engine, control, options.bind).run()


def ask_for_precedence() -> None:
    """Come before others in the queue for a core, as far as the system permits.

    The lowest real-time priority is enough to be woken in time. Niceness alone counts only among processes of one
    session (Linux, autogroup). What is refused is done without.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (AttributeError, OSError):  # no such class on this system, or not for us
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)


def end_if_stuck() -> None:
    """Have the kernel end us if a fault of ours never sleeps again: with real-time priority it would cost a core."""
    with suppress(AttributeError, OSError):  # no such limit on this system
        hard = resource.getrlimit(resource.RLIMIT_RTTIME)[1]
        resource.setrlimit(resource.RLIMIT_RTTIME, (_soonest(RUNAWAY, hard), hard))


def _soonest(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


if __name__ == "__main__":
    main()
