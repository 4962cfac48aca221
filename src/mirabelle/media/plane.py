"""The media plane: RTP streams for the rest of Mirabelle, carried by processes of their own."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from mirabelle.calls.clock import Clock
from mirabelle.media.events import (
    Digit,
    DigitsSent,
    Lost,
    MediaEvent,
    PlayFinished,
    PlayStarted,
    StreamReport,
    VoiceBegan,
    VoiceEnded,
)
from mirabelle.media.link import Link, Start
from mirabelle.media.ports import MediaError, NoPort, PortPool
from mirabelle.media.stream import MediaStream, StreamLost

__all__ = [
    "Digit",
    "DigitsSent",
    "Lost",
    "MediaError",
    "MediaEvent",
    "MediaPlane",
    "MediaStream",
    "NoPort",
    "PlayFinished",
    "PlayStarted",
    "ProcessHealth",
    "StreamLost",
    "StreamReport",
    "VoiceBegan",
    "VoiceEnded",
]

ALARM_MS: Final = 5.0
"""Lateness of the 99th percentile above which the alarm is raised."""

MAX_CAPACITY: Final = 8000
"""The most streams in one process, whatever the range of ports."""

_TRY_PORTS: Final = 32
_RESTART_WAIT: Final = 10.0
"""Seconds that `open` waits for a media process to come up."""

_QUICK: Final = 5.0
"""A process that died within so many seconds of its start is started again with growing patience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessHealth:
    """How one media process fares.

    Attributes:
        index: which of the plane's processes.
        pid: its number; 0 while it is being restarted.
        native: the C loop carries the packets.
        streams: how many it carries.
        late_p50_ms: how late a burst of packets was complete, in the middle, over the last second.
        late_p99_ms: the same, 99th percentile.
        late_max_ms: the worst.
        sub_ticks: how many bursts that second had.
        late_sub_ticks: how many of them were complete more than 5 ms late.
        skipped_ticks: ticks left out since its start because the machine was stuck.
        restarts: how often it was started again.
    """

    index: int
    pid: int = 0
    native: bool = False
    streams: int = 0
    late_p50_ms: float = 0.0
    late_p99_ms: float = 0.0
    late_max_ms: float = 0.0
    sub_ticks: int = 0
    late_sub_ticks: int = 0
    skipped_ticks: int = 0
    restarts: int = 0


