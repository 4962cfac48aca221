"""Streams of one engine that hear each other, or are listened to."""

from __future__ import annotations

import numpy as np
import pytest

from mirabelle import g711
from mirabelle.media import telephone_event
from mirabelle.media.engine import EngineError
from mirabelle.media.events import Digit
from mirabelle.media.tones import key_tone
from tests.unit.media.desk import FAR_END, QUIET, Desk, packet, tone


def a_bridge(desk: Desk, *, codec: g711.Codec = "PCMU", event_type: int | None = 101) -> None:
    """Stream 1 speaks PCMU, stream 2 another codec; they are in different banks."""
    desk.connected(1)
    desk.open(2)
    desk.engine.connect(2, FAR_END, codec, 8 if codec == "PCMA" else 0, event_type)
    desk.engine.bridge(1, 2)


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
@pytest.mark.parametrize(("speaker", "listener"), [(1, 2), (2, 1)])
def test_two_bridged_streams_hear_each_other_in_either_codec(
    desk: Desk, codec: g711.Codec, speaker: int, listener: int
) -> None:
    a_bridge(desk, codec=codec)
    codecs: dict[int, g711.Codec] = {1: "PCMU", 2: codec}
    said = g711.from_pcm(tone(20), codecs[speaker])
    kind = 8 if codecs[speaker] == "PCMA" else 0
    for number in range(20):
        desk.deliver(packet(number, said[160 * number :][:160], kind=kind), speaker)
        desk.run()
    desk.run(4)
    heard = b"".join(desk.payloads(listener))
    start = heard.find(said[:1600].translate(g711.transcode_table(codecs[speaker], codecs[listener])))
    assert start % 160 == 0
    assert start >= 0
    assert set(desk.payloads(speaker)) == {g711.silence(codecs[speaker]).to_bytes() * 160}


def test_a_bridge_that_ended_leaves_both_by_themselves(desk: Desk) -> None:
    a_bridge(desk)
    desk.engine.unbridge(2)
    desk.deliver(packet(1, b"\x11" * 160), 1)
    desk.run(5)
    assert set(desk.payloads(2)) == {QUIET}
    desk.engine.bridge(2, 1)


def test_a_stream_that_is_closed_ends_its_bridge(desk: Desk) -> None:
    a_bridge(desk)
    desk.engine.close(2)
    desk.deliver(packet(1, b"\x11" * 160), 1)
    desk.run(5)
    desk.open(3)
    desk.engine.bridge(1, 3)


def test_keys_of_one_end_are_sent_to_the_other_and_told_all_the_same(desk: Desk) -> None:
    a_bridge(desk)
    event = telephone_event.Event(code=5, duration=800, end=True)
    desk.deliver(packet(1, event.pack(), kind=101), 1)
    told = desk.run(12)
    assert [each.key for each in told if isinstance(each, Digit)] == ["5"]
    events = [telephone_event.parse(each.payload) for each in desk.sent(2) if each.payload_type == 101]
    assert {each.code for each in events if each is not None} == {5}
    assert not [each for each in desk.sent(1) if each.payload_type == 101]


def test_a_key_reaches_an_end_without_events_as_a_tone(desk: Desk) -> None:
    a_bridge(desk, event_type=None)
    event = telephone_event.Event(code=5, duration=800, end=True)
    desk.deliver(packet(1, event.pack(), kind=101), 1)
    desk.run(12)
    assert g711.encode(key_tone("5", 800), "PCMU").tobytes()[:160] in desk.payloads(2)


def test_a_key_that_came_as_a_tone_passes_as_sound_and_not_twice(desk: Desk) -> None:
    desk.connected(1, event_type=None)
    desk.connected(2)
    desk.engine.bridge(1, 2)
    codes = g711.encode(key_tone("5", 800), "PCMU").tobytes()
    for number in range(len(codes) // 160):
        desk.deliver(packet(number, codes[160 * number :][:160]), 1)
        desk.run()
    desk.run(20)
    assert not [each for each in desk.sent(2) if each.payload_type == 101]
    assert codes[:160] in desk.payloads(2)


def test_what_is_played_to_one_end_hides_the_other_meanwhile(desk: Desk) -> None:
    a_bridge(desk)
    desk.engine.clips.add("jingle", tone(3))
    desk.engine.play(1, 1, ["jingle"])
    for number in range(12):
        desk.deliver(packet(number, b"\x11" * 160), 2)
        desk.run()
    heard = desk.payloads(1)
    assert heard[:3] == [g711.from_pcm(tone(3), "PCMU")[160 * each :][:160] for each in range(3)]
    assert heard[-1] == b"\x11" * 160


def test_a_bridged_stream_is_recorded_as_before(desk: Desk) -> None:
    a_bridge(desk)
    desk.engine.record(1, 8000)
    for number in range(5):
        desk.deliver(packet(number, g711.from_pcm(tone(1), "PCMU")), 1)
        desk.run()
    assert np.abs(np.frombuffer(desk.engine.stop_record(1), "<i2")).max() > 8000


def test_a_bridge_outlives_that_other_streams_come_and_go(desk: Desk) -> None:
    for number in range(3, 11):
        desk.connected(number)
    a_bridge(desk)
    for number in range(3, 11):
        desk.engine.close(number)
    for number in range(8):
        desk.deliver(packet(number, b"\x11" * 160), 1)
        desk.deliver(packet(number, b"\x22" * 160), 2)
        desk.run()
    assert (desk.payloads(2)[-1], desk.payloads(1)[-1]) == (b"\x11" * 160, b"\x22" * 160)


def test_a_bridge_of_one_stream_or_of_one_that_has_another_is_refused(desk: Desk) -> None:
    a_bridge(desk)
    desk.connected(3)
    for pair in ((3, 3), (1, 3), (3, 2), (3, 4)):
        with pytest.raises(EngineError):
            desk.engine.bridge(*pair)


def test_what_is_listened_to_is_given_away_in_pieces_until_nobody_listens(desk: Desk) -> None:
    desk.connected()
    desk.engine.listen(1, True)
    for sequence in range(10):
        desk.deliver(packet(sequence, bytes([sequence + 1]) * 160))
        desk.run()
    pieces = desk.engine.drain_pieces()
    assert [(number, codec, len(codes)) for number, codec, codes in pieces] == [(1, "PCMU", 800)] * 2
    assert pieces[0][2] + pieces[1][2] == QUIET * 2 + b"".join(bytes([each + 1]) * 160 for each in range(8))
    desk.engine.listen(1, False)
    desk.run(10)
    assert desk.engine.drain_pieces() == []


def test_whoever_listens_goes_on_hearing_in_another_codec(desk: Desk) -> None:
    desk.connected()
    desk.engine.listen(1, True)
    desk.engine.connect(1, FAR_END, "PCMA", 8, 101)
    said = g711.from_pcm(tone(10), "PCMA")
    for sequence in range(10):
        desk.deliver(packet(sequence, said[160 * sequence :][:160], kind=8))
        desk.run()
    pieces = desk.engine.drain_pieces()
    assert {codec for _, codec, _ in pieces} == {"PCMA"}
    assert b"".join(codes for _, _, codes in pieces)[320:] == said[:1280]
