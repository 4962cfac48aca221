"""How many full-duplex calls one core carries: a real media process against a generator and sink of RTP.

    PYTHONPATH=src python tests/bench/media_bench.py --seconds 4 --json

Each stream plays a prompt, receives 50 packets a second, has its keys and its figures watched. The media process is
pinned to one core and the generator to another. A number of calls passes when at most 1 % of the bursts were complete
more than 5 ms late, no tick was left out and at most 0.1 % of the packets were lost, both ways. Each number is measured
three times; all three are printed and the one in the middle counts. Everything runs over loopback: no network card, no
real jitter. On a virtual machine, look at what was stolen: the host gave that share of the cores to others, and packets
were late for it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import select
import socket
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mirabelle.calls.clock import SystemClock
from mirabelle.media import rtp
from mirabelle.media.bank import PACKET, headers
from mirabelle.media.plane import MediaPlane, MediaStream, ProcessHealth, StreamReport
from mirabelle.media.process import ask_for_precedence
from mirabelle.media.wire import Inbox, Outbox, host_number, open_wire

SOCKETS = 32
BURSTS = 8
RUNS = 3
"""How often each number of calls is measured: all are told, the one in the middle counts."""

STEPS = (100, 250, 500, 750, 1000, 1250, 1500, 1750, 2000, 2500, 3000, 3500, 4000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One number of calls, measured."""

    calls: int
    native: bool
    core_percent: float
    stolen_percent: float
    late_p50_ms: float
    late_p99_ms: float
    worst_second_p99_ms: float
    late_bursts_percent: float
    skipped_ticks: int
    lost_in: int
    lost_out: int
    packets_out: int
    packets_in: int

    @property
    def passed(self) -> bool:
        lost = (self.lost_in + self.lost_out) / max(1, self.packets_in + self.packets_out)
        return self.late_bursts_percent < 1.0 and self.skipped_ticks == 0 and lost < 0.001


def generate(ports: Sequence[int], socks: Sequence[socket.socket]) -> dict[str, int]:
    """Send to every port every 20 ms, in eight bursts, and read what comes back.

    A line on standard input ends the sending, a second one the reading.
    """
    wire = open_wire(force_python=False)
    for sock in socks:
        wire.add(sock)
    count = len(ports)
    fds = np.array([socks[index % SOCKETS].fileno() for index in range(count)], np.int32)
    groups = [np.arange(burst, count, BURSTS) for burst in range(BURSTS)]
    outboxes = [Outbox(max(1, len(group)), PACKET) for group in groups]
    for group, outbox in zip(groups, outboxes, strict=True):
        outbox.ports[: len(group)] = [socket.htons(ports[index]) for index in group.tolist()]
        outbox.hosts[:] = host_number("127.0.0.1")
        outbox.lengths[:] = PACKET
        outbox.packets[:, 12:] = 0xFF
        headers(outbox.packets)["first"] = rtp.VERSION << 6
        headers(outbox.packets)["ssrc"][: len(group)] = group
    inbox = Inbox(512)
    own = np.array([sock.fileno() for sock in socks], np.int32)
    reads = np.repeat(np.arange(SOCKETS, dtype=np.int32), 16)
    sent = received = burst = sequence = 0
    due = time.monotonic()
    while not select.select([sys.stdin], [], [], 0)[0]:
        group, outbox = groups[burst], outboxes[burst]
        headers(outbox.packets)["sequence"] = sequence & 0xFFFF
        headers(outbox.packets)["timestamp"] = sequence * 160 & 0xFFFFFFFF
        wire.send(len(group), fds[group], outbox)
        sent += int(outbox.sent[: len(group)].sum())
        while got := wire.receive(reads, own, inbox):
            received += got
        burst = (burst + 1) % BURSTS
        sequence += burst == 0
        due += 0.02 / BURSTS
        time.sleep(max(0.0, due - time.monotonic()))
    sys.stdin.readline()
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        while got := wire.receive(reads, own, inbox):
            received += got
    return {"sent": sent, "received": received}


