"""What a copy costs against a fetch: `python -m tests.bench.copies`. Takes some ten seconds, all on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection

from mirabelle.calls.clock import SystemClock
from mirabelle.dialer.session_fetcher import SessionFetcher
from mirabelle.fetch.cache import ResponseCache
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.vxml.platform import Fetch, Fetched
from tests.bench.figure import Figure, show

BYTES = 80_000
"""Ten seconds of u-law."""

ROUNDS = 5

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: audio/basic\r\n%s\r\nContent-Length: %d\r\n\r\n"
_WAYS = {
    "/none": ("fetched each time", b"Cache-Control: no-store", 500),
    "/asked": ("a copy that the server confirms (304)", b'ETag: "1"', 500),
    "/fresh": ("a copy", b"Cache-Control: max-age=3600", 2000),
}


def main() -> None:
    """Measure, one request after the other; the web server is a process of its own and not counted."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        show(asyncio.run(_measure(ours.recv())), as_json=False)
    finally:
        server.terminate()
        server.join()


def _serve(pipe: Connection) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):  # the session has ended
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"if-none-match" in head.lower():
                    writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
                    continue
                _, control, _ = _WAYS[head.split(b" ")[1].decode()]
                writer.write(_ANSWER % (control, BYTES) + bytes(BYTES))
                await writer.drain()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


async def _measure(port: int) -> list[Figure]:
    cache = ResponseCache(SystemClock(), 64_000_000)
    web = Fetcher(allow_private=True, timeout=15, max_bytes=2_000_000, user_agent="bench", cache=cache)
    fetcher = SessionFetcher(web)
    figures = []
    for path, (name, _, count) in _WAYS.items():
        request = Fetch(f"http://127.0.0.1:{port}{path}", purpose="audio")
        await _fetch(fetcher, request, 20)
        rounds = [await _fetch(fetcher, request, count) for _ in range(ROUNDS)]
        wall, cpu = (statistics.median(each) for each in zip(*rounds, strict=True))
        how = f"the middle of {ROUNDS} rounds of {count}, one after the other, {BYTES:,} bytes"
        figures.append(Figure(name, f"{1e3 * wall:.2f} ms, {1e3 * cpu:.2f} ms of processor time", "", how))
    await fetcher.aclose()
    await web.aclose()
    return figures


async def _fetch(fetcher: SessionFetcher, request: Fetch, count: int) -> tuple[float, float]:
    """Seconds by the clock and of processor time that one of so many takes."""
    began, used = time.perf_counter(), time.process_time()
    for _ in range(count):
        reply = await fetcher.fetch(request)
        if not isinstance(reply, Fetched) or len(reply.body) != BYTES:
            raise RuntimeError(f"The web server of the benchmark answered with {str(reply)[:200]}.")
    return (time.perf_counter() - began) / count, (time.process_time() - used) / count


if __name__ == "__main__":
    main()
