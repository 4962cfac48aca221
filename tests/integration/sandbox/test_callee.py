from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mirabelle
from mirabelle.calls.clock import SystemClock
from mirabelle.media.plane import Digit, MediaPlane, MediaStream
from mirabelle.sandbox.listening import speech_ms
from mirabelle.sip import sdp
from mirabelle.sip.agent import InviteTarget, OutgoingCall, UserAgent
from mirabelle.sip.events import Answered, Ended, Failed, Ringing
from mirabelle.speech.audio import decode
from tests.ports import free_rtp_ports

TONE = (8000 * np.sin(2 * np.pi * 300 * np.arange(4800) / 8000)).astype("<i2").tobytes()
QUICK = {"ring_seconds": 0.1, "pause_ms": 200, "keys": "5", "turns": 1}


@dataclass
class CalleeProcess:
    process: asyncio.subprocess.Process
    address: str
    told: list[dict[str, Any]] = field(default_factory=list)

    async def tells(self, event: str) -> dict[str, Any]:
        """The next event of that name; those before it are kept."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while line := await self.process.stdout.readline():
                self.told.append(json.loads(line))
                if self.told[-1]["event"] == event:
                    return self.told[-1]
        raise AssertionError(f"The callee ended without '{event}': {self.told}")


@contextlib.asynccontextmanager
async def callee_process(*arguments: str) -> AsyncIterator[CalleeProcess]:
    environ = {**os.environ, "PYTHONPATH": str(Path(mirabelle.__file__).parents[1])}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mirabelle.sandbox.callee", "--listen", "127.0.0.1:0", "--ports", "37000-37099"),
        *arguments,
        stdin=pipe,
        stdout=pipe,
        env=environ,
    )
    callee = CalleeProcess(process, "")
    try:
        callee.address = (await callee.tells("ready"))["sip"]
        yield callee
    finally:
        if process.returncode is None:
            process.terminate()
        assert await process.wait() == 0


@dataclass
class Caller:
    agent: UserAgent
    plane: MediaPlane

    async def call(self, callee: CalleeProcess, number: str, call_id: str) -> tuple[OutgoingCall, MediaStream, bytes]:
        stream = await self.plane.open()
        offer = sdp.offer(*stream.local)
        target = InviteTarget.number(number, callee.address)
        call = await self.agent.invite(target, offer, call_id=call_id, caller_id="8005551212", ring_timeout=20)
        return call, stream, offer


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    clock = SystemClock()
    plane = MediaPlane(ports=free_rtp_ports(50), bind="127.0.0.1", processes=1, force_python=False, clock=clock)
    agent = UserAgent(bind=("127.0.0.1", 0), clock=clock)
    await plane.start()
    await agent.start()
    yield Caller(agent, plane)
    await agent.aclose()
    await plane.aclose()


async def answered(call: OutgoingCall, stream: MediaStream, offer: bytes) -> None:
    while not isinstance(event := await call.next_event(), Answered):
        assert isinstance(event, Ringing), event
    assert event.sdp is not None
    media = sdp.negotiate(offer, event.sdp)
    remote = (media.remote_address, media.remote_port)
    await stream.connect(remote, media.codec, media.payload_type, media.dtmf_payload_type)


async def test_a_callee_listens_presses_a_key_hangs_up_and_keeps_what_it_heard(caller: Caller, tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(QUICK))
    async with callee_process("--script", str(script), "--record", str(tmp_path)) as callee:
        call, stream, offer = await caller.call(callee, "+16175550100", "listens@test")
        await answered(call, stream, offer)
        await stream.play([TONE])
        while not isinstance(event := await stream.next_event(), Digit):
            pass
        assert event.key == "5"
        await stream.send_digits("7")
        await callee.tells("digit heard")
        await stream.play([TONE])
        while not isinstance(end := await call.next_event(), Ended):
            pass
        assert end.by == "remote"
        recorded = await callee.tells("recorded")
        await stream.close()
    events = [told["event"] for told in callee.told]
    assert [each for each in events if "heard" not in each] == [
        *("ready", "called", "ringing", "answered", "digit pressed", "digit sent", "hanging up", "hung up", "recorded")
    ]
    assert next(told for told in callee.told if told["event"] == "digit heard")["key"] == "7"
    assert next(told for told in callee.told if told["event"] == "hung up")["by"] == "callee"
    assert 900 < recorded_speech_ms(tmp_path, recorded["path"]) <= 1240


def recorded_speech_ms(directory: Path, path: str) -> int:
    wav = Path(path)
    assert wav.parent == directory
    return speech_ms(decode(wav.read_bytes(), "audio/x-wav", path))


async def test_a_caller_that_hangs_up_is_heard(caller: Caller) -> None:
    async with callee_process("--profile", "01") as callee:
        call, stream, offer = await caller.call(callee, "+16175550100", "hangs-up@test")
        await answered(call, stream, offer)
        await callee.tells("answered")
        await call.bye()
        assert (await callee.tells("hung up"))["by"] == "caller"
        await stream.close()


@pytest.mark.parametrize(
    ("number", "status", "outcome"),
    [
        ("+16175550110", 486, "busy"),
        ("+16175550113", 404, "unallocated"),
        ("+16175550114", 503, "capacity"),
        ("+16175550115", 480, "no_answer"),
    ],
)
async def test_a_number_that_refuses_says_so_in_sip(caller: Caller, number: str, status: int, outcome: str) -> None:
    async with callee_process() as callee:
        call, stream, _ = await caller.call(callee, number, f"{status}@test")
        while not isinstance(event := await call.next_event(), Failed):
            pass
        assert (event.status, event.verdict.outcome) == (status, outcome)
        await stream.close()


async def test_a_caller_that_gives_up_while_it_rings_is_noticed(caller: Caller) -> None:
    async with callee_process() as callee:
        call, stream, _ = await caller.call(callee, "+16175550111", "gives-up@test")
        await callee.tells("ringing")
        call.cancel()
        await callee.tells("canceled")
        await stream.close()


async def test_a_callee_ends_with_its_parent() -> None:
    async with callee_process("--with-parent") as callee:
        assert callee.process.stdin is not None
        callee.process.stdin.close()
        assert await callee.process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--profile", "77"), "There is no profile '77'"),
        (("--script", "/nowhere/script.json"), "cannot be read"),
        (("--record", "/nowhere"), "is no directory"),
    ],
)
async def test_a_wrong_argument_is_one_sentence(arguments: tuple[str, ...], says: str) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(mirabelle.__file__).parents[1])}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mirabelle.sandbox.callee", *arguments), stderr=asyncio.subprocess.PIPE, env=environ
    )
    _, complaint = await process.communicate()
    assert process.returncode == 1
    assert says in complaint.decode()
    assert len(complaint.splitlines()) == 1
