"""Connections that go only where they may: the name is resolved, checked, and the checked address is connected to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from mirabelle.fetch.address import Reach, refusal
from mirabelle.fetch.request import FetchError


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """An httpcore network backend that checks every address before it connects.

    The check and the connection use one and the same answer of the resolver, so that a name which changes its address
    in between (DNS rebinding) gains nothing. TLS is still verified against the name.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host by name or number.

        Raises:
            FetchError: the name has no address, or only such as are out of reach.
        """
        failure: Exception | None = None
        for address in self._within_reach(host, await _addresses(host, port)):
            try:
                return _Stream(await self._network.connect_tcp(address, port, timeout, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refused: no URL leads to a socket of the file system."""
        raise FetchError(path, "scheme", "a socket of the file system cannot be fetched from; give an http URL.")

    async def sleep(self, seconds: float) -> None:
        """Wait, for httpcore's own retries."""
        await asyncio.sleep(seconds)

    def _within_reach(self, host: str, addresses: list[str]) -> list[str]:
        kinds = {address: refusal(address, self._reach) for address in addresses}
        allowed = [address for address, kind in kinds.items() if kind is None]
        if not allowed:
            address, kind = next(iter(kinds.items()))
            sentence = (
                f"the address {address} is {kind}, and this server does not fetch from such addresses."
                " An operator who trusts the URLs sets http.allow_private = true."
            )
            raise FetchError(host, "private", sentence)
        return allowed


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that is closed too when a timeout falls into its TLS handshake, where httpcore forgets it."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except asyncio.CancelledError:
            await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


async def _addresses(host: str, port: int) -> list[str]:
    """The addresses of a name, in the resolver's order, asked off the event loop."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(host, "resolve", f"the name has no address ({error}); check its spelling and DNS.") from error
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    if not addresses:
        raise FetchError(host, "resolve", "the name has no address; check its spelling and DNS.")
    return addresses
