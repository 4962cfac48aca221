"""`make bench-queue`: what leaves next, how soon and at what cost, beside millions of calls that wait, on both stores.

    python -m tests.bench.queue [--waiting N] [--most N] [--calls N] [--times N] [--store sqlite|postgresql] [--json]

Everything runs on this machine, over loopback. No figure fails anything; docs/benchmarks.md says what each means.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import queue_admission, queue_dialer, queue_load, queue_sip
from tests.bench.figure import Figure, percentile, show
from tests.bench.queue_admission import TAKEN, Filled
from tests.bench.queue_load import FAR, PIECE, SqliteStore, Store, Told, Waiting
from tests.bench.queue_load import PostgresStore as Postgres
from tests.postgres import postgres_binaries, running_postgres

RATE = 100.0
"""Calls that become due a second, in the figures of lag."""
INDEXES = 6
"""Indexes of calls, each a piece of the work of filling a ledger."""
FLEET_SECONDS = 5.0
FLEET_NEEDS = 300_000
"""Calls that must wait, so that a fleet does not run out of them."""

Make = Callable[[str], Store]
Step = Callable[[str, int], Told]


@dataclass(frozen=True, slots=True)
class Task:
    """How much is measured.

    Attributes:
        waiting: calls that wait.
        most: calls that wait where more must not cost more.
        calls: calls that are dialled for the figures of lag.
        times: admissions of each kind.
        folder: where files go.
    """

    waiting: int
    most: int
    calls: int
    times: int
    folder: Path


def main() -> None:
    """Measure both stores and print one table."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception ends the processes we started
    figures: list[Figure] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        task = Task(options.waiting, options.most, options.calls, options.times, folder)
        step = stack.enter_context(_bars())
        if options.store != "postgresql":
            figures += _measure(lambda name: SqliteStore(folder / f"{name}.db"), task, step)
        binaries = postgres_binaries()
        if binaries is None:
            figures.append(Figure("PostgreSQL", "not measured", "", "it is not installed"))
        elif options.store != "sqlite":
            server = stack.enter_context(running_postgres(binaries, fsync=True))
            figures += _measure(lambda name: Postgres(server, name), task, step)
    show(figures, as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.queue", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--waiting", type=int, default=1_000_000, metavar="N", help="calls that wait, 1,000,000")
    parser.add_argument("--most", type=int, default=10_000_000, metavar="N", help="and where more wait, 10,000,000")
    parser.add_argument("--calls", type=int, default=2_000, metavar="N", help="calls that are dialled, 2,000")
    parser.add_argument("--times", type=int, default=30, metavar="N", help="admissions of each kind, 30")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), help="one of the two only")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if not 1_000 <= options.waiting <= options.most <= 50_000_000:
        parser.error("from 1,000 to 50,000,000 calls wait here, and --most is not less than --waiting")
    if options.calls < 1 or options.times < 1:
        parser.error("--calls and --times are at least 1")
    return options


def _measure(make: Make, task: Task, step: Step) -> list[Figure]:
    figures: list[Figure] = []
    for campaigns in (1, 1_000):
        with _filled(make, task.waiting, campaigns, step) as some:
            if campaigns == 1:
                # Before the disk has to take in what the greater load leaves to be written.
                figures += _dialled(some.store, task, step)
                if isinstance(some.store, Postgres) and task.waiting >= FLEET_NEEDS:
                    figures += _fleet(some, step)
            with _filled(make, task.most, campaigns, step) as more:
                figures += [_admissions([some, more], task, step, due=due) for due in (False, True)]
    with _filled(make, task.waiting, 10_000, step) as many:
        figures += [_admissions([many], task, step, due=due) for due in (False, True)]
    return figures


@contextmanager
def _filled(make: Make, size: int, campaigns: int, step: Step) -> Iterator[Filled]:
    """A ledger with calls that wait, until tomorrow."""
    store = make(f"waiting_{size}_{campaigns}")
    try:
        queue_load.make(store, campaigns)
        waiting = Waiting(count=size, campaigns=campaigns, due_at=datetime.now(UTC) + FAR)
        store.load(waiting, step(f"{store.name}: {size:,} calls, campaigns: {campaigns:,}", size + INDEXES * PIECE))
        yield Filled(store, waiting)
    finally:
        store.drop()


