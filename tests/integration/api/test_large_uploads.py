"""Lists over a real connection: what is refused is said so that the client hears it, and memory stays bounded."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from argon2 import PasswordHasher

from mirabelle.api import body
from mirabelle.api.app import QUEUECALL_PATHS, QUEUECALLS_PATHS, create_app
from mirabelle.api.login import hash_pin
from mirabelle.calls.clock import SystemClock
from mirabelle.settings import load
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
FIELDS = {"login": "demo", "pin": "98765432", "campaign": "autumn", "start_url": "http://example.com/start"}
HEAD = "".join(
    f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in FIELDS.items()
)
HEAD += '--b\r\nContent-Disposition: form-data; name="phone_list"; filename="list.csv"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = await open_ledger(f"sqlite:///{tmp_path}/calls.db")
    await ledger.add_account("demo", hash_pin("98765432", CHEAP), SystemClock().now())
    yield ledger
    await ledger.aclose()


@pytest.fixture
async def port(store: Ledger) -> AsyncIterator[int]:
    settings = load(None, {"MIRABELLE_SERVER_MAX_UPLOAD_MB": "8"})
    app = create_app(store, SystemClock(), settings, on_queued=lambda: None, health=dict, hasher=CHEAP)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    listener = server.config.bind_socket()
    running = asyncio.create_task(server.serve([listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await running


async def exchange(port: int, head: str, body: AsyncIterator[bytes], path: str = QUEUECALLS_PATHS[0]) -> str:
    """Send a request as fast as it is taken, and read what comes back meanwhile."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reply = asyncio.create_task(reader.read())
    try:
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: mirabelle.test\r\nConnection: close\r\n"
            f"Content-Type: multipart/form-data; boundary=b\r\n{head}\r\n\r\n".encode()
        )
        async for piece in body:
            if reply.done():
                break
            writer.write(piece)
            await writer.drain()
        return (await reply).decode()
    finally:
        reply.cancel()
        writer.close()


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for piece in data:
        yield piece


async def rows(count: int) -> AsyncIterator[bytes]:
    """A body with so many numbers, in chunks of HTTP/1.1."""
    yield chunk(HEAD.encode())
    for at in range(0, count, 1_000):
        lines = (f"+1617{number:07},reference {number}\n" for number in range(at, min(at + 1_000, count)))
        yield chunk("".join(lines).encode())
    yield chunk(TAIL) + b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def test_a_long_list_takes_little_memory(port: int, store: Ledger) -> None:
    await exchange(port, "Transfer-Encoding: chunked", rows(1_000))
    before = peak()
    reply = await exchange(port, "Transfer-Encoding: chunked", renamed(rows(100_000)))
    assert 'queued="100000"' in reply
    assert peak() - before < 40_000_000
    assert sum((await store.counts()).values()) == 101_000


def peak() -> float:
    """The most memory that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize(("on_bad_line", "status"), [("refuse", "failed"), ("skip", "queued")])
async def test_a_million_bad_lines_take_little_memory(port: int, store: Ledger, on_bad_line: str, status: str) -> None:
    await exchange(port, "Transfer-Encoding: chunked", rows(1_000))
    before = peak()
    head = HEAD.replace(
        "autumn", f'winter\r\n--b\r\nContent-Disposition: form-data; name="on_bad_line"\r\n\r\n{on_bad_line}'
    )
    bad = [chunk(b"nobody\n" * 10_000)] * 100
    whole = pieces(chunk(head.encode()), *bad, chunk(b"+16175550123\n" + TAIL), b"0\r\n\r\n")
    reply = await exchange(port, "Transfer-Encoding: chunked", whole)
    assert f'<queuecalls status="{status}"' in reply
    assert reply.count("<error ") == 100
    assert ('queued="1" skipped="1000000"' in reply) == (status == "queued")
    assert peak() - before < 40_000_000
    assert sum((await store.counts()).values()) == 1_000 + (status == "queued")


async def test_a_body_without_end_takes_little_memory(
    port: int, store: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield chunk(HEAD.encode())
        while True:
            yield chunk(b"+16175550123\n" * 10_000)

    monkeypatch.setattr(body, "DRAIN_SECONDS", 0.2)
    await exchange(port, "Transfer-Encoding: chunked", rows(1_000))
    before = peak()
    # Whoever never ends his sending may not get to hear why nobody listens any more.
    with contextlib.suppress(ConnectionError):
        assert "larger than 8000000 bytes" in await exchange(port, "Transfer-Encoding: chunked", endless())
    assert peak() - before < 40_000_000
    assert sum((await store.counts()).values()) == 1_000


async def renamed(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in body:
        yield piece.replace(b"autumn", b"winter")


async def test_a_body_that_grows_too_large_is_told_so(port: int, store: Ledger) -> None:
    reply = await exchange(port, "Transfer-Encoding: chunked", rows(1_000_000))
    assert "larger than 8000000 bytes" in reply
    assert sum((await store.counts()).values()) == 0


async def test_a_call_that_grows_too_large_is_told_so(port: int) -> None:
    reply = await exchange(port, "Transfer-Encoding: chunked", rows(200_000), QUEUECALL_PATHS[0])
    assert "larger than 65536 bytes" in reply


async def test_a_body_that_says_it_is_too_large_is_not_taken(port: int) -> None:
    head = f"Content-Length: {10 * 2**30}\r\nExpect: 100-continue"
    reply = await exchange(port, head, pieces())
    assert reply.startswith("HTTP/1.1 200")
    assert "larger than 8000000 bytes" in reply


async def test_a_list_that_breaks_off_queues_nothing(port: int, store: Ledger) -> None:
    broken = chunk(HEAD.encode()) + chunk(b"+16175550123\n") + b"0\r\n\r\n"
    reply = await exchange(port, "Transfer-Encoding: chunked", pieces(broken))
    assert "breaks off" in reply
    assert sum((await store.counts()).values()) == 0
