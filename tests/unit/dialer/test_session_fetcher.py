import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

import httpx
import pytest

from mirabelle.dialer.session_fetcher import (
    AHEAD_AT_ONCE,
    AHEAD_FOR,
    MOST_AHEAD,
    MOST_AHEAD_BYTES,
    Places,
    SessionFetcher,
    content,
    multipart,
)
from mirabelle.fetch.request import FetchError, Request, Response
from mirabelle.sandbox import virtual_time
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed


class Web:
    """Answers every request alike, and remembers it."""

    def __init__(self, error: FetchError | None = None) -> None:
        self.asked: list[Request] = []
        self._error = error

    async def fetch(self, request: Request) -> Response:
        self.asked.append(request)
        if self._error is not None:
            raise self._error
        return Response(url=request.url, status=200, content_type="text/xml", body=b"<vxml/>", headers={})

    def forget(self, owner: str) -> None:
        pass


async def test_a_form_is_posted_urlencoded() -> None:
    web = Web()
    reply = await SessionFetcher(web).fetch(
        Fetch("http://example.org/", method="post", fields=(("a", "1 2"), ("b", "é&")))
    )
    assert reply == Fetched("http://example.org/", 200, "text/xml", b"<vxml/>")
    assert (web.asked[0].method, web.asked[0].body) == ("POST", b"a=1+2&b=%C3%A9%26")


async def test_cookies_belong_to_one_session() -> None:
    web = Web()
    first, second = SessionFetcher(web), SessionFetcher(web)
    for fetcher in (first, first, second):
        await fetcher.fetch(Fetch("http://example.org/"))
    jars = [request.cookies for request in web.asked]
    assert jars[0] is jars[1]
    assert jars[0] is not jars[2]


@pytest.mark.parametrize(
    ("reason", "timeout", "unsupported"), [("timeout", True, False), ("scheme", False, True), ("refused", False, False)]
)
async def test_a_failure_is_a_reply(reason: str, timeout: bool, unsupported: bool) -> None:
    web = Web(FetchError("http://example.org/", reason, "it is away."))  # type: ignore[arg-type]
    reply = await SessionFetcher(web).fetch(Fetch("http://example.org/"))
    assert isinstance(reply, FetchFailed)
    assert (reply.timeout, reply.unsupported) == (timeout, unsupported)


def test_a_get_has_no_body() -> None:
    assert content(Fetch("http://example.org/?a=1", fields=(("a", "1"),))) == (None, "")


def test_a_body_of_the_applications_own_goes_as_it_is() -> None:
    request = Fetch("http://example.org/", method="post", body=b"{}", enctype="application/json")
    assert content(request) == (b"{}", "application/json")


def test_a_recording_makes_the_form_multipart() -> None:
    body, kind = content(Fetch("http://example.org/", method="post", fields=(("a", "1"), ("said", b"\x00\r\n\xff"))))
    assert body is not None
    parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body).get_payload()
    assert isinstance(parts, list)
    found = [(part.get_param("name", header="Content-Disposition"), part.get_payload(decode=True)) for part in parts]  # type: ignore[union-attr]
    assert found == [("a", b"1"), ("said", b"\x00\r\n\xff")]


def test_a_name_cannot_break_out_of_its_header() -> None:
    body, _ = multipart((('a"\r\nX: y', "1"),), boundary="b")
    assert b'name="a%22%0D%0AX: y"' in body


async def test_a_redirect_too_many_has_the_status_of_the_last_one() -> None:
    web = Web(FetchError("http://example.org/", "redirects", "it goes round.", status=302))
    assert await SessionFetcher(web).fetch(Fetch("http://example.org/")) == FetchFailed(
        "http://example.org/: it goes round.", status=302
    )


