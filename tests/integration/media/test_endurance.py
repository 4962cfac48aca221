from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
from typing import TypeVar

import pytest

from mirabelle.calls.clock import SystemClock
from mirabelle.media.link import environment
from mirabelle.media.plane import (
    Digit,
    Lost,
    MediaError,
    MediaPlane,
    MediaStream,
    NoPort,
    PlayFinished,
    PlayStarted,
    ProcessHealth,
)
from tests.integration.media.conftest import FarEnd
from tests.ports import free_rtp_ports


async def test_thousands_of_bad_packets_change_nothing(plane: MediaPlane, far_end: FarEnd) -> None:
    stream = await plane.open()
    await stream.connect(far_end.address, "PCMU", 0, 101)
    rng = random.Random(7)
    for _ in range(20):
        for _ in range(200):
            data = rng.randbytes(rng.choice((0, 1, 11, 12, 16, 172, 1500)))
            far_end.sock.sendto(rng.choice((b"", b"\x80\x65", b"\xbf", b"\x90\x00")) + data, stream.local)
        await stream.play([])
        await next_of(stream, PlayFinished)
    far_end.ssrc = 99
    heard = asyncio.create_task(pressed(stream, "7"))
    while not heard.done():
        far_end.press(stream.local, "7")
        await asyncio.wait([heard], timeout=0.2)
    await heard
    assert plane.health()[0].restarts == 0
    report = await stream.close()
    assert report.refused > 0


async def test_a_stuck_process_leaves_ticks_out_and_raises_the_alarm(force_python: bool, far_end: FarEnd) -> None:
    alarms: asyncio.Queue[ProcessHealth] = asyncio.Queue()
    plane = MediaPlane(
        ports=free_rtp_ports(2),
        bind="127.0.0.1",
        processes=1,
        force_python=force_python,
        clock=SystemClock(),
        on_alarm=alarms.put_nowait,
    )
    await plane.start()
    stream = await plane.open()
    await stream.connect(far_end.address, "PCMU", 0, 101)
    await stream.play([b"\1\0" * 160])
    assert isinstance(await stream.next_event(), PlayStarted)
    pid = plane.health()[0].pid
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(0.5)
    os.kill(pid, signal.SIGCONT)
    # On a machine that has other things to do, one may come before.
    while (await alarms.get()).skipped_ticks == 0:
        pass
    await plane.aclose()


async def test_a_process_that_gives_no_sign_of_life_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirabelle.media.link.SILENT", 2.5)
    restarts: asyncio.Queue[str] = asyncio.Queue()
    plane = MediaPlane(
        ports=free_rtp_ports(2),
        bind="127.0.0.1",
        processes=1,
        force_python=True,
        clock=SystemClock(),
        on_restart=lambda _, reason: restarts.put_nowait(reason),
    )
    await plane.start()
    stream = await plane.open()
    os.kill(plane.health()[0].pid, signal.SIGSTOP)
    assert "no sign of life" in await restarts.get()
    assert isinstance(await stream.next_event(), Lost)
    assert (await plane.open()).local[1] > 0
    await plane.aclose()


async def test_streams_are_spread_over_the_processes() -> None:
    plane = MediaPlane(ports=free_rtp_ports(8), bind="127.0.0.1", processes=2, force_python=False, clock=SystemClock())
    await plane.start()
    streams = [await plane.open() for _ in range(4)]
    while [health.streams for health in plane.health()] != [2, 2]:  # noqa: ASYNC110 - figures come once a second
        await asyncio.sleep(0.05)
    os.kill(plane.health()[0].pid, signal.SIGKILL)
    events = await asyncio.gather(*(stream.next_event() for stream in streams[::2]))
    assert [type(event) for event in events] == [Lost, Lost]
    await streams[1].play([])
    await plane.aclose()


async def test_the_media_process_ends_with_the_program_that_started_it() -> None:
    first, last = free_rtp_ports(2)
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"""
import asyncio
from mirabelle.calls.clock import SystemClock
from mirabelle.media.plane import MediaPlane
async def main():
    plane = MediaPlane(
        ports=({first}, {last}), bind="127.0.0.1", processes=1, force_python=True, clock=SystemClock()
    )
    await plane.start()
    await plane.open()
    print(plane.health()[0].pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
""",
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdout is not None
    assert int(await program.stdout.readline()) > 0
    program.kill()
    # The pipe is the media process's standard output as well: it is at its end when both have gone.
    assert await program.stdout.read() == b""
    await program.wait()


