"""`make bench-vxml`: an application of ten pages over HTTP, without a telephone: its cost, and a thousand at once.

    python -m tests.bench.vxml [--sessions N] [--think SECONDS] [--seconds SECONDS] [--json]

The web server is a process of its own. No figure fails anything; docs/benchmarks.md says what each means.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from mirabelle.dialer.session_fetcher import SessionFetcher
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.vxml.cache import ParseCache
from mirabelle.vxml.platform import Collect, Fetch, Fetched, FetchFailed, HungUp, Input, NoInput, NoMatch, Play, Played
from mirabelle.vxml.session import Session
from mirabelle.vxml.turns import MOST, Turns
from tests.bench import usage, vxml_site
from tests.bench.figure import Figure, percentile, show
from tests.bench.pages import InstantLine
from tests.bench.vxml_site import PAGES

AT_ONCE: Final = 16
"""Sessions that run beside each other where the rate is measured."""

BEAT: Final = 0.02
"""Seconds between two looks at how late the event loop is: a packet's worth of audio."""


@dataclass(slots=True)
class Heard:
    """What the lines of all sessions noticed.

    Attributes:
        documents: pages that were fetched: those of the application, and those of its subdialogs.
        fetches: everything that was.
        waits_ms: from each key to the next prompt, fetches in between included.
        present: sessions that run now.
        most: sessions that ran at once.
        failed: why sessions ended otherwise than the application has it.
    """

    documents: int = 0
    fetches: int = 0
    waits_ms: list[float] = field(default_factory=list)
    present: int = 0
    most: int = 0
    failed: list[str] = field(default_factory=list)

    @contextmanager
    def session(self) -> Iterator[None]:
        """Count a session while it runs."""
        self.present += 1
        self.most = max(self.most, self.present)
        try:
            yield
        finally:
            self.present -= 1


