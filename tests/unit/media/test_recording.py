from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.media.recording import Recording


def said(start: int, length: int = 160) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Samples that tell where they belong; none is 0."""
    return (np.arange(start, start + length) % 30_000 + 1).astype(np.int16)


def cut(recording: Recording, elapsed: int) -> list[int]:
    return list(np.frombuffer(recording.cut(elapsed), "<i2").tolist())


@given(st.integers(0, 2**32 - 1), st.permutations(range(12)), st.sets(st.integers(1, 11)))
def test_packets_fall_into_their_places_and_lost_ones_are_silent(origin: int, order: list[int], lost: set[int]) -> None:
    recording = Recording(8000)
    for index in [0, *order]:
        if index not in lost:
            recording.add((origin + 160 * index) % 2**32, 1, said(160 * index), elapsed=160)
    wanted = [0 if index // 160 in lost else value for index, value in enumerate(said(0, 1920).tolist())]
    assert cut(recording, 1920) == wanted


def test_a_recording_begins_when_it_is_asked_for_not_when_somebody_speaks() -> None:
    recording = Recording(8000)
    recording.add(999, 1, said(0), elapsed=640)
    assert cut(recording, 640) == [0] * 480 + said(0).tolist()


def test_the_packet_that_came_last_is_on_the_recording() -> None:
    recording = Recording(8000)
    for index in range(5):
        recording.add(160 * index, 1, said(160 * index), elapsed=160 * index + 160)
    assert cut(recording, 800) == said(0, 800).tolist()


def test_what_is_beyond_the_limit_is_not_kept() -> None:
    recording = Recording(200)
    for index in range(100):
        recording.add(160 * index, 1, said(160 * index), elapsed=160 * index + 160)
    assert cut(recording, 16_000) == said(0, 200).tolist()


def test_the_tape_grows_with_what_is_said() -> None:
    recording = Recording(400_000)
    for index in range(2000):
        recording.add(160 * index, 1, said(160 * index), elapsed=160 * index + 160)
    assert cut(recording, 320_000) == said(0, 320_000).tolist()


@pytest.mark.parametrize(("timestamp", "ssrc"), [(50_000_000, 1), (0, 2), (2**32 - 20_000, 1)])
def test_a_sender_that_sets_its_clock_anew_goes_on_in_the_present(timestamp: int, ssrc: int) -> None:
    recording = Recording(80_000)
    recording.add(0, 1, said(0), elapsed=160)
    recording.add(timestamp, ssrc, said(160), elapsed=320)
    recording.add(timestamp + 160, ssrc, said(320), elapsed=480)
    assert cut(recording, 480) == said(0, 480).tolist()


def test_nothing_said_is_silence() -> None:
    assert cut(Recording(8000), 800) == [0] * 800
