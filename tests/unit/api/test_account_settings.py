"""What an account may have its own way, as a client of queuecall meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from argon2 import PasswordHasher

from mirabelle.api.app import QUEUECALL_PATHS, create_app
from mirabelle.calls.account import AccountSettings
from mirabelle.calls.clock import Clock
from mirabelle.fetch.request import Request, Response
from mirabelle.settings import Settings, load

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
BAD = b'<?xml version="1.0"?>\n<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">\n<formm/>\n</vxml>'
GOOD = BAD.replace(b"formm", b"form")
FORM = {
    "login": "user",
    "pin": "98765432",
    "phone_number": "+16175550123",
    "start_url": "http://example.com/start",
    "result_url": "http://example.com/result",
}


class Web:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.pages = {"http://example.com/start": (200, GOOD), "http://example.com/result": (200, b"")}

    async def fetch(self, request: Request) -> Response:
        self.asked.append(request.url)
        status, body = self.pages[request.url]
        return Response(url=request.url, status=status, content_type="", body=body, headers={})


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
async def client(ledger: Any, clock: Clock, settings: Settings, web: Web) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(ledger, clock, settings, on_queued=lambda: None, health=dict, fetcher=web, hasher=CHEAP)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://mirabelle.test") as client:
        yield client


async def queue(client: httpx.AsyncClient, **fields: str) -> ET.Element:
    return ET.fromstring((await client.post(QUEUECALL_PATHS[0], data=FORM | fields)).content)


def set_account(ledger: Any, **settings: Any) -> None:
    ledger.accounts["user"] = replace(ledger.accounts["user"], settings=AccountSettings(**settings))


async def test_addresses_that_answer_queue_the_call(client: httpx.AsyncClient, web: Web) -> None:
    root = await queue(client)
    assert (root.get("status"), root.find("warning")) == ("queued", None)
    assert web.asked == [FORM["start_url"], FORM["result_url"]]


async def test_an_address_that_does_not_answer_well_fails_it(client: httpx.AsyncClient, ledger: Any, web: Web) -> None:
    web.pages[FORM["result_url"]] = (500, b"")
    root = await queue(client)
    assert root.get("status") == "failed"
    (error,) = root.iter("error")
    assert error.get("field") == "result_url"
    assert "HTTP status 500" in (error.text or "")
    assert ledger.calls == []


async def test_what_is_no_voicexml_is_queued_with_a_warning(client: httpx.AsyncClient, ledger: Any, web: Web) -> None:
    web.pages[FORM["start_url"]] = (200, BAD)
    root = await queue(client)
    assert root.get("status") == "queued"
    (warning,) = root.iter("warning")
    assert warning.attrib == {"field": "start_url", "line": "3"}
    assert len(ledger.calls) == 1


async def test_an_account_may_have_it_refused(client: httpx.AsyncClient, ledger: Any, web: Web) -> None:
    set_account(ledger, bad_vxml="refuse")
    web.pages[FORM["start_url"]] = (200, BAD)
    root = await queue(client)
    assert root.get("status") == "failed"
    (error,) = root.iter("error")
    assert error.attrib == {"field": "start_url", "line": "3"}
    assert ledger.calls == []


async def test_an_account_may_leave_it_out(client: httpx.AsyncClient, ledger: Any, web: Web) -> None:
    set_account(ledger, preflight=False)
    assert (await queue(client)).get("status") == "queued"
    assert web.asked == []


@pytest.mark.parametrize("wrong", [{"pin": "1"}, {"retry_interval": "1"}])
async def test_nothing_is_asked_for_a_request_that_is_refused_anyway(
    client: httpx.AsyncClient, web: Web, wrong: dict[str, str]
) -> None:
    assert (await queue(client, **wrong)).get("status") == "failed"
    assert web.asked == []


async def test_an_account_may_have_a_country(client: httpx.AsyncClient, ledger: Any) -> None:
    assert (await queue(client, phone_number="617-555-0123")).get("status") == "failed"
    set_account(ledger, country="US")
    assert (await queue(client, phone_number="617-555-0123")).get("status") == "queued"
    assert [call.phone_number for call in ledger.calls] == ["+16175550123"]


class TestSwitchedOff:
    @pytest.fixture
    def settings(self) -> Settings:
        return load(None, {"MIRABELLE_HTTP_PREFLIGHT": "false"})

    async def test_nothing_is_asked(self, client: httpx.AsyncClient, web: Web) -> None:
        assert (await queue(client)).get("status") == "queued"
        assert web.asked == []
