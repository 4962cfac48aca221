from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import numpy as np
import pytest

from mirabelle.media.wire import STRIDE, Inbox, Outbox, Wire, host_number, host_text, native_available, open_wire

LOOPBACK = "127.0.0.1"


@pytest.fixture(params=["native", "python"])
def wire(request: pytest.FixtureRequest) -> Wire:
    if request.param == "native" and not native_available():
        pytest.skip("the C loop of the media plane was not built (no compiler)")
    return open_wire(force_python=request.param == "python")


@pytest.fixture
def socks(wire: Wire) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3)]
        for sock in opened:
            sock.bind((LOOPBACK, 0))
            wire.add(sock)
        yield opened


def numbers(socks: list[socket.socket]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array([sock.fileno() for sock in socks], np.int32)


def rows(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, np.int32)


def address(sock: socket.socket) -> tuple[int, int]:
    host, port = sock.getsockname()
    return host_number(host), socket.htons(port)


def test_every_row_is_sent_to_its_own_address(wire: Wire, socks: list[socket.socket]) -> None:
    outbox = Outbox(3, 8)
    for row in range(3):
        outbox.hosts[row], outbox.ports[row] = address(socks[(row + 1) % 3])
        outbox.packets[row] = row
        outbox.lengths[row] = row + 1
    wire.send(3, numbers(socks), outbox)
    assert outbox.sent.tolist() == [1, 1, 1]
    for row in range(3):
        assert socks[(row + 1) % 3].recvfrom(99) == (bytes([row]) * (row + 1), socks[row].getsockname())


def test_a_row_without_length_is_not_sent(wire: Wire, socks: list[socket.socket]) -> None:
    outbox = Outbox(3, 8)
    outbox.lengths[1] = 4
    outbox.hosts[:], outbox.ports[:] = address(socks[0])
    wire.send(3, numbers(socks), outbox)
    assert outbox.sent.tolist() == [0, 1, 0]


def test_what_the_system_refuses_is_not_sent_and_nothing_else_happens(wire: Wire, socks: list[socket.socket]) -> None:
    outbox = Outbox(2, 8)
    outbox.lengths[:] = 4
    outbox.hosts[:], outbox.ports[:] = address(socks[0])
    outbox.ports[0] = 0
    wire.send(2, numbers(socks), outbox)
    assert outbox.sent.tolist() == [0, 1]


def test_one_packet_at_most_is_taken_from_each_row(wire: Wire, socks: list[socket.socket]) -> None:
    for data in (b"first", b"second"):
        socks[0].sendto(data, socks[2].getsockname())
    socks[1].sendto(b"other", socks[0].getsockname())
    inbox = Inbox(3)
    assert wire.receive(rows(0, 1, 2), numbers(socks), inbox) == 2
    assert inbox.owners[:2].tolist() == [0, 2]
    assert [inbox.ring[row, : inbox.lengths[row]].tobytes() for row in range(2)] == [b"other", b"first"]
    assert [(int(inbox.hosts[row]), int(inbox.ports[row])) for row in range(2)] == [
        address(socks[1]),
        address(socks[0]),
    ]
    assert wire.receive(rows(2), numbers(socks), inbox) == 1
    assert wire.receive(rows(0, 1, 2), numbers(socks), inbox) == 0


def test_a_packet_of_any_size_stays_in_its_row(wire: Wire, socks: list[socket.socket]) -> None:
    socks[0].sendto(b"", socks[1].getsockname())
    socks[0].sendto(b"\1" * 5000, socks[2].getsockname())
    inbox = Inbox(3)
    assert wire.receive(rows(1, 2), numbers(socks), inbox) == 2
    assert inbox.lengths[:2].tolist() == [0, STRIDE]
    assert not inbox.ring[2].any()


def test_a_removed_socket_is_closed(wire: Wire) -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.add(sock)
    wire.remove(sock.fileno())
    assert sock.fileno() == -1


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "255.255.255.255", "203.0.113.7"])
def test_an_address_is_the_same_in_both_forms(host: str) -> None:
    assert host_text(host_number(host)) == host
