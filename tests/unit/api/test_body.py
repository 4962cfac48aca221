from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from mirabelle.api import body as module
from mirabelle.api.body import Body


class Messages:
    """What a server gives an application, message by message; then nothing more."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.left = list(messages)

    async def __call__(self) -> dict[str, Any]:
        if not self.left:
            await asyncio.Event().wait()
        return self.left.pop(0)


def body(*messages: dict[str, Any], **headers: str) -> tuple[Messages, Body]:
    sent = Messages(*messages)
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return sent, Body(Request({"type": "http", "headers": raw}, sent))


def piece(data: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


async def test_a_body_is_its_chunks() -> None:
    _, reader = body(piece(b"a"), piece(b"b", more=False))
    assert [chunk async for chunk in reader.chunks()] == [b"a", b"b"]
    await reader.drain()


async def test_a_client_that_goes_away_is_told_apart() -> None:
    _, reader = body(piece(b"a"), {"type": "http.disconnect"})
    with pytest.raises(ClientDisconnect):
        assert [chunk async for chunk in reader.chunks()]


async def test_what_is_left_is_thrown_away() -> None:
    messages, reader = body(piece(b"a"), piece(b"b"), piece(b"c", more=False))
    response = await reader.refuse("queuecalls", "Too <large>.")
    assert response.headers["connection"] == "close"
    assert b'<error field="body">Too &lt;large&gt;.</error>' in bytes(response.body)
    assert messages.left == []


async def test_a_sender_that_pauses_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAIN_PAUSE", 0.01)
    messages, reader = body(piece(b"a"))
    await reader.drain()
    assert messages.left == []


async def test_who_waits_for_a_word_first_is_not_told_to_send() -> None:
    messages, reader = body(piece(b"a"), expect="100-continue")
    await reader.refuse("queuecalls", "Too large.")
    assert len(messages.left) == 1


async def test_who_was_told_to_send_is_heard_out() -> None:
    messages, reader = body(piece(b"a"), piece(b"b", more=False), expect="100-continue")
    await anext(reader.chunks())
    await reader.refuse("queuecalls", "Too large.")
    assert messages.left == []


async def test_a_sender_that_goes_away_meanwhile_is_no_error() -> None:
    _, reader = body({"type": "http.disconnect"})
    await reader.refuse("queuecalls", "Too large.")
