from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.sandbox.listening import Decision, HangUp, Heard, Listener, Press, speech_ms
from mirabelle.sandbox.profiles import Profile


def tone(ms: int, amplitude: float = 8000) -> bytes:
    return (amplitude * np.sin(2 * np.pi * 300 * np.arange(ms * 8) / 8000)).astype("<i2").tobytes()


def quiet(ms: int) -> bytes:
    return bytes(ms * 16)


def decisions(profile: Profile, *sounds: bytes) -> list[Decision]:
    listener = Listener(profile)
    return [decision for sound in sounds for decision in listener.hear(sound)]


ONE_KEY = Profile(name="one key", keys="1", turns=1, key_seconds=5)


def test_a_key_is_pressed_when_the_caller_stops_speaking() -> None:
    assert decisions(ONE_KEY, quiet(300), tone(2000), quiet(600)) == []
    assert decisions(ONE_KEY, quiet(300), tone(2000), quiet(700)) == [Heard(2000), Press("1")]


def test_a_short_pause_is_part_of_the_turn() -> None:
    assert decisions(ONE_KEY, tone(500), quiet(400), tone(500), quiet(700)) == [Heard(1000), Press("1")]


def test_a_click_is_no_turn() -> None:
    assert decisions(ONE_KEY, tone(100), quiet(2000)) == []


def test_noise_under_the_level_of_speech_is_quiet() -> None:
    assert decisions(ONE_KEY, tone(3000, amplitude=100)) == []


def test_it_hangs_up_after_the_turn_that_follows_its_keys() -> None:
    said = decisions(ONE_KEY, tone(1000), quiet(700), tone(400), quiet(700), tone(400), quiet(700))
    assert said == [Heard(1000), Press("1"), Heard(400), HangUp("the caller stopped speaking")]


def test_a_silent_caller_gets_the_key_after_a_while() -> None:
    assert decisions(ONE_KEY, quiet(4980)) == []
    assert decisions(ONE_KEY, quiet(5000)) == [Press("1")]
    assert decisions(ONE_KEY, quiet(10_000)) == [Press("1"), HangUp("the caller said nothing")]


def test_one_that_only_listens_never_acts() -> None:
    assert decisions(Profile(name="listens"), quiet(30_000), tone(1000), quiet(1000)) == [Heard(1000)]


def test_every_call_ends_some_time() -> None:
    profile = Profile(name="listens", longest_seconds=2)
    assert decisions(profile, tone(5000)) == [HangUp("the longest time is over")]


def test_speech_in_a_recording_is_measured_by_its_energy() -> None:
    assert speech_ms(quiet(1000) + tone(2000) + quiet(500)) == 2000
    assert speech_ms(b"") == 0


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=20),
    st.integers(1, 900),
)
def test_decisions_do_not_depend_on_how_the_sound_is_cut(sounds: list[tuple[bool, int]], size: int) -> None:
    sound = b"".join(tone(20 * frames) if loud else quiet(20 * frames) for loud, frames in sounds)
    pieces = [sound[start : start + size * 16] for start in range(0, len(sound), size * 16)]
    assert decisions(ONE_KEY, *pieces) == decisions(ONE_KEY, sound)
