"""RTP: the packet header and sequence arithmetic. Pure; RFC 3550 section 5.1."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

VERSION: Final = 2
HEADER_LENGTH: Final = 12
"""Octets of the header without contributing sources and extension."""

_HEADER: Final = struct.Struct("!BBHII")
_EXTENSION: Final = struct.Struct("!HH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One RTP packet, as far as a G.711 line looks at it.

    Attributes:
        payload_type: 0 to 127.
        sequence: 0 to 65535.
        timestamp: in samples, modulo 2^32.
        ssrc: the synchronisation source.
        marker: the first packet after silence, or of an event.
        payload: what the packet carries, padding removed.
    """

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    marker: bool = False
    payload: bytes = b""


def pack(packet: Packet) -> bytes:
    """The octets of a packet, without padding, extension or contributing sources."""
    second = packet.payload_type & 0x7F | (0x80 if packet.marker else 0)
    return (
        _HEADER.pack(
            VERSION << 6, second, packet.sequence & 0xFFFF, packet.timestamp & 0xFFFFFFFF, packet.ssrc & 0xFFFFFFFF
        )
        + packet.payload
    )


def parse(data: bytes) -> Packet | None:
    """Read a packet with all a sender may add: contributing sources, an extension, padding.

    Returns:
        The packet, or None for anything that is not RTP version 2 or contradicts its own length (RFC 3550 appendix
        A.1).
    """
    if len(data) < HEADER_LENGTH:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != VERSION:
        return None
    start = HEADER_LENGTH + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int(_EXTENSION.unpack_from(data, start)[1])
    end = len(data)
    if first & 0x20:
        padding = data[-1]
        if padding == 0:
            return None
        end -= padding
    if end < start:
        return None
    return Packet(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        marker=bool(second & 0x80),
        payload=data[start:end],
    )


def sequence_step(before: int, after: int) -> int:
    """How far `after` lies ahead of `before`, modulo 2^16: -32768 to 32767."""
    return (after - before + 0x8000 & 0xFFFF) - 0x8000


def timestamp_step(before: int, after: int) -> int:
    """How far `after` lies ahead of `before`, modulo 2^32: in samples, negative for earlier."""
    return (after - before + 0x80000000 & 0xFFFFFFFF) - 0x80000000
