"""`make bench-ingest`: a long phone_list through queuecalls.php, beside the raw driver, on both stores.

    python -m tests.bench.ingest [--lines N] [--duplicates allow|skip|refuse] [--json]

Everything runs on this machine, over loopback. No figure fails anything; docs/benchmarks.md says what each means.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mirabelle.api.login import hash_pin, new_pin
from mirabelle.api.queuecalls import Duplicates
from tests.acceptance.program import Program, mirabelle
from tests.bench import ingest_list, ingest_raw, usage
from tests.bench.figure import Figure, percentile, show
from tests.bench.ingest_upload import Sender, pages, writes
from tests.ports import free_rtp_ports
from tests.postgres import postgres_binaries, running_postgres

CONFIG = """
[server]
listen = "127.0.0.1:0"
[store]
url = "{url}"
[sip]
bind = "127.0.0.1:0"
[media]
ports = "{first}-{last}"
processes = 1
[http]
preflight = false
[dialer]
drain_seconds = 1
lease_seconds = 120
"""

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Task:
    """What is uploaded.

    Attributes:
        path: the list.
        lines: how many it has.
        duplicates: what is said of numbers that are there twice.
    """

    path: Path
    lines: int
    duplicates: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one upload.

    Attributes:
        seconds: from its first byte to the reply.
        peaks: the most memory of each process, in bytes, the server's first; empty where nobody can say.
        page_waits: seconds waited for answers that need the event loop only.
        write_waits: seconds waited for other writes.
    """

    seconds: float
    peaks: tuple[int, ...]
    page_waits: Sequence[float]
    write_waits: Sequence[float]


