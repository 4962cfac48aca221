from __future__ import annotations

import asyncio
import os
import signal
import socket

import numpy as np
import pytest

from mirabelle import g711
from mirabelle.calls.clock import SystemClock
from mirabelle.media.plane import (
    Digit,
    DigitsSent,
    Lost,
    MediaError,
    MediaPlane,
    MediaStream,
    NoPort,
    PlayFinished,
    PlayStarted,
    ProcessHealth,
    StreamLost,
    StreamReport,
    VoiceBegan,
    VoiceEnded,
)
from tests.integration.media.conftest import FarEnd
from tests.ports import free_rtp_ports

SPEECH = (8000 * np.sin(np.arange(3200) / 5)).astype("<i2").tobytes()
"""400 ms: 20 packets, none of them silent."""


async def connected(plane: MediaPlane, far_end: FarEnd, codec: g711.Codec = "PCMU") -> MediaStream:
    stream = await plane.open()
    await stream.connect(far_end.address, codec, 8 if codec == "PCMA" else 0, 101)
    await carried_out(stream)
    return stream


async def carried_out(stream: MediaStream) -> None:
    """Everything asked of the stream so far has reached it: an empty play is over at once."""
    play = await stream.play([])
    assert await stream.next_event() == PlayFinished(play, completed=True, played_ms=0)


async def test_what_is_played_arrives_bit_by_bit(plane: MediaPlane, far_end: FarEnd) -> None:
    stream = await connected(plane, far_end)
    await stream.play([SPEECH])
    heard = await asyncio.to_thread(far_end.hear_audio, 3200)
    assert heard == g711.from_pcm(SPEECH, "PCMU")
    sequences = [packet.sequence for packet in far_end.heard]
    assert sequences == [(sequences[0] + index) % 65536 for index in range(len(sequences))]
    stamps = [packet.timestamp for packet in far_end.heard]
    assert stamps == [(stamps[0] + 160 * index) % 2**32 for index in range(len(stamps))]
    await stream.close()


async def test_a_play_tells_when_it_starts_and_when_it_is_over(plane: MediaPlane, far_end: FarEnd) -> None:
    stream = await connected(plane, far_end)
    asked = SystemClock().monotonic()
    play = await stream.play([SPEECH])
    started = await stream.next_event()
    assert isinstance(started, PlayStarted)
    assert started.play_id == play
    assert asked <= started.at <= SystemClock().monotonic()
    assert await stream.next_event() == PlayFinished(play, completed=True, played_ms=400)
    await stream.close()


async def test_keys_the_far_end_presses_are_heard(plane: MediaPlane, far_end: FarEnd) -> None:
    stream = await connected(plane, far_end)
    for key in "1#":
        far_end.press(stream.local, key)
    pressed = [await stream.next_event() for _ in range(2)]
    assert [(event.key, event.duration_ms) for event in pressed if isinstance(event, Digit)] == [("1", 100), ("#", 100)]
    await stream.close()


async def test_keys_cross_from_one_stream_to_another(plane: MediaPlane) -> None:
    one, other = await plane.open(), await plane.open()
    await one.connect(other.local, "PCMA", 8, 96)
    await other.connect(one.local, "PCMA", 8, 96)
    await carried_out(other)
    await one.send_digits("12 3*")
    heard = [await other.next_event() for _ in range(4)]
    assert [event.key for event in heard if isinstance(event, Digit)] == ["1", "2", "3", "*"]
    assert await one.next_event() == DigitsSent()
    await one.close()
    await other.close()


async def test_stop_is_silence_from_the_next_packet_on(plane: MediaPlane, far_end: FarEnd) -> None:
    stream = await connected(plane, far_end)
    first, second = await stream.play([SPEECH * 100]), await stream.play([SPEECH])
    assert isinstance(await stream.next_event(), PlayStarted)
    await stream.stop()
    finished = [await stream.next_event() for _ in range(2)]
    assert isinstance(finished[0], PlayFinished)
    assert (finished[0].play_id, finished[0].completed) == (first, False)
    assert finished[1] == PlayFinished(second, completed=False, played_ms=0)
    await asyncio.to_thread(far_end.hear_audio, finished[0].played_ms * 8)
    assert (await asyncio.to_thread(far_end.hear)).payload == b"\xff" * 160
    await stream.close()


async def test_a_recording_is_what_the_far_end_said_in_its_order(plane: MediaPlane, far_end: FarEnd) -> None:
    stream = await connected(plane, far_end)
    codes = g711.from_pcm(SPEECH, "PCMU")
    await stream.record(10)
    await carried_out(stream)
    far_end.sequence, far_end.timestamp = 10, 0
    for index in (0, 2, 1, 3, 4, 4, 6, 7):
        far_end.sequence, far_end.timestamp = 10 + index, 160 * index
        far_end.send(stream.local, codes[160 * index : 160 * index + 160])
    await stream.play([SPEECH])
    while not isinstance(await stream.next_event(), PlayFinished):
        pass
    said = await stream.stop_record()
    wanted = g711.to_pcm(codes[:1280], "PCMU")
    gap = wanted[:1600] + b"\0" * 320 + wanted[1920:]
    assert gap in said
    await stream.close()


