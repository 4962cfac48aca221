"""Keys of the telephone carried as RTP events. Pure; RFC 4733.

The sender follows the text of the RFC. The receiver believes as little as it can: networks lose the first packet, the
last one or all three last ones, gateways forget the marker bit, repeat the end many times, or count the timestamp on
within one event.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from typing import Final

from mirabelle.media import rtp

KEYS: Final = "0123456789*#ABCD"
"""The keys by event code (RFC 4733 section 3.2, codes 0 to 15)."""

PAUSES: Final = "pw"
"""What a string of digits may hold besides keys: each waits one second."""

SAMPLES_PER_MS: Final = 8

_PAYLOAD: Final = struct.Struct("!BBH")
_END: Final = 0x80
_LONGEST: Final = 0xFFFF
_STALE: Final = 5 * 8000
"""How far back, in samples, a packet still counts as a late one rather than as a sender that started anew."""


@dataclass(frozen=True, slots=True)
class Event:
    """The payload of one event packet (RFC 4733 section 2.3).

    Attributes:
        code: which event; 0 to 15 are keys.
        duration: how long the event has lasted, in samples.
        end: the event is over.
        volume: the power of the tone, in -dBm0.
    """

    code: int
    duration: int
    end: bool = False
    volume: int = 10

    def pack(self) -> bytes:
        """The four octets."""
        return _PAYLOAD.pack(self.code, (_END if self.end else 0) | self.volume & 0x3F, min(self.duration, _LONGEST))


def parse(payload: bytes) -> Event | None:
    """Read an event payload; None when it is too short to be one."""
    if len(payload) < _PAYLOAD.size:
        return None
    code, flags, duration = _PAYLOAD.unpack_from(payload)
    return Event(code=code, duration=duration, end=bool(flags & _END), volume=flags & 0x3F)


def normalise(digits: str) -> str:
    """Digits in the form the sender takes: keys in upper case, pauses in lower case, spaces and hyphens left out.

    Raises:
        ValueError: a character is neither a key nor a pause.
    """
    wanted = []
    for character in digits:
        if character in " -":
            continue
        key = character.lower() if character.lower() in PAUSES else character.upper()
        if key not in KEYS and key not in PAUSES:
            raise ValueError(
                f"{character!r} is not a telephone key. Use 0 to 9, *, #, A to D, and p or w for a pause of one second."
            )
        wanted.append(key)
    return "".join(wanted)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What the sender asks of one packet interval.

    Attributes:
        event: the event packet to send, or None for an interval of silence.
        since: how many packet intervals ago the event began: its timestamp is that of its first packet.
        marker: the first packet of an event.
        key: the key, for those who send a tone instead of an event; "" in an interval of silence.
    """

    event: Event | None = None
    since: int = 0
    marker: bool = False
    key: str = ""


