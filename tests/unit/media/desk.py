"""An engine on a wire of paper, with time that passes when a test says so."""

from __future__ import annotations

import random
import socket
from collections import defaultdict

import numpy as np

from mirabelle.media import rtp
from mirabelle.media.engine import PHASES, Engine, EngineError
from mirabelle.media.events import MediaEvent
from mirabelle.media.wire import Inbox, Ints, Outbox, host_number, host_text

FAR_END = ("203.0.113.9", 4000)
QUIET = b"\xff" * 160


class PaperWire:
    """A wire without a network: keeps what is sent, by port, and delivers what the test puts there."""

    native = False

    def __init__(self) -> None:
        self.sent: defaultdict[int, list[tuple[rtp.Packet, tuple[str, int]]]] = defaultdict(list)
        self.coming: defaultdict[int, list[tuple[bytes, tuple[str, int]]]] = defaultdict(list)
        self.open: dict[int, socket.socket] = {}

    def add(self, sock: socket.socket) -> None:
        self.open[sock.fileno()] = sock

    def remove(self, fd: int) -> None:
        self.open.pop(fd).close()

    def send(self, count: int, fds: Ints, outbox: Outbox) -> None:
        for row in range(count):
            length = int(outbox.lengths[row])
            outbox.sent[row] = length > 0
            if length:
                packet = rtp.parse(outbox.packets[row, :length].tobytes())
                assert packet is not None
                to = host_text(int(outbox.hosts[row])), socket.ntohs(int(outbox.ports[row]))
                self.sent[int(fds[row])].append((packet, to))

    def receive(self, rows: Ints, fds: Ints, inbox: Inbox) -> int:
        count = 0
        for row in rows.tolist():
            waiting = self.coming[int(fds[row])]
            if waiting:
                data, source = waiting.pop(0)
                inbox.ring[count, : len(data)] = np.frombuffer(data, np.uint8)
                inbox.owners[count], inbox.lengths[count] = row, len(data)
                inbox.hosts[count], inbox.ports[count] = host_number(source[0]), socket.htons(source[1])
                count += 1
        return count


class Desk:
    """An engine on a paper wire, with time that passes when it is told to."""

    def __init__(self, capacity: int = 40, arena_frames: int = 1000) -> None:
        self.wire = PaperWire()
        self.now = 0.0
        self.engine = Engine(
            self.wire, capacity=capacity, clock=lambda: self.now, rng=random.Random(4), arena_frames=arena_frames
        )
        self.fds: dict[int, int] = {}

    def open(self, number: int = 1) -> int:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.engine.open(number, sock)
        except EngineError:
            sock.close()
            raise
        self.fds[number] = sock.fileno()
        return number

    def connected(self, number: int = 1, event_type: int | None = 101, remote: tuple[str, int] = FAR_END) -> int:
        self.open(number)
        self.engine.connect(number, remote, "PCMU", 0, event_type)
        return number

    def run(self, ticks: int = 1) -> list[MediaEvent]:
        for _ in range(ticks):
            self.run_silently()
        return [event for _, event in self.engine.drain()]

    def run_silently(self) -> None:
        for phase in range(PHASES):
            self.now += 0.005
            self.engine.tick(phase)
            self.engine.tock(phase)

    def sent(self, number: int = 1) -> list[rtp.Packet]:
        return [packet for packet, _ in self.wire.sent[self.fds[number]]]

    def targets(self, number: int = 1) -> list[tuple[str, int]]:
        return [to for _, to in self.wire.sent[self.fds[number]]]

    def payloads(self, number: int = 1) -> list[bytes]:
        return [packet.payload for packet in self.sent(number)]

    def deliver(self, data: bytes, number: int = 1, source: tuple[str, int] = FAR_END) -> None:
        self.wire.coming[self.fds[number]].append((data, source))


def tone(frames: int, pitch: float = 0.3) -> bytes:
    wave = 9000 * np.sin(np.arange(160 * frames) * pitch + 1)
    return bytes(wave.astype("<i2").data)


def packet(
    sequence: int, payload: bytes = QUIET, *, kind: int = 0, timestamp: int | None = None, ssrc: int = 5
) -> bytes:
    stamp = 160 * sequence if timestamp is None else timestamp
    return rtp.pack(
        rtp.Packet(payload_type=kind, sequence=sequence, timestamp=stamp % 2**32, ssrc=ssrc, payload=payload)
    )
