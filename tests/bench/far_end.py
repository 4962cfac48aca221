"""A far end that costs little: `python -m tests.bench.far_end` answers every INVITE, talks, presses 1, hears.

It speaks as much SIP as the benchmark needs and shares no code with the server. The first line of its output is its
SIP address; the end of its input ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
import sys
from dataclasses import dataclass
from typing import cast

TICK = 0.02
KEY_AT = 50
"""Ticks from the answer to the key: a second."""

KEY_PACKETS = 8
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n"
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
)


@dataclass
class Call:
    """A call that was answered: where its media goes, and how many packets went."""

    port: int
    ssrc: int
    ticks: int = 0

    def packet(self) -> bytes:
        """The next RTP packet: quiet, or a piece of the key 1 (RFC 4733)."""
        self.ticks += 1
        into = self.ticks - KEY_AT
        if 0 <= into < KEY_PACKETS:
            ended = into >= KEY_PACKETS - 3
            head = struct.pack("!BBHII", 0x80, 101 | (0x80 if into == 0 else 0), self.ticks, KEY_AT * 160, self.ssrc)
            return head + struct.pack("!BBH", 1, 10 | (0x80 if ended else 0), min(into + 1, KEY_PACKETS - 2) * 160)
        return struct.pack("!BBHII", 0x80, 0, self.ticks, self.ticks * 160, self.ssrc) + b"\xff" * 160


class FarEnd(asyncio.DatagramProtocol):
    """The SIP side, on one port; the media of all calls shares another."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self._answered: dict[str, bytes] = {}
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.media.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.media.bind(("127.0.0.1", 0))
        self.media.setblocking(False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know what to answer through."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._contact = "<sip:far@{}:{}>".format(*transport.get_extra_info("sockname"))

    def datagram_received(self, data: bytes, address: tuple[str | int, int]) -> None:
        """Answer a request."""
        text = data.decode(errors="replace")
        method, call_id = text.partition(" ")[0], _field(text, "Call-ID")
        if method == "INVITE":
            if call_id not in self._answered:
                self._transport.sendto(self._reply(text, "180 Ringing"), address)
                offered = re.search(r"^m=audio (\d+)", text, re.MULTILINE)
                self.calls[call_id] = Call(int(offered[1]) if offered else 9, len(self._answered))
                self._answered[call_id] = self._reply(text, "200 OK", SDP.format(port=self.media.getsockname()[1]))
            self._transport.sendto(self._answered[call_id], address)
        elif method != "ACK":
            self.calls.pop(call_id, None)
            self._transport.sendto(self._reply(text, "200 OK"), address)

    def _reply(self, request: str, status: str, body: str = "") -> bytes:
        vias = "".join(f"{via}\r\n" for via in re.findall(r"^Via:[^\r]*", request, re.MULTILINE | re.IGNORECASE))
        to = _field(request, "To")
        tag = "" if "tag=" in to else ";tag=far"
        same = "".join(f"{name}: {_field(request, name)}\r\n" for name in ("From", "Call-ID", "CSeq"))
        kind = "Content-Type: application/sdp\r\n" if body else ""
        head = f"SIP/2.0 {status}\r\n{vias}To: {to}{tag}\r\n{same}Contact: {self._contact}\r\n{kind}"
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    async def talk(self) -> None:
        """Send a packet for every call every 20 ms, and throw away what is heard."""
        loop, room = asyncio.get_running_loop(), bytearray(2048)
        due = loop.time()
        while True:
            for call in self.calls.values():
                with contextlib.suppress(OSError):
                    self.media.sendto(call.packet(), ("127.0.0.1", call.port))
            with contextlib.suppress(BlockingIOError):
                while True:
                    self.media.recv_into(room)
            due += TICK
            await asyncio.sleep(max(0.0, due - loop.time()))


def _field(text: str, name: str) -> str:
    found = re.search(rf"^{name}:[ \t]*([^\r\n]*)", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


async def _run() -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    transport, far_end = await loop.create_datagram_endpoint(FarEnd, local_addr=("127.0.0.1", 0))
    loop.add_reader(sys.stdin.fileno(), lambda: None if os.read(sys.stdin.fileno(), 4096) else ended.set())
    print("{}:{}".format(*transport.get_extra_info("sockname")), flush=True)
    talking = asyncio.create_task(far_end.talk())
    await ended.wait()
    talking.cancel()
    transport.close()
    far_end.media.close()


if __name__ == "__main__":
    asyncio.run(_run())
