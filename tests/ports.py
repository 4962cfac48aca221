"""Ports of loopback for programs that must be told theirs.

They lie below those that the system hands out (32,768 and up on Linux, 49,152 on macOS), so that between
the choice and the program's own bind no connection of somebody else's can come into one. Runs of the tests side by side
have a share of them each, and none is given away twice: a program that is started again finds its own free.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import Final

SINGLE: Final = range(10_000, 20_000, 2)
"""Even ports; the odd one behind each is free, too."""
RTP: Final = range(20_000, 32_000)
"""Where ranges for media are taken from."""
SHARES: Final = 6
"""Runs side by side that have ports of their own."""


def free_udp_port() -> int:
    """A UDP port that nobody uses now, with its successor free, too."""
    return _free(socket.SOCK_DGRAM)


def free_tcp_port() -> int:
    """A TCP port that nobody uses now."""
    return _free(socket.SOCK_STREAM)


def free_rtp_ports(pairs: int) -> tuple[int, int]:
    """The first and the last port of a range for media, one that nobody used a moment ago."""
    rng, ports, given = random.SystemRandom(), _share().of(RTP), _share().given
    if 2 * pairs > len(ports) // 2:  # so many are for benchmarks, which run by themselves
        ports = RTP
    for attempt in range(10_000):
        first = rng.randrange(ports.start, ports.stop - 2 * pairs + 1, 2)
        wanted = range(first, first + 2 * pairs)
        if attempt == 1000:  # it has given nearly everything away; what is not in use may be given again
            given.clear()
        if given.isdisjoint(wanted) and all(_is_free(socket.SOCK_DGRAM, port) for port in wanted):
            given.update(wanted)
            return wanted.start, wanted.stop - 1
    raise RuntimeError(f"There are no {pairs} pairs of free ports in {ports}.")


def listens(port: int) -> bool:
    """Whether somebody takes datagrams at a port of loopback; it gets an empty line, which SIP takes for a keep-alive.

    Binding the port to see whether it is taken would take it from a program that binds it at that moment.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.02)
        probe.connect(("127.0.0.1", port))
        try:
            probe.send(b"\r\n\r\n")
            probe.recv(1)
        except TimeoutError:
            return True
        except ConnectionRefusedError:
            return False
        return True


class Share:
    """The ports of one run of the tests.

    Args:
        number: which share.

    Attributes:
        given: those that were given away.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self.given: set[int] = set()

    def of(self, ports: range) -> range:
        """Its part of a range of ports."""
        size = len(ports) // SHARES // 2 * 2
        return ports[self._number * size : (self._number + 1) * size]


@functools.cache
def _share() -> Share:
    """The share of this process, which no other has."""
    for number in range(SHARES):
        lock = os.open(Path(tempfile.gettempdir()) / f"mirabelle-ports-{number}.lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return Share(number)  # the lock lasts as long as the process, which never closes it
    return Share(random.SystemRandom().randrange(SHARES))


def _free(kind: socket.SocketKind) -> int:
    ports, given = _share().of(SINGLE), _share().given
    waiting = [port for port in ports if port not in given]
    if not waiting:
        given.difference_update(ports)
        waiting = list(ports)
    random.SystemRandom().shuffle(waiting)
    for port in waiting:
        if _is_free(kind, port) and _is_free(kind, port + 1):
            given.add(port)
            return port
    raise RuntimeError(f"There is no free port in {ports}.")


def _is_free(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            return False
        return True