SILENCE: Final = Outgoing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long keys last, counted in packet intervals.

    Attributes:
        tone: a key.
        gap: from the end of a key to the next.
        pause: a `p` or `w`.
        repeats: end packets in all (RFC 4733 section 2.5.1.4 asks for three).
        interval: one packet interval, in samples.
    """

    tone: int = 5
    gap: int = 5
    pause: int = 50
    repeats: int = 3
    interval: int = 160


PACE: Final = Pace()
"""100 ms of key, 100 ms between keys, 20 ms packets."""


class Sender:
    """Turns digits into one decision for each packet interval."""

    def __init__(self, pace: Pace = PACE) -> None:
        self._pace = pace
        self._waiting: deque[str] = deque()
        self._symbol = ""
        self._step = 0

    @property
    def busy(self) -> bool:
        """Whether digits are being sent or wait."""
        return bool(self._symbol or self._waiting)

    def push(self, digits: str) -> None:
        """Send these after those already there. Give them in the form of `normalise`."""
        self._waiting.extend(digits)

    def clear(self) -> None:
        """Forget the digits not yet begun; the key under way is ended properly."""
        self._waiting.clear()

    def next(self) -> Outgoing | None:
        """What to send in this packet interval; None when there is nothing left to send."""
        if not self._symbol:
            if not self._waiting:
                return None
            self._symbol, self._step = self._waiting.popleft(), 0
        step, self._step = self._step, self._step + 1
        symbol = self._symbol
        if self._step >= self._length(symbol):
            self._symbol = ""
        return SILENCE if symbol in PAUSES else self._packet(symbol, step)

    def _length(self, symbol: str) -> int:
        if symbol in PAUSES:
            return self._pace.pause
        return self._pace.tone + max(self._pace.gap, self._pace.repeats)

    def _packet(self, key: str, step: int) -> Outgoing:
        pace = self._pace
        last = pace.tone - 1
        if step > last + pace.repeats - 1:
            return SILENCE
        event = Event(code=KEYS.index(key), duration=pace.interval * (min(step, last) + 1), end=step >= last)
        return Outgoing(event, since=step, marker=step == 0, key=key if step <= last else "")


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key that was pressed and let go.

    Attributes:
        key: one of `KEYS`.
        at: when its first packet was seen, on the scale the receiver was given.
        duration_ms: how long it was held.
    """

    key: str
    at: float
    duration_ms: int


@dataclass(slots=True)
class _Held:
    code: int
    start: int
    duration: int
    at: float
    heard: float

    def covers(self, code: int, timestamp: int) -> bool:
        """Whether a packet belongs to this event: same code, and it begins before this one was over."""
        return code == self.code and 0 <= rtp.timestamp_step(self.start, timestamp) <= self.duration


class Receiver:
    """Turns event packets into keys, each reported once."""

    def __init__(self, patience: float = 0.2) -> None:
        """Start with nothing pressed.

        Args:
            patience: seconds without a packet after which a key counts as let go although its end was never seen.
        """
        self._patience = patience
        self._held: _Held | None = None
        self._done: _Held | None = None

    @property
    def holding(self) -> bool:
        """Whether a key is down; then `expire` wants to be asked."""
        return self._held is not None

    def feed(self, event: Event, timestamp: int, now: float) -> list[Pressed]:
        """Take one event packet.

        Args:
            event: its payload.
            timestamp: the RTP timestamp of its header.
            now: when it came, in seconds.

        Returns:
            The keys this packet completes: none, one, or two when it also shows that the end of the one before was
            lost.
        """
        if event.code >= len(KEYS) or self._is_old(event, timestamp):
            return []
        pressed = []
        held = self._held
        if held is not None and held.covers(event.code, timestamp):
            held.duration = max(held.duration, rtp.timestamp_step(held.start, timestamp) + event.duration)
            held.heard = now
        else:
            pressed += self._let_go()
            self._held = _Held(event.code, timestamp, event.duration, now, now)
        if event.end:
            pressed += self._let_go()
        return pressed

    def expire(self, now: float) -> list[Pressed]:
        """The key whose packets stopped coming, if there is one."""
        if self._held is None or now - self._held.heard < self._patience:
            return []
        return self._let_go()

    def restart(self) -> list[Pressed]:
        """The sender changed (a new synchronisation source): its timestamps mean nothing to the old ones."""
        pressed = self._let_go()
        self._done = None
        return pressed

    def _is_old(self, event: Event, timestamp: int) -> bool:
        """A repeat of what was already reported, or a packet overtaken by its successors."""
        done = self._done
        if done is not None:
            if done.covers(event.code, timestamp):
                return True
            if -_STALE < rtp.timestamp_step(done.start, timestamp) < 0:
                return True
        held = self._held
        return held is not None and -_STALE < rtp.timestamp_step(held.start, timestamp) < 0

    def _let_go(self) -> list[Pressed]:
        held, self._held = self._held, None
        if held is None:
            return []
        self._done = held
        return [Pressed(KEYS[held.code], held.at, round(held.duration / SAMPLES_PER_MS))]
