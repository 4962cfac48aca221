"""The streams that share one sub-tick, column by column: what numpy works on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from mirabelle import g711
from mirabelle.media import inband, rtp
from mirabelle.media.arena import FRAME
from mirabelle.media.clips import Clip, Run
from mirabelle.media.reception import Reception
from mirabelle.media.recording import Recording
from mirabelle.media.relay import Relay
from mirabelle.media.tap import Tap
from mirabelle.media.telephone_event import Receiver, Sender
from mirabelle.media.voice import Voices
from mirabelle.media.wire import Outbox

PACKET: Final = rtp.HEADER_LENGTH + FRAME
NO_EVENTS: Final = 255
"""Stands for the payload type of telephone events where there is none."""

NEVER: Final = -1

HEADER: Final = {
    "names": ["first", "second", "sequence", "timestamp", "ssrc"],
    "formats": ["u1", "u1", ">u2", ">u4", ">u4"],
    "offsets": [0, 1, 2, 4, 8],
}
"""The fields of an RTP header, for numpy."""


def headers(packets: npt.NDArray[np.uint8]) -> npt.NDArray[np.void]:
    """The headers of packets that lie in rows, as a structured view of the same memory."""
    layout = np.dtype({**HEADER, "itemsize": packets.shape[1]})  # type: ignore[call-overload]
    view: npt.NDArray[np.void] = packets.reshape(-1).view(layout)
    return view


@dataclass(slots=True)
class Play:
    """Clips to be played one after the other.

    Attributes:
        number: what the caller knows it by.
        clips: those not yet begun.
        frames: how many frames of it have been sent, without the clip under way.
        announced: its first packet has left.
    """

    number: int
    clips: deque[Clip]
    frames: int = 0
    announced: bool = False


@dataclass(slots=True)
class Stream:
    """What is not worth a column: rare things, one stream at a time.

    Of a bridge, `peer` is the other stream, and `relay` what came from there and is to be sent here. `tap` is there
    while somebody listens.
    """

    number: int
    bank: Bank
    row: int
    codec: g711.Codec = "PCMU"
    signalled: str = ""
    plays: deque[Play] = field(default_factory=deque)
    clip: Clip | None = None
    run: Run | None = None
    sender: Sender = field(default_factory=Sender)
    receiver: Receiver = field(default_factory=Receiver)
    tracker: inband.KeyTracker = field(default_factory=inband.KeyTracker)
    rest: bytes = b""
    recording: Recording | None = None
    recording_since: int = 0
    peer: Stream | None = None
    relay: Relay | None = None
    tap: Tap | None = None


class Bank:
    """Columns for up to `capacity` streams; the rows in use are always the first `count`."""

    def __init__(self, capacity: int) -> None:
        self.count = 0
        self.capacity = capacity
        self.streams: list[Stream] = []
        self.outbox = Outbox(capacity, PACKET)
        self.headers = headers(self.outbox.packets)
        self.reception = Reception(capacity)
        self.voices = Voices(capacity)
        self.dialing: dict[int, Stream] = {}
        self.starting: dict[int, Stream] = {}
        self.holding: dict[int, Stream] = {}
        self.bridging: dict[int, Stream] = {}
        self.tapping: dict[int, Stream] = {}
        self.fds = np.zeros(capacity, np.int32)
        self.live = np.zeros(capacity, np.bool_)
        self.fresh = np.zeros(capacity, np.bool_)
        self.sequence = np.zeros(capacity, np.uint16)
        self.timestamp = np.zeros(capacity, np.uint32)
        self.audio_type = np.zeros(capacity, np.uint8)
        self.event_type = np.zeros(capacity, np.uint8)
        self.frame = np.zeros(capacity, np.int64)
        self.step = np.zeros(capacity, np.int64)
        self.end = np.zeros(capacity, np.int64)
        self.sent = np.zeros(capacity, np.int64)
        self.refused = np.zeros(capacity, np.int64)
        self.latched = np.zeros(capacity, np.bool_)
        self.heard_host = np.zeros(capacity, np.uint32)
        self.heard_port = np.zeros(capacity, np.uint16)
        self.quiet = np.zeros(capacity, np.int64)
        self.silence_limit = np.zeros(capacity, np.int64)
        self.recorded = np.zeros(capacity, np.bool_)
        self.bridged = np.zeros(capacity, np.bool_)
        self.tapped = np.zeros(capacity, np.bool_)
        self.inband = np.zeros(capacity, np.bool_)
        self.watched = np.zeros(capacity, np.bool_)
        self.energy = np.zeros(capacity, np.float64)
        self.span = np.zeros(capacity, np.int64)
        self.tail = np.zeros((capacity, inband.WINDOW), np.float32)
        self._columns: tuple[npt.NDArray[np.generic], ...] = (
            *(value for value in vars(self).values() if isinstance(value, np.ndarray)),
            self.outbox.lengths,
            self.outbox.hosts,
            self.outbox.ports,
        )

    def add(self, number: int, fd: int, *, sequence: int, timestamp: int, ssrc: int) -> Stream:
        """Give a stream a row. The caller has seen that there is one."""
        row, self.count = self.count, self.count + 1
        for column in self._columns:
            column[row] = np.zeros((), column.dtype)
        self.reception.reset(row)
        self.voices.reset(row)
        self.fds[row] = fd
        self.sequence[row], self.timestamp[row] = sequence, timestamp
        self.headers["first"][row] = rtp.VERSION << 6
        self.headers["ssrc"][row] = ssrc
        self.event_type[row] = NO_EVENTS
        self.end[row] = NEVER
        stream = Stream(number, self, row)
        self.streams.append(stream)
        return stream

    def remove(self, stream: Stream) -> None:
        """Take a stream out; the last one moves to its row."""
        row, last = stream.row, self.count - 1
        if row != last:
            for column in self._columns:
                column[row] = column[last]
            self.reception.move(last, row)
            self.voices.move(last, row)
            self.streams[row] = self.streams[last]
            self.streams[row].row = row
        self.streams.pop()
        self.count = last
        for special in (self.dialing, self.starting, self.holding, self.bridging, self.tapping):
            special.pop(stream.number, None)