def main() -> None:
    """Measure both stores and print one table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.ingest", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--lines", type=int, default=1_000_000, metavar="N", help="lines of the list, 1,000,000")
    words = get_args(Duplicates)
    parser.add_argument("--duplicates", choices=words, default="refuse", help="what the list is sent with, refuse")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if not 1 <= options.lines <= 4_000_000:
        parser.error("a list has from 1 to 4,000,000 lines here")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception ends the processes we started
    figures: list[Figure] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        steps = stack.enter_context(_bars())
        path = folder / "list.csv"
        task = Task(path, options.lines, options.duplicates)
        with steps.step("writing the list", task.lines) as told:
            ingest_list.write(path, task.lines, told)
        figures += _measure("SQLite", _sqlite_urls(folder), task, folder, steps)
        binaries = postgres_binaries()
        if binaries is None:
            figures.append(Figure("PostgreSQL", "not measured", "", "it is not installed"))
        else:
            server = stack.enter_context(running_postgres(binaries, fsync=True))
            figures += _measure("PostgreSQL", _databases(server), task, folder, steps)
    show(figures, as_json=options.json)


def _sqlite_urls(folder: Path) -> Callable[[str], str]:
    return lambda name: f"sqlite:///{folder}/{name}.db"


def _databases(server: str) -> Callable[[str], str]:
    async def create(name: str) -> None:
        connection = await asyncpg.connect(f"{server}/postgres")
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    def made(name: str) -> str:
        asyncio.run(create(name))
        return f"{server}/{name}"

    return made


def _measure(store: str, url_of: Callable[[str], str], task: Task, folder: Path, steps: _Steps) -> list[Figure]:
    """The raw driver and the server, each on an empty ledger of its own."""
    url = url_of("raw")
    account_id, campaign_id = asyncio.run(ingest_raw.prepare(url))
    with steps.step(f"{store}: making rows", task.lines) as told:
        rows = ingest_list.rows(task.lines, account_id, campaign_id, told)
    gc.freeze()  # the driver must not pay for the garbage collector's looks at our million rows
    with steps.step(f"{store}: the raw driver"):
        raw = ingest_raw.load(url, rows)
    unchecked = None
    if store == "SQLite":
        url = url_of("unchecked")
        asyncio.run(ingest_raw.prepare(url))
        with steps.step(f"{store}: the raw driver, without CHECKs"):
            unchecked = ingest_raw.load(url, rows, checks=False)
    del rows
    gc.unfreeze()
    gc.collect()
    taken = _served(url_of("served"), task, folder, steps, store)
    return _figures(store, task.lines, raw, unchecked, taken)


def _figures(store: str, lines: int, raw: float, unchecked: float | None, taken: Taken) -> list[Figure]:
    way = "executemany in one transaction" if store == "SQLite" else "COPY in one transaction"
    figures = [
        Figure(f"{store}, raw driver", f"{lines / raw:,.0f} rows/s", "", f"{lines:,} rows in {raw:.1f} s; {way}"),
        Figure(
            f"{store}, queuecalls.php",
            f"{lines / taken.seconds:,.0f} rows/s",
            "",
            f"{lines:,} lines in {taken.seconds:.1f} s, from the first byte sent to the reply",
        ),
        Figure(f"{store}, share of the raw driver", f"{raw / taken.seconds:.2f}", "0.5", "every line checked"),
    ]
    if unchecked is not None:
        share, how = f"{unchecked / taken.seconds:.2f}", f"{lines / unchecked:,.0f} rows/s"
        figures.append(Figure(f"{store}, share of the raw driver without the tables' CHECKs", share, "", how))
    peak = f"{sum(taken.peaks) / 1e6:.0f} MB" if taken.peaks else "not known"
    parts = " + ".join(f"{each / 1e6:.0f}" for each in taken.peaks)
    figures.append(Figure(f"{store}, peak memory", peak, "< 200 MB", f"{parts}: the server and its children"))
    for name, waits in (("an empty page", taken.page_waits), ("a single call", taken.write_waits)):
        if waits:
            p50, p99, longest = (1000 * each for each in (percentile(waits, 0.5), percentile(waits, 0.99), max(waits)))
            value = f"p50 {p50:.0f} ms, p99 {p99:,.0f} ms, longest {longest:,.0f} ms"
            figures.append(Figure(f"{store}, wait for {name} meanwhile", value, "", f"asked {len(waits)} times"))
    return figures


def _served(url: str, task: Task, folder: Path, steps: _Steps, store: str) -> Taken:
    pin = new_pin()
    asyncio.run(ingest_raw.prepare(url, "acme", hash_pin(pin)))
    first, last = free_rtp_ports(100)
    config = folder / "mirabelle.toml"
    config.write_text(CONFIG.format(url=url, first=first, last=last))
    command = mirabelle("serve", "--config", config, "--log-format", "json")
    with Program(command, stream="stderr") as program:
        sender = Sender(str(program.wait_for("ready")["http"]), pin, task.duplicates)
        pid = program.process.pid
        with pages(sender) as page, writes(sender) as write:
            usage.forget_peaks(pid)
            with steps.step(f"{store}: queuecalls.php", task.path.stat().st_size) as told:
                queued, seconds = sender.upload(task.path, told)
            peaks = usage.peak_bytes(pid)
        if queued != task.lines:
            raise RuntimeError(f"The server queued {queued} of {task.lines} calls.")
    own = peaks.pop(pid, 0)
    return Taken(seconds, (own, *peaks.values()) if own else (), page.seconds, write.seconds)


class _Steps:
    """What is being done, on a terminal with bars, elsewhere a line for each."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Told]:
        """One of them; it gives what is to be called with how much more is done."""
        if self._progress is None:
            print(f"{name} ...", file=sys.stderr, flush=True)
            yield lambda _: None
            return
        progress, done = self._progress, 0
        task = progress.add_task(name, total=total)

        def told(more: int) -> None:
            nonlocal done
            done += more
            # What is sent is not done: from here on nobody knows how long it takes.
            progress.update(task, completed=done, total=None if done == total and "php" in name else total)

        yield told
        progress.update(task, total=1, completed=1)


@contextmanager
def _bars() -> Iterator[_Steps]:
    if not sys.stderr.isatty():
        yield _Steps(None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _Steps(progress)


if __name__ == "__main__":
    main()
