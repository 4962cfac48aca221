from __future__ import annotations

import pytest

from mirabelle.dialer.line_media import connect
from mirabelle.sip import sdp

OFFER = sdp.offer("192.0.2.1", 4000)


class Stream:
    def __init__(self) -> None:
        self.remote: tuple[str, int] | None = None

    async def connect(self, remote: tuple[str, int], codec: str, payload_type: int, event_type: int | None) -> None:
        self.remote = remote


@pytest.mark.parametrize(
    ("address", "direction", "both"),
    [
        ("192.0.2.9", b"", True),
        ("192.0.2.9", b"a=sendrecv\r\n", True),
        ("192.0.2.9", b"a=sendonly\r\n", False),
        ("192.0.2.9", b"a=inactive\r\n", False),
        ("0.0.0.0", b"", False),
    ],
)
async def test_a_far_end_that_holds_need_not_send(address: str, direction: bytes, both: bool) -> None:
    stream = Stream()
    answer = sdp.answer(OFFER, address, 6000).replace(b"a=sendrecv\r\n", b"") + direction
    assert await connect(stream, OFFER, sdp.parse(answer)) is both  # type: ignore[arg-type]
    assert stream.remote == (address, 6000)
