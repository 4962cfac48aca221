from __future__ import annotations

from xml.etree import ElementTree as ET

import httpx
import pytest

from mirabelle.sandbox.application import create_application, farewell, question

CALL = {"phone_number": "+16175550100", "message_reference": "", "call_id": "7", "call_parameters": "Ann"}


class Told:
    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, str]]] = []

    def __call__(self, event: str, **fields: str) -> None:
        self.events.append((event, fields))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def customer(told: Told) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_application(told))
    return httpx.AsyncClient(transport=transport, base_url="http://application")


async def test_a_call_starts_with_a_question(customer: httpx.AsyncClient, told: Told) -> None:
    reply = await customer.post("/start", data=CALL)
    assert reply.headers["content-type"].startswith("application/voicexml+xml")
    assert "Hello Ann." in reply.text
    assert "'7'" in reply.text
    assert told.events == [("started", CALL)]


async def test_a_look_at_the_start_url_is_no_call(customer: httpx.AsyncClient, told: Told) -> None:
    assert (await customer.get("/start")).status_code == 200
    assert told.events == []


async def test_the_key_is_told_and_thanked_for(customer: httpx.AsyncClient, told: Told) -> None:
    reply = await customer.post("/answer", data={"choice": "1", "call_id": "7"})
    assert "your appointment is confirmed" in reply.text
    assert told.events == [("answered", {"choice": "1", "call_id": "7"})]


async def test_the_result_is_told(customer: httpx.AsyncClient, told: Told) -> None:
    assert (await customer.post("/result", data={"result": "completed"})).status_code == 200
    assert told.events == [("result", {"result": "completed"})]


async def test_a_file_in_the_form_is_refused(customer: httpx.AsyncClient, told: Told) -> None:
    assert (await customer.post("/result", files={"x": ("x", b"y")})).status_code == 400
    assert told.events == []


@pytest.mark.parametrize("text", ["<b>", "a & b", '"', "]]>", "\u00e9", "\x00\x1f\ufffe", "x" * 1000])
def test_every_document_is_well_formed_whatever_was_posted(text: str) -> None:
    ET.fromstring(question({"call_parameters": text, "call_id": text}).encode())
    ET.fromstring(farewell(text).encode())
