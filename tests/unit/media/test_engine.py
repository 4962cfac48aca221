from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirabelle import g711
from mirabelle.media import rtp, telephone_event
from mirabelle.media.engine import EngineError
from mirabelle.media.events import Digit, DigitsSent, PlayFinished, PlayStarted, VoiceBegan, VoiceEnded, WentSilent
from mirabelle.media.tones import key_tone
from tests.unit.media.desk import FAR_END, QUIET, Desk, packet, tone


def test_a_connected_stream_sends_silence_without_pause(desk: Desk) -> None:
    desk.connected()
    desk.run(5)
    assert desk.payloads() == [QUIET] * 5
    assert set(desk.targets()) == {FAR_END}


def test_packets_count_on_by_one_and_by_160(desk: Desk) -> None:
    desk.connected()
    desk.run(70_000 // 1000)
    packets = desk.sent()
    for before, after in itertools.pairwise(packets):
        assert rtp.sequence_step(before.sequence, after.sequence) == 1
        assert rtp.timestamp_step(before.timestamp, after.timestamp) == 160
        assert before.ssrc == after.ssrc


def test_only_the_first_packet_is_marked(desk: Desk) -> None:
    desk.connected()
    desk.run(4)
    assert [packet.marker for packet in desk.sent()] == [True, False, False, False]


def test_a_stream_that_is_not_connected_sends_nothing_and_hears_nothing(desk: Desk) -> None:
    desk.open()
    desk.deliver(packet(1))
    desk.run(3)
    assert desk.sent() == []
    assert desk.engine.close(1).packets_received == 0


def test_clips_are_played_one_after_the_other_from_packet_to_packet(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(2)[:-100])
    desk.engine.clips.add("b", tone(1, 0.7))
    desk.connected()
    desk.engine.play(1, 7, ["a", "b"])
    events = desk.run(5)
    spoken = g711.from_pcm(tone(2)[:-100], "PCMU") + b"\xff" * 50 + g711.from_pcm(tone(1, 0.7), "PCMU")
    assert b"".join(desk.payloads()) == spoken + QUIET * 2
    assert [type(event) for event in events] == [PlayStarted, PlayFinished]
    assert events[1] == PlayFinished(7, completed=True, played_ms=60)


def test_a_play_queues_behind_the_one_before(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(2))
    desk.connected()
    desk.engine.play(1, 1, ["a"])
    desk.engine.play(1, 2, ["a"])
    events = desk.run(5)
    assert [(type(event), event.play_id) for event in events if isinstance(event, PlayStarted | PlayFinished)] == [
        (PlayStarted, 1),
        (PlayFinished, 1),
        (PlayStarted, 2),
        (PlayFinished, 2),
    ]
    assert b"".join(desk.payloads()) == g711.from_pcm(tone(2), "PCMU") * 2 + QUIET


def test_a_play_that_comes_before_the_far_end_is_known_waits_for_it(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(1))
    desk.open()
    desk.engine.play(1, 1, ["a"])
    assert desk.run(3) == []
    desk.engine.connect(1, FAR_END, "PCMA", 8, None)
    assert [type(event) for event in desk.run(2)] == [PlayStarted, PlayFinished]
    assert desk.payloads() == [g711.from_pcm(tone(1), "PCMA"), b"\xd5" * 160]


def test_stop_is_silence_in_the_next_packet_and_drops_what_waits(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(9))
    desk.connected()
    desk.engine.play(1, 1, ["a"])
    desk.engine.play(1, 2, ["a"])
    desk.run(3)
    desk.engine.stop(1)
    assert desk.run(1) == [PlayFinished(1, False, 60), PlayFinished(2, False, 0)]
    assert desk.payloads()[3:] == [QUIET]


def test_a_play_of_nothing_is_over_at_once(desk: Desk) -> None:
    desk.connected()
    desk.engine.play(1, 1, [])
    assert desk.run(1) == [PlayFinished(1, True, 0)]


def test_a_clip_that_is_not_there_ends_its_play_with_a_reason_and_not_the_next_one(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(1))
    desk.connected()
    desk.engine.play(1, 1, ["a", "b"])
    desk.engine.play(1, 2, ["a"])
    finished = [event for event in desk.run(4) if isinstance(event, PlayFinished)]
    assert [(event.play_id, event.completed, event.played_ms) for event in finished] == [(1, False, 0), (2, True, 20)]
    assert "never came" in finished[0].reason


def test_a_clip_that_is_forgotten_while_it_waits_is_played_all_the_same(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(2))
    desk.connected()
    desk.engine.play(1, 1, ["a", "a"])
    desk.engine.clips.forget("a")
    desk.run(4)
    assert b"".join(desk.payloads()) == g711.from_pcm(tone(2), "PCMU") * 2


def test_without_room_for_a_clip_the_play_ends_with_a_reason() -> None:
    desk = Desk(arena_frames=170)
    desk.engine.clips.add("a", tone(20))
    desk.connected()
    desk.engine.play(1, 1, ["a"])
    (finished,) = desk.run(1)
    assert isinstance(finished, PlayFinished)
    assert "No room" in finished.reason
    desk.engine.close(1)


def test_the_codec_may_change_in_the_middle_of_a_clip(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(4))
    desk.connected()
    desk.engine.play(1, 1, ["a"])
    desk.run(2)
    desk.engine.connect(1, ("203.0.113.10", 5000), "PCMA", 8, 101)
    desk.run(2)
    assert b"".join(desk.payloads()[:2]) == g711.from_pcm(tone(2), "PCMU")
    assert b"".join(desk.payloads()[2:]) == g711.from_pcm(tone(4), "PCMA")[320:]
    assert desk.targets()[1:3] == [FAR_END, ("203.0.113.10", 5000)]


def test_keys_are_events_and_what_is_played_waits_for_them(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(2))
    desk.connected()
    desk.engine.play(1, 1, ["a"])
    desk.run(1)
    desk.engine.send_digits(1, "4")
    events = desk.run(12)
    kinds = [packet.payload_type for packet in desk.sent()]
    assert kinds == [0] + [101] * 7 + [0] * 5
    assert b"".join(desk.payloads()[:1] + desk.payloads()[11:12]) == g711.from_pcm(tone(2), "PCMU")
    assert [type(event) for event in events] == [DigitsSent, PlayFinished]
    event_packets = desk.sent()[1:8]
    assert {packet.timestamp for packet in event_packets} == {(desk.sent()[0].timestamp + 160) % 2**32}
    assert [packet.marker for packet in event_packets] == [True] + [False] * 6
    assert rtp.timestamp_step(desk.sent()[0].timestamp, desk.sent()[8].timestamp) == 160 * 8


def test_a_far_end_without_events_is_sent_tones(desk: Desk) -> None:
    desk.connected(event_type=None)
    desk.engine.send_digits(1, "8")
    desk.run(6)
    assert b"".join(desk.payloads()) == g711.encode(key_tone("8", 800), "PCMU").tobytes() + QUIET


@pytest.mark.parametrize("size", [80, 160, 240, 320])
@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_a_far_end_without_events_is_listened_to_for_tones(desk: Desk, size: int, codec: g711.Codec) -> None:
    desk.open()
    desk.engine.connect(1, FAR_END, codec, 0 if codec == "PCMU" else 8, None)
    silent = np.zeros(800, np.int16)
    codes = g711.encode(np.concatenate((silent, key_tone("6", 800), silent, key_tone("6", 800))), codec).tobytes()
    for index, start in enumerate(range(0, len(codes), size)):
        desk.deliver(packet(index, codes[start : start + size], kind=0 if codec == "PCMU" else 8, timestamp=start))
    events = desk.run(20)
    assert [event.key for event in events if isinstance(event, Digit)] == ["6", "6"]


def test_a_far_end_that_agreed_to_events_is_not_listened_to_for_tones(desk: Desk) -> None:
    desk.connected()
    for index in range(5):
        desk.deliver(packet(index, g711.encode(key_tone("6", 800), "PCMU").tobytes()[160 * index : 160 * index + 160]))
    assert desk.run(20) == []


def test_a_key_that_is_heard_is_told_once(desk: Desk) -> None:
    desk.connected()
    for index, (duration, end) in enumerate([(160, False), (320, False), (480, True), (480, True), (480, True)]):
        event = telephone_event.Event(11, duration, end=end)
        desk.deliver(packet(index, event.pack(), kind=101, timestamp=0))
    (digit,) = desk.run(1)
    assert isinstance(digit, Digit)
    assert (digit.key, digit.duration_ms) == ("#", 60)


def test_a_key_whose_end_is_lost_is_told_in_time(desk: Desk) -> None:
    desk.connected()
    desk.deliver(packet(1, telephone_event.Event(1, 160).pack(), kind=101))
    assert desk.run(5) == []
    assert [type(event) for event in desk.run(10)] == [Digit]


def test_a_recording_holds_what_was_said_in_either_codec(desk: Desk) -> None:
    desk.connected()
    desk.engine.record(1, 8000)
    desk.deliver(packet(1, b"\x10" * 160, timestamp=0))
    desk.deliver(packet(2, b"\x10" * 160, kind=8, timestamp=160))
    desk.run(3)
    said = desk.engine.stop_record(1)
    assert len(said) == 960
    assert g711.to_pcm(b"\x10" * 160, "PCMU") + g711.to_pcm(b"\x10" * 160, "PCMA") in said
    assert desk.engine.stop_record(1) == b""


@pytest.mark.parametrize("size", [80, 160, 240, 480])
@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_voice_is_told_when_it_begins_and_when_it_is_over(desk: Desk, size: int, codec: g711.Codec) -> None:
    kind = 0 if codec == "PCMU" else 8
    desk.open()
    desk.engine.connect(1, FAR_END, codec, kind, 101)
    desk.engine.watch_voice(1, True)
    started = desk.now
    codes = g711.from_pcm(bytes(9600) + tone(30) + bytes(9600), codec)
    events = []
    for tick in range(1, 91):
        for index in range(160 * (tick - 1) // size, 160 * tick // size):
            payload = codes[size * index : size * (index + 1)]
            desk.deliver(packet(index, payload, kind=kind, timestamp=size * index))
        events += desk.run()
    began, ended = events
    assert isinstance(began, VoiceBegan)
    assert isinstance(ended, VoiceEnded)
    assert began.at - started == pytest.approx(0.6, abs=0.03)
    assert ended.at - started == pytest.approx(1.2, abs=0.07)


def test_voice_is_told_of_streams_that_are_watched_and_of_no_others(desk: Desk) -> None:
    for number in range(1, 13):
        desk.connected(number)
        desk.engine.watch_voice(number, number in (6, 9, 11))
    for number in (5, 9):
        desk.engine.close(number)
    desk.engine.watch_voice(11, False)
    for index in range(20):
        for number in (1, 6, 11, 12):
            desk.deliver(packet(index, g711.from_pcm(tone(1), "PCMU")), number)
        desk.run_silently()
    assert [(number, type(event)) for number, event in desk.engine.drain()] == [(6, VoiceBegan)]


def test_a_far_end_that_sends_nothing_any_more_is_told_of_once(desk: Desk) -> None:
    for number in range(1, 10):
        desk.connected(number)
        desk.engine.watch_silence(number, 0.2 if number in (5, 6, 9) else 0)
    desk.engine.watch_silence(6, 0)
    desk.engine.close(4)
    for index in range(5):
        desk.deliver(packet(index), 9)
        desk.run_silently()
    desk.run_silently()
    assert desk.engine.drain() == []
    for _ in range(4):
        desk.run_silently()
    assert desk.engine.drain() == [(5, WentSilent())]
    for _ in range(30):
        desk.run_silently()
    assert desk.engine.drain() == [(9, WentSilent())]


def test_comfort_noise_is_a_sign_of_life_and_no_sound(desk: Desk) -> None:
    desk.connected()
    desk.engine.watch_silence(1, 0.2)
    desk.engine.record(1, 8000)
    for index in range(3):
        desk.deliver(packet(index, b"\x48", kind=13))
        assert desk.run(8) == []
    assert desk.engine.stop_record(1) == bytes(2 * 160 * 24)
    assert desk.run(4) == [WentSilent()]
    assert desk.engine.close(1).refused == 0


def test_where_another_far_end_is_named_its_silence_begins_anew(desk: Desk) -> None:
    desk.connected()
    desk.engine.watch_silence(1, 0.2)
    assert desk.run(9) == []
    desk.engine.connect(1, ("192.0.2.1", 4000), "PCMU", 0, 101)
    assert desk.run(9) == []
    assert desk.run() == [WentSilent()]


def test_keys_are_no_voice(desk: Desk) -> None:
    desk.connected()
    desk.engine.watch_voice(1, True)
    for index in range(20):
        desk.deliver(packet(index, telephone_event.Event(3, 160 * index + 160).pack(), kind=101, timestamp=0))
        desk.run_silently()
    assert desk.engine.drain() == []


def test_a_voice_that_breaks_off_with_its_packets_is_over(desk: Desk) -> None:
    desk.connected()
    desk.engine.watch_voice(1, True)
    for index in range(10):
        desk.deliver(packet(index, g711.from_pcm(tone(1), "PCMU")))
        desk.run_silently()
    assert [type(event) for event in desk.run(20)] == [VoiceBegan, VoiceEnded]


def test_packets_with_more_header_are_heard_like_any(desk: Desk) -> None:
    desk.connected()
    desk.engine.record(1, 8000)
    plain = packet(1, b"\x10" * 160)
    desk.deliver(b"\xb1" + plain[1:12] + b"srce" + b"\xbe\xde\0\1ext1" + plain[12:] + b"\0\0\3")
    desk.run(3)
    assert g711.to_pcm(b"\x10" * 160, "PCMU") in desk.engine.stop_record(1)


def test_another_port_of_the_far_end_is_taken_as_where_to_send(desk: Desk) -> None:
    desk.connected()
    desk.deliver(packet(1), source=(FAR_END[0], 4999))
    desk.run(2)
    assert desk.targets() == [FAR_END, (FAR_END[0], 4999)]


def test_a_gateway_that_sends_from_another_address_is_heard_there_and_sent_to_where_it_says(desk: Desk) -> None:
    desk.connected()
    desk.deliver(packet(1), source=("198.51.100.1", 4000))
    desk.run(3)
    assert set(desk.targets()) == {FAR_END}
    assert desk.engine.close(1).packets_received == 1


def test_a_stranger_is_neither_heard_nor_sent_to(desk: Desk) -> None:
    desk.connected()
    for source in [FAR_END, ("198.51.100.1", 4000), ("198.51.100.1", 4000), (FAR_END[0], 4001)]:
        desk.deliver(packet(1), source=source)
    desk.run(3)
    assert set(desk.targets()) == {FAR_END}
    report = desk.engine.close(1)
    assert (report.packets_received, report.refused) == (1, 3)


def test_a_far_end_with_a_private_address_is_where_its_first_packet_comes_from(desk: Desk) -> None:
    desk.connected(remote=("192.168.1.5", 4000))
    desk.deliver(packet(1), source=("198.51.100.1", 7000))
    desk.run(1)
    desk.deliver(packet(2), source=("198.51.100.2", 7000))
    desk.run(2)
    assert desk.targets()[1:] == [("198.51.100.1", 7000)] * 2


def test_a_far_end_that_fell_silent_may_come_back_from_another_port(desk: Desk) -> None:
    desk.connected()
    desk.deliver(packet(1))
    desk.run(101)
    desk.deliver(packet(2), source=(FAR_END[0], 4444))
    desk.run(2)
    assert desk.targets()[-1] == (FAR_END[0], 4444)


def test_the_report_has_the_figures_of_both_directions(desk: Desk) -> None:
    desk.connected()
    for sequence in (1, 2, 5):
        desk.deliver(packet(sequence))
    desk.run(4)
    report = desk.engine.close(1)
    assert (report.packets_sent, report.packets_received, report.lost, report.refused) == (4, 3, 2, 0)


def test_streams_keep_to_themselves_when_others_come_and_go(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(30))
    for number in range(1, 13):
        desk.connected(number, remote=("203.0.113.9", 4000 + number))
    desk.engine.play(9, 1, ["a"])
    desk.run(3)
    for number in (1, 2, 4, 5, 6, 8):
        desk.engine.close(number)
    desk.run(3)
    assert b"".join(desk.payloads(9)) == g711.from_pcm(tone(30), "PCMU")[:960]
    assert set(desk.targets(9)) == {("203.0.113.9", 4009)}
    for number in (3, 7, 10, 11, 12):
        assert desk.payloads(number) == [QUIET] * 6
        assert len({packet.ssrc for packet in desk.sent(number)}) == 1


def test_time_that_was_missed_is_missing_in_the_timestamps_and_not_in_the_prompt(desk: Desk) -> None:
    desk.engine.clips.add("a", tone(2))
    desk.connected()
    desk.engine.play(1, 1, ["a"])
    desk.run(1)
    desk.engine.skip(10)
    desk.run(1)
    before, after = desk.sent()
    assert rtp.timestamp_step(before.timestamp, after.timestamp) == 11 * 160
    assert rtp.sequence_step(before.sequence, after.sequence) == 1
    assert before.payload + after.payload == g711.from_pcm(tone(2), "PCMU")


def test_more_streams_than_there_is_room_for_are_refused() -> None:
    desk = Desk(capacity=4)
    for number in range(4):
        desk.open(number)
    with pytest.raises(EngineError, match="4 streams"):
        desk.open(4)
    for number in range(4):
        desk.engine.close(number)
    assert desk.wire.open == {}


@pytest.mark.parametrize("ask", ["play", "stop", "close", "stop_record"])
def test_a_stream_nobody_opened_is_an_error_that_says_so(desk: Desk, ask: str) -> None:
    with pytest.raises(EngineError, match="no stream 99"):
        getattr(desk.engine, ask)(99, *([1, []] if ask == "play" else []))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=400) | st.binary(max_size=60).map(lambda data: b"\x80\x65" + data), max_size=60))
def test_any_datagrams_whatever_leave_the_stream_as_it_was(data: list[bytes]) -> None:
    desk = Desk(capacity=4)
    desk.connected()
    desk.engine.record(1, 800)
    for datagram in data:
        desk.deliver(datagram)
    desk.run(12)
    assert desk.payloads() == [QUIET] * 12
    report = desk.engine.close(1)
    assert report.refused + report.packets_received == len(data)
