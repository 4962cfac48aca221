"""Whole applications against web servers on loopback: well-behaved ones, and such as would rather harm."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from mirabelle.calls.clock import SystemClock
from mirabelle.dialer.session_fetcher import SessionFetcher
from mirabelle.fetch.cache import ResponseCache
from mirabelle.fetch.local import LocalFetcher
from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.text import run_text
from tests.unit.fetch.conftest import Site, site  # noqa: F401
from tests.unit.vxml.running import block, vxml

MOST = 200_000
CAUGHT = "<catch event='error'><log expr='_event'/><goto next='/good'/></catch>"


@dataclass
class Application:
    """Sessions of one process, from the document `/` on."""

    site: Site
    web: LocalFetcher
    cache: ResponseCache
    lines: list[str] = field(default_factory=list)

    def page(self, path: str, document: str, *headers: str) -> None:
        self.site.page(path, document.encode(), "200 OK", "Content-Type: application/voicexml+xml", *headers)

    async def run(self) -> list[str]:
        fetcher = SessionFetcher(self.web)
        lines: list[str] = []
        await run_text(
            self.site.url("/"), inputs=[], fetcher=fetcher, out=lines.append, dialect=Dialect(messages=False)
        )
        await fetcher.aclose()
        return lines

    def asked(self) -> list[str]:
        return [request.split(" ")[1] for request in self.site.asked]


@pytest.fixture
async def application(site: Site) -> AsyncIterator[Application]:  # noqa: F811
    cache = ResponseCache(SystemClock(), 4_000_000)
    web = LocalFetcher(max_bytes=MOST, cache=cache)
    made = Application(site, web, cache)
    made.page("/good", block("<log>went on</log><exit/>"))
    yield made
    await web.aclose()


def going_to(path: str, attributes: str = "fetchtimeout='300ms'") -> str:
    return vxml(f"{CAUGHT}<form><block><goto next='{path}' {attributes}/></block></form>")


async def drip(path: str, writer: asyncio.StreamWriter) -> None:
    """One byte now and then, for ever: of the body, or already of the head."""
    writer.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if path == "/body" else b"X: "))
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("path", ["/head", "/body"])
async def test_a_server_that_drips_ends_its_own_fetch_when_its_time_is_up(application: Application, path: str) -> None:
    application.site.handlers[path] = drip
    application.page("/", going_to(path))
    assert await application.run() == ["log: error.badfetch", "log: went on", "exit"]


@pytest.mark.parametrize(
    ("element", "lines"),
    [
        ("<block><script src='/body' fetchtimeout='200ms'/></block>", ["log: error.badfetch"]),
        ("<block><data src='/body' fetchtimeout='200ms'/></block>", ["log: error.badfetch"]),
        ("<field><grammar src='/body' fetchtimeout='200ms'/></field>", ["log: error.badfetch"]),
        ("<block><audio src='/body' fetchtimeout='200ms'>words</audio><goto next='/good'/></block>", ["prompt: words"]),
    ],
    ids=["script", "data", "grammar", "audio"],
)
async def test_the_same_holds_for_all_that_is_fetched_ahead_of_time_or_not(
    application: Application, element: str, lines: list[str]
) -> None:
    application.site.handlers["/body"] = drip
    application.page("/", vxml(f"{CAUGHT}<form>{element}</form>"))
    assert sorted(await application.run()) == sorted([*lines, "log: went on", "exit"])


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Elsewhere"])
async def test_redirects_without_end_are_an_event_that_names_them(application: Application, status: str) -> None:
    application.site.page("/round", b"", status, "Location: /round")
    application.page("/", going_to("/round"))
    assert await application.run() == [f"log: error.badfetch.http.{status[:3]}", "log: went on", "exit"]
    assert application.asked().count("/round") == 6


@pytest.mark.parametrize("announced", [True, False])
async def test_a_document_of_100_megabytes_is_let_go_of(application: Application, announced: bool) -> None:
    written = 0

    async def huge(_path: str, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        length = b"Content-Length: 100000000\r\n" if announced else b""
        writer.write(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        while written < 100_000_000:
            writer.write(bytes(100_000))
            await writer.drain()
            written += 100_000

    application.site.handlers["/huge"] = huge
    application.page("/", going_to("/huge", "fetchtimeout='30s'"))
    assert await application.run() == ["log: error.badfetch", "log: went on", "exit"]
    # What the kernel's buffers take is written, and no more.
    assert written < 50_000_000


async def test_a_small_answer_that_unpacks_into_100_megabytes_does_not(application: Application) -> None:
    bomb = gzip.compress(bytes(100_000_000), compresslevel=1)
    application.site.page("/bomb", bomb, "200 OK", "Content-Encoding: gzip")
    application.page("/", going_to("/bomb", "fetchtimeout='30s'"))
    assert await application.run() == ["log: error.badfetch", "log: went on", "exit"]


@pytest.mark.parametrize(
    ("status", "headers", "event"),
    [
        ("404 Not Found", (), "error.badfetch.http.404"),
        ("503 Away", (), "error.badfetch.http.503"),
        ("302 Found", (), "error.badfetch.http.302"),
        ("304 Not Modified", (), "error.badfetch.http.304"),
        ("200 OK", (), "error.badfetch"),
        ("200 OK", ("Content-Encoding: br",), "error.badfetch"),
        ("302 Found", ("Location: ftp://example.org/",), "error.badfetch"),
    ],
)
async def test_what_went_wrong_is_in_the_name_of_the_event(
    application: Application, status: str, headers: tuple[str, ...], event: str
) -> None:
    application.site.page("/wrong", b"", status, *headers)
    application.page("/", going_to("/wrong"))
    assert (await application.run())[0] == f"log: {event}"


async def test_a_closed_port_is_a_bad_fetch(application: Application) -> None:
    application.page("/", going_to("http://127.0.0.1:1/"))
    assert (await application.run())[0] == "log: error.badfetch"


async def test_the_next_session_finds_the_recording_and_asks_for_the_page_again(application: Application) -> None:
    application.page("/", block("<audio src='/a.wav'/>"))
    application.site.page("/a.wav", b"RIFF", "200 OK", "Content-Type: audio/x-wav", "Cache-Control: max-age=60")
    first, second = await application.run(), await application.run()
    assert first == second
    assert application.asked() == ["/", "/a.wav", "/"]


async def test_recordings_that_are_fetched_ahead_are_asked_for_once_and_at_the_same_time(
    application: Application,
) -> None:
    together, waiting = asyncio.Event(), 0

    async def recording(_path: str, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == 4:
            together.set()
        await together.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: audio/x-wav\r\nContent-Length: 4\r\n\r\nRIFF")

    paths = [f"/{number}.wav" for number in range(4)]
    application.site.handlers.update(dict.fromkeys(paths, recording))
    application.page("/", block("".join(f"<audio src='{path}'/>" for path in paths)))
    lines = await application.run()
    assert lines == [*(f"prompt: [audio {application.site.url(path)}]" for path in paths), "exit"]
    assert sorted(application.asked()) == sorted(["/", *paths])


async def test_what_fails_ahead_of_time_says_nothing_until_it_is_needed(application: Application) -> None:
    body = "<form><block><log>first</log><goto next='/gone' fetchhint='prefetch'/></block></form>"
    application.page("/", vxml(f"{CAUGHT}{body}"))
    assert await application.run() == ["log: first", "log: error.badfetch.http.404", "log: went on", "exit"]


async def test_a_post_is_sent_each_time_and_a_root_is_never_asked_for_by_the_age_of_the_page(
    application: Application,
) -> None:
    application.page("/", block("<submit next='/post' method='post' maxage='1000' maxstale='1000'/>"))
    posted = vxml("<form><block><exit/></block></form>", "application='/root'")
    application.page("/post", posted, "Cache-Control: max-age=60")
    application.page("/root", vxml(""), "Cache-Control: max-age=60")
    for _ in range(2):
        await application.run()
    assert application.asked() == ["/", "/post", "/root", "/", "/post"]
    root = next(request for request in application.site.asked if " /root " in request)
    assert "cache-control" not in root.lower()