class FetchingLine(InstantLine):
    """A callee who thinks for a while and presses 1; documents come over HTTP.

    Args:
        fetcher: reaches the web server.
        heard: takes the figures.
        think: seconds between a prompt and the key.
    """

    def __init__(self, fetcher: Fetcher, heard: Heard, think: float) -> None:
        super().__init__()
        self._fetcher = SessionFetcher(fetcher)
        self._heard = heard
        self._think = think
        self._pressed: float | None = None

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get it over HTTP."""
        self._heard.fetches += 1
        self._heard.documents += request.purpose == "document"
        return await self._fetcher.fetch(request)

    async def play(self, request: Play) -> Played | HungUp:
        """Play in no time."""
        self._prompted()
        return await super().play(request)

    async def collect(self, request: Collect) -> Input | NoInput | NoMatch | HungUp:
        """Think, and press 1."""
        self._prompted()
        if self._think:
            await asyncio.sleep(self._think)
        self._pressed = time.perf_counter()
        return await super().collect(request)

    def _prompted(self) -> None:
        if self._pressed is not None:
            self._heard.waits_ms.append(1000 * (time.perf_counter() - self._pressed))
            self._pressed = None


@dataclass(frozen=True, slots=True)
class Bench:
    """What all sessions share, as in the server: the fetcher, the threads and what was parsed.

    Attributes:
        base: of the documents' addresses.
        fetcher: one for all.
        turns: where sessions compute.
        cache: what was parsed before.
    """

    base: str
    fetcher: Fetcher
    turns: Turns
    cache: ParseCache

    async def session(self, heard: Heard, think: float = 0.0) -> None:
        """Run the application once."""
        line = FetchingLine(self.fetcher, heard, think)
        with heard.session():
            start = Fetch(f"{self.base}0")
            end = await Session(start, line, {"id": "bench"}, self.turns, cache=self.cache).run()
        if end.kind != "exit":
            heard.failed.append(f"{end.kind} {end.error} {end.detail}")


@contextmanager
def _prepared(address: str, kind: str) -> Iterator[Bench]:
    fetcher = Fetcher(allow_private=True, timeout=15.0, max_bytes=2_000_000, user_agent="bench")
    with ThreadPoolExecutor(MOST) as executor:
        yield Bench(f"{address}/{kind}/", fetcher, Turns(executor), ParseCache())


async def _rate(address: str, kind: str, seconds: float) -> list[Figure]:
    """How many sessions pass, one always beginning where one ends, and what a page of them costs."""
    with _prepared(address, kind) as bench:
        await bench.session(Heard())
        heard, finished = Heard(), 0
        began, used = time.monotonic(), time.process_time()

        async def one_after_the_other() -> int:
            count = 0
            while time.monotonic() - began < seconds:
                await bench.session(heard)
                count += 1
            return count

        finished = sum(await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE))))
        took, used = time.monotonic() - began, time.process_time() - used
        await bench.fetcher.aclose()
    if heard.failed:
        raise RuntimeError(f"The application of the benchmark ended with {heard.failed[0]}")
    pages = finished * PAGES
    how = f"{PAGES} pages, {heard.fetches / finished:.0f} fetches each; {AT_ONCE} at once"
    parsed = "no two documents alike" if kind == "fresh" else "documents parsed once"
    return [
        Figure(f"sessions, {parsed}", f"{finished / took:.0f} a second", "", how),
        Figure(f"CPU of a page turn, {parsed}", f"{1000 * used / pages:.2f} ms", "< 3 ms", "user and system"),
    ]


async def _many(address: str, sessions: int, think: float) -> list[Figure]:
    """So many sessions at the same time, each waiting for its caller most of the time."""
    heard, late = Heard(), Lateness()
    own = os.getpid()
    with _prepared(address, "fresh") as bench:
        await bench.session(Heard())
        gc.collect()
        gc.freeze()  # as the server does once it is ready
        gc.set_threshold(700, 10, 50)
        usage.forget_peaks(own)
        before = usage.peak_bytes(own).get(own, 0)
        watching = asyncio.create_task(late.watch())
        used, began = time.process_time(), time.monotonic()
        tasks = []
        for number in range(sessions):
            # They begin within half of the time that one takes, so that all of them are there for the other half.
            await asyncio.sleep(max(0.0, began + number * PAGES * think / 2 / sessions - time.monotonic()))
            tasks.append(asyncio.create_task(bench.session(heard, think)))
        await asyncio.gather(*tasks)
        used, took = time.process_time() - used, time.monotonic() - began
        watching.cancel()
        peak = usage.peak_bytes(own).get(own)
        await bench.fetcher.aclose()
    load = f"{sessions * PAGES / took:.0f} pages a second, {100 * used / took:.0f} % of a core"
    if heard.failed:
        load = f"{len(heard.failed)} of them failed: {heard.failed[0]}"
    name = f"{heard.most:,} sessions in one process"
    memory = "not measured" if peak is None else f"{peak / 1e6:.0f} MB"
    each = "needs Linux's /proc" if peak is None else f"{(peak - before) / 1000 / max(1, heard.most):.0f} kB a session"
    return [
        Figure(f"{name}: peak memory", memory, "< 500 MB", each),
        Figure(f"{name}: key to next prompt", _spread(heard.waits_ms), "", load),
        Figure(f"{name}: the event loop is late", _spread(late.found_ms), "", f"looked at every {1000 * BEAT:.0f} ms"),
    ]


@dataclass(slots=True)
class Lateness:
    """How late the event loop gets to what is due.

    Attributes:
        found_ms: one figure a beat.
    """

    found_ms: list[float] = field(default_factory=list)

    async def watch(self) -> None:
        """Look at every beat, until cancelled."""
        while True:
            due = time.perf_counter() + BEAT
            await asyncio.sleep(BEAT)
            self.found_ms.append(1000 * (time.perf_counter() - due))


def _spread(found: list[float]) -> str:
    return f"p50 {percentile(found, 0.5):.1f} ms, p99 {percentile(found, 0.99):.0f} ms, longest {max(found):.0f} ms"


async def _measure(address: str, options: argparse.Namespace) -> list[Figure]:
    figures: list[Figure] = []
    for kind in ("kept", "fresh"):
        figures += await _rate(address, kind, options.seconds)
    return figures + await _many(address, options.sessions, options.think)


def main() -> None:
    """Measure all and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.vxml", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=1_000, metavar="N", help="sessions at the same time, 1,000")
    parser.add_argument("--think", type=float, default=8.0, metavar="SECONDS", help="before each key, 8")
    parser.add_argument("--seconds", type=float, default=8.0, metavar="SECONDS", help="of each measured rate, 8")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if options.sessions < 1 or options.think < 0 or options.seconds <= 0:
        parser.error("--sessions is at least 1, --think not negative and --seconds positive")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception ends the process we started
    with vxml_site.running() as address:
        figures = asyncio.run(_measure(address, options))
    show(figures, as_json=options.json)


if __name__ == "__main__":
    main()
