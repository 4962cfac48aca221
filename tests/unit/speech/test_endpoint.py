from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirabelle.speech.endpoint import (
    AFTER,
    BEFORE,
    FRAME,
    ONSET,
    Endpointer,
    Limits,
    Phase,
    Progress,
    advance,
    limits,
)

USUAL = limits(sensitivity=0.5, silence_ms=400, longest_ms=10_000)


def noise(frames: int, level: float) -> bytes:
    """Sound of one level, in units of 16-bit samples."""
    samples = np.random.default_rng(frames).normal(0, level, FRAME // 2 * frames)
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


def heard(sound: bytes, within: Limits = USUAL) -> Endpointer:
    ends = Endpointer(within)
    ends.feed(sound)
    return ends


def run(powers: list[float], within: Limits = USUAL) -> Progress:
    progress = Progress()
    for power in powers:
        progress = advance(progress, power, within)
    return progress


@pytest.mark.parametrize("level", [0, 20, 200])
def test_an_utterance_is_found_in_silence_and_in_noise(level: int) -> None:
    ends = heard(noise(50, level) + noise(30, 3000) + noise(40, level))
    assert ends.progress.phase is Phase.ENDED
    assert (ends.progress.began, ends.progress.last) == (50, 80)


def test_an_utterance_has_200_ms_before_it_and_after_it() -> None:
    quiet, loud = noise(50, 20), noise(30, 3000)
    ends = heard(quiet + loud + quiet)
    assert ends.utterance == quiet[-BEFORE * FRAME :] + loud + quiet[: AFTER * FRAME]


def test_speech_from_the_first_sample_is_kept_whole() -> None:
    loud = noise(30, 6000)
    assert heard(loud).utterance == loud


def test_a_click_is_no_speech() -> None:
    ends = heard(noise(50, 20) + noise(ONSET - 1, 9000) + noise(50, 20))
    assert ends.progress.phase is Phase.WAITING
    assert ends.utterance == b""


def test_clicks_far_apart_do_not_become_speech_together() -> None:
    assert heard((noise(1, 9000) + noise(15, 20)) * 20).progress.phase is Phase.WAITING


def test_a_pause_shorter_than_the_silence_is_part_of_the_utterance() -> None:
    ends = heard(noise(20, 20) + noise(10, 3000) + noise(19, 20) + noise(10, 3000) + noise(30, 20))
    assert (ends.progress.began, ends.progress.last) == (20, 59)


def test_noise_that_sets_in_is_the_noise_of_the_line_after_a_while() -> None:
    ends = heard(noise(50, 20) + noise(500, 300) + noise(20, 20))
    assert ends.progress.phase is Phase.ENDED
    again = heard(noise(300, 300))
    assert again.progress.phase is Phase.WAITING


def test_whoever_speaks_past_the_longest_utterance_is_too_long() -> None:
    ends = heard(noise(20, 20) + noise(200, 3000), limits(sensitivity=0.5, silence_ms=400, longest_ms=1000))
    assert ends.progress.phase is Phase.TOO_LONG
    assert len(ends.utterance) == (50 + BEFORE) * FRAME


def test_the_more_sensitive_hears_the_softer() -> None:
    soft = noise(100, 100) + noise(20, 220) + noise(40, 100)
    phases = [
        heard(soft, limits(sensitivity=each, silence_ms=400, longest_ms=9000)).progress.phase for each in (0.0, 0.5, 1)
    ]
    assert phases == [Phase.WAITING, Phase.WAITING, Phase.ENDED]


powers = st.lists(st.sampled_from([0.0, 100.0, 2500.0, 1e5, 1e6, 1e7, 1e9]) | st.floats(0, 1.1e9), max_size=300)


@given(powers, st.floats(0, 1), st.integers(0, 3000), st.integers(0, 5000))
def test_whatever_is_heard_the_bounds_hold(
    heard_powers: list[float], sensitivity: float, silence_ms: int, longest_ms: int
) -> None:
    within = limits(sensitivity=sensitivity, silence_ms=silence_ms, longest_ms=longest_ms)
    before, progress = Progress(), Progress()
    for power in heard_powers:
        before, progress = progress, advance(progress, power, within)
        assert 0 <= progress.began <= progress.last <= progress.frames
        if progress.phase is not Phase.WAITING:
            assert progress.last - progress.began <= max(within.longest, 10 * ONSET)
        if before.phase is Phase.SPEAKING:
            assert progress.phase is not Phase.WAITING
        if before.phase in (Phase.ENDED, Phase.TOO_LONG):
            assert progress is before


@given(powers)
def test_silence_never_becomes_speech_and_ends_it_in_time(heard_powers: list[float]) -> None:
    before = run(heard_powers)
    after = before
    for _ in range(USUAL.silence):
        after = advance(after, 0.0, USUAL)
    assert after.phase is (Phase.ENDED if before.phase is Phase.SPEAKING else before.phase)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 2000), max_size=60), st.integers(0, 2**31))
def test_how_sound_is_cut_into_pieces_changes_nothing(lengths: list[int], seed: int) -> None:
    levels = np.random.default_rng(seed).choice([0, 20, 4000], 12)
    sound = b"".join(noise(10, level) for level in levels)
    pieces, ends = sound, Endpointer(USUAL)
    for length in lengths:
        ends.feed(pieces[:length])
        pieces = pieces[length:]
    ends.feed(pieces)
    whole = heard(sound)
    assert (ends.progress, ends.utterance) == (whole.progress, whole.utterance)


@given(powers)
def test_the_noise_stays_between_its_bounds(heard_powers: list[float]) -> None:
    assert 50.0**2 <= run(heard_powers).noise <= 500.0**2
