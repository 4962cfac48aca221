"""Whole calls through a whole server: their processor time, their rate, and how soon the callee hears something."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import usage
from tests.bench.customer import Customer
from tests.bench.figure import Figure, percentile
from tests.bench.server import Server, running

LONGEST_SECONDS = 60.0
"""After which a run is taken for stuck."""


@dataclass(frozen=True, slots=True)
class Run:
    """Calls that were queued at a steady rate, from the first request to the last result.

    Attributes:
        calls: how many.
        seconds: how long it took in all.
        sending: how long the queueing took.
        used: processor time of the server and its children over what they use idle, in seconds; None: not known.
        shares: the same by process.
        first_audio_ms: one figure a call.
    """

    calls: int
    seconds: float
    sending: float
    used: float | None
    shares: dict[str, float]
    first_audio_ms: Sequence[float]


def measure(*, quick: bool) -> list[Figure]:
    """Start a server, let it carry some calls in turn, and then many at once."""
    with tempfile.TemporaryDirectory() as name, Customer() as customer, running(Path(name)) as server:
        _carry(server, customer, calls=1, rate=1.0, idle=0.0)  # the first call of all fills every cache
        idle = _idle(server, 1.0 if quick else 3.0)
        low = _carry(server, customer, calls=8 if quick else 30, rate=2.0, idle=idle)
        rate = 30.0 if quick else 50.0
        loaded = _carry(server, customer, calls=90 if quick else 300, rate=rate, idle=idle)
        wrong = [outcome for outcome in server.outcomes() if outcome != "answered"]
    return [
        _rate(loaded, rate, len(wrong)),
        _cost(loaded),
        _first(low, "2 calls/s"),
        _first(loaded, f"{rate:g} calls/s"),
    ]


def _idle(server: Server, seconds: float) -> float:
    """What the server uses while nothing happens, as a share of a core."""
    before = usage.tree_seconds(server.pid)
    time.sleep(seconds)
    after = usage.tree_seconds(server.pid)
    return 0.0 if before is None or after is None else (after - before) / seconds


def _carry(server: Server, customer: Customer, *, calls: int, rate: float, idle: float) -> Run:
    """Queue calls at a steady rate and wait for all results."""
    heard, wanted = len(server.first_audio_ms()), customer.results + calls
    before, shares = usage.tree_seconds(server.pid), usage.seconds_by_process(server.pid)
    began = time.monotonic()
    for number in range(calls):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        server.queue(customer.url("start"), customer.url("result"))
    sending = time.monotonic() - began
    while customer.results < wanted:
        if time.monotonic() - began > LONGEST_SECONDS:
            raise RuntimeError(
                f"Of {calls} calls {wanted - customer.results} have no result after {LONGEST_SECONDS:g} s."
            )
        time.sleep(0.02)
    seconds = time.monotonic() - began
    after, now = usage.tree_seconds(server.pid), usage.seconds_by_process(server.pid)
    used = None if before is None or after is None else after - before - idle * seconds
    by_process = {name: now[name] - shares.get(name, 0.0) for name in now}
    return Run(calls, seconds, sending, used, by_process, server.first_audio_ms()[heard:])


def _rate(run: Run, rate: float, wrong: int) -> Figure:
    achieved = run.calls / max(run.sending, (run.calls - 1) / rate + 1 / rate)
    note = f"{run.calls} calls queued over HTTP at {rate:g}/s; the last result {run.seconds - run.sending:.1f} s after"
    return Figure("calls begun, SQLite", f"{achieved:.1f} a second", "", f"{note}; {wrong} not answered")


def _cost(run: Run) -> Figure:
    name = "CPU of a whole call"
    if run.used is None:
        return Figure(name, "not measured", "", "needs Linux's /proc")
    shares = ", ".join(f"{who} {1000 * used / run.calls:.1f}" for who, used in run.shares.items())
    return Figure(name, f"{1000 * run.used / run.calls:.1f} ms", "", f"user and system, less idle; in ms: {shares}")


def _first(run: Run, load: str) -> Figure:
    name = f"answer to first RTP packet, {load}"
    if not run.first_audio_ms:
        return Figure(name, "not measured", "", "no call had any audio")
    p50, p99 = percentile(run.first_audio_ms, 0.5), percentile(run.first_audio_ms, 0.99)
    return Figure(
        name, f"p50 {p50:.0f} ms, p99 {p99:.0f} ms", "< 40 ms", f"{len(run.first_audio_ms)} calls, speech cached"
    )
