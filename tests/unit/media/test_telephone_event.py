from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.media.telephone_event import (
    KEYS,
    Event,
    Outgoing,
    Pace,
    Pressed,
    Receiver,
    Sender,
    normalise,
    parse,
)

Sent = tuple[int, Event]
"""The timestamp of a packet and its payload."""


def outgoing(digits: str, pace: Pace | None = None) -> list[Outgoing]:
    sender = Sender() if pace is None else Sender(pace)
    sender.push(normalise(digits))
    decisions = []
    while (decision := sender.next()) is not None:
        decisions.append(decision)
    return decisions


def on_the_wire(digits: str, start: int = 1000) -> list[Sent]:
    """What a stream would send: each event with the timestamp of its first packet."""
    return [
        ((start + 160 * (index - decision.since)) % 2**32, decision.event)
        for index, decision in enumerate(outgoing(digits))
        if decision.event is not None
    ]


def heard(packets: list[Sent], receiver: Receiver | None = None) -> str:
    receiver = receiver or Receiver()
    pressed: list[Pressed] = []
    for index, (at, event) in enumerate(packets):
        pressed += receiver.feed(event, at, index * 0.02)
    return "".join(key.key for key in pressed + receiver.expire(1e6))


@given(st.integers(0, 255), st.integers(0, 0xFFFF), st.booleans(), st.integers(0, 63))
def test_a_payload_is_read_as_it_was_written(code: int, duration: int, end: bool, volume: int) -> None:
    event = Event(code, duration, end, volume)
    assert parse(event.pack()) == event


@given(st.binary(max_size=8))
def test_any_octets_are_an_event_or_not_one(payload: bytes) -> None:
    assert (parse(payload) is None) == (len(payload) < 4)


def test_a_key_is_a_growing_event_and_three_ends() -> None:
    decisions = outgoing("5")
    events = [decision.event for decision in decisions if decision.event is not None]
    assert [event.duration for event in events] == [160, 320, 480, 640, 800, 800, 800]
    assert [event.end for event in events] == [False] * 4 + [True] * 3
    assert {event.code for event in events} == {5}


def test_only_the_first_packet_of_a_key_is_marked() -> None:
    assert [index for index, decision in enumerate(outgoing("12")) if decision.marker] == [0, 10]


def test_all_packets_of_a_key_bear_the_time_of_its_first() -> None:
    assert {at for at, _ in on_the_wire("9", start=500)} == {500}


def test_there_is_a_gap_between_two_keys() -> None:
    decisions = outgoing("11")
    assert [decision.event is None for decision in decisions[:10]] == [False] * 7 + [True] * 3


def test_the_tone_of_a_key_is_as_long_as_the_key() -> None:
    assert [decision.key for decision in outgoing("7")] == ["7"] * 5 + [""] * 5


@pytest.mark.parametrize("pause", ["p", "w", "P"])
def test_a_pause_is_one_second_of_nothing(pause: str) -> None:
    assert outgoing(pause) == [Outgoing()] * 50


def test_digits_are_cleared_but_the_key_under_way_is_ended() -> None:
    sender = Sender()
    sender.push("12")
    first = sender.next()
    sender.clear()
    rest = []
    while (decision := sender.next()) is not None:
        rest.append(decision)
    assert first is not None
    assert [decision.event.end for decision in rest if decision.event is not None][-1]
    assert {decision.event.code for decision in rest if decision.event is not None} == {1}


@pytest.mark.parametrize(("digits", "wanted"), [("1 2-3", "123"), ("ab", "AB"), ("1P2W", "1p2w"), ("", "")])
def test_digits_have_one_form(digits: str, wanted: str) -> None:
    assert normalise(digits) == wanted


@pytest.mark.parametrize("digits", ["1x", "e", "é", "1;2", "\0"])
def test_what_is_no_key_is_refused_by_name(digits: str) -> None:
    with pytest.raises(ValueError, match="is not a telephone key"):
        normalise(digits)


@given(st.text(KEYS, max_size=12), st.integers(0, 2**32 - 1))
def test_what_is_sent_is_heard(digits: str, start: int) -> None:
    assert heard(on_the_wire(digits, start)) == digits


