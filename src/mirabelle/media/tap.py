"""What one far end says, given away while it says it. Pure."""

from __future__ import annotations

from typing import Final

from mirabelle import g711
from mirabelle.media.arena import FRAME
from mirabelle.media.relay import Relay

PIECE: Final = 5 * FRAME
"""Samples given at once: 100 ms."""


class Tap:
    """Puts packets in order, and gives them in pieces of one length.

    Args:
        codec: what is given.

    Attributes:
        codec: the same.
    """

    def __init__(self, codec: g711.Codec) -> None:
        self.codec: g711.Codec = codec
        self._relay = Relay(codec)
        self._held = bytearray()

    def add(self, timestamp: int, ssrc: int, codes: bytes, codec: g711.Codec) -> None:
        """Take what one packet brought; see `Relay.add`."""
        self._relay.add(timestamp, ssrc, codes, codec)

    def tick(self) -> bytes:
        """Let 20 ms pass.

        Returns:
            The next piece, silence where nothing came; empty while it is not full.
        """
        self._held += self._relay.take()
        if len(self._held) < PIECE:
            return b""
        piece, self._held = bytes(self._held), bytearray()
        return piece

    def recode(self, codec: g711.Codec) -> None:
        """Give another codec from now on."""
        if codec == self.codec:
            return
        self._relay.recode(codec)
        self._held = bytearray(self._held.translate(g711.transcode_table(self.codec, codec)))
        self.codec = codec
