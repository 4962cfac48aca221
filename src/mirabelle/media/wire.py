"""The sockets of many streams, read and written together: by the C loop where it was built, else in Python.

Both give the same results; tests run over both. Addresses are numbers in network order, as the kernel holds them.
IPv4 only.
"""

from __future__ import annotations

import socket
import struct
from importlib import import_module
from types import ModuleType
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Octets = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Hosts = npt.NDArray[np.uint32]
Ports = npt.NDArray[np.uint16]

_REMEMBERED: Final = 20_000

STRIDE: Final = 1024
"""Octets kept of a packet. 20 ms of G.711 take 172; whatever fills this is no packet for us."""


class Inbox:
    """Received packets: k is `ring[k, :lengths[k]]`, came for row `owners[k]` from `hosts[k]:ports[k]`."""

    def __init__(self, capacity: int) -> None:
        self.ring: Octets = np.zeros((capacity, STRIDE), np.uint8)
        self.owners: Ints = np.zeros(capacity, np.int32)
        self.lengths: Ints = np.zeros(capacity, np.int32)
        self.hosts: Hosts = np.zeros(capacity, np.uint32)
        self.ports: Ports = np.zeros(capacity, np.uint16)


class Outbox:
    """What is to be sent: row i is `packets[i, :lengths[i]]` to `hosts[i]:ports[i]`; `sent[i]` says whether it went."""

    def __init__(self, capacity: int, stride: int) -> None:
        self.packets: Octets = np.zeros((capacity, stride), np.uint8)
        self.lengths: Ints = np.zeros(capacity, np.int32)
        self.hosts: Hosts = np.zeros(capacity, np.uint32)
        self.ports: Ports = np.zeros(capacity, np.uint16)
        self.sent: Octets = np.zeros(capacity, np.uint8)


class Wire(Protocol):
    """Sends and receives for rows of sockets; never waits, never raises for what the network does."""

    native: bool

    def add(self, sock: socket.socket) -> None:
        """Take a bound UDP socket."""
        ...

    def remove(self, fd: int) -> None:
        """Close a socket."""
        ...

    def send(self, count: int, fds: Ints, outbox: Outbox) -> None:
        """Send the first `count` rows."""
        ...

    def receive(self, rows: Ints, fds: Ints, inbox: Inbox) -> int:
        """Take one packet at most for each of these rows; returns how many there were."""
        ...


def host_number(host: str) -> int:
    """An IPv4 address as the kernel holds it.

    Raises:
        OSError: it is not a dotted IPv4 address.
    """
    return int(struct.unpack("=I", socket.inet_aton(host))[0])


def host_text(number: int) -> str:
    """The address in dotted form."""
    return socket.inet_ntoa(struct.pack("=I", number))


class _Sockets:
    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}

    def add(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sockets[sock.fileno()] = sock

    def remove(self, fd: int) -> None:
        self._sockets.pop(fd).close()


class PythonWire(_Sockets):
    """The wire where no compiler was at hand."""

    native = False

    def __init__(self) -> None:
        super().__init__()
        self._addresses: dict[tuple[int, int], tuple[str, int]] = {}

    def send(self, count: int, fds: Ints, outbox: Outbox) -> None:
        """Send the first `count` rows."""
        view = outbox.packets.data.cast("B")
        stride = outbox.packets.shape[1]
        rows = zip(
            fds[:count].tolist(),
            outbox.lengths[:count].tolist(),
            outbox.hosts[:count].tolist(),
            outbox.ports[:count].tolist(),
            strict=True,
        )
        sockets, address, start = self._sockets, self._address, 0
        outbox.sent[:count] = 1
        for row, (fd, length, host, port) in enumerate(rows):
            if length:
                try:
                    sockets[fd].sendto(view[start : start + length], address(host, port))
                except OSError:  # what the network refuses is lost, as packets are
                    outbox.sent[row] = 0
            else:
                outbox.sent[row] = 0
            start += stride

    def receive(self, rows: Ints, fds: Ints, inbox: Inbox) -> int:
        """Take one packet at most for each of these rows; returns how many there were."""
        view = inbox.ring.data.cast("B")
        stride, sockets, known = inbox.ring.shape[1], self._sockets, self._known
        owners, lengths, hosts, ports = [], [], [], []
        start = 0
        for row, fd in zip(rows.tolist(), fds[rows].tolist(), strict=True):
            try:
                length, source = sockets[fd].recvfrom_into(view[start : start + stride])
            except OSError:  # nothing there, or an ICMP error of an earlier packet
                continue
            host, port = known(source)
            owners.append(row)
            lengths.append(length)
            hosts.append(host)
            ports.append(port)
            start += stride
        count = len(owners)
        inbox.owners[:count], inbox.lengths[:count] = owners, lengths
        inbox.hosts[:count], inbox.ports[:count] = hosts, ports
        return count

    def _address(self, host: int, port: int) -> tuple[str, int]:
        address = self._addresses.get((host, port))
        if address is None:
            if len(self._addresses) > _REMEMBERED:
                self._addresses.clear()
            address = self._addresses[host, port] = (host_text(host), socket.ntohs(port))
        return address

    def _known(self, source: tuple[str, int]) -> tuple[int, int]:
        return host_number(source[0]), socket.htons(source[1])


class NativeWire(_Sockets):
    """The wire by the C loop, which lets go of Python's lock once for all packets of a tick."""

    native = True

    def __init__(self, loop: ModuleType) -> None:
        super().__init__()
        self._lib, self._ffi = loop.lib, loop.ffi

    def send(self, count: int, fds: Ints, outbox: Outbox) -> None:
        """Send the first `count` rows."""
        at = self._at
        self._lib.send_each(
            count,
            at("int[]", fds),
            at("unsigned char[]", outbox.packets),
            outbox.packets.shape[1],
            at("int[]", outbox.lengths),
            at("uint32_t[]", outbox.hosts),
            at("uint16_t[]", outbox.ports),
            at("unsigned char[]", outbox.sent),
        )

    def receive(self, rows: Ints, fds: Ints, inbox: Inbox) -> int:
        """Take one packet at most for each of these rows; returns how many there were."""
        at = self._at
        return int(
            self._lib.recv_each(
                len(rows),
                at("int[]", fds),
                at("int[]", rows),
                at("unsigned char[]", inbox.ring),
                inbox.ring.shape[1],
                at("int[]", inbox.owners),
                at("int[]", inbox.lengths),
                at("uint32_t[]", inbox.hosts),
                at("uint16_t[]", inbox.ports),
            )
        )

    def _at(self, kind: str, array: npt.NDArray[np.generic]) -> object:
        return self._ffi.from_buffer(kind, array)


def native_available() -> bool:
    """Whether the C loop was built."""
    return _load() is not None


def open_wire(*, force_python: bool) -> Wire:
    """The fastest wire there is, or the Python one if that is wanted."""
    loop = None if force_python else _load()
    return PythonWire() if loop is None else NativeWire(loop)


def _load() -> ModuleType | None:
    try:
        return import_module("mirabelle.media._loop")
    except ImportError:
        return None