def serve_generator() -> None:
    """The other side: tells its ports, is told those of the streams, tells what it counted."""
    ask_for_precedence()  # else a packet that is lost says only that the sink was not woken in time
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOCKETS)]
    for sock in socks:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        sock.bind(("127.0.0.1", 0))
    print(json.dumps([sock.getsockname()[1] for sock in socks]), flush=True)
    ports = json.loads(sys.stdin.readline())
    print(json.dumps(generate(ports, socks)), flush=True)


async def measure(calls: int, *, seconds: float, force_python: bool) -> Result:
    """Carry so many calls for so long."""
    reports: list[ProcessHealth] = []
    plane = MediaPlane(
        ports=(20_000, 20_000 + 2 * calls + 200),
        bind="127.0.0.1",
        processes=1,
        force_python=force_python,
        clock=SystemClock(),
    )
    await plane.start()
    generator = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--generator", stdin=PIPE, stdout=PIPE, limit=1 << 20
    )
    pid = plane.health()[0].pid
    pin(pid, 0)
    pin(generator.pid, 1)
    try:
        streams, used = await carry(plane, generator, calls, seconds, reports)
        closed = await asyncio.gather(*(stream.close() for stream in streams))
        received = await count_received(generator)
    finally:
        await plane.aclose()
        with contextlib.suppress(ProcessLookupError):
            generator.kill()
        await generator.wait()
    return conclude(calls, reports, closed, received, used)


@dataclass(frozen=True, slots=True)
class Used:
    """Shares of a core: what the media process used, and what the host of a virtual machine withheld from each core."""

    core: float
    stolen: float


async def carry(
    plane: MediaPlane, generator: Process, calls: int, seconds: float, reports: list[ProcessHealth]
) -> tuple[list[MediaStream], Used]:
    assert generator.stdin is not None
    assert generator.stdout is not None
    sinks = json.loads(await generator.stdout.readline())
    streams = list(await asyncio.gather(*(plane.open() for _ in range(calls))))
    prompt = (8000 * np.sin(np.arange(80_000) / 5)).astype("<i2").tobytes()
    for index, stream in enumerate(streams):
        await stream.connect(("127.0.0.1", sinks[index % SOCKETS]), "PCMU", 0, 101)
        await stream.play([prompt] * int(seconds / 10 + 2))
    generator.stdin.write(json.dumps([stream.local[1] for stream in streams]).encode() + b"\n")
    await asyncio.sleep(1.5)
    pid = plane.health()[0].pid
    before, stolen, began = cpu_seconds(pid), stolen_seconds(), time.monotonic()
    for _ in range(round(seconds)):
        await asyncio.sleep(1.0)
        reports.append(plane.health()[0])
    took = time.monotonic() - began
    used = Used((cpu_seconds(pid) - before) / took, (stolen_seconds() - stolen) / took / (os.cpu_count() or 1))
    for stream in streams:
        await stream.stop()
    generator.stdin.write(b"\n")
    await asyncio.sleep(0.3)
    return streams, used


async def count_received(generator: Process) -> int:
    """What the sink has read, now that nothing more is sent."""
    assert generator.stdin is not None
    assert generator.stdout is not None
    await asyncio.sleep(0.2)
    generator.stdin.write(b"\n")
    counted = json.loads(await generator.stdout.readline())
    return int(counted["received"])


def conclude(
    calls: int, reports: list[ProcessHealth], closed: Sequence[StreamReport], received: int, used: Used
) -> Result:
    packets_out = sum(report.packets_sent for report in closed)
    bursts = sum(report.sub_ticks for report in reports)
    return Result(
        calls=calls,
        native=reports[-1].native,
        core_percent=round(100 * used.core, 1),
        stolen_percent=round(100 * used.stolen, 1),
        late_p50_ms=round(statistics.median(report.late_p50_ms for report in reports), 2),
        late_p99_ms=round(statistics.median(report.late_p99_ms for report in reports), 2),
        worst_second_p99_ms=round(max(report.late_p99_ms for report in reports), 2),
        late_bursts_percent=round(100 * sum(report.late_sub_ticks for report in reports) / max(1, bursts), 2),
        skipped_ticks=reports[-1].skipped_ticks - reports[0].skipped_ticks,
        lost_in=sum(report.lost for report in closed),
        lost_out=max(0, packets_out - received),
        packets_out=packets_out,
        packets_in=sum(report.packets_received for report in closed),
    )