@pytest.mark.parametrize("digits", ["1x", "hello", "1" * 201])
async def test_digits_that_cannot_be_sent_are_refused(plane: MediaPlane, digits: str) -> None:
    stream = await plane.open()
    with pytest.raises(MediaError):
        await stream.send_digits(digits)


@pytest.mark.parametrize("seconds", [0, -1, 3601])
async def test_a_recording_without_a_sensible_limit_is_refused(plane: MediaPlane, seconds: float) -> None:
    stream = await plane.open()
    with pytest.raises(MediaError, match="3600"):
        await stream.record(seconds)


@pytest.mark.parametrize(
    ("remote", "payload_type"),
    [
        (("example.invalid", 4000), 0),
        (("::1", 4000), 0),
        (("127.0.0.1", 0), 0),
        (("127.0.0.1", 70000), 0),
        (("127.0.0.1", 4000), 128),
    ],
)
async def test_a_far_end_that_cannot_be_is_refused_and_the_stream_goes_on(
    plane: MediaPlane, remote: tuple[str, int], payload_type: int
) -> None:
    stream = await plane.open()
    with pytest.raises(MediaError, match="far end"):
        await stream.connect(remote, "PCMU", payload_type, None)
    await stream.connect(("127.0.0.1", 4000), "PCMU", 0, None)
    await stream.close()


async def test_a_closed_stream_says_so_to_whoever_still_waits(plane: MediaPlane) -> None:
    stream = await plane.open()
    waiting = asyncio.create_task(stream.next_event())
    await stream.close()
    assert await waiting == Lost("The stream was closed.")
    assert (await stream.close()).packets_sent == 0
    with pytest.raises(MediaError, match="closed"):
        await stream.send_digits("1")


async def test_an_opening_that_was_given_up_leaves_its_port_free() -> None:
    plane = MediaPlane(ports=free_rtp_ports(1), bind="127.0.0.1", processes=1, force_python=True, clock=SystemClock())
    await plane.start()
    for turns in range(8):
        opening = asyncio.create_task(plane.open())
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
    assert (await plane.open()).local[1] > 0
    await plane.aclose()


async def test_a_closing_that_is_given_up_frees_the_port_all_the_same() -> None:
    plane = MediaPlane(ports=free_rtp_ports(1), bind="127.0.0.1", processes=1, force_python=True, clock=SystemClock())
    await plane.start()
    for turns in range(1, 5):
        stream = await plane.open()
        closing = asyncio.create_task(stream.close())
        for _ in range(turns):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
    await plane.aclose()


async def test_an_address_that_is_not_ours_is_no_lack_of_ports() -> None:
    plane = MediaPlane(ports=free_rtp_ports(4), bind="203.0.113.1", processes=1, force_python=True, clock=SystemClock())
    with pytest.raises(
        MediaError, match=r"The media address 203\.0\.113\.1 cannot be used: .* \[media\] bind"
    ) as caught:
        await plane.start()
    assert not isinstance(caught.value, NoPort)
    await plane.aclose()


async def test_ports_that_other_programs_have_are_told_from_those_of_calls() -> None:
    first, last = free_rtp_ports(2)
    plane = MediaPlane(ports=(first, last), bind="127.0.0.1", processes=1, force_python=True, clock=SystemClock())
    await plane.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", first))
        stream = await plane.open()
        with pytest.raises(NoPort, match="1 by calls, 1 by other programs"):
            await plane.open()
    again = await plane.open()
    assert {stream.local[1], again.local[1]} == {first, first + 2}
    await plane.aclose()


async def test_a_plane_that_was_not_started_opens_nothing() -> None:
    plane = MediaPlane(ports=free_rtp_ports(2), bind="127.0.0.1", processes=1, force_python=True, clock=SystemClock())
    with pytest.raises(MediaError, match="not running"):
        await plane.open()


async def pressed(stream: MediaStream, key: str) -> None:
    while (await next_of(stream, Digit)).key != key:
        pass


E = TypeVar("E")


async def next_of(stream: MediaStream, kind: type[E]) -> E:
    """The next event of one kind; others are passed over."""
    while True:
        event = await stream.next_event()
        assert not isinstance(event, Lost), event.reason
        if isinstance(event, kind):
            return event
