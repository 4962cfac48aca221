from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from mirabelle import g711
from mirabelle.calls.clock import SystemClock
from mirabelle.media import rtp, telephone_event
from mirabelle.media.plane import MediaPlane
from mirabelle.media.wire import native_available
from tests.ports import free_rtp_ports


@pytest.fixture(params=["native", "python"])
def force_python(request: pytest.FixtureRequest) -> bool:
    if request.param == "native" and not native_available():
        pytest.skip(
            "the C loop of the media plane was not built (no compiler); run `make clean` and `make test` with one"
        )
    return bool(request.param == "python")


@pytest.fixture
async def plane(force_python: bool) -> AsyncIterator[MediaPlane]:
    plane = MediaPlane(
        ports=free_rtp_ports(40), bind="127.0.0.1", processes=1, force_python=force_python, clock=SystemClock()
    )
    await plane.start()
    yield plane
    await plane.aclose()


@dataclass
class FarEnd:
    """An RTP peer made of one socket, which the test moves by hand."""

    sock: socket.socket
    sequence: int = 65_530
    timestamp: int = 4_294_967_000
    ssrc: int = 77
    heard: list[rtp.Packet] = field(default_factory=list)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.sock.getsockname()
        return host, port

    def send(self, to: tuple[str, int], payload: bytes, *, payload_type: int = 0, marker: bool = False) -> None:
        packet = rtp.Packet(
            payload_type=payload_type,
            sequence=self.sequence,
            timestamp=self.timestamp,
            ssrc=self.ssrc,
            marker=marker,
            payload=payload,
        )
        self.sequence = self.sequence + 1 & 0xFFFF
        self.sock.sendto(rtp.pack(packet), to)

    def send_audio(self, to: tuple[str, int], payload: bytes) -> None:
        self.send(to, payload)
        self.timestamp = self.timestamp + len(payload) & 0xFFFFFFFF

    def press(self, to: tuple[str, int], key: str, *, packets: int = 5, payload_type: int = 101) -> None:
        code = telephone_event.KEYS.index(key)
        for index in range(packets + 3):
            duration = 160 * min(index + 1, packets)
            event = telephone_event.Event(code, duration, end=index >= packets)
            self.send(to, event.pack(), payload_type=payload_type, marker=index == 0)
        self.timestamp = self.timestamp + 160 * (packets + 5) & 0xFFFFFFFF

    def hear(self) -> rtp.Packet:
        """The next packet; waits for it."""
        packet = rtp.parse(self.sock.recv(2048))
        assert packet is not None
        self.heard.append(packet)
        return packet

    def hear_audio(self, samples: int, codec: g711.Codec = "PCMU") -> bytes:
        """So many codes from the first packet that is not silence."""
        silent = bytes([g711.silence(codec)]) * 160
        codes = b""
        while len(codes) < samples:
            payload = self.hear().payload
            if codes or payload != silent:
                codes += payload
        return codes[:samples]


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(20)
    yield FarEnd(sock)
    sock.close()
