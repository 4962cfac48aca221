from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from mirabelle import g711
from mirabelle.media.arena import FRAME
from mirabelle.media.relay import HELD_BACK, MOST_LATE, ROOM, Relay

QUIET = b"\xff" * FRAME


def frame(number: int) -> bytes:
    """A frame that is like no other, and no silence."""
    return bytes([number % 200 + 1]) * FRAME


def told(relay: Relay, numbers: list[int], *, first: int = 0) -> None:
    for number in numbers:
        relay.add((first + FRAME * number) % 2**32, 7, frame(number), "PCMU")


def test_what_comes_is_given_40_ms_later_and_as_it_was() -> None:
    relay = Relay("PCMU")
    given_back = []
    for number in range(10):
        told(relay, [number])
        given_back.append(relay.take())
    assert given_back == [QUIET, QUIET, *(frame(number) for number in range(8))]


def test_nothing_is_given_as_silence() -> None:
    assert Relay("PCMA").take() == b"\xd5" * FRAME


def test_packets_that_were_exchanged_on_the_way_are_in_order() -> None:
    relay = Relay("PCMU")
    told(relay, [0, 2, 1, 3], first=2**32 - FRAME)
    assert [relay.take() for _ in range(6)] == [QUIET, QUIET, *map(frame, range(4))]


def test_a_lost_packet_is_silence_and_moves_nothing() -> None:
    relay = Relay("PCMU")
    told(relay, [0, 2])
    assert [relay.take() for _ in range(5)] == [QUIET, QUIET, frame(0), QUIET, frame(2)]


def test_after_a_packet_that_is_too_late_more_is_held_back() -> None:
    relay = Relay("PCMU")
    told(relay, [0])
    for _ in range(5):
        relay.take()
    told(relay, [1])
    assert relay.take() == frame(1)


def test_what_is_held_back_without_need_becomes_less() -> None:
    relay = Relay("PCMU")
    told(relay, [0])
    for _ in range(8):
        relay.take()
    for number in range(1, 400):
        told(relay, [number])
        relay.take()
    assert relay.held_back <= HELD_BACK + FRAME


def test_a_stray_packet_changes_nothing_and_several_are_a_clock_that_was_set_anew() -> None:
    relay = Relay("PCMU")
    told(relay, [0])
    told(relay, [2000])
    assert [relay.take() for _ in range(3)] == [QUIET, QUIET, frame(0)]
    told(relay, [2001, 2002, 2003])
    assert [relay.take() for _ in range(4)][2:] == [frame(2002), frame(2003)]


def test_another_source_is_heard_at_once() -> None:
    relay = Relay("PCMU")
    told(relay, [0])
    relay.add(999_999, 8, frame(5), "PCMU")
    assert [relay.take() for _ in range(3)] == [QUIET, QUIET, frame(5)]


def test_the_other_codec_is_translated_also_when_it_changes_on_the_way() -> None:
    relay = Relay("PCMA")
    codes = g711.encode((b"\x00\x20" * FRAME), "PCMU").tobytes()
    relay.add(0, 7, codes, "PCMU")
    relay.take(), relay.take()
    relay.recode("PCMU")
    there = g711.decode(relay.take(), "PCMU").astype(int)
    assert abs(there - g711.decode(codes, "PCMU").astype(int)).max() <= 260  # a step of the coarser codec up there


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32 - 1) | st.integers(0, 2 * ROOM),
            st.integers(1, 2),
            st.integers(0, 1012),
            st.integers(0, 3),
        ),
        max_size=60,
    )
)
def test_whatever_comes_each_frame_is_20_ms_and_the_tape_never_grows(packets: list[tuple[int, int, int, int]]) -> None:
    relay = Relay("PCMU")
    for timestamp, ssrc, samples, taken in packets:
        relay.add(timestamp, ssrc, b"\x10" * samples, "PCMA")
        assert all(len(relay.take()) == FRAME for _ in range(taken))
        assert 0 <= relay.held_back <= ROOM


@given(st.integers(0, 2**31), st.integers(0, MOST_LATE // FRAME - 3))
def test_jitter_costs_a_few_frames_and_none_comes_twice_or_out_of_order(seed: int, most: int) -> None:
    chance = random.Random(seed)
    relay = Relay("PCMU")
    arrivals = sorted((number + chance.random() * most, number) for number in range(120))
    heard: list[int] = []
    for tick in range(160):
        while arrivals and arrivals[0][0] <= tick:
            told(relay, [arrivals.pop(0)[1]])
        given_back = relay.take()
        if given_back != QUIET:
            assert len(set(given_back)) == 1
            heard.append(given_back[0] - 1)
    assert heard == sorted(set(heard))
    assert len(heard) >= 100
