from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle import g711
from mirabelle.media.arena import FRAME, Arena, ArenaFull
from mirabelle.media.clips import Clips


def codes(length: int, value: int = 1) -> g711.Codes:
    return np.full(length, value, np.uint8)


@pytest.mark.parametrize(("length", "rows"), [(0, 1), (1, 1), (160, 1), (161, 2), (480, 3)])
def test_a_clip_takes_whole_frames(length: int, rows: int) -> None:
    arena = Arena(10)
    start, end = arena.store(codes(length), filler=255)
    assert end - start == rows
    assert arena.frames[start:end].reshape(-1).tolist() == [1] * length + [255] * (rows * FRAME - length)


def test_an_arena_that_is_full_says_so() -> None:
    arena = Arena(2)
    arena.store(codes(320), filler=0)
    with pytest.raises(ArenaFull, match="20 ms"):
        arena.store(codes(1), filler=0)


@given(st.lists(st.tuples(st.integers(1, 900), st.booleans()), max_size=40))
def test_clips_never_share_a_frame_and_all_comes_back(steps: list[tuple[int, bool]]) -> None:
    arena, lent = Arena(100), list[tuple[int, int]]()
    for length, release in steps:
        if release and lent:
            arena.release(*lent.pop(len(lent) // 2))
        try:
            lent.append(arena.store(codes(length), filler=0))
        except ArenaFull:
            assert arena.free_rows < 100
        rows = [row for start, end in lent for row in range(start, end)]
        assert len(rows) == len(set(rows)) == 100 - arena.free_rows
    for run in lent:
        arena.release(*run)
    assert arena.store(codes(100 * FRAME), filler=0) == (0, 100)


def test_a_clip_is_encoded_once_for_each_codec() -> None:
    clips = Clips(Arena(10))
    clips.add("a", b"\0\0" * 160)
    first, again, other = (
        clips.take(clips.find("a"), "PCMU"),
        clips.take(clips.find("a"), "PCMU"),
        clips.take(clips.find("a"), "PCMA"),
    )
    assert first is again
    assert other.start != first.start


def test_clips_nobody_plays_make_room_oldest_first() -> None:
    clips = Clips(Arena(2))
    for name in "abc":
        clips.add(name, name.encode() * 320)
    old, kept = clips.take(clips.find("a"), "PCMU"), clips.take(clips.find("b"), "PCMU")
    clips.give_back(old)
    assert clips.take(clips.find("c"), "PCMU").start == old.start
    assert clips.take(clips.find("b"), "PCMU") is kept


def test_a_clip_in_use_is_never_overwritten() -> None:
    clips = Clips(Arena(1))
    clips.add("a", b"\1\0" * 160)
    clips.add("b", b"\2\0" * 160)
    clips.take(clips.find("a"), "PCMU")
    with pytest.raises(ArenaFull):
        clips.take(clips.find("b"), "PCMU")


def test_a_forgotten_clip_is_unknown() -> None:
    clips = Clips(Arena(1))
    clips.add("a", b"")
    clips.forget("a")
    clips.forget("a")
    with pytest.raises(KeyError):
        clips.find("a")


def test_who_holds_a_clip_can_play_it_after_it_is_forgotten() -> None:
    clips = Clips(Arena(2))
    clips.add("a", b"\1\0" * 160)
    held = clips.find("a")
    clips.forget("a")
    clips.add("a", b"\1\0" * 160)
    assert clips.take(held, "PCMU") is not clips.take(clips.find("a"), "PCMU")
