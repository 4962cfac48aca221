from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.dialer.campaign_gates import Share, portions, share_out


async def shared(slots: int, rooms: Sequence[int], due: Sequence[int]) -> tuple[list[int], int]:
    """What each gets where so many calls of it are due, and how many slots are left."""
    waiting, got = Counter(dict(enumerate(due, 1))), Counter[int]()

    async def claim(share: Share, most: int) -> int:
        assert 0 < most <= rooms[share.campaign_id - 1] - got[share.campaign_id]
        taken = min(most, waiting[share.campaign_id])
        waiting[share.campaign_id] -= taken
        got[share.campaign_id] += taken
        return taken

    left = await share_out(slots, [Share(key, room) for key, room in enumerate(rooms, 1)], claim)
    return [got[key] for key in range(1, len(rooms) + 1)], left


@pytest.mark.parametrize(
    ("slots", "rooms", "due", "got", "left"),
    [
        (0, [5], [5], [0], 0),
        (3, [], [], [], 3),
        (10, [10], [4], [4], 6),
        (10, [10, 10], [20, 20], [5, 5], 0),
        (3, [10, 10], [20, 20], [2, 1], 0),
        (1, [10, 10, 10], [20, 20, 20], [1, 0, 0], 0),
        # A room that is small leaves more to the others, and so does what is not due.
        (10, [10, 10], [20, 2], [8, 2], 0),
        (10, [10, 2], [20, 20], [8, 2], 0),
        (10, [3, 3], [20, 20], [3, 3], 4),
        # Who was not asked for want of slots has what the first could not use.
        (1, [10, 10, 10], [0, 0, 20], [0, 0, 1], 0),
    ],
)
async def test_slots_are_shared_out_evenly(
    slots: int, rooms: list[int], due: list[int], got: list[int], left: int
) -> None:
    assert await shared(slots, rooms, due) == (got, left)


@given(st.integers(0, 60), st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), max_size=6))
async def test_no_slot_stays_empty_while_somebody_could_use_it(slots: int, campaigns: list[tuple[int, int]]) -> None:
    got, left = await shared(slots, [room for room, _ in campaigns], [due for _, due in campaigns])
    could = [min(room, due) for room, due in campaigns]
    assert sum(got) + left == slots
    assert all(has <= most for has, most in zip(got, could, strict=True))
    assert left == 0 or got == could
    for has, most in zip(got, could, strict=True):
        assert has >= min(most, slots // len(campaigns))


@given(st.integers(0, 60), st.lists(st.integers(0, 30), max_size=6))
def test_portions_are_even_but_for_the_odd_ones(slots: int, rooms: list[int]) -> None:
    given = portions(slots, rooms)
    assert sum(given) == min(slots, sum(rooms))
    for has, room in zip(given, rooms, strict=True):
        assert has <= room
        assert has == room or all(other <= has + 1 for other in given)
