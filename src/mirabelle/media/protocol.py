"""What the plane and a media process say to each other: frames of a JSON object and octets. Pure."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any, Final

from mirabelle.errors import MirabelleError

MAX_HEADER: Final = 65_536
"""Octets of JSON in a frame."""

MAX_PAYLOAD: Final = 1 << 20
"""Octets behind it."""

_LENGTHS: Final = struct.Struct("!II")


class ProtocolError(MirabelleError):
    """The other side sent something that is no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Attributes:
        fields: what it says.
        payload: audio that goes with it.
    """

    fields: dict[str, Any]
    payload: bytes = field(default=b"", repr=False)


def pack(fields: dict[str, Any], payload: bytes = b"") -> bytes:
    """The octets of a frame.

    Raises:
        ProtocolError: it is larger than the other side would take.
    """
    header = json.dumps(fields, separators=(",", ":")).encode()
    if len(header) > MAX_HEADER or len(payload) > MAX_PAYLOAD:
        raise ProtocolError(f"A message of {len(header)} + {len(payload)} octets is too large for the media process.")
    return _LENGTHS.pack(len(header), len(payload)) + header + payload


class FrameReader:
    """Cuts a stream of octets into frames."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now.

        Raises:
            ProtocolError: these are no frames; nothing more can be read.
        """
        self._held += data
        frames = []
        while (frame := self._cut()) is not None:
            frames.append(frame)
        return frames

    def _cut(self) -> Frame | None:
        if len(self._held) < _LENGTHS.size:
            return None
        header, payload = _LENGTHS.unpack_from(self._held)
        if header > MAX_HEADER or payload > MAX_PAYLOAD:
            raise ProtocolError(f"A message announces {header} + {payload} octets, more than is allowed.")
        middle = _LENGTHS.size + header
        if len(self._held) < middle + payload:
            return None
        try:
            fields = json.loads(self._held[_LENGTHS.size : middle])
        except ValueError as error:
            raise ProtocolError(f"A message is no JSON: {error}") from error
        if not isinstance(fields, dict):
            raise ProtocolError("A message is no JSON object.")
        frame = Frame(fields, bytes(self._held[middle : middle + payload]))
        del self._held[: middle + payload]
        return frame
