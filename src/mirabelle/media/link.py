"""One media process, as the plane sees it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import mirabelle
from mirabelle.calls.clock import Clock
from mirabelle.media import protocol
from mirabelle.media.ports import MediaError
from mirabelle.media.protocol import Frame, FrameReader, ProtocolError

PIECE: Final = 160_000
"""Octets of PCM in one clip of the process: 10 s, a whole number of packets. Longer ones are sent as several."""

MAX_PIECES: Final = 1000
KNOWN_OCTETS: Final = 64 * 1024 * 1024
"""PCM kept in the process; the clips not used for longest go first."""

SILENT: Final = 10.0
"""Seconds without a sign of life after which a media process is taken for dead and killed."""

_READ: Final = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How media processes are started.

    Attributes:
        bind: IPv4 address of the RTP sockets.
        capacity: the most streams in one process.
        force_python: leave the C loop aside.
        realtime: let them ask for real-time scheduling.
    """

    bind: str
    capacity: int
    force_python: bool
    realtime: bool = True


class Listener(Protocol):
    """Who hears what the process says of a stream."""

    def hear(self, frame: Frame) -> None:
        """The process said this about the stream."""
        ...

    def lose(self, reason: str) -> None:
        """The process is gone."""
        ...


class Link:
    """A running media process and the socket to it."""

    def __init__(self, clock: Clock, on_health: Callable[[dict[str, Any]], None]) -> None:
        self._clock, self._on_health = clock, on_health
        self._listeners: dict[int, Listener] = {}
        self._known: OrderedDict[str, int] = OrderedDict()
        self._process: Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._heard_at = 0.0
        self.running = False

    @property
    def streams(self) -> int:
        """How many streams it carries."""
        return len(self._listeners)

    @property
    def pid(self) -> int:
        """The number of the process; 0 before it is started."""
        return 0 if self._process is None else self._process.pid

    async def start(self, start: Start) -> None:
        """Start the process.

        Raises:
            OSError: the system does not give what is needed.
        """
        ours, theirs = socket.socketpair()
        try:
            arguments = ["--control", str(theirs.fileno()), "--bind", start.bind, "--capacity", str(start.capacity)]
            if start.force_python:
                arguments.append("--force-python")
            if start.realtime:
                arguments.append("--realtime")
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "mirabelle.media.process",
                *arguments,
                stdin=DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment(),
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._heard_at = self._clock.monotonic()
        self.running = True

    async def serve(self) -> str:
        """Pass on what the process says until it ends.

        Returns:
            Why it ended, in a sentence.
        """
        assert self._reader is not None
        assert self._process is not None
        frames = FrameReader()
        reason = ""
        try:
            while data := await self._receive():
                self._heard_at = self._clock.monotonic()
                for frame in frames.feed(data):
                    self._pass_on(frame)
        except TimeoutError:
            reason = f"The media process gave no sign of life for {SILENT:.0f} s."
        except (ConnectionError, ProtocolError) as error:
            reason = f"The media process cannot be understood: {error}"
        finally:
            await self._bury()
        return reason or f"The media process ended with status {self._process.returncode}."

    def lose(self, reason: str) -> None:
        """Tell all streams that the process is gone."""
        listeners, self._listeners = self._listeners, {}
        for listener in listeners.values():
            listener.lose(reason)

    def listen(self, stream: int, listener: Listener) -> None:
        """Pass on to `listener` what is said of a stream."""
        self._listeners[stream] = listener

    def unlisten(self, stream: int) -> None:
        """The stream is over."""
        self._listeners.pop(stream, None)

    async def say(self, fields: dict[str, Any], payload: bytes = b"") -> None:
        """Send a message.

        Raises:
            MediaError: the process is gone.
        """
        self.tell(fields, payload)
        assert self._writer is not None
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise MediaError(f"The media process is gone; open another stream. ({error})") from error

    def tell(self, fields: dict[str, Any], payload: bytes = b"") -> None:
        """Send a small message without waiting for the process to take it.

        Raises:
            MediaError: the process is gone.
        """
        if self._writer is None or not self.running:
            raise MediaError("The media process is gone; open another stream.")
        self._writer.write(protocol.pack(fields, payload))

    async def teach(self, clips: Sequence[bytes]) -> list[str]:
        """Make clips known to the process and say what they are called there. Known ones are not sent again.

        Raises:
            MediaError: the process is gone, or there is more audio than one play may hold.
        """
        pieces = [clip[start : start + PIECE] for clip in clips for start in range(0, len(clip), PIECE)]
        if len(pieces) > MAX_PIECES:
            raise MediaError(f"A play of more than {MAX_PIECES} clips of 10 s is too long. Play it in parts.")
        names = [hashlib.blake2b(piece, digest_size=16).hexdigest() for piece in pieces]
        for name, piece in zip(names, pieces, strict=True):
            if name in self._known:
                self._known.move_to_end(name)
            else:
                self._known[name] = len(piece)
                await self.say({"do": "clip", "name": name}, piece)
        await self._forget(set(names))
        return names

    async def stop(self) -> None:
        """Close the socket, which ends the process."""
        self.running = False
        if self._writer is not None:
            self._writer.close()

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _receive(self) -> bytes:
        assert self._reader is not None
        async with asyncio.timeout(SILENT):
            return await self._reader.read(_READ)

    async def _bury(self) -> None:
        self.running = False
        assert self._writer is not None
        assert self._process is not None
        self._writer.close()
        try:
            async with asyncio.timeout(1.0):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def _pass_on(self, frame: Frame) -> None:
        if frame.fields.get("is") == "health":
            self._on_health(frame.fields)
            return
        listener = self._listeners.get(frame.fields.get("stream", -1))
        if listener is not None:
            listener.hear(frame)

    async def _forget(self, wanted: set[str]) -> None:
        total = sum(self._known.values())
        for name in [name for name in self._known if name not in wanted]:
            if total <= KNOWN_OCTETS:
                return
            total -= self._known.pop(name)
            await self.say({"do": "forget", "name": name})


def environment() -> dict[str, str]:
    """Ours, with one thread for numpy and with this very Mirabelle on the path."""
    source = str(Path(mirabelle.__file__).parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
