"""Ports of loopback for programs that must be told theirs.

They lie below those that the system hands out (32,768 and up on Linux, 49,152 on macOS), so that between
the choice and the program's own bind no connection of somebody else's can come into one. They are chosen at random, so
that two runs of the tests side by side hardly ever mean the same.
"""

from __future__ import annotations

import errno
import random
import socket
from typing import Final

SINGLE: Final = range(10_000, 20_000, 2)
"""Even ports; the odd one behind each is free, too."""
RTP: Final = range(20_000, 32_000)
"""Where ranges for media are taken from."""


def free_udp_port() -> int:
    """A UDP port that nobody uses now, with its successor free, too."""
    return _free(socket.SOCK_DGRAM)


def free_tcp_port() -> int:
    """A TCP port that nobody uses now."""
    return _free(socket.SOCK_STREAM)


def free_rtp_ports(pairs: int) -> tuple[int, int]:
    """The first and the last port of a range for media, one that nobody used a moment ago."""
    rng = random.SystemRandom()
    while True:
        first = rng.randrange(RTP.start, RTP.stop - 2 * pairs, 2)
        if all(_is_free(socket.SOCK_DGRAM, port) for port in range(first, first + 2 * pairs)):
            return first, first + 2 * pairs - 1


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


def _free(kind: socket.SocketKind) -> int:
    rng = random.SystemRandom()
    while True:
        port = rng.choice(SINGLE)
        if _is_free(kind, port) and _is_free(kind, port + 1):
            return port


def _is_free(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            return False
        return True
