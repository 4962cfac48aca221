from __future__ import annotations

import asyncio
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from fastapi import FastAPI

from mirabelle.api import login
from mirabelle.api import queuecall_service as service
from mirabelle.api.app import QUEUECALL_PATHS
from mirabelle.errors import MirabelleError
from mirabelle.settings import Settings, load

PATH = QUEUECALL_PATHS[0]
GOOD = {
    "login": "user",
    "pin": "98765432",
    "phone_number": "+16175550123;ani=8001234567",
    "start_url": "http://example.com/start?a=1&b=2",
}


def faults(response: httpx.Response) -> dict[str | None, str | None]:
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    root = ET.fromstring(response.content)
    assert root.tag == "queuecall"
    assert root.get("status") == "failed"
    return {each.get("field"): each.text for each in root.iter("error")}


@pytest.mark.parametrize("path", QUEUECALL_PATHS)
async def test_a_call_is_queued_and_the_reply_is_the_documented_one(
    client: httpx.AsyncClient, ledger: Any, rung: list[str], path: str
) -> None:
    response = await client.post(path, data=GOOD)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    assert response.text == (
        '<?xml version="1.0"?>\n'
        '<queuecall status="queued" call_id="112850593">\n'
        "    <login>user</login>\n"
        "    <pin>********</pin>\n"
        "    <phone_number>+16175550123;ani=8001234567</phone_number>\n"
        "    <start_url>http://example.com/start?a=1&amp;b=2</start_url>\n"
        "</queuecall>\n"
    )
    assert [call.phone_number for call in ledger.calls] == ["+16175550123;ani=8001234567"]
    assert rung == ["queued"]


async def test_a_multipart_form_does_as_well(client: httpx.AsyncClient, ledger: Any) -> None:
    parts = {name: (None, value) for name, value in GOOD.items()}
    response = await client.post(PATH, files=parts)
    assert 'status="queued"' in response.text
    assert len(ledger.calls) == 1


async def test_a_fault_is_answered_and_nothing_is_queued(
    client: httpx.AsyncClient, ledger: Any, rung: list[str]
) -> None:
    response = await client.post(PATH, data=GOOD | {"retry_interval": "5", "max_retrys": "1"})
    assert response.status_code == 200
    assert set(faults(response)) == {"retry_interval", "max_retrys"}
    assert "<retry_interval>5</retry_interval>" in response.text
    assert (ledger.calls, rung) == ([], [])


@pytest.mark.parametrize("wrong", [{"pin": "00000000"}, {"login": "nobody"}])
async def test_a_wrong_login_and_a_wrong_pin_look_the_same(
    client: httpx.AsyncClient, ledger: Any, wrong: dict[str, str]
) -> None:
    response = await client.post(PATH, data=GOOD | wrong)
    assert faults(response) == {"login": "The login or the PIN is not right."}
    assert ledger.calls == []


async def test_a_flood_of_logins_is_told_to_wait(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "MOST_WAITING", 0)
    assert "in a moment" in (faults(await client.post(PATH, data=GOOD))["body"] or "")


async def test_faults_come_in_the_order_of_the_fields(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, data={"star_urls": ""} | GOOD | {"pin": "1", "phone_number": "911"})
    assert list(faults(response)) == ["login", "phone_number", "star_urls"]


async def test_a_missing_pin_is_told_as_such(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, data=GOOD | {"pin": ""})
    assert faults(response) == {"pin": "The field is required."}


@pytest.mark.parametrize(
    ("content", "headers", "said"),
    [
        (b"x", {"content-type": "multipart/form-data; boundary=b"}, "malformed"),
        (b"{}", {"content-type": "application/json"}, "application/x-www-form-urlencoded"),
        (b"", {}, "Content-Type"),
        (b"x=" + b"x" * 70_000, {"content-type": "application/x-www-form-urlencoded"}, "larger than 65536 bytes"),
        (b"x", {"content-encoding": "gzip"}, "uncompressed"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_failure_with_a_reason(
    client: httpx.AsyncClient, content: bytes, headers: dict[str, str], said: str
) -> None:
    response = await client.post(PATH, content=content, headers=headers)
    assert response.status_code == 200
    assert said in (faults(response)["body"] or "")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_anything_but_post_is_told_to_post(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, PATH)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert "POST" in (faults(response)["body"] or "")


async def test_what_the_store_says_is_passed_on(client: httpx.AsyncClient, ledger: Any) -> None:
    ledger.broken = MirabelleError("The store is full; make room.")
    assert faults(await client.post(PATH, data=GOOD)) == {"body": "The store is full; make room."}


async def test_an_error_of_our_own_tells_nothing_of_the_inside(client: httpx.AsyncClient, ledger: Any) -> None:
    ledger.broken = RuntimeError("secret")
    response = await client.post(PATH, data=GOOD)
    assert response.status_code == 500
    assert "error of its own" in (faults(response)["body"] or "")
    assert "secret" not in response.text


class TestTheOldWays:
    @pytest.fixture
    def settings(self) -> Settings:
        return load(None, {"MIRABELLE_COMPAT_ECHO_PIN": "true", "MIRABELLE_COMPAT_UNKNOWN_FIELDS": "ignore"})

    async def test_the_pin_is_echoed_where_that_is_wanted(self, client: httpx.AsyncClient) -> None:
        assert "<pin>98765432</pin>" in (await client.post(PATH, data=GOOD)).text

    async def test_unknown_fields_are_passed_over_where_that_is_wanted(self, client: httpx.AsyncClient) -> None:
        assert 'status="queued"' in (await client.post(PATH, data=GOOD | {"submit": "Queue"})).text


async def test_health_counts_the_calls(client: httpx.AsyncClient) -> None:
    await client.post(PATH, data=GOOD)
    response = await client.get("/health")
    assert response.status_code == 200
    health = response.json()
    assert (health["ok"], health["calls"]["queued"], health["calls"]["failed"]) == (True, 1, 0)
    assert health["media"] == {"late_ms": 1}


async def test_health_says_when_the_store_is_gone(client: httpx.AsyncClient, ledger: Any) -> None:
    ledger.broken = OSError("gone")
    response = await client.get("/health")
    assert response.status_code == 503
    assert response.json()["ok"] is False


async def test_the_service_is_in_the_openapi_document(app: FastAPI) -> None:
    body = app.openapi()["paths"][PATH]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert body["required"] == ["login", "pin", "phone_number", "start_url"]
    assert body["properties"]["start_url"]["maxLength"] == 255


SCOPE = {
    "type": "http",
    "method": "POST",
    "path": PATH,
    "query_string": b"",
    "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
}


async def test_a_form_that_never_ends_is_given_up(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BODY_SECONDS", 0.01)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    await app(SCOPE, receive, send)
    assert sent[0]["status"] == 200
    assert b"longer than" in sent[1]["body"]


async def test_a_client_that_goes_away_is_no_error(app: FastAPI, ledger: Any) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    await app(SCOPE, receive, send)
    assert ledger.calls == []
