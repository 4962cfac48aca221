from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mirabelle.media.ports import MediaError
from mirabelle.media.protocol import Frame
from mirabelle.media.stream import MediaStream, StreamLost


class Link:
    """A media process that says what the test says."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.listening: set[int] = set()

    def listen(self, stream: int, listener: object) -> None:
        self.listening.add(stream)

    def unlisten(self, stream: int) -> None:
        self.listening.discard(stream)

    async def say(self, fields: dict[str, Any], payload: bytes = b"") -> None:
        self.said.append(fields)


class Rig:
    def __init__(self) -> None:
        self.link = Link()
        self.closed: list[MediaStream] = []
        self.stream = MediaStream(7, self.link, self.closed.append)  # type: ignore[arg-type]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def opened(**fields: Any) -> Frame:
    return Frame({"is": "opened", "stream": 7, "reason": "", **fields})


async def asked(task: asyncio.Task[Any]) -> None:
    """Until the task waits for the media process."""
    await asyncio.sleep(0)
    assert not task.done()


async def test_a_stream_has_the_port_that_the_process_took(rig: Rig) -> None:
    binding = asyncio.create_task(rig.stream.bind("127.0.0.1", [20000, 20002]))
    await asked(binding)
    rig.stream.hear(opened(port=20002))
    assert await binding
    assert rig.stream.local == ("127.0.0.1", 20002)


async def test_ports_that_others_have_are_no_error(rig: Rig) -> None:
    binding = asyncio.create_task(rig.stream.bind("127.0.0.1", [20000]))
    await asked(binding)
    rig.stream.hear(opened(port=None))
    assert not await binding


async def test_ports_that_cannot_be_had_are_an_error_with_a_reason(rig: Rig) -> None:
    binding = asyncio.create_task(rig.stream.bind("10.9.9.9", [20000]))
    await asked(binding)
    rig.stream.hear(opened(port=None, reason="10.9.9.9:20000: Cannot assign requested address"))
    with pytest.raises(MediaError, match="Cannot assign requested address"):
        await binding


async def test_a_process_that_dies_right_after_its_answer_leaves_no_stream_behind(rig: Rig) -> None:
    binding = asyncio.create_task(rig.stream.bind("127.0.0.1", [20000]))
    await asked(binding)
    rig.stream.hear(opened(port=20000))
    rig.stream.lose("It died.")
    with pytest.raises(StreamLost, match="It died"):
        await binding
    assert rig.stream.local == ("", 0)


async def test_a_closing_that_is_given_up_is_a_closing(rig: Rig) -> None:
    closing = asyncio.create_task(rig.stream.close())
    await asked(closing)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    assert [said["do"] for said in rig.link.said] == ["close"]
    assert rig.closed == [rig.stream]
    assert rig.link.listening == set()
