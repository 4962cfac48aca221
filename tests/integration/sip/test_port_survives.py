"""The listening port takes whatever comes, and answers the next sensible request."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from mirabelle.sip.agent import UserAgent

SAMPLES = Path(__file__).parents[4] / "shared" / "conformance" / "sip-torture"


class Prober(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self.answers.put_nowait(data)


async def alive(agent: UserAgent, rubbish: list[bytes]) -> None:
    loop = asyncio.get_running_loop()
    transport, prober = await loop.create_datagram_endpoint(Prober, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    for data in rubbish:
        transport.sendto(data, agent.address)
    options = (
        "OPTIONS sip:us SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKalive;rport\r\n"
        "From: <sip:them@127.0.0.1>;tag=1\r\nTo: <sip:us@127.0.0.1>\r\nCall-ID: alive\r\nCSeq: 1 OPTIONS\r\n\r\n"
    )
    transport.sendto(options.encode(), agent.address)
    async with asyncio.timeout(10):
        while b"Call-ID: alive" not in (answer := await prober.answers.get()):
            pass
    assert answer.startswith(b"SIP/2.0 200 ")
    transport.close()


async def test_it_survives_the_messages_of_rfc_4475() -> None:
    messages = [path.read_bytes() for path in sorted(SAMPLES.glob("*.dat"))]
    if not messages:
        pytest.skip(f"the messages of RFC 4475 are not here: {SAMPLES} is missing")
    agent = UserAgent(bind=("127.0.0.1", 0))
    agent.on_invite = lambda call: call.ring()
    await agent.start()
    await alive(agent, messages)
    await agent.aclose()


async def test_it_survives_noise() -> None:
    rng = Random(4475)
    agent = UserAgent(bind=("127.0.0.1", 0))
    await agent.start()
    await alive(agent, [rng.randbytes(rng.randrange(1, 1400)) for _ in range(200)])
    assert agent.discarded > 0
    await agent.aclose()
