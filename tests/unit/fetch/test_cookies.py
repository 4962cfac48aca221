from __future__ import annotations

from copy import copy

import pytest

from mirabelle.fetch.cookies import MOST_COOKIES, MOST_PER_DOMAIN, SessionJar
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.fetch.request import Request
from tests.unit.fetch.conftest import Site


async def given(fetcher: Fetcher, site: Site, jar: SessionJar, *cookies: str) -> None:
    site.page("/", b"", "200 OK", *(f"Set-Cookie: {cookie}" for cookie in cookies))
    await fetcher.fetch(Request(url=site.url(), cookies=jar))


async def test_a_full_jar_takes_no_more_and_still_changes_what_it_has(site: Site, fetcher: Fetcher) -> None:
    jar = SessionJar()
    await given(fetcher, site, jar, *(f"c{n}=old" for n in range(MOST_PER_DOMAIN + 10)))
    await given(fetcher, site, jar, "c0=new", "late=1")
    assert len(jar) == MOST_PER_DOMAIN
    assert {cookie.name: cookie.value for cookie in jar}["c0"] == "new"


async def test_many_servers_fill_a_jar_to_its_bound_together(site: Site, fetcher: Fetcher) -> None:
    jar, one = SessionJar(), SessionJar()
    await given(fetcher, site, one, *(f"c{n}=1" for n in range(MOST_PER_DOMAIN)))
    for domain in range(6):
        for cookie in one:
            another = copy(cookie)
            another.domain = f"d{domain}.example"
            jar.set_cookie(another)
    assert len(jar) == MOST_COOKIES


async def test_a_cookie_of_a_book_is_left(site: Site, fetcher: Fetcher) -> None:
    jar = SessionJar()
    await given(fetcher, site, jar, f"book={'x' * 5000}", "small=1")
    assert [cookie.name for cookie in jar] == ["small"]


async def test_a_cookie_that_has_expired_is_sent_no_more(site: Site, fetcher: Fetcher) -> None:
    jar = SessionJar()
    await given(fetcher, site, jar, "a=1")
    await given(fetcher, site, jar, "a=1; Max-Age=0")
    assert len(jar) == 0


@pytest.mark.parametrize(
    "attribute", ["Domain=example.org", "Domain=1", "Secure"], ids=["another's", "a top level", "secure"]
)
async def test_what_a_server_may_not_have_is_not_sent(site: Site, fetcher: Fetcher, attribute: str) -> None:
    jar = SessionJar()
    await given(fetcher, site, jar, f"a=1; {attribute}")
    await given(fetcher, site, jar)
    assert "cookie:" not in site.asked[-1].lower()
