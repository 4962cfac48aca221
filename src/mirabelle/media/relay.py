"""The way of sound from one stream to another: taken as it comes, given every 20 ms. Pure.

Packets are laid on a short tape by their timestamps, so that exchanged ones fall into place and lost ones are
silence. The tape holds back 40 ms. When a packet comes too late for its place it holds back more; when it has held back
more than it had to for a second, a frame is left out.
"""

from __future__ import annotations

from typing import Final

from mirabelle import g711
from mirabelle.media import rtp
from mirabelle.media.arena import FRAME

HELD_BACK: Final = 2 * FRAME
"""Samples between the arrival of the first packet and its turn: 40 ms."""

ROOM: Final = 25 * FRAME
"""Samples on the tape: half a second. Whoever sends so far ahead has set its clock anew."""

MOST_LATE: Final = 10 * FRAME
"""Samples by which a packet may be late and still be waited for: 200 ms."""

STRAYS: Final = 3
"""Packets out of place, one after the other, after which their sender counts as having set its clock anew."""

WATCHED: Final = 50
"""Frames over which is watched whether the tape holds back more than it has to: a second."""


class Relay:
    """One direction of a bridge.

    Args:
        codec: what is given.
    """

    def __init__(self, codec: g711.Codec) -> None:
        self._codec = codec
        self._silence = bytes([g711.silence(codec)])
        self._tape = bytearray(self._silence * ROOM)
        self._head: int | None = None
        self._given = 0
        self._ssrc = 0
        self._filled = 0
        self._strays = 0
        self._spare: int | None = None
        self._taken = 0

    @property
    def held_back(self) -> int:
        """Samples on the tape that wait for their turn."""
        return self._filled

    def add(self, timestamp: int, ssrc: int, codes: bytes, codec: g711.Codec) -> None:
        """Take what one packet brought.

        Args:
            timestamp: of its first sample.
            ssrc: who sent it; another one starts another count.
            codes: its samples.
            codec: what they are encoded in.
        """
        if codec != self._codec:
            codes = codes.translate(g711.transcode_table(codec, self._codec))
        if self._head is None or ssrc != self._ssrc:
            self._begin(timestamp, ssrc)
        place = self._place(timestamp)
        if place < -MOST_LATE or place + len(codes) > ROOM:
            self._strays += 1
            if self._strays < STRAYS:
                return
            self._begin(timestamp, ssrc)
            place = HELD_BACK
        self._strays = 0
        passed = rtp.timestamp_step(self._given, timestamp) < 0
        if place < 0:
            place += self._wait_for(-place)
        if passed:  # what came after it has been given
            return
        end = min(place + len(codes), ROOM)
        self._tape[place:end] = codes[: end - place]
        self._filled = max(self._filled, end)

    def take(self) -> bytes:
        """The next 20 ms; silence where nothing came."""
        frame = bytes(self._tape[:FRAME])
        if self._head is None:
            return frame
        if self._filled:
            self._given = (self._head + min(self._filled, FRAME)) & 0xFFFFFFFF
        self._leave(FRAME)
        self._taken += 1
        self._spare = self._filled if self._spare is None else min(self._spare, self._filled)
        if self._taken >= WATCHED:
            if self._spare >= HELD_BACK + FRAME:
                self._leave(FRAME)
            self._taken, self._spare = 0, None
        return frame

    def recode(self, codec: g711.Codec) -> None:
        """Give another codec from now on."""
        if codec == self._codec:
            return
        self._tape = self._tape.translate(g711.transcode_table(self._codec, codec))
        self._codec, self._silence = codec, bytes([g711.silence(codec)])

    def _begin(self, timestamp: int, ssrc: int) -> None:
        """Count anew from a packet. What is on the tape stays until it is overwritten."""
        self._head = self._given = (timestamp - HELD_BACK) & 0xFFFFFFFF
        self._ssrc = ssrc
        self._tape[HELD_BACK:] = self._silence * (ROOM - HELD_BACK)
        self._filled = min(self._filled, HELD_BACK)
        self._strays, self._taken, self._spare = 0, 0, None

    def _place(self, timestamp: int) -> int:
        assert self._head is not None
        return rtp.timestamp_step(self._head, timestamp)

    def _wait_for(self, samples: int) -> int:
        """Hold back more, by whole frames, for what is late by so many samples; returns how much more."""
        assert self._head is not None
        more = -(-samples // FRAME) * FRAME
        self._tape[:0] = self._silence * more
        del self._tape[ROOM:]
        self._head = (self._head - more) & 0xFFFFFFFF
        self._filled = min(self._filled + more, ROOM) if self._filled else 0
        self._taken, self._spare = 0, None
        return more

    def _leave(self, samples: int) -> None:
        assert self._head is not None
        del self._tape[:samples]
        self._tape += self._silence * samples
        self._head = (self._head + samples) & 0xFFFFFFFF
        self._filled = max(0, self._filled - samples)
