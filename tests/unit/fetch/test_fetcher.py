from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Callable
from http.cookiejar import CookieJar

import pytest

from mirabelle.fetch.address import Reach
from mirabelle.fetch.fetcher import FORM, Fetcher
from mirabelle.fetch.network import CheckedNetwork
from mirabelle.fetch.request import FetchError, Request
from tests.unit.fetch.conftest import Site


async def reason_of(fetcher: Fetcher, request: Request) -> str:
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(request)
    return caught.value.reason


async def test_a_page_comes_back_with_its_type(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"<vxml/>", "200 OK", "Content-Type: application/voicexml+xml")
    response = await fetcher.fetch(Request(url=site.url()))
    assert (response.status, response.content_type, response.body) == (200, "application/voicexml+xml", b"<vxml/>")


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "201 Created"])
async def test_any_status_is_a_response(site: Site, fetcher: Fetcher, status: str) -> None:
    site.page("/", b"text", status)
    assert (await fetcher.fetch(Request(url=site.url()))).status == int(status[:3])


async def test_a_form_is_sent_as_customers_read_it(site: Site, fetcher: Fetcher) -> None:
    site.page("/start")
    await fetcher.fetch(Request(url=site.url("/start"), method="POST", form=[("phone_number", "+1 617"), ("a", "é&=")]))
    head, _, body = site.asked[0].partition("\r\n\r\n")
    assert "content-type: application/x-www-form-urlencoded" in head.lower()
    assert body == "phone_number=%2B1+617&a=%C3%A9%26%3D"


async def test_a_post_sends_the_very_bytes_that_were_signed(site: Site, fetcher: Fetcher) -> None:
    site.page("/result")
    status = await fetcher.post(site.url("/result"), b"b=%7e&a= +%2b", FORM, {"x-id": "7"})
    assert status == 200
    head, _, body = site.asked[0].partition("\r\n\r\n")
    assert head.startswith("POST /result HTTP/1.1")
    assert "content-type: application/x-www-form-urlencoded" in head.lower()
    assert "x-id: 7" in head.lower()
    assert body == "b=%7e&a= +%2b"


async def test_a_body_is_sent_with_its_type(site: Site, fetcher: Fetcher) -> None:
    site.page("/")
    await fetcher.fetch(Request(url=site.url(), method="post", body=b"{}", content_type="application/json"))
    assert "content-type: application/json" in site.asked[0].lower()
    assert site.asked[0].endswith("\r\n\r\n{}")


async def test_credentials_in_the_url_are_sent_as_basic(site: Site, fetcher: Fetcher) -> None:
    site.page("/")
    await fetcher.fetch(Request(url=site.url(host="me:secret@127.0.0.1")))
    assert "authorization: basic bwu6c2vjcmv0" in site.asked[0].lower()


@pytest.mark.parametrize(
    ("status", "keep", "method"),
    [
        ("302 Found", False, "GET"),
        ("301 Moved", True, "POST"),
        ("303 See", True, "GET"),
        ("307 Temporary", False, "POST"),
    ],
)
async def test_a_redirect_carries_the_form_as_its_status_says(
    site: Site, fetcher: Fetcher, status: str, keep: bool, method: str
) -> None:
    site.page("/old", b"", status, "Location: new")
    site.page("/new", b"here")
    response = await fetcher.fetch(Request(url=site.url("/old"), method="POST", form=[("a", "1")], keep_method=keep))
    assert (response.url, response.body) == (site.url("/new"), b"here")
    assert site.asked[1].startswith(method)
    assert site.asked[1].endswith("a=1") == (method == "POST")


async def test_the_sixth_redirect_is_one_too_many(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"", "302 Found", "Location: /")
    assert await reason_of(fetcher, Request(url=site.url())) == "redirects"
    assert len(site.asked) == 6


async def test_a_redirect_never_leads_to_a_file(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"", "302 Found", "Location: file:///etc/passwd")
    assert await reason_of(fetcher, Request(url=site.url())) == "scheme"


async def test_secrets_stay_with_the_server_they_were_meant_for(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"", "307 Temporary", f"Location: {site.url('/there', host='localhost')}")
    site.page("/there")
    await fetcher.fetch(Request(url=site.url(), headers={"Authorization": "Bearer x", "X-Other": "y"}))
    assert "bearer" in site.asked[0].lower()
    assert "bearer" not in site.asked[1].lower()
    assert "x-other" in site.asked[1].lower()


async def test_a_private_address_is_refused_before_anything_is_sent(site: Site) -> None:
    careful = Fetcher(allow_private=False, timeout=5.0, max_bytes=100, user_agent="t")
    for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0"):
        assert await reason_of(careful, Request(url=site.url(host=host))) == "private"
    assert site.asked == []
    await careful.aclose()


