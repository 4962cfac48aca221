"""The UDP socket, and the looking up of names."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import Final, cast

from mirabelle.sip.error import SipError
from mirabelle.sip.exchange import Address
from mirabelle.sip.uri import Uri

RECEIVE_BUFFER: Final = 4 * 1024 * 1024
"""Bytes the kernel is asked to keep for us: a burst of some thousand messages."""
MOST_NAMES: Final = 1024
NAME_SECONDS: Final = 60.0
"""How long an address is remembered for a name."""
LOOK_UP_SECONDS: Final = 10.0
"""How long a name server may think."""

_LOG: Final = logging.getLogger(__name__)
_ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised, not bound


class UdpTransport(asyncio.DatagramProtocol):
    """One bound UDP socket."""

    def __init__(self, receive: Callable[[bytes, Address], None]) -> None:
        """Args: receive: takes each datagram and its sender. It must not raise."""
        self._receive = receive
        self._transport: asyncio.DatagramTransport | None = None
        self._error = ""
        self._towards: dict[str, str] = {}
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, bind: Address) -> None:
        """Bind the socket.

        Raises:
            SipError: the address cannot be had.
        """
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: self, local_addr=bind)
        except OSError as error:
            raise SipError(
                f"The SIP address {bind[0]}:{bind[1]} cannot be used: {error.strerror or error}. {_advice(error)}"
            ) from error

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        # Before 3.12 asyncio's own datagram transport did not derive from DatagramTransport.
        self._transport = cast("asyncio.DatagramTransport", transport)
        own: socket.socket = transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """A datagram came."""
        self._receive(data, (str(addr[0]), int(addr[1])))

    def error_received(self, exc: Exception) -> None:
        """The kernel refused a datagram, or reports what became of an earlier one."""
        self._error = str(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        if not self.closed.done():
            self.closed.set_result(None)

    def send(self, data: bytes, address: Address) -> str:
        """Send a datagram; the text is empty, or says why it could not be sent."""
        if self._transport is None or self._transport.is_closing():
            return "the SIP socket is closed"
        self._error = ""
        try:
            self._transport.sendto(data, address)
        except (OSError, ValueError, OverflowError) as error:
            return str(error)
        return self._error

    @property
    def address(self) -> Address:
        """Where the socket is bound."""
        if self._transport is None:
            raise SipError("The SIP socket is not open; call start first.")
        name = self._transport.get_extra_info("sockname")
        return str(name[0]), int(name[1])

    @property
    def family(self) -> int:
        """AF_INET or AF_INET6."""
        return socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET

    def local(self, peer: Address) -> Address:
        """The address under which a peer reaches the socket: where it is bound to all, that of the way to the peer."""
        host, port = self.address
        if host not in _ANY:
            return host, port
        known = self._towards.get(peer[0])
        if known is None:
            if len(self._towards) >= MOST_NAMES:
                self._towards.clear()
            known = self._towards[peer[0]] = _way_to(peer, self.family) or host
        return known, port

    def close(self) -> None:
        """Close the socket; `closed` tells when."""
        if self._transport is not None:
            self._transport.close()
        elif not self.closed.done():
            self.closed.set_result(None)


def _way_to(peer: Address, family: int) -> str:
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer[0], peer[1] or 5060))  # sends nothing: it only asks the routing table
        except OSError:
            return ""
        return str(probe.getsockname()[0])


class Locator:
    """Finds the addresses of hosts, off the event loop, and remembers them for a minute."""

    def __init__(self, family: Callable[[], int]) -> None:
        """Args: family: that of our socket."""
        self._family = family
        self._known: dict[tuple[str, int], tuple[float, Address]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, target: Uri, then: Callable[[Address | None, str], None]) -> None:
        """Call `then` with the address of the URI's host, or with None and the reason; at once for a literal."""
        if not target.is_sip:
            then(None, f"{target.scheme} URIs cannot be reached")
            return
        host, port = target.host.strip("[]"), target.port or 5060
        if is_literal(host):
            then((host, port), "")
            return
        loop = asyncio.get_running_loop()
        known = self._known.get((host, port))
        if known is not None and known[0] > loop.time():
            then(known[1], "")
            return
        task = loop.create_task(self._look_up(host, port, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def find(self, target: Uri) -> Address:
        """The address of the URI's host.

        Raises:
            SipError: there is none.
        """
        found: asyncio.Future[Address] = asyncio.get_running_loop().create_future()

        def then(address: Address | None, error: str) -> None:
            if found.done():
                return
            if address is None:
                found.set_exception(SipError(f"The host {target.host} cannot be found: {error}."))
            else:
                found.set_result(address)

        self(target, then)
        return await found

    async def _look_up(self, host: str, port: int, then: Callable[[Address | None, str], None]) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                found = await loop.getaddrinfo(host, port, family=self._family(), type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            then(None, str(error) or f"the name server said nothing for {LOOK_UP_SECONDS:g} s")
            return
        except asyncio.CancelledError:
            then(None, "our SIP socket was closed")
            raise
        address = str(found[0][4][0]), port
        if len(self._known) >= MOST_NAMES:
            self._known.clear()
        self._known[host, port] = (loop.time() + NAME_SECONDS, address)
        then(address, "")

    async def aclose(self) -> None:
        """Give up what is still being looked up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def is_literal(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _advice(error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            "This machine has no such address: name one of its own in [sip] bind, and behind a NAT the public one in "
            "[sip] advertised."
        )
    return "Is another program using it? Choose another in [sip] bind."
