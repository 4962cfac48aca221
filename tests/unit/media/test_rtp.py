from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.media import rtp

PLAIN = bytes.fromhex("80 80 0001 000000a0 0000002a".replace(" ", ""))

packets = st.builds(
    rtp.Packet,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    marker=st.booleans(),
    payload=st.binary(max_size=200),
)


@given(packets)
def test_a_packet_is_read_as_it_was_written(packet: rtp.Packet) -> None:
    assert rtp.parse(rtp.pack(packet)) == packet


def test_the_header_is_that_of_the_standard() -> None:
    packet = rtp.Packet(payload_type=0, sequence=1, timestamp=160, ssrc=42, marker=True, payload=b"hi")
    assert rtp.pack(packet) == PLAIN + b"hi"


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        (b"\x82" + PLAIN[1:] + b"ssrcssrc" + b"hi", b"hi"),
        (b"\x90" + PLAIN[1:] + b"\xbe\xde\x00\x01" + b"ext1" + b"hi", b"hi"),
        (b"\xa0" + PLAIN[1:] + b"hi" + b"\0\0\3", b"hi"),
        (b"\xb1" + PLAIN[1:] + b"ssrc" + b"\xbe\xde\x00\x00" + b"hi" + b"\1", b"hi"),
        (PLAIN, b""),
    ],
    ids=["contributing sources", "extension", "padding", "all three", "no payload"],
)
def test_what_a_sender_may_add_is_taken_off(data: bytes, payload: bytes) -> None:
    packet = rtp.parse(data)
    assert packet is not None
    assert packet.payload == payload


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PLAIN[:11],
        b"\x40" + PLAIN[1:],
        b"\x8f" + PLAIN[1:],
        b"\x90" + PLAIN[1:] + b"\xbe\xde",
        b"\x90" + PLAIN[1:] + b"\xbe\xde\xff\xff",
        b"\xa0" + PLAIN[1:] + b"\0",
        b"\xa0" + PLAIN[1:] + b"\xff",
    ],
    ids=["empty", "short", "version 1", "sources", "extension cut", "extension long", "padding 0", "padding long"],
)
def test_what_contradicts_its_own_length_is_no_packet(data: bytes) -> None:
    assert rtp.parse(data) is None


@given(st.binary(max_size=300))
def test_any_octets_are_a_packet_or_not_one(data: bytes) -> None:
    packet = rtp.parse(data)
    assert packet is None or len(packet.payload) <= len(data) - 12


@pytest.mark.parametrize(
    ("before", "after", "step"), [(1, 2, 1), (65535, 0, 1), (0, 65535, -1), (5, 5, 0), (0, 32768, -32768)]
)
def test_sequence_numbers_go_round(before: int, after: int, step: int) -> None:
    assert rtp.sequence_step(before, after) == step


@given(st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1))
def test_timestamps_go_round(before: int, step: int) -> None:
    assert rtp.timestamp_step(before, (before + step) % 2**32) == step