async def test_voice_is_told_to_who_asked_for_it(plane: MediaPlane) -> None:
    stream, other = await plane.open(), await plane.open()
    await stream.connect(other.local, "PCMU", 0, 101)
    await other.connect(stream.local, "PCMU", 0, 101)
    await stream.watch_voice(True)
    asked = SystemClock().monotonic()
    await carried_out(stream)
    await other.play([SPEECH * 3])
    began, ended = await stream.next_event(), await stream.next_event()
    assert isinstance(began, VoiceBegan)
    assert isinstance(ended, VoiceEnded)
    assert asked - 0.02 < began.at < ended.at < SystemClock().monotonic()
    await stream.close()
    await other.close()


async def test_a_killed_process_loses_its_streams_and_is_restarted(force_python: bool, far_end: FarEnd) -> None:
    told: list[tuple[ProcessHealth, str]] = []
    plane = MediaPlane(
        ports=free_rtp_ports(4),
        bind="127.0.0.1",
        processes=1,
        force_python=force_python,
        clock=SystemClock(),
        on_restart=lambda health, reason: told.append((health, reason)),
    )
    await plane.start()
    stream = await connected(plane, far_end)
    os.kill(plane.health()[0].pid, signal.SIGKILL)
    assert isinstance(await stream.next_event(), Lost)
    assert isinstance(await stream.next_event(), Lost)
    with pytest.raises(StreamLost):
        await stream.play([SPEECH])
    assert await stream.close() == StreamReport()
    again = [await connected(plane, far_end) for _ in range(4)]
    await again[0].play([SPEECH])
    assert isinstance(await again[0].next_event(), PlayStarted)
    assert [health.restarts for health, _ in told] == [1]
    assert "status -9" in told[0][1]
    await plane.aclose()
    assert isinstance(await again[1].next_event(), Lost)


async def test_when_all_ports_are_in_use_there_is_no_port(plane: MediaPlane) -> None:
    streams = await asyncio.gather(*(plane.open() for _ in range(40)))
    assert len({stream.local for stream in streams}) == 40
    with pytest.raises(NoPort, match="larger range"):
        await plane.open()
    await streams[7].close()
    assert (await plane.open()).local == streams[7].local


async def test_a_range_without_a_pair_of_ports_is_refused() -> None:
    with pytest.raises(MediaError, match="no pair of ports"):
        MediaPlane(ports=(20001, 20002), bind="127.0.0.1", processes=1, force_python=True, clock=SystemClock())


async def test_an_address_of_another_machine_is_refused_at_the_start() -> None:
    plane = MediaPlane(ports=(20000, 20009), bind="203.0.113.10", processes=1, force_python=True, clock=SystemClock())
    with pytest.raises(MediaError, match=r"\[media\] bind"):
        await plane.start()


async def test_a_tone_goes_through_a_bridge_in_both_directions(plane: MediaPlane, far_end: FarEnd) -> None:
    first = await connected(plane, far_end)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(20)
        other = FarEnd(sock, timestamp=55)
        second = await plane.open(beside=first)
        await second.connect(other.address, "PCMA", 8, 101)
        await first.bridge(second)
        here, there = await asyncio.gather(
            asyncio.to_thread(talks, far_end, first.local, 440, "PCMU"),
            asyncio.to_thread(talks, other, second.local, 700, "PCMA"),
        )
    assert (tenths_of(440, here, "PCMU"), tenths_of(700, there, "PCMA")) == (0, 0)
    assert tenths_of(700, here, "PCMU") >= 9
    assert tenths_of(440, there, "PCMA") >= 9
    await second.close()
    await first.close()


def talks(speaker: FarEnd, to: tuple[str, int], hertz: int, codec: g711.Codec) -> bytes:
    """Says a tone, a packet for each that comes, so that a machine that is late is late for both; returns the codes."""
    samples = (8000 * np.sin(2 * np.pi * hertz * np.arange(12_000) / 8000)).astype("<i2").tobytes()
    codes, heard = g711.from_pcm(samples, codec), b""
    for index in range(75):
        heard += speaker.hear().payload
        speaker.send(to, codes[160 * index :][:160], payload_type=8 if codec == "PCMA" else 0)
        speaker.timestamp = speaker.timestamp + 160 & 0xFFFFFFFF
    return heard


def tenths_of(hertz: int, codes: bytes, codec: g711.Codec) -> int:
    """Tenths of a second with nine tenths of their energy near a tone."""
    blocks = g711.decode(codes, codec).astype(float).reshape(-1, 800)
    energy = np.abs(np.fft.rfft(blocks * np.hanning(800), axis=1)) ** 2
    near = np.abs(np.fft.rfftfreq(800, 1 / 8000) - hertz) <= 30
    return int((energy[:, near].sum(axis=1) > 0.9 * energy.sum(axis=1)).sum())


async def test_two_streams_of_different_processes_are_not_bridged(force_python: bool) -> None:
    plane = MediaPlane(
        ports=free_rtp_ports(8), bind="127.0.0.1", processes=2, force_python=force_python, clock=SystemClock()
    )
    await plane.start()
    try:
        first, second = await plane.open(), await plane.open()
        with pytest.raises(MediaError, match="beside"):
            await first.bridge(second)
        await first.bridge(await plane.open(beside=first))
    finally:
        await plane.aclose()
