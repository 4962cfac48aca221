from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.media.reception import Reception


def column(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def receive(
    reception: Reception, sequence: int, *, timestamp: int = 0, ssrc: int = 1, arrival: int = 0, row: int = 0
) -> bool:
    anew = reception.update(
        column(row), column(ssrc), column(sequence % 65536), column(timestamp % 2**32), np.array([True]), arrival
    )
    return bool(anew[0])


@pytest.mark.parametrize(
    ("sequences", "received", "lost"),
    [
        ([], 0, 0),
        ([1, 2, 3], 3, 0),
        ([1, 3], 2, 1),
        ([65534, 65535, 0, 1], 4, 0),
        ([65534, 1], 2, 2),
        ([1, 3, 2, 4], 4, 0),
        ([1, 2, 2, 3], 4, 0),
        ([5, 4, 6], 3, 0),
        ([1, 2, 20_000, 3], 4, 0),
        ([1, 3, 20_000, 20_001, 20_003], 5, 2),
    ],
    ids=["none", "all", "gap", "round", "gap round", "order", "repeat", "early", "one wild", "leap"],
)
def test_what_is_missing_is_counted(sequences: list[int], received: int, lost: int) -> None:
    reception = Reception(1)
    for sequence in sequences:
        receive(reception, sequence)
    report = reception.report(0)
    assert (report.received, report.lost) == (received, lost)


@given(st.integers(0, 65535), st.lists(st.booleans(), min_size=1, max_size=300))
def test_loss_is_what_was_sent_and_did_not_come(start: int, arrives: list[bool]) -> None:
    reception = Reception(1)
    receive(reception, start)
    came = [index for index, there in enumerate(arrives, 1) if there]
    for index in came:
        receive(reception, start + index)
    report = reception.report(0)
    assert report.received == 1 + len(came)
    assert report.lost == (came[-1] if came else 0) - len(came)


@given(st.integers(0, 65535), st.permutations(range(20)))
def test_the_order_of_packets_does_not_change_the_loss(start: int, order: list[int]) -> None:
    reception = Reception(1)
    for index in [0, *(index + 1 for index in order)]:
        receive(reception, start + index)
    assert reception.report(0).lost == 0


def test_packets_as_regular_as_their_timestamps_have_no_jitter() -> None:
    reception = Reception(1)
    for index in range(50):
        receive(reception, index, timestamp=2**32 - 800 + 160 * index, arrival=160 * index)
    assert reception.report(0).jitter == 0.0


def test_jitter_is_that_of_the_standard() -> None:
    reception, expected = Reception(1), 0.0
    arrivals = [0, 200, 300, 560, 600, 900]
    for index, arrival in enumerate(arrivals):
        receive(reception, index, timestamp=160 * index, arrival=arrival)
        if index:
            expected += (abs(arrival - arrivals[index - 1] - 160) - expected) / 16
    assert reception.report(0).jitter == pytest.approx(expected)


def test_a_packet_out_of_order_says_nothing_about_jitter() -> None:
    reception = Reception(1)
    for sequence in (0, 2, 1, 3):
        receive(reception, sequence, timestamp=160 * sequence, arrival=160 * sequence if sequence != 1 else 400)
    assert reception.report(0).jitter == 0.0


def test_another_source_starts_anew_and_what_was_lost_before_stays_lost() -> None:
    reception = Reception(1)
    assert receive(reception, 1)
    assert not receive(reception, 5)
    assert receive(reception, 40_000, ssrc=2)
    assert not receive(reception, 40_001, ssrc=2)
    assert reception.report(0).lost == 3
    assert reception.report(0).received == 4


def test_streams_do_not_touch_each_other() -> None:
    together, apart = Reception(3), Reception(3)
    for index in range(10):
        sequences = [index, 3 * index, 65535 - 5 + index]
        rows = column(0, 1, 2)
        together.update(rows, column(7, 8, 9), column(*(s % 65536 for s in sequences)), rows * 0, np.ones(3, bool), 160)
        for row, sequence in enumerate(sequences):
            receive(apart, sequence, ssrc=7 + row, row=row, arrival=160)
    assert [together.report(row) for row in range(3)] == [apart.report(row) for row in range(3)]


def test_a_stream_that_moves_keeps_its_figures() -> None:
    reception = Reception(2)
    for sequence in (1, 2, 5):
        receive(reception, sequence, row=1)
    before = reception.report(1)
    reception.move(1, 0)
    reception.reset(1)
    assert reception.report(0) == before
    assert reception.report(1).received == 0
