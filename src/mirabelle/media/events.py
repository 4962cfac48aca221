"""What a media stream tells the one who opened it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Digit:
    """The far end pressed a key and let it go.

    Attributes:
        key: 0 to 9, *, #, A to D.
        at: when it was pressed, in seconds of the system's monotonic clock.
        duration_ms: how long it was held.
    """

    key: str
    at: float
    duration_ms: int


@dataclass(frozen=True, slots=True)
class PlayStarted:
    """The first packet of a play has left.

    Attributes:
        play_id: what `play` returned.
        at: when, in seconds of the system's monotonic clock.
    """

    play_id: int
    at: float


@dataclass(frozen=True, slots=True)
class PlayFinished:
    """A play is over.

    Attributes:
        play_id: what `play` returned.
        completed: it was played to its end.
        played_ms: how much of it was sent.
        reason: why it was not played, if that was not `stop`.
    """

    play_id: int
    completed: bool
    played_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DigitsSent:
    """All digits given to `send_digits` have been sent."""


@dataclass(frozen=True, slots=True)
class VoiceBegan:
    """The far end began to speak; told to those who asked with `watch_voice`, when it has lasted 80 ms.

    Attributes:
        at: when, in seconds of the system's monotonic clock.
    """

    at: float


@dataclass(frozen=True, slots=True)
class VoiceEnded:
    """The far end fell silent; told when it has been so for 200 ms.

    Attributes:
        at: when voice was heard last, in seconds of the system's monotonic clock.
    """

    at: float


@dataclass(frozen=True, slots=True)
class WentSilent:
    """No packet came from the far end for as long as `watch_silence` said; told once."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the far end said; told in pieces of 100 ms to those who asked with `listen`.

    Attributes:
        pcm: 16-bit little-endian samples, 8,000 a second; silence where nothing came.
    """

    pcm: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """The stream is gone: its media process died, or the plane was closed. Nothing follows.

    Attributes:
        reason: a sentence.
    """

    reason: str


MediaEvent = Digit | PlayStarted | PlayFinished | DigitsSent | VoiceBegan | VoiceEnded | WentSilent | Heard | Lost

_KINDS: Final = MappingProxyType(
    {kind.__name__: kind for kind in (Digit, PlayStarted, PlayFinished, DigitsSent, VoiceBegan, VoiceEnded, WentSilent)}
)


def as_fields(event: MediaEvent) -> dict[str, Any]:
    """The event as a JSON object."""
    return {"kind": type(event).__name__, **asdict(event)}


def from_fields(fields: Mapping[str, Any]) -> MediaEvent:
    """The event of a JSON object made by `as_fields`."""
    return _KINDS[fields["kind"]](**{name: value for name, value in fields.items() if name != "kind"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReport:
    """The figures of a stream that was closed.

    Attributes:
        packets_sent: RTP packets the kernel took.
        packets_received: RTP packets from the far end, repeats included.
        lost: packets the far end sent and that never came (RFC 3550 appendix A.3).
        jitter_ms: interarrival jitter. Packets are collected every 20 ms, which is also how fine this figure is.
        refused: datagrams that were no RTP packet of this call: malformed, from a stranger, or of an unknown payload
        type.
    """

    packets_sent: int = 0
    packets_received: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    refused: int = 0
