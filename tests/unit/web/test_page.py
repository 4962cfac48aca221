from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from mirabelle.calls.call import CallState
from mirabelle.calls.room import TrunkRoom
from mirabelle.calls.trunk import Trunk
from mirabelle.web.page import age, routes
from mirabelle.web.status import ServerStatus

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


ROOM = TrunkRoom(
    name="<main>",
    tried=False,
    left=1,
    in_use=7,
    channels=30,
    rate=10.0,
    rate_now=10.0,
    slowed_at=None,
    blocked_until=None,
)


@dataclass(frozen=True)
class Media:
    index: int = 0
    pid: int = 4711
    native: bool = True
    streams: int = 12
    late_p50_ms: float = 0.42
    late_p99_ms: float = 2.5
    restarts: int = 0


class Source:
    def __init__(self) -> None:
        self.now = ServerStatus(
            version="1.2.3",
            now=NOW,
            started_at=NOW - timedelta(days=3, hours=4, minutes=5),
            calls_in_progress=7,
            counts={CallState.QUEUED: 1234},
            trunks=(Trunk(name="<main>", host="sip.example.net:5060", password="swordfish", caller_id="8005551212"),),
            rooms=(ROOM,),
            media=(Media(),),
        )

    async def status(self) -> ServerStatus:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def client(source: Source) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=Starlette(routes=routes(source)))
    async with httpx.AsyncClient(transport=transport, base_url="http://mirabelle.test") as client:
        yield client


async def test_the_page_says_how_the_server_is(client: httpx.AsyncClient) -> None:
    response = await client.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    for text in ("Version 1.2.3, running for 3 d 4 h", "7 in progress", "1234", "sip.example.net:5060", "2.5 ms"):
        assert text in response.text


async def test_what_comes_from_outside_is_escaped(client: httpx.AsyncClient) -> None:
    text = (await client.get("/")).text
    assert "&lt;main&gt;" in text
    assert "<main>\n" in text
    assert "<main></th>" not in text


async def test_no_number_and_no_secret_is_on_it(client: httpx.AsyncClient) -> None:
    text = (await client.get("/")).text
    assert "8005551212" not in text
    assert "swordfish" not in text


async def test_nothing_on_it_comes_from_elsewhere(client: httpx.AsyncClient) -> None:
    response = await client.get("/")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]*)"', response.text)
    assert links
    assert all(link.startswith("/") for link in links)
    assert "<script" not in response.text
    assert "style=" not in response.text


async def test_its_style_is_served(client: httpx.AsyncClient) -> None:
    response = await client.get("/style.css")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/css")


async def test_it_says_what_is_missing(client: httpx.AsyncClient, source: Source) -> None:
    source.now = replace(source.now, trunks=(), media=())
    text = (await client.get("/")).text
    assert "There is no trunk" in text
    assert "No media process runs" in text


@pytest.mark.parametrize(
    ("room", "told"),
    [
        (ROOM, ("7 of 30", "has room")),
        (replace(ROOM, in_use=30, left=0), ("30 of 30", "all channels in use")),
        (
            replace(ROOM, rate_now=2.5, slowed_at=NOW - timedelta(seconds=70)),
            ("2.5 of 10", "said it has no room 1 min 10 s ago"),
        ),
        (replace(ROOM, blocked_until=NOW + timedelta(seconds=5)), ("has no room, asked again in 5 s",)),
    ],
)
async def test_it_says_what_each_trunk_carries_and_why_no_more(
    client: httpx.AsyncClient, source: Source, room: TrunkRoom, told: tuple[str, ...]
) -> None:
    source.now = replace(source.now, rooms=(room,))
    text = " ".join((await client.get("/")).text.split())
    assert all(each in text for each in told)


async def test_it_shows_a_process_that_is_being_restarted(client: httpx.AsyncClient, source: Source) -> None:
    source.now = replace(source.now, media=(Media(pid=0, native=False, restarts=3),))
    text = (await client.get("/")).text
    assert "is being restarted" in text
    assert "Python" in text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (12, "12 s"),
        (60, "1 min 0 s"),
        (3725, "1 h 2 min"),
        (90000, "1 d 1 h"),
        (86400, "1 d 0 h"),
    ],
)
def test_an_age_is_told_in_its_two_greatest_units(seconds: int, expected: str) -> None:
    assert age(timedelta(seconds=seconds)) == expected
