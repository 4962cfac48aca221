"""Connections that go only where they may: the name is resolved, checked, and the checked address is connected to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import TypeVar

from mirabelle.fetch.address import Reach, refusal
from mirabelle.fetch.request import FetchError

P = TypeVar("P", bound=asyncio.Protocol)


class CheckedNetwork:
    """Checks every address before it connects.

    The check and the connection use one and the same answer of the resolver, so that a name which changes its address
    in between (DNS rebinding) gains nothing. TLS is still verified against the name.

    Args:
        reach: where connections may go.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def connect(self, protocol: Callable[[], P], host: str, port: int, tls: ssl.SSLContext | None = None) -> P:
        """Connect to a host by name or number, and talk TLS where a context is given.

        Returns:
            The protocol, once it is connected.

        Raises:
            FetchError: the name has no address, or only such as are out of reach; nobody answers; TLS fails.
        """
        loop = asyncio.get_running_loop()
        failure: OSError | None = None
        for address in self._within_reach(host, await _addresses(host, port)):
            try:
                _, made = await loop.create_connection(
                    protocol, address, port, ssl=tls, server_hostname=host if tls else None
                )
            except ssl.SSLError as error:
                sentence = f"no secure connection ({error}); check the server's certificate."
                raise FetchError(host, "tls", sentence) from error
            except OSError as error:
                failure = error
            else:
                return made
        sentence = f"no connection ({failure}); check that the server runs and its port is open."
        raise FetchError(host, "refused", sentence) from failure

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
