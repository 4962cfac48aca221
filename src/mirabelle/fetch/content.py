"""The content of a response, decoded within a bound: a small answer cannot grow without limit."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable
from typing import NoReturn

from mirabelle.fetch.request import FetchError

ACCEPT_ENCODING = "gzip, deflate"
"""The codings that `Content` undoes."""


class Content:
    """A body that is put together piece by piece, at most so many bytes of it (RFC 9110 8.4).

    Args:
        url: named in errors.
        coding: the value of Content-Encoding.
        most: bytes, after decoding.

    Raises:
        FetchError: the coding is not known here.
    """

    def __init__(self, url: str, coding: str, most: int) -> None:
        self._url, self._most = url, most
        self._body = bytearray()
        self._inflate = _Inflate(url) if coding.strip().lower() in ("gzip", "x-gzip", "deflate") else None
        if self._inflate is None and coding.strip().lower() not in ("", "identity"):
            raise FetchError(url, "encoding", f"the Content-Encoding '{coding[:40]}' is not known; send gzip or none.")

    def announce(self, length: str) -> None:
        """Take the length that the server names, so that what is too large is not begun with.

        Args:
            length: the value of Content-Length, in bytes as they travel; empty where it names none.

        Raises:
            FetchError: more than may be, and not compressed: decoded it would be as much.
        """
        if self._inflate is None and length.isascii() and length.isdigit() and int(length[:18]) > self._most:
            self._too_large()

    def add(self, piece: bytes) -> None:
        """Take the next bytes from the network.

        Raises:
            FetchError: too much of it, or it cannot be decoded.
        """
        if self._inflate is None:
            self._body += piece
        else:
            # One byte more than may be, so that "too large" is seen without decoding the rest.
            self._body += self._inflate.feed(piece, self._most + 1 - len(self._body))
        if len(self._body) > self._most:
            self._too_large()

    def _too_large(self) -> NoReturn:
        raise FetchError(self._url, "too_large", f"the answer is larger than the {self._most} bytes allowed.")

    def finish(self) -> bytes:
        """The whole body.

        Raises:
            FetchError: the coded content stops in the middle.
        """
        if self._inflate is not None and self._inflate.unfinished:
            raise FetchError(self._url, "encoding", "the compressed content stops in the middle.")
        return bytes(self._body)

    async def read(self, pieces: AsyncIterable[bytes]) -> bytes:
        """Take all that comes.

        Raises:
            FetchError: as `add` and `finish`.
        """
        async for piece in pieces:
            self.add(piece)
        return self.finish()


class _Inflate:
    """gzip, zlib, and the bare deflate that some servers send under the name of zlib."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._started = False

    def feed(self, piece: bytes, most: int) -> bytes:
        if not piece or self._stream.eof:
            return b""
        try:
            decoded = self._decode(piece, most)
        except zlib.error as error:
            raise FetchError(self._url, "encoding", f"the compressed content is broken ({error}).") from error
        self._started = True
        return decoded

    @property
    def unfinished(self) -> bool:
        return self._started and not self._stream.eof

    def _decode(self, piece: bytes, most: int) -> bytes:
        try:
            return self._stream.decompress(piece, most)
        except zlib.error:
            if self._started:
                raise
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._stream.decompress(piece, most)