class MediaPlane:
    """Opens streams, and keeps the processes that carry them alive."""

    def __init__(
        self,
        *,
        ports: tuple[int, int],
        bind: str,
        processes: int,
        force_python: bool,
        clock: Clock,
        realtime: bool = True,
        on_alarm: Callable[[ProcessHealth], None] | None = None,
        on_restart: Callable[[ProcessHealth, str], None] | None = None,
    ) -> None:
        """Describe the plane; `start` starts it.

        Args:
            ports: first and last port of the RTP range.
            bind: IPv4 address of the RTP sockets.
            processes: how many; 0 for one on each core.
            force_python: leave the C loop aside.
            clock: the time.
            realtime: let the processes ask for real-time scheduling.
            on_alarm: told, every second it lasts, that a process is more than 5 ms late (99th percentile) or left ticks
                out.
            on_restart: told that a process died, and why, when it is about to be started again.

        Raises:
            MediaError: the range holds no pair of ports.
        """
        self._ports = PortPool(*ports)
        capacity = min(self._ports.size, MAX_CAPACITY)
        self._start = Start(bind=bind, capacity=capacity, force_python=force_python, realtime=realtime)
        self._clock = clock
        self._on_alarm, self._on_restart = on_alarm, on_restart
        count = processes or os.cpu_count() or 1
        self.most = min(self._ports.size, count * capacity)
        """The most streams at once."""
        self._health = [ProcessHealth(index=index) for index in range(count)]
        self._links: list[Link | None] = [None] * count
        self._keepers: list[asyncio.Task[None]] = []
        self._streams: dict[int, MediaStream] = {}
        self._numbers = itertools.count(1)
        self._changed = asyncio.Event()
        self._search = asyncio.Lock()
        self._closing = asyncio.Event()

    async def start(self) -> None:
        """Start the processes.

        Raises:
            MediaError: they cannot be started, or no socket can have the address.
        """
        _check_address(self._start.bind)
        for index in range(len(self._links)):
            try:
                await self._launch(index)
            except OSError as error:
                await self.aclose()
                raise MediaError(f"A media process cannot be started: {error}") from error
        self._keepers = [asyncio.create_task(self._keep(index)) for index in range(len(self._links))]

    async def aclose(self) -> None:
        """End all streams and all processes."""
        self._closing.set()
        for link in self._links:
            if link is not None:
                link.lose("The media plane was closed.")
                await link.stop()
        for keeper in self._keepers:
            with suppress(asyncio.CancelledError):
                await keeper
        self._keepers.clear()

    async def open(self, *, beside: MediaStream | None = None) -> MediaStream:
        """Open a stream on a free port, in the process that carries the fewest.

        Args:
            beside: take the process that carries this stream, so that the two can be bridged.

        Raises:
            NoPort: every port of the range is in use.
            MediaError: no media process is running, or the system gives no socket; the message says why.
        """
        link = await self._least_loaded() if beside is None else beside.link
        stream = await self._open_on(link, self._ports.take(1))
        if stream is not None:
            return stream
        # Somebody else sits on that port, or ours are used up. Only one at a time may hold many ports and try them.
        async with self._search:
            untried = self._ports.size
            while ports := self._ports.take(min(_TRY_PORTS, untried)):
                untried -= len(ports)
                stream = await self._open_on(link, ports)
                if stream is not None:
                    return stream
        ours = len(self._streams)
        raise NoPort(
            f"Every RTP port is in use: {ours} by calls, {self._ports.size - ours} by other programs or by calls that "
            "are being opened. Set [media] ports to a larger range, or wait for calls to end."
        )

    def health(self) -> tuple[ProcessHealth, ...]:
        """How each process fares, as of its last report, at most a second old."""
        return tuple(self._health)

    async def _open_on(self, link: Link, ports: list[int]) -> MediaStream | None:
        """A stream on one of these ports, which are ours; those it does not take are given back."""
        if not ports:
            return None
        stream = MediaStream(next(self._numbers), link, self._released)
        bound = False
        try:
            bound = await stream.bind(self._start.bind, ports)
        except asyncio.CancelledError:
            # Over there it is being opened all the same.
            with suppress(MediaError):
                link.tell({"do": "close", "stream": stream.number})
            raise
        finally:
            self._ports.give_back(port for port in ports if port != stream.local[1])
            if bound:
                self._streams[stream.number] = stream
            else:
                link.unlisten(stream.number)
        return stream if bound else None

    def _released(self, stream: MediaStream) -> None:
        if self._streams.pop(stream.number, None) is not None:
            self._ports.give_back([stream.local[1]])

    async def _least_loaded(self) -> Link:
        try:
            async with asyncio.timeout(_RESTART_WAIT):
                while True:
                    running = [link for link in self._links if link is not None and link.running]
                    if running:
                        return min(running, key=lambda link: link.streams)
                    if self._closing.is_set() or not self._keepers:
                        raise MediaError("The media plane is not running. Start it before opening streams.")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise MediaError("No media process is running, and none comes up. See the log for why they end.") from None

    async def _launch(self, index: int) -> Link:
        link = Link(self._clock, lambda fields: self._hear_health(index, fields))
        await link.start(self._start)
        self._links[index] = link
        if self._closing.is_set():
            await link.stop()
        self._health[index] = replace(self._health[index], pid=link.pid)
        self._changed.set()
        return link

    async def _keep(self, index: int) -> None:
        """Keep one process running until the plane is closed."""
        link, quick = self._links[index], 0
        while link is not None:
            started = self._clock.monotonic()
            reason = await link.serve()
            self._health[index] = replace(self._health[index], pid=0, streams=0)
            link.lose(reason)
            quick = quick + 1 if self._clock.monotonic() - started < _QUICK else 0
            link = await self._launch_again(index, reason, quick)

    async def _launch_again(self, index: int, reason: str, quick: int) -> Link | None:
        if self._closing.is_set():
            return None
        health = self._health[index] = replace(self._health[index], restarts=self._health[index].restarts + 1)
        if self._on_restart is not None:
            self._on_restart(health, reason)
        while not await self._closed_within(min(5.0, 0.1 * 2**quick - 0.1)):
            quick += 1
            try:
                return await self._launch(index)
            except OSError as error:
                if self._on_restart is not None:
                    self._on_restart(health, f"It cannot be started again yet: {error}")
        return None

    async def _closed_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return self._closing.is_set()

    def _hear_health(self, index: int, fields: dict[str, Any]) -> None:
        figures = {name: value for name, value in fields.items() if name != "is"}
        before = self._health[index]
        health = self._health[index] = replace(before, **figures)
        late = health.late_p99_ms > ALARM_MS or health.skipped_ticks > before.skipped_ticks
        if late and self._on_alarm is not None:
            self._on_alarm(health)


def _check_address(bind: str) -> None:
    """See whether a socket can have an address: found out with the first call, it would put off every one.

    Raises:
        MediaError: it cannot.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((bind, 0))
        except OSError as error:
            raise MediaError(
                f"The media address {bind} cannot be used: {error.strerror or error}. Name an address of this machine "
                "in [media] bind, and behind a NAT the public one in [media] advertised."
            ) from error