@given(st.text(KEYS, min_size=1, max_size=8), st.data())
def test_one_packet_of_each_key_is_enough(digits: str, data: st.DataObject) -> None:
    packets: list[Sent] = []
    for index in range(len(digits)):
        own = on_the_wire(digits)[7 * index : 7 * index + 7]
        kept = data.draw(st.lists(st.sampled_from(own), min_size=1, max_size=7, unique=True))
        packets += sorted(kept, key=own.index)
    assert heard(packets) == digits


@given(st.text(KEYS, min_size=1, max_size=6), st.data())
def test_packets_that_come_twice_press_nothing_twice(digits: str, data: st.DataObject) -> None:
    packets = [packet for packet in on_the_wire(digits) for _ in range(data.draw(st.integers(1, 3)))]
    assert heard(packets) == digits


@given(st.text(KEYS, min_size=1, max_size=6), st.data())
def test_two_packets_that_change_places_press_nothing_else(digits: str, data: st.DataObject) -> None:
    packets = on_the_wire(digits)
    at = data.draw(st.integers(0, len(packets) - 2))
    packets[at], packets[at + 1] = packets[at + 1], packets[at]
    assert heard(packets) == digits


def test_a_key_says_when_it_was_pressed_and_for_how_long() -> None:
    receiver = Receiver()
    assert receiver.feed(Event(1, 160), 0, now=7.0) == []
    assert receiver.feed(Event(1, 960, end=True), 0, now=7.1) == [Pressed("1", 7.0, 120)]


def test_a_key_whose_end_is_lost_is_let_go_in_time() -> None:
    receiver = Receiver(patience=0.2)
    receiver.feed(Event(4, 160), 0, now=1.0)
    receiver.feed(Event(4, 320), 0, now=1.02)
    assert receiver.expire(1.2) == []
    assert receiver.expire(1.3) == [Pressed("4", 1.0, 40)]
    assert receiver.feed(Event(4, 480, end=True), 0, now=1.4) == []


def test_the_next_key_ends_one_whose_end_is_lost() -> None:
    receiver = Receiver()
    receiver.feed(Event(4, 160), 0, now=1.0)
    assert receiver.feed(Event(4, 160), 1600, now=1.2) == [Pressed("4", 1.0, 20)]
    assert receiver.holding


def test_a_sender_that_counts_the_time_on_within_a_key_presses_it_once() -> None:
    packets = [(160 * index, Event(3, 160 * (index + 1), end=index == 5)) for index in range(6)]
    assert heard([*packets, *packets[-1:] * 2]) == "3"


def test_a_key_held_longer_than_the_field_can_say_is_one_key() -> None:
    first = [(0, Event(2, duration)) for duration in (160, 32000, 0xFFFF)]
    second = [(0xFFFF, Event(2, 160)), (0xFFFF, Event(2, 320, end=True))]
    receiver = Receiver()
    pressed = [key for at, event in first + second for key in receiver.feed(event, at, 0.0)]
    assert [(key.key, key.duration_ms) for key in pressed] == [("2", round((0xFFFF + 320) / 8))]


def test_a_late_packet_of_an_earlier_key_is_ignored() -> None:
    one, two = on_the_wire("12")[:7], on_the_wire("12")[7:]
    assert heard([*one, *two, one[2], one[-1]]) == "12"


def test_a_new_sender_may_start_from_any_time() -> None:
    receiver = Receiver()
    receiver.feed(Event(1, 800, end=True), 10_000, now=0.0)
    assert receiver.restart() == []
    assert receiver.feed(Event(1, 800, end=True), 9_000, now=1.0) == [Pressed("1", 1.0, 100)]


@pytest.mark.parametrize("code", [16, 17, 32, 255])
def test_what_is_no_key_is_not_heard(code: int) -> None:
    receiver = Receiver()
    assert receiver.feed(Event(code, 160, end=True), 0, now=0.0) == []
    assert not receiver.holding


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32 - 1), st.builds(Event, st.integers(0, 255), st.integers(0, 65535), st.booleans())
        )
    )
)
def test_any_packets_whatever_never_press_more_keys_than_there_are_packets(packets: list[Sent]) -> None:
    assert len(heard(packets)) <= len(packets)