async def test_what_a_document_wants_of_copies_reaches_the_cache_with_the_sessions_name() -> None:
    web = Web()
    first, second = SessionFetcher(web), SessionFetcher(web)
    await first.fetch(Fetch("http://example.org/", maxage=1, maxstale=2))
    await second.fetch(Fetch("http://example.org/"))
    wishes = [request.copies for request in web.asked]
    assert wishes[0] is not None
    assert wishes[1] is not None
    assert (wishes[0].maxage, wishes[0].maxstale) == (1, 2)
    assert wishes[0].owner != wishes[1].owner


async def test_no_document_waits_for_ever() -> None:
    web = Web()
    await SessionFetcher(web).fetch(Fetch("http://example.org/", timeout_ms=10**9))
    assert web.asked[0].timeout == 300


class Slow(Web):
    """Takes a second for everything, and may fail at first."""

    def __init__(self, *, fails: int = 0, body: bytes = b"") -> None:
        super().__init__()
        self.under_way = self.most = 0
        self.forgotten: list[str] = []
        self._fails, self._body = fails, body

    async def fetch(self, request: Request) -> Response:
        self.asked.append(request)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(1)
        finally:
            self.under_way -= 1
        if len(self.asked) <= self._fails:
            raise FetchError(request.url, "refused", "it is away.")
        return Response(url=request.url, status=200, content_type="", body=self._body, headers={})

    def forget(self, owner: str) -> None:
        self.forgotten.append(owner)


def spent(main: Coroutine[Any, Any, object]) -> float:
    """Seconds of virtual time that something takes."""

    async def run(clock: virtual_time.VirtualClock) -> float:
        await main
        return clock.monotonic()

    return virtual_time.run(run, datetime(2030, 1, 1, tzinfo=UTC))


def page(number: int = 0, **more: Any) -> Fetch:
    return Fetch(f"http://example.org/{number}", **more)


def test_what_is_fetched_ahead_is_there_when_it_is_needed_and_asked_for_once() -> None:
    web = Slow()

    async def main() -> None:
        fetcher = SessionFetcher(web)
        fetcher.prefetch(page())
        await asyncio.sleep(5)
        assert isinstance(await fetcher.fetch(page()), Fetched)

    assert spent(main()) == 5
    assert len(web.asked) == 1


def test_what_is_on_its_way_is_waited_for_and_not_asked_for_again() -> None:
    web = Slow()

    async def main() -> None:
        fetcher = SessionFetcher(web)
        fetcher.prefetch(page())
        await asyncio.sleep(0.5)
        await fetcher.fetch(page())

    assert spent(main()) == 1
    assert len(web.asked) == 1


def test_the_time_that_it_may_take_begins_when_it_is_needed() -> None:
    async def main() -> None:
        fetcher = SessionFetcher(Slow())
        fetcher.prefetch(page(timeout_ms=100))
        await asyncio.sleep(0.5)
        reply = await fetcher.fetch(page(timeout_ms=100))
        assert isinstance(reply, FetchFailed)
        assert reply.timeout

    assert spent(main()) == 0.6


@pytest.mark.parametrize(
    ("ahead", "needed", "later"),
    [
        (page(), page(maxage=3), 5),
        (page(), page(headers={"Accept": "text/plain"}), 5),
        (page(), page(method="post"), 5),
        (page(), page(), AHEAD_FOR + 2),
        (page(maxage=0), page(maxage=0), 5),
    ],
    ids=["older than it may be", "another request", "a post", "long ago", "a fresh copy is wanted"],
)
def test_what_is_not_precisely_what_is_needed_is_fetched_when_it_is(ahead: Fetch, needed: Fetch, later: float) -> None:
    web = Slow()

    async def main() -> None:
        fetcher = SessionFetcher(web)
        fetcher.prefetch(ahead)
        await asyncio.sleep(later)
        before = len(web.asked)
        await fetcher.fetch(needed)
        assert len(web.asked) == before + 1
        await fetcher.aclose()

    spent(main())