async def test_the_refusal_names_the_url_and_the_way_out(site: Site) -> None:
    careful = Fetcher(allow_private=False, timeout=5.0, max_bytes=100, user_agent="t")
    with pytest.raises(FetchError, match=r"http\.allow_private") as caught:
        await careful.fetch(Request(url=site.url()))
    assert caught.value.url == site.url()
    await careful.aclose()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://example.com", "scheme"),
        ("/start.vxml", "scheme"),
        ("", "scheme"),
        ("http://", "url"),
        ("http://exa mple.com:port/", "url"),
        ("http://a\x00b/", "url"),
        ("http://x/" + "y" * 9000, "url"),
        ("http://[::1", "url"),
        ("http://name.invalid/", "resolve"),
    ],
)
async def test_what_cannot_be_fetched_says_why(fetcher: Fetcher, url: str, reason: str) -> None:
    assert await reason_of(fetcher, Request(url=url)) == reason


async def test_a_header_with_a_line_break_is_refused(site: Site, fetcher: Fetcher) -> None:
    request = Request(url=site.url(), headers={"x": "1\r\nhost: elsewhere"})
    assert await reason_of(fetcher, request) in ("url", "protocol")
    assert site.asked == []


async def test_a_body_over_the_limit_is_cut_off_while_it_comes(site: Site, fetcher: Fetcher) -> None:
    async def endless(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(4096))
            await writer.drain()

    site.handlers["/"] = endless
    assert await reason_of(fetcher, Request(url=site.url())) == "too_large"


async def test_a_request_may_bring_its_own_limit(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"0123456789")
    assert await reason_of(fetcher, Request(url=site.url(), max_bytes=9)) == "too_large"


async def test_compressed_pages_are_opened(site: Site, fetcher: Fetcher) -> None:
    site.page("/", gzip.compress(b"<vxml/>"), "200 OK", "Content-Encoding: gzip")
    assert (await fetcher.fetch(Request(url=site.url()))).body == b"<vxml/>"


async def test_a_server_that_never_answers_times_out(site: Site, fetcher: Fetcher) -> None:
    async def silent(_path: str, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    site.handlers["/"] = silent
    assert await reason_of(fetcher, Request(url=site.url(), timeout=0.05)) == "timeout"


async def test_a_server_that_drips_times_out_as_a_whole(site: Site, fetcher: Fetcher) -> None:
    async def drip(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.005)

    site.handlers["/"] = drip
    assert await reason_of(fetcher, Request(url=site.url(), timeout=0.1)) == "timeout"


async def test_a_closed_port_is_refused(fetcher: Fetcher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert await reason_of(fetcher, Request(url=f"http://127.0.0.1:{taken.getsockname()[1]}/")) == "refused"


async def test_an_answer_that_breaks_off_is_a_protocol_error(site: Site, fetcher: Fetcher) -> None:
    async def cut(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    site.handlers["/"] = cut
    assert await reason_of(fetcher, Request(url=site.url())) == "protocol"


async def test_a_plain_server_under_https_is_an_error_with_a_reason(site: Site, fetcher: Fetcher) -> None:
    async def confused(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what?")

    site.handlers["/"] = confused
    with pytest.raises(FetchError):
        await fetcher.fetch(Request(url=site.url().replace("http", "https"), timeout=1.0))


async def test_cookies_belong_to_one_session(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"", "200 OK", "Set-Cookie: session=abc; Path=/")
    mine, other = CookieJar(), CookieJar()
    for jar in (mine, mine, other, None):
        await fetcher.fetch(Request(url=site.url(), cookies=jar))
    assert ["cookie: session=abc" in asked.lower() for asked in site.asked] == [False, True, False, False]


async def test_what_announces_that_it_is_too_large_is_not_read(site: Site, fetcher: Fetcher) -> None:
    async def huge(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        await writer.drain()
        await asyncio.Event().wait()

    site.handlers["/"] = huge
    assert await reason_of(fetcher, Request(url=site.url())) == "too_large"


async def test_too_many_redirects_say_what_the_last_one_was(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"", "307 Temporary Redirect", "Location: /")
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(Request(url=site.url()))
    assert (caught.value.reason, caught.value.status) == ("redirects", 307)


async def test_proxies_of_the_environment_are_ignored(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    site.page("/", b"direct")
    assert (await fetcher.fetch(Request(url=site.url()))).body == b"direct"


class Resolver:
    """A name that answers differently each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def __call__(self, _host: str, _port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in self.answers.pop(0)]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    def install(*answers: list[str]) -> list[str]:
        tried: list[str] = []

        async def connect(_protocol: object, host: str, *_: object, **__: object) -> None:
            tried.append(host)
            raise ConnectionRefusedError("nobody there")

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", Resolver(*answers))
        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", connect)
        return tried

    return install


async def test_the_address_that_was_checked_is_the_one_connected_to(connected: Callable[..., list[str]]) -> None:
    tried = connected(["93.184.215.14"], ["127.0.0.1"])
    with pytest.raises(FetchError, match="nobody there"):
        await CheckedNetwork(Reach.PUBLIC).connect(asyncio.Protocol, "rebind.example", 80)
    assert tried == ["93.184.215.14"]


async def test_private_addresses_among_public_ones_are_left_out(connected: Callable[..., list[str]]) -> None:
    tried = connected(["10.0.0.1", "93.184.215.14", "::1"])
    with pytest.raises(FetchError, match="nobody there"):
        await CheckedNetwork(Reach.PUBLIC).connect(asyncio.Protocol, "mixed.example", 80)
    assert tried == ["93.184.215.14"]
