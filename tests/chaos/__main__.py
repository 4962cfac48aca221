"""`make chaos`: kill servers at every crash point, many times over, and hold the books against each other.

    python -m tests.chaos [--kills 1000] [--workers 4] [--seed N]

A signal ends it after the rounds that are under way. The exit status is not zero where a number rang again after an
answer, or a call, a result or a lease was lost.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from mirabelle.calls.crash_point import CrashPoint
from tests.chaos.callee import sipp_binary
from tests.chaos.stage import staged
from tests.chaos.tally import Tally
from tests.postgres import PostgresServer, postgres_binaries, postgres_of_our_own

ROUND = 12
"""Kills between two looks at the books."""


class Work:
    """The kills that are to be done, shared by all workers."""

    def __init__(self, kills: int) -> None:
        self._left = kills
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Let no round begin any more; those under way are finished and told of."""
        self._stopped = True

    def take(self) -> int:
        """How many the next round is to have; 0 where all are done."""
        with self._lock:
            taken = 0 if self._stopped else min(ROUND, self._left)
            self._left -= taken
            return taken


def work_on(store: str, worker: int, work: Work, tally: Tally, postgres: PostgresServer, seed: int) -> None:
    """Kill on one store, on a new stage for each few rounds, until all is done."""
    sipp = sipp_binary()
    assert sipp is not None
    rng = random.Random(f"{seed} {worker}")
    number = 0
    while kills := work.take():
        number += 1
        folder = Path(tempfile.mkdtemp(prefix="chaos", dir="/tmp"))
        url = f"sqlite:///{folder}/ledger.db"
        if store == "postgresql":
            url = postgres.create(f"chaos_{worker}_{number}")
        with staged(folder, url, sipp, hasty=worker % 4 > 1) as stage:
            while kills:
                stage.round(rng.sample(list(CrashPoint), kills), rng, tally.killed)
                broken = stage.verdict()
                kills = work.take() if broken.sound and len(stage.receiver.results) < 400 else 0
            tally.add(store, stage.kills, stage.missed, broken)
        if broken.sound:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            tally.keep(folder)


@contextmanager
def shown(tally: Tally, kills: int) -> Iterator[None]:
    """Show how far it is, while it runs: a bar on a terminal, else a line now and then."""
    over = threading.Event()

    def show() -> None:
        while not over.wait(0.5 if sys.stderr.isatty() else 60):
            done = tally.done
            if sys.stderr.isatty():
                bar = "#" * (done * 40 // kills)
                print(f"\r[{bar:<40}] {done}/{kills} kills", end="", file=sys.stderr, flush=True)
            else:
                print(f"{done}/{kills} kills", file=sys.stderr, flush=True)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if sys.stderr.isatty():
            print(file=sys.stderr)


def main() -> int:
    """Kill, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000, help="how many, over all points and both stores")
    parser.add_argument(
        "--workers",
        type=int,
        default=4,
        help="how many stages at once; the even ones on SQLite, half of all with servers that die at once",
    )
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the order of the points")
    options = parser.parse_args()
    binaries = postgres_binaries()
    if sipp_binary() is None or binaries is None:
        print("make chaos needs sipp and PostgreSQL; `scripts/peers` says how to have them.", file=sys.stderr)
        return 2
    work, tally = Work(options.kills), Tally()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: work.stop())
    began = time.monotonic()
    stores = ["sqlite" if worker % 2 == 0 else "postgresql" for worker in range(options.workers)]
    with (
        postgres_of_our_own(binaries, fsync=True) as postgres,
        shown(tally, options.kills),
        ThreadPoolExecutor(options.workers) as pool,
    ):
        running = [
            pool.submit(work_on, store, worker, work, tally, postgres, options.seed)
            for worker, store in enumerate(stores)
        ]
        try:
            for future in running:
                future.result()
        finally:
            work.stop()
    print(tally.table(time.monotonic() - began, options.seed))
    return 0 if tally.sound else 1


if __name__ == "__main__":
    sys.exit(main())
