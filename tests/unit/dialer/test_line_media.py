from __future__ import annotations

import pytest

from mirabelle.dialer.line_media import connect
from mirabelle.sip import sdp
from mirabelle.sip.error import SipError

OFFER = sdp.offer("192.0.2.1", 4000)


class Stream:
    def __init__(self) -> None:
        self.remote: tuple[str, int] | None = None

    async def connect(self, remote: tuple[str, int], codec: str, payload_type: int, event_type: int | None) -> None:
        self.remote = remote


def described(address: str, direction: bytes = b"") -> sdp.SessionDescription:
    answer = sdp.answer(OFFER, "192.0.2.9", 6000).replace(b"192.0.2.9", address.encode())
    return sdp.parse(answer.replace(b"a=sendrecv\r\n", b"") + direction)


@pytest.mark.parametrize(
    ("direction", "both"),
    [(b"", True), (b"a=sendrecv\r\n", True), (b"a=sendonly\r\n", False), (b"a=inactive\r\n", False)],
)
async def test_a_far_end_that_holds_need_not_send(direction: bytes, both: bool) -> None:
    stream = Stream()
    assert await connect(stream, OFFER, described("192.0.2.9", direction)) is both  # type: ignore[arg-type]
    assert stream.remote == ("192.0.2.9", 6000)


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
async def test_an_address_of_zeros_holds_and_nothing_is_sent_there(address: str) -> None:
    stream = Stream()
    assert not await connect(stream, OFFER, described(address))  # type: ignore[arg-type]
    assert stream.remote is None


@pytest.mark.parametrize("address", ["2001:db8::1", "media.example.com", "1.2.3"])
async def test_an_address_that_cannot_be_sent_to_is_a_fault_of_the_description(address: str) -> None:
    with pytest.raises(SipError, match="IPv4"):
        await connect(Stream(), OFFER, described(address))  # type: ignore[arg-type]


async def test_no_description_is_none_that_can_be_used() -> None:
    with pytest.raises(SipError, match="without saying"):
        await connect(Stream(), OFFER, None)  # type: ignore[arg-type]
