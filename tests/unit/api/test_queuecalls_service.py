from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from fastapi import FastAPI

from mirabelle.api import queuecalls_service
from mirabelle.api.app import QUEUECALLS_PATHS
from mirabelle.errors import MirabelleError
from mirabelle.settings import Settings, load

PATH = QUEUECALLS_PATHS[0]
GOOD = {
    "login": "user",
    "pin": "98765432",
    "campaign_name": "autumn",
    "campaign_parameters": "a=1",
    "start_url": "http://example.com/start",
}
LIST = b"+16175550123,ref-1,room 1\n+16175550124\n"


async def post(client: httpx.AsyncClient, content: bytes = LIST, path: str = PATH, **fields: str) -> httpx.Response:
    return await client.post(path, data=GOOD | fields, files={"phone_list": ("list.csv", content, "text/csv")})


def errors(response: httpx.Response) -> list[tuple[str | None, str | None]]:
    root = ET.fromstring(response.content)
    assert (root.tag, root.get("status")) == ("queuecalls", "failed")
    return [(each.get("field"), each.get("line")) for each in root.iter("error")]


@pytest.mark.parametrize("path", QUEUECALLS_PATHS)
async def test_a_list_is_queued_and_the_reply_is_the_documented_one(
    client: httpx.AsyncClient, ledger: Any, rung: list[str], path: str
) -> None:
    response = await post(client, path=path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    assert response.text == (
        '<?xml version="1.0"?>\n'
        '<queuecalls status="queued" campaign_id="22" queued="2" skipped="0" calls="/v1/calls?campaign_id=22">\n'
        "    <login>user</login>\n"
        "    <pin>********</pin>\n"
        "    <campaign_name>autumn</campaign_name>\n"
        "    <campaign_parameters>a=1</campaign_parameters>\n"
        "    <start_url>http://example.com/start</start_url>\n"
        '    <call call_id="112850593" line="1" phone_number="+16175550123" message_reference="ref-1"/>\n'
        '    <call call_id="112850594" line="2" phone_number="+16175550124"/>\n'
        "</queuecalls>\n"
    )
    assert [call.call_parameters for call in ledger.calls] == ["room 1", ""]
    assert ledger.campaigns["autumn"] == "a=1"
    assert rung == ["queued"]


async def test_a_urlencoded_list_does_as_well(client: httpx.AsyncClient, ledger: Any) -> None:
    response = await client.post(PATH, data=GOOD | {"phone_numbers": "+16175550123\r\n+16175550124\r\n"})
    assert 'queued="2"' in response.text
    assert len(ledger.calls) == 2


async def test_a_bad_line_fails_all_and_is_told(client: httpx.AsyncClient, ledger: Any, rung: list[str]) -> None:
    response = await post(client, LIST + b"911\n\xff\n")
    assert response.status_code == 200
    assert errors(response) == [("phone_list", "3"), ("phone_list", "4")]
    assert (ledger.calls, set(ledger.campaigns), rung) == ([], {"default"}, [])


async def test_a_bad_line_is_passed_over_where_that_is_asked_for(client: httpx.AsyncClient, ledger: Any) -> None:
    response = await post(client, b"911\n" + LIST, on_bad_line="skip")
    root = ET.fromstring(response.content)
    assert (root.get("status"), root.get("queued"), root.get("skipped")) == ("queued", "2", "1")
    assert [each.get("line") for each in root.iter("error")] == ["1"]
    assert "failed" not in response.text
    assert len(ledger.calls) == 2


async def test_a_name_is_used_once(client: httpx.AsyncClient, ledger: Any) -> None:
    await post(client)
    assert errors(await post(client)) == [("campaign_name", None)]
    assert errors(await post(client, campaign_name="default")) == [("campaign_name", None)]
    assert len(ledger.calls) == 2


async def test_every_fault_is_told_at_once(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, data=GOOD | {"pin": "1", "campaign_name": "", "call_parameters": "x"})
    assert [field for field, _ in errors(response)] == ["login", "campaign_name", "call_parameters", "phone_list"]


async def test_a_list_without_numbers_is_refused(client: httpx.AsyncClient) -> None:
    assert errors(await post(client, b"# nobody\n")) == [("phone_list", None)]


async def test_a_compressed_body_is_not_read(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, content=b"\x1f\x8b", headers={"content-encoding": "gzip"})
    assert "uncompressed" in response.text
    assert response.headers["connection"] == "close"


async def test_too_many_at_once_are_told_to_wait(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queuecalls_service, "MOST_AT_ONCE", 0)
    assert "in a moment" in (await post(client)).text


async def test_what_the_store_says_is_passed_on(client: httpx.AsyncClient, ledger: Any) -> None:
    ledger.broken = MirabelleError("The store is full; make room.")
    response = await post(client)
    assert errors(response) == [("body", None)]
    assert "make room" in response.text


async def test_an_error_of_our_own_tells_nothing_of_the_inside(client: httpx.AsyncClient, ledger: Any) -> None:
    ledger.broken = RuntimeError("secret")
    response = await post(client)
    assert (response.status_code, errors(response)) == (500, [("body", None)])
    assert "secret" not in response.text


async def test_anything_but_post_is_told_to_post(client: httpx.AsyncClient) -> None:
    response = await client.get(PATH)
    assert (response.status_code, errors(response)) == (405, [("body", None)])


class TestLimits:
    @pytest.fixture
    def settings(self) -> Settings:
        return load(None, {"MIRABELLE_SERVER_LISTED_CALLS": "1", "MIRABELLE_SERVER_MAX_UPLOAD_MB": "1"})

    async def test_only_so_many_calls_are_listed(self, client: httpx.AsyncClient) -> None:
        response = await post(client)
        assert 'queued="2"' in response.text
        assert response.text.count("<call ") == 1

    async def test_a_body_that_says_it_is_too_large_is_not_read(self, client: httpx.AsyncClient) -> None:
        response = await post(client, b"\n" * 1_100_000)
        assert errors(response) == [("body", None)]
        assert "larger than 1000000 bytes" in response.text


async def test_the_service_is_in_the_openapi_document(app: FastAPI) -> None:
    body = app.openapi()["paths"][PATH]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert body["required"] == ["login", "pin", "campaign_name", "start_url", "phone_list"]


async def test_a_number_that_a_call_of_the_account_waits_for_is_passed_over(client: httpx.AsyncClient) -> None:
    await post(client, b"+16175550123\n")
    scope = {"campaign_name": "second", "duplicates": "skip", "duplicate_scope": "account"}
    reply = await post(client, b"+16175550123\n+16175550124\n", **scope)
    root = ET.fromstring(reply.content)
    assert (root.get("status"), root.get("queued"), root.get("skipped")) == ("queued", "1", "1")