def _admissions(filled: Sequence[Filled], task: Task, step: Step, *, due: bool) -> Figure:
    store, campaigns = filled[0].store.name, filled[0].waiting.campaigns
    state = "all due" if due else "none of them due"
    where = "1 campaign" if campaigns == 1 else f"{campaigns:,} campaigns"
    name = f"{store}, admission of {TAKEN} calls, {where}, {state}"
    step(name, 0)
    found = queue_admission.admissions(filled, times=task.times, due=due)
    sizes = [f"{each.waiting.count / 1e6:g}M {_middle(seconds)}" for each, seconds in zip(filled, found, strict=True)]
    if len(found) == 1:
        return Figure(name, sizes[0], "", f"median (least) of {task.times}")
    ratio = statistics.median(found[1]) / statistics.median(found[0])
    target = f"{task.most / task.waiting:g} times as many at most twice the time"
    return Figure(name, f"{ratio:.2f} times: {', '.join(sizes)}", target, f"median (least) of {task.times} by turns")


def _middle(seconds: Sequence[float]) -> str:
    return f"{1000 * statistics.median(seconds):.1f} ms ({1000 * min(seconds):.1f})"


def _dialled(store: Store, task: Task, step: Step) -> list[Figure]:
    step(f"{store.name}: {task.calls:,} calls at {RATE:g} a second, without SIP", 0)
    run = queue_dialer.dial(store, calls=task.calls, rate=RATE, campaigns=1)
    step(f"{store.name}: the steps of an attempt", 0)
    parts = queue_dialer.parts(store, 3)
    step(f"{store.name}: {task.calls:,} calls at {RATE:g} a second, over SIP", 0)
    lags = queue_sip.invite(store, task.folder, calls=task.calls, rate=RATE)
    note = f"{task.calls:,} calls at {RATE:g} a second, {task.waiting:,} waiting"
    told = ", ".join(f"{name} {1000 * seconds:.2f}" for name, seconds in parts.items())
    both = f"{1000 * (run.own + run.server):.2f} ms"
    if run.server:
        both += f": dialer {1000 * run.own:.2f}, PostgreSQL {1000 * run.server:.2f}"
    return [
        Figure(f"{store.name}, due to dialled, without SIP", _lag(run.lags), "p99 50 ms", note),
        Figure(f"{store.name}, due to INVITE on the wire", _lag(lags), "p99 50 ms", f"{note}; every callee busy"),
        Figure(f"{store.name}, CPU of an attempt", both, "", f"ledger included, no SIP; in ms, one by one: {told}"),
    ]


def _lag(lags: Sequence[float]) -> str:
    p50, p99, most = (1000 * each for each in (percentile(lags, 0.5), percentile(lags, 0.99), max(lags)))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {most:.0f} ms"


def _fleet(filled: Filled, step: Step) -> list[Figure]:
    figures = []
    for processes in (1, 4):
        step(f"{filled.store.name}: admissions, processes at once: {processes}", 0)
        run = queue_admission.fleet(filled, processes, FLEET_SECONDS)
        each = f"{1000 * run.each:.1f} ms" if processes == 1 else f"{1000 * run.each:.1f} ms, the lock included"
        name = f"{filled.store.name}, {processes} process{'es' if processes > 1 else ''} admitting without a pause"
        note = f"{FLEET_SECONDS:g} s, {TAKEN} calls each, all ended between two admissions"
        figures.append(Figure(name, f"{run.rate:,.0f} calls a second; an admission takes {each}", "", note))
    return figures


@contextmanager
def _bars() -> Iterator[Step]:
    """What is being done: on a terminal with bars, elsewhere a line for each."""
    if not sys.stderr.isatty():

        def line(name: str, _: int) -> Told:
            print(f"{name} ...", file=sys.stderr, flush=True)
            return lambda _: None

        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def bar(name: str, total: int) -> Told:
            for each in progress.tasks:
                progress.update(each.id, total=each.total or 1, completed=each.total or 1)
            task = progress.add_task(name, total=total or None)
            return lambda more: progress.update(task, advance=more)

        yield bar


if __name__ == "__main__":
    main()