class Login(Web):
    """Gives each answer a cookie of its own."""

    async def fetch(self, request: Request) -> Response:
        response = await super().fetch(request)
        if request.url.endswith("login") and request.cookies is not None:
            fields = {"Set-Cookie": "who=ann"}
            httpx.Cookies(request.cookies).extract_cookies(
                httpx.Response(200, headers=fields, request=httpx.Request("GET", request.url))
            )
        return response


@pytest.mark.parametrize(
    ("between", "purpose", "anew"),
    [
        (Fetch("http://example.org/login"), "document", True),
        (Fetch("http://example.org/login"), "audio", False),
        (Fetch("http://example.org/save", method="post"), "document", True),
        (Fetch("http://example.org/save", method="post"), "audio", False),
        (Fetch("http://example.org/other"), "document", False),
    ],
)
async def test_a_page_that_the_server_may_make_otherwise_by_now_is_asked_for_anew(
    between: Fetch, purpose: str, anew: bool
) -> None:
    web = Login()
    fetcher = SessionFetcher(web)
    fetcher.prefetch(page(purpose=purpose))
    await asyncio.sleep(0)
    await fetcher.fetch(between)
    await fetcher.fetch(page(purpose=purpose))
    assert len(web.asked) == (3 if anew else 2)
    await fetcher.aclose()


def test_it_is_used_once() -> None:
    web = Slow()

    async def main() -> None:
        fetcher = SessionFetcher(web)
        fetcher.prefetch(page())
        for _ in range(2):
            await fetcher.fetch(page())

    spent(main())
    assert len(web.asked) == 2


def test_what_failed_in_silence_is_tried_again_when_it_is_needed() -> None:
    web = Slow(fails=1)

    async def main() -> None:
        fetcher = SessionFetcher(web)
        fetcher.prefetch(page())
        await asyncio.sleep(5)
        assert isinstance(await fetcher.fetch(page()), Fetched)

    spent(main())
    assert len(web.asked) == 2


def test_a_few_are_fetched_at_once_and_the_rest_wait_their_turn() -> None:
    web = Slow()

    async def main() -> None:
        fetcher = SessionFetcher(web)
        for number in range(100):
            fetcher.prefetch(page(number))
        await asyncio.sleep(100)

    spent(main())
    assert (web.most, len(web.asked)) == (AHEAD_AT_ONCE, MOST_AHEAD)


def test_what_waits_its_turn_and_is_needed_waits_no_longer() -> None:
    async def main() -> None:
        fetcher = SessionFetcher(Slow())
        for number in range(20):
            fetcher.prefetch(page(number))
        await fetcher.fetch(page(19))
        await fetcher.aclose()

    assert spent(main()) == 1


def test_all_sessions_together_leave_room_for_what_is_needed_now() -> None:
    web = Slow()

    async def main() -> None:
        places = Places(2)
        fetchers = [SessionFetcher(web, places) for _ in range(5)]
        for fetcher in fetchers:
            fetcher.prefetch(page())
        assert isinstance(await fetchers[-1].fetch(page()), Fetched)
        await asyncio.gather(*(fetcher.aclose() for fetcher in fetchers))
        assert [places.take() for _ in range(3)] == [True, True, False]

    assert spent(main()) == 1
    assert web.most == 3


def test_a_session_holds_so_many_bytes() -> None:
    web = Slow(body=bytes(MOST_AHEAD_BYTES // 2))

    async def main() -> None:
        fetcher = SessionFetcher(web)
        for number in range(4):
            fetcher.prefetch(page(number))
        await asyncio.sleep(5)
        for number in range(4):
            await fetcher.fetch(page(number))

    spent(main())
    assert len(web.asked) == 6


def test_a_session_that_ends_leaves_nothing() -> None:
    web = Slow()

    async def main() -> None:
        fetcher = SessionFetcher(web)
        for number in range(10):
            fetcher.prefetch(page(number))
        await asyncio.sleep(0.5)
        await fetcher.aclose()
        assert len(asyncio.all_tasks()) == 1

    assert spent(main()) == 0.5
    assert (web.under_way, len(web.forgotten)) == (0, 1)
