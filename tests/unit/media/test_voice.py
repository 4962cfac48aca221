from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirabelle import g711
from mirabelle.media.voice import Turn, Voices

FRAME = 160
SECOND = 50
"""Frames."""


def noise(frames: int, rms: float, seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0, rms, frames * FRAME)


def speech(frames: int, rms: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A buzz that swells and fades four times a second, as syllables do."""
    time = np.arange(frames * FRAME) / g711.SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * 120 * harmonic * time) / harmonic for harmonic in range(1, 12))
    shape = np.maximum(0.02, np.sin(2 * np.pi * 2 * time) ** 2)
    sound = buzz * shape
    return np.asarray(sound * rms / np.sqrt(np.mean(sound**2)))


def heard(*parts: np.ndarray[tuple[int], np.dtype[np.float64]], codec: g711.Codec = "PCMU") -> list[tuple[bool, float]]:
    """What is told of a line that says this, in G.711: began or ended, and when in seconds."""
    pcm = np.clip(np.concatenate(parts), -32768, 32767).astype("<i2").tobytes()
    samples = g711.decode(g711.from_pcm(pcm, codec), codec).astype(np.float64).reshape(-1, FRAME)
    voices = Voices(1)
    turns: list[Turn] = []
    for index, frame in enumerate(samples):
        turns += voices.step(
            np.array([0]), np.array([float(frame @ frame)]), np.array([FRAME]), (index + 1) * FRAME / g711.SAMPLE_RATE
        )
    return [(turn.began, round(turn.at, 2)) for turn in turns]


def spoken(turns: list[tuple[bool, float]]) -> tuple[float, float]:
    """When the first voice began and the last ended."""
    assert turns[0][0]
    assert not turns[-1][0]
    return turns[0][1], turns[-1][1]


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
@pytest.mark.parametrize("rms", [300, 1000, 3000, 8000])
@pytest.mark.parametrize("hiss", [0, 10, 40])
def test_speech_on_a_good_line_is_found_where_it_is(codec: g711.Codec, rms: float, hiss: float) -> None:
    line = noise(6 * SECOND, hiss)
    line[2 * SECOND * FRAME : 4 * SECOND * FRAME] += speech(2 * SECOND, rms)
    began, ended = spoken(heard(line, codec=codec))
    assert began == pytest.approx(2.0, abs=0.12)
    assert ended == pytest.approx(4.0, abs=0.12)


@pytest.mark.parametrize("rms", [100, 300, 600, 900])
def test_steady_noise_is_no_voice_and_speech_in_it_is(rms: float) -> None:
    line = noise(8 * SECOND, rms)
    line[4 * SECOND * FRAME : 6 * SECOND * FRAME] += speech(2 * SECOND, 6 * rms)
    began, ended = spoken(heard(line))
    assert began == pytest.approx(4.0, abs=0.2)
    assert ended == pytest.approx(6.0, abs=0.2)


@settings(max_examples=40, deadline=None)
@given(rms=st.floats(0, 1000), seed=st.integers(0, 1000), codec=st.sampled_from(["PCMU", "PCMA"]))
def test_noise_alone_is_never_voice(rms: float, seed: int, codec: g711.Codec) -> None:
    assert heard(noise(3 * SECOND, rms, seed), codec=codec) == []


def test_digital_silence_is_no_voice() -> None:
    assert heard(np.zeros(5 * SECOND * FRAME)) == []


def test_somebody_who_speaks_from_the_first_moment_is_heard() -> None:
    began, ended = spoken(heard(speech(3 * SECOND, 3000), noise(SECOND, 20)))
    assert began < 0.3
    assert ended == pytest.approx(3.0, abs=0.12)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_click_is_no_voice(frames: int) -> None:
    assert heard(noise(SECOND, 20), noise(frames, 8000), noise(SECOND, 20)) == []


def test_noise_that_grows_is_voice_only_until_it_is_known() -> None:
    _, ended = spoken(heard(noise(3 * SECOND, 20), noise(8 * SECOND, 600)))
    assert ended < 3 + 4.1


def test_a_loud_sound_that_never_pauses_stays_voice() -> None:
    tone = 8000 * np.sin(np.arange(10 * SECOND * FRAME) / 3)
    assert heard(tone) == [(True, 0.0)]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.0, 30.0, 500.0, 3000.0, 20_000.0]), min_size=1, max_size=200))
def test_voice_begins_and_ends_in_turn_and_in_order(levels: list[float]) -> None:
    turns = heard(*(np.full(FRAME, level) for level in levels))
    assert [began for began, _ in turns] == [index % 2 == 0 for index in range(len(turns))]
    assert [at for _, at in turns] == sorted(at for _, at in turns)


def test_streams_do_not_hear_each_other() -> None:
    voices = Voices(3)
    turns = []
    for index in range(20):
        energy = np.array([1e10, 10.0, 1e10])
        turns += voices.step(np.array([0, 1, 2]), energy, np.array([FRAME, FRAME, 0]), index * 0.02)
    assert [(turn.row, turn.began) for turn in turns] == [(0, True)]
    voices.move(0, 1)
    voices.reset(0)
    turns = voices.step(np.array([0, 1]), np.zeros(2), np.array([FRAME, FRAME]), 1.0)
    assert [(turn.row, turn.began) for turn in turns] == [(1, False)]
