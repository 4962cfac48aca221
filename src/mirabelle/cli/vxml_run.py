"""`mirabelle vxml run`: an application in the terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from mirabelle.calls.clock import SystemClock
from mirabelle.dialer.session_fetcher import SessionFetcher
from mirabelle.fetch.cache import ResponseCache
from mirabelle.fetch.local import LocalFetcher
from mirabelle.settings import CompatSettings, Settings
from mirabelle.vxml.machine import CLASSIC, Dialect
from mirabelle.vxml.text import FarEnd, parse_far_end, parse_inputs, run_text
from mirabelle.vxml.trace import Tracer


def dialect(compat: CompatSettings) -> Dialect:
    """How VoiceXML is read, as the settings say it."""
    return CLASSIC if compat.dialect == "classic" else Dialect()


def run(url: str, inputs: str | None, far_end: str | None, settings: Settings, tracer: Tracer | None = None) -> int:
    """Run an application as text, and print what happens.

    Args:
        url: where it is; a path is a file.
        inputs: comma-separated; None asks at the terminal.
        far_end: who is at the other end of a transfer; None for somebody who talks for a while.
        settings: of these, the limits of requests, and the dialect.
        tracer: is told of each step.

    Returns:
        The exit status.

    Raises:
        InputError: the inputs or the far end cannot be understood.
    """
    given = None if inputs is None else parse_inputs(inputs)
    other = parse_far_end(far_end or "")
    return asyncio.run(_run(address_of(url), given, other, settings, tracer))


async def _run(
    url: str, inputs: Sequence[str] | None, far_end: FarEnd, settings: Settings, tracer: Tracer | None
) -> int:
    async with fetching(settings) as fetcher:
        return await run_text(
            url,
            inputs=inputs,
            far_end=far_end,
            fetcher=fetcher,
            out=_print,
            ask=_ask_terminal,
            dialect=dialect(settings.compat),
            tracer=tracer,
        )


def address_of(url: str) -> str:
    """The address of a document; a path becomes that of a file."""
    if "://" in url or url.startswith("file:"):
        return url
    path, sign, fragment = url.partition("#")
    return f"{Path(path).absolute().as_uri()}{sign}{fragment}"


@asynccontextmanager
async def fetching(settings: Settings) -> AsyncIterator[SessionFetcher]:
    """What gets documents for one session on a developer's own machine."""
    http = settings.http
    cache = ResponseCache(SystemClock(), http.cache_mb * 1_000_000) if http.cache_mb else None
    web = LocalFetcher(allow_private=http.allow_private, timeout=http.timeout, max_bytes=http.max_bytes, cache=cache)
    fetcher = SessionFetcher(web)
    try:
        yield fetcher
    finally:
        await fetcher.aclose()
        await web.aclose()


def _print(line: str) -> None:
    print(line, flush=True)


def _ask_terminal() -> str | None:
    if sys.stdin.isatty():
        print("> ", end="", flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else None
