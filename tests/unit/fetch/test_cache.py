"""A fetcher with a cache, before a web server that counts what it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.fetch.cache import MOST_VARIANTS, ResponseCache
from mirabelle.fetch.cookies import SessionJar
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.fetch.freshness import Wish
from mirabelle.fetch.request import FetchError, Request
from tests.unit.fetch.conftest import Site

FRESH = "Cache-Control: max-age=60"
ANN, BEN = "ann", "ben"


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def cache(time: Time) -> ResponseCache:
    return ResponseCache(time, 100_000)


@pytest.fixture
async def fetcher(cache: ResponseCache) -> AsyncIterator[Fetcher]:
    fetcher = Fetcher(allow_private=True, timeout=5.0, max_bytes=50_000, user_agent="Mirabelle/test", cache=cache)
    yield fetcher
    await fetcher.aclose()


async def got(
    fetcher: Fetcher,
    url: str,
    owner: str = ANN,
    *,
    maxage: int | None = None,
    maxstale: int | None = None,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    cookies: SessionJar | None = None,
) -> bytes:
    wish = Wish(maxage, maxstale, owner)
    request = Request(url=url, method=method, copies=wish, headers=headers or {}, cookies=cookies)
    return (await fetcher.fetch(request)).body


async def test_what_is_fresh_is_fetched_once_for_all_sessions(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"hello", "200 OK", FRESH)
    assert [await got(fetcher, site.url(), owner) for owner in (ANN, BEN)] == [b"hello", b"hello"]
    assert len(site.asked) == 1


async def test_what_is_past_its_time_is_fetched_again(site: Site, fetcher: Fetcher, time: Time) -> None:
    site.page("/", b"old", "200 OK", FRESH)
    await got(fetcher, site.url())
    site.page("/", b"new", "200 OK", FRESH)
    time.seconds += 60
    assert await got(fetcher, site.url()) == b"new"


async def test_maxage_asks_for_a_younger_copy_and_maxstale_takes_an_older_one(
    site: Site, fetcher: Fetcher, time: Time
) -> None:
    site.page("/", b"old", "200 OK", FRESH)
    await got(fetcher, site.url())
    site.page("/", b"new", "200 OK", FRESH)
    time.seconds += 65
    assert await got(fetcher, site.url(), maxstale=5) == b"old"
    assert await got(fetcher, site.url(), maxstale=4) == b"new"
    site.page("/", b"newer", "200 OK", FRESH)
    time.seconds += 10
    assert await got(fetcher, site.url(), maxage=10) == b"new"
    assert await got(fetcher, site.url(), maxage=9) == b"newer"


async def test_caches_on_the_way_hear_the_same_wish(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"")
    await got(fetcher, site.url(), maxage=0, maxstale=7)
    assert "cache-control: max-age=0, max-stale=7\r\n" in site.asked[0].lower()


@pytest.mark.parametrize(
    ("validator", "question"),
    [
        ('ETag: "v1"', 'if-none-match: "v1"'),
        (
            "Last-Modified: Sun, 06 Nov 1994 12:00:00 GMT",
            "if-modified-since: sun, 06 nov 1994 12:00:00 gmt",
        ),
    ],
)
async def test_a_copy_that_the_server_confirms_is_used_again(
    site: Site, fetcher: Fetcher, time: Time, validator: str, question: str
) -> None:
    site.page("/", b"hello", "200 OK", validator)
    await got(fetcher, site.url())
    site.page("/", b"", "304 Not Modified", validator, FRESH)
    assert await got(fetcher, site.url()) == b"hello"
    assert question in site.asked[1].lower()
    time.seconds += 59
    assert await got(fetcher, site.url()) == b"hello"
    assert len(site.asked) == 2


async def test_a_connection_is_used_again_after_a_304(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"hello", "200 OK", 'ETag: "v1"')
    await got(fetcher, site.url())
    site.page("/", b"", "304 Not Modified")
    for _ in range(5):
        await got(fetcher, site.url())
    assert len(site.tasks) == 1


async def test_a_server_in_trouble_does_not_cost_the_copy(site: Site, fetcher: Fetcher, time: Time) -> None:
    site.page("/", b"hello", "200 OK", FRESH, 'ETag: "v1"')
    await got(fetcher, site.url())
    time.seconds += 61
    site.page("/", b"oh", "503 Service Unavailable")
    assert await got(fetcher, site.url()) == b"oh"
    site.page("/", b"", "304 Not Modified")
    assert await got(fetcher, site.url()) == b"hello"


@pytest.mark.parametrize("control", ["no-store", "no-store, max-age=60", "no-cache, max-age=60"])
async def test_what_may_not_be_reused_is_fetched_each_time(site: Site, fetcher: Fetcher, control: str) -> None:
    site.page("/", b"", "200 OK", f"Cache-Control: {control}")
    for _ in range(2):
        await got(fetcher, site.url(), maxstale=1000)
    assert len(site.asked) == 2


async def test_vary_keeps_the_answers_apart(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"english", "200 OK", FRESH, "Vary: Accept-Language")
    english, german = {"Accept-Language": "en"}, {"Accept-Language": "de"}
    await got(fetcher, site.url(), headers=english)
    site.page("/", b"deutsch", "200 OK", FRESH, "Vary: Accept-Language")
    assert await got(fetcher, site.url(), headers=german) == b"deutsch"
    assert await got(fetcher, site.url(), headers=english) == b"english"
    assert len(site.asked) == 2


async def test_variants_of_one_address_are_bounded(site: Site, fetcher: Fetcher, cache: ResponseCache) -> None:
    site.page("/", b"", "200 OK", FRESH, "Vary: X")
    for each in range(20):
        await got(fetcher, site.url(), headers={"X": str(each)})
    assert len(cache) == MOST_VARIANTS


async def test_a_post_is_never_answered_by_a_copy_and_ends_the_one_of_its_address(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"hello", "200 OK", FRESH)
    await got(fetcher, site.url())
    await got(fetcher, site.url(), method="POST")
    await got(fetcher, site.url(), method="POST")
    await got(fetcher, site.url())
    assert [asked.split(" ")[0] for asked in site.asked] == ["GET", "POST", "POST", "GET"]


async def test_a_post_that_failed_changed_nothing(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"hello", "200 OK", FRESH)
    await got(fetcher, site.url())
    site.page("/", b"", "500 No")
    await got(fetcher, site.url(), method="POST")
    assert await got(fetcher, site.url()) == b"hello"


async def test_an_answer_to_a_post_ends_the_copy_of_what_it_names(site: Site, fetcher: Fetcher) -> None:
    site.page("/list", b"one", "200 OK", FRESH)
    await got(fetcher, site.url("/list"))
    site.page("/add", b"", "201 Created", "Location: /list")
    await got(fetcher, site.url("/add"), method="POST")
    site.page("/list", b"two", "200 OK", FRESH)
    assert await got(fetcher, site.url("/list")) == b"two"


async def test_a_redirect_may_be_kept_too(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"", "302 Found", "Location: /there", FRESH)
    site.page("/there", b"hello", "200 OK", FRESH)
    for _ in range(2):
        response = await fetcher.fetch(Request(url=site.url(), copies=Wish()))
        assert (response.url, response.body) == (site.url("/there"), b"hello")
    assert len(site.asked) == 2


@pytest.mark.parametrize("header", ["Cache-Control: private, max-age=60", "Set-Cookie: a=1"])
async def test_what_is_one_sessions_is_given_to_no_other(site: Site, fetcher: Fetcher, header: str) -> None:
    site.page("/", b"for ann", "200 OK", FRESH, header)
    await got(fetcher, site.url(), ANN)
    site.page("/", b"for ben", "200 OK", FRESH, header)
    assert await got(fetcher, site.url(), BEN) == b"for ben"
    assert await got(fetcher, site.url(), ANN) == b"for ann"
    assert len(site.asked) == 2


async def test_what_was_fetched_with_a_cookie_is_given_to_no_other_without_the_servers_word(
    site: Site, fetcher: Fetcher
) -> None:
    ann, ben = SessionJar(), SessionJar()
    site.page("/login", b"", "200 OK", "Set-Cookie: who=ann")
    await got(fetcher, site.url("/login"), ANN, cookies=ann)
    site.page("/", b"for ann", "200 OK", FRESH, 'ETag: "ann"')
    await got(fetcher, site.url(), ANN, cookies=ann)
    assert await got(fetcher, site.url(), ANN, cookies=ann) == b"for ann"
    assert len(site.asked) == 2
    site.page("/", b"for ben", "200 OK", FRESH, 'ETag: "ben"')
    assert await got(fetcher, site.url(), BEN, cookies=ben, maxstale=1000) == b"for ben"
    assert 'if-none-match: "ann"' in site.asked[2].lower()


async def test_a_recording_is_shared_by_sessions_with_cookies_once_the_server_says_so(
    site: Site, fetcher: Fetcher
) -> None:
    ann = SessionJar()
    site.page("/login", b"", "200 OK", "Set-Cookie: who=ann")
    await got(fetcher, site.url("/login"), ANN, cookies=ann)
    site.page("/", b"music", "200 OK", 'ETag: "1"')
    await got(fetcher, site.url(), ANN, cookies=ann)
    site.page("/", b"", "304 Not Modified", 'ETag: "1"')
    assert await got(fetcher, site.url(), BEN) == b"music"


async def test_what_needed_a_password_is_given_to_no_other(site: Site, fetcher: Fetcher) -> None:
    url = site.url().replace("://", "://user:pass@")
    site.page("/", b"secret", "200 OK", FRESH)
    for owner in (ANN, ANN, BEN):
        await got(fetcher, url, owner)
    assert len(site.asked) == 2


async def test_fields_of_an_applications_own_do_not_reach_what_is_everybodys(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"poisoned", "200 OK", FRESH)
    await got(fetcher, site.url(), ANN, headers={"X-Forwarded-Host": "evil.example"})
    site.page("/", b"good", "200 OK", FRESH)
    assert await got(fetcher, site.url(), BEN) == b"good"
    await got(fetcher, site.url(), ANN, headers={"X-Forwarded-Host": "evil.example"}, maxage=0)
    assert len(site.asked) == 3
    assert await got(fetcher, site.url(), BEN) == b"good"
    assert len(site.asked) == 3


async def test_what_another_accepts_is_another_answer(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"{}", "200 OK", FRESH)
    await got(fetcher, site.url(), headers={"Accept": "application/json"})
    site.page("/", b"<vxml/>", "200 OK", FRESH)
    assert await got(fetcher, site.url()) == b"<vxml/>"


@pytest.mark.parametrize("header", [{"Cache-Control": "no-cache"}, {"Range": "bytes=0-1"}, {"If-None-Match": '"x"'}])
async def test_an_application_that_asks_the_server_itself_gets_the_server(
    site: Site, fetcher: Fetcher, header: Mapping[str, str]
) -> None:
    site.page("/", b"old", "200 OK", FRESH)
    await got(fetcher, site.url())
    site.page("/", b"new", "200 OK", FRESH)
    assert await got(fetcher, site.url(), headers=header) == b"new"


async def test_nobody_takes_a_copy_who_did_not_say_so(site: Site, fetcher: Fetcher) -> None:
    site.page("/", b"", "200 OK", FRESH)
    for _ in range(2):
        await fetcher.fetch(Request(url=site.url()))
    assert len(site.asked) == 2


async def test_without_a_session_nothing_private_is_kept(site: Site, fetcher: Fetcher, cache: ResponseCache) -> None:
    site.page("/", b"", "200 OK", "Cache-Control: private, max-age=60")
    await got(fetcher, site.url(), "")
    assert len(cache) == 0


async def test_a_session_that_ends_leaves_nothing_private(site: Site, fetcher: Fetcher, cache: ResponseCache) -> None:
    site.page("/shared", b"", "200 OK", FRESH)
    site.page("/private", b"", "200 OK", FRESH, "Cache-Control: private")
    await got(fetcher, site.url("/shared"))
    size = cache.size
    await got(fetcher, site.url("/private"))
    fetcher.forget(ANN)
    assert (len(cache), cache.size) == (1, size)


async def test_the_longest_unused_goes_first_and_the_bound_holds(
    site: Site, fetcher: Fetcher, cache: ResponseCache
) -> None:
    for each in range(12):
        site.page(f"/{each}", bytes(10_000), "200 OK", FRESH)
        await got(fetcher, site.url(f"/{each}"))
        await got(fetcher, site.url("/0"))
    assert cache.size <= 100_000
    asked = len(site.asked)
    await got(fetcher, site.url("/0"))
    assert len(site.asked) == asked
    await got(fetcher, site.url("/1"))
    assert len(site.asked) == asked + 1


async def test_one_response_does_not_take_all_the_room(site: Site, fetcher: Fetcher, cache: ResponseCache) -> None:
    site.page("/", bytes(20_000), "200 OK", FRESH)
    await got(fetcher, site.url())
    assert len(cache) == 0


async def test_half_an_answer_is_never_kept(site: Site, fetcher: Fetcher, cache: ResponseCache) -> None:
    site.pages["/"] = (
        b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf"
    )

    async def half(path: str, writer: object) -> None:
        writer.write(site.pages[path])  # type: ignore[attr-defined]
        writer.close()  # type: ignore[attr-defined]

    site.handlers["/"] = half
    with pytest.raises(FetchError):
        await got(fetcher, site.url())
    assert len(cache) == 0