def pin(pid: int, core: int) -> None:
    """Keep a process on one core, where the system can do that and has two."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


def cpu_seconds(pid: int) -> float:
    """What a process has used so far; Linux only, 0.0 elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stolen_seconds() -> float:
    """What the host of this virtual machine gave to others so far, over all cores; Linux only, 0.0 elsewhere."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except OSError:
        return 0.0
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def row(result: Result) -> str:
    return (
        f"{'native' if result.native else 'python':7}{result.calls:6}{result.core_percent:8.1f}"
        f"{result.stolen_percent:8.1f}"
        f"{result.late_p50_ms:8.2f}{result.late_p99_ms:8.2f}{result.worst_second_p99_ms:8.2f}{result.late_bursts_percent:8.2f}"
        f"{result.lost_in:8}{result.lost_out:8}   {'pass' if result.passed else 'FAIL'}"
    )


def median(runs: Sequence[Result]) -> Result:
    """The run in the middle, by the share of late bursts and then of lost packets. It stands for all."""
    order = sorted(runs, key=lambda run: (run.skipped_ticks, run.late_bursts_percent, run.lost_in + run.lost_out))
    return order[len(order) // 2]


def search(
    numbers: Sequence[int],
    *,
    seconds: float,
    force_python: bool,
    keep_going: bool = False,
    tell: Callable[[Result], None] = lambda _: None,
) -> list[tuple[Result, ...]]:
    """Measure one number of calls after the other, each `RUNS` times, up to the first whose median fails."""
    measured = []
    for calls in numbers:
        runs = []
        for _ in range(RUNS):
            runs.append(asyncio.run(measure(calls, seconds=seconds, force_python=force_python)))
            tell(runs[-1])
        measured.append(tuple(runs))
        if not median(runs).passed and not keep_going:
            break
    return measured


def main() -> None:
    """Measure each path and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each number of calls is carried")
    parser.add_argument("--calls", type=int, nargs="*", default=list(STEPS), help="the numbers to try, in order")
    parser.add_argument("--path", choices=("native", "python", "both"), default="both")
    parser.add_argument("--keep-going", action="store_true", help="go on after a number that failed")
    parser.add_argument("--json", action="store_true", help="print JSON at the end instead of a table")
    parser.add_argument("--generator", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.generator:
        serve_generator()
        return
    if not options.json:
        print(f"each number of calls {RUNS} times; the run in the middle counts")
        print("path    calls  % core  stolen     p50     p99   worst  late %  lost in lost out")
    results: list[tuple[Result, ...]] = []
    for path in ("native", "python") if options.path == "both" else (options.path,):
        measured = search(
            options.calls,
            seconds=options.seconds,
            force_python=path == "python",
            keep_going=options.keep_going,
            tell=(lambda _: None) if options.json else (lambda result: print(row(result), flush=True)),
        )
        results += measured
        held = max((runs[0].calls for runs in measured if median(runs).passed), default=0)
        if not options.json:
            print(f"{path}: {held} calls held in the median of {RUNS} runs")
    if options.json:
        print(json.dumps({"target_calls": 1500, "results": [fields(runs) for runs in results]}))


def fields(runs: Sequence[Result]) -> dict[str, object]:
    """A number of calls for JSON: the run in the middle, and all of them."""
    every = [asdict(run) | {"passed": run.passed} for run in runs]
    return asdict(median(runs)) | {"passed": median(runs).passed, "runs": every}


if __name__ == "__main__":
    main()
