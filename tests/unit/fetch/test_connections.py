from __future__ import annotations

import asyncio
import socket

import pytest

from mirabelle.fetch import connections
from mirabelle.fetch.fetcher import FORM, Fetcher
from mirabelle.fetch.request import FetchError, Request
from tests.unit.fetch.conftest import Handler, Site

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


def saying(*pieces: bytes, close: bool = False) -> Handler:
    async def handler(_path: str, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if close:
            writer.close()

    return handler


async def body_of(site: Site, fetcher: Fetcher, path: str = "/") -> bytes:
    return (await fetcher.fetch(Request(url=site.url(path)))).body


def keeping_its_end(site: Site, path: str) -> list[asyncio.StreamWriter]:
    """A page, and the writers of those who asked for it."""

    async def remembered(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"page")
        writers.append(writer)

    writers: list[asyncio.StreamWriter] = []
    site.handlers[path] = remembered
    return writers


async def elsewhere(site: Site, fetcher: Fetcher) -> None:
    """Ask under another name of the server, so that the event loop turns and the other connections rest."""
    await fetcher.fetch(Request(url=site.url("/elsewhere", host="localhost")))


async def test_one_connection_carries_request_after_request(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"page")
    for _ in range(3):
        assert await body_of(site, fetcher) == b"page"
    assert len(site.tasks) == 1


async def test_requests_at_the_same_time_have_a_connection_each(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"page")
    assert await asyncio.gather(*(body_of(site, fetcher) for _ in range(5))) == [b"page"] * 5
    assert len(site.tasks) == 5


@pytest.mark.parametrize(
    "handler",
    [
        saying(OK + b"page", close=True),
        saying(OK + b"page" + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"),
        saying(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\npage"),
        saying(b"HTTP/1.0 200 OK\r\n\r\npage", close=True),
    ],
    ids=["closed afterwards", "says more than was asked", "says that it will close", "ends with the connection"],
)
async def test_a_connection_that_cannot_go_on_is_not_used_again(site: Site, fetcher: Fetcher, handler: Handler) -> None:
    site.handlers["/"] = handler
    site.page("/next", b"next")
    assert await body_of(site, fetcher) == b"page"
    assert await body_of(site, fetcher, "/next") == b"next"
    assert len(site.tasks) == 2


async def test_an_end_that_the_event_loop_has_not_come_to_yet_is_seen(site: Site, fetcher: Fetcher) -> None:
    writers = keeping_its_end(site, "/")
    assert await body_of(site, fetcher) == b"page"
    writers[0].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    assert await body_of(site, fetcher) == b"page"


async def test_a_request_whose_connection_breaks_is_not_sent_twice(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"page")
    site.handlers["/result"] = saying(close=True)
    await body_of(site, fetcher)
    with pytest.raises(FetchError):
        await fetcher.post(site.url("/result"), b"a=1", FORM, {})
    assert [asked.split(" ")[0] for asked in site.asked] == ["GET", "POST"]


@pytest.mark.parametrize("seen", [False, True], ids=["not read yet", "read"])
async def test_what_nobody_asked_for_is_the_answer_to_nothing(site: Site, fetcher: Fetcher, seen: bool) -> None:
    writers = keeping_its_end(site, "/")
    site.page("/next", b"next")
    assert await body_of(site, fetcher) == b"page"
    writers[0].write(OK + b"lies")
    await writers[0].drain()
    if seen:
        await elsewhere(site, fetcher)
    assert await body_of(site, fetcher, "/next") == b"next"


async def test_of_what_nobody_asked_for_little_is_read(site: Site, fetcher: Fetcher) -> None:
    writers = keeping_its_end(site, "/")
    assert await body_of(site, fetcher) == b"page"
    writers[0].write((OK + b"lies") * 1_000_000)
    for _ in range(300):  # many more turns of the event loop than it takes to read all of it
        await elsewhere(site, fetcher)
    assert writers[0].transport.get_write_buffer_size() > 0


async def test_a_connection_is_kept_for_a_while_only(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "KEPT_FOR", -1.0)
    site.page("/", b"page")
    await body_of(site, fetcher)
    await body_of(site, fetcher)
    assert len(site.tasks) == 2


async def test_no_more_than_so_many_are_kept(site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_KEPT", 2)
    site.page("/", b"page")
    await asyncio.gather(*(body_of(site, fetcher) for _ in range(4)))
    await asyncio.gather(*(body_of(site, fetcher) for _ in range(4)))
    assert len(site.tasks) == 6


async def test_more_at_once_wait_for_their_turn(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 1)
    fetcher = Fetcher(allow_private=True, timeout=5.0, max_bytes=10_000, user_agent="Mirabelle/test")
    site.page("/", b"page")
    assert await asyncio.gather(*(body_of(site, fetcher) for _ in range(3))) == [b"page"] * 3
    assert len(site.tasks) == 1
    await fetcher.aclose()


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", OK + b"page"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\npa\r\n",
            b"2;x=y\r\nge\r\n0\r\nTrailer: x\r\n\r\n",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 4\r\n\r", b"\npage"),
    ],
    ids=["provisional answers first", "in chunks", "torn apart"],
)
async def test_an_answer_may_come_in_all_the_shapes_of_http(
    site: Site, fetcher: Fetcher, pieces: tuple[bytes, ...]
) -> None:
    site.handlers["/"] = saying(*pieces)
    assert await body_of(site, fetcher) == b"page"


@pytest.mark.parametrize(
    "handler",
    [
        saying(close=True),
        saying(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        saying(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 200_000),
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\npages"),
        saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"),
    ],
    ids=["nothing at all", "another protocol", "a head without end", "two lengths", "chunks without a size"],
)
async def test_what_is_no_http_is_a_protocol_error(site: Site, fetcher: Fetcher, handler: Handler) -> None:
    site.handlers["/"] = handler
    with pytest.raises(FetchError) as caught:
        await body_of(site, fetcher)
    assert caught.value.reason == "protocol"


async def test_an_answer_to_half_a_request_is_taken_and_the_connection_closed(site: Site, fetcher: Fetcher) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await gone.wait()
        writer.close()

    gone = asyncio.Event()
    server = await asyncio.start_server(refuse, "127.0.0.1", 0, limit=1024)
    port = server.sockets[0].getsockname()[1]
    request = Request(url=f"http://127.0.0.1:{port}/", method="POST", body=bytes(20_000_000))
    assert (await fetcher.fetch(request)).status == 413
    gone.set()
    server.close()
    await server.wait_closed()


async def test_what_is_given_up_leaves_no_connection_behind(site: Site, fetcher: Fetcher) -> None:
    async def silent(_path: str, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    site.handlers["/"] = silent
    site.page("/next", b"next")
    with pytest.raises(FetchError):
        await fetcher.fetch(Request(url=site.url(), timeout=0.05))
    assert await body_of(site, fetcher, "/next") == b"next"
    assert len(site.tasks) == 2
