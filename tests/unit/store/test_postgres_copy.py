from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mirabelle.store import postgres_copy
from mirabelle.store.postgres_copy import COLUMNS, PIECE, stream
from mirabelle.store.rows import CALLEE_COLUMNS, COMMON_COLUMNS, NEW_CALL_COLUMNS, Batch

COMMON = ("http://example.com/start", "", 2, 300, "queued", 2**50, 2**51, None, 1, "Asia/Tokyo")
text = st.text(st.characters(codec="utf-8"), max_size=20)
callees: st.SearchStrategy[tuple[str, ...]] = st.tuples(text, text, text)


def read(data: bytes) -> Iterator[tuple[bytes | None, ...]]:
    """The rows of a stream, by the description of the format in PostgreSQL's manual."""
    assert data.startswith(b"PGCOPY\n\xff\r\n\0" + bytes(8))
    at = 19
    while (count := struct.unpack_from("!h", data, at)[0]) >= 0:
        at += 2
        row: list[bytes | None] = []
        for _ in range(count):
            [size] = struct.unpack_from("!i", data, at)
            at += 4
            row.append(None if size < 0 else data[at : at + size])
            at += max(size, 0)
        yield tuple(row)
    assert len(data) == at + 2


@given(st.lists(st.lists(callees, max_size=4), max_size=4))
def test_a_stream_holds_every_value_of_every_row(lists: list[list[tuple[str, ...]]]) -> None:
    data = b"".join(stream([Batch(COMMON, each) for each in lists], 7, 9))
    alike: tuple[Any, ...] = (
        *(b"http://example.com/start", b"", struct.pack("!i", 2), struct.pack("!i", 300), b"queued"),
        *(struct.pack("!q", 2**50), struct.pack("!q", 2**51), None, struct.pack("!h", 1), b"Asia/Tokyo"),
        *(struct.pack("!i", 7), struct.pack("!i", 9)),
    )
    rows = [callee for callees in lists for callee in callees]
    assert list(read(data)) == [(*(value.encode() for value in row), *alike) for row in rows]


def test_a_stream_comes_in_pieces() -> None:
    row: tuple[str, ...] = ("+16175550123", "x" * 200, "y" * 200)
    pieces = list(stream([Batch(COMMON, [row] * 5_000)], 1, 1))
    assert len(pieces) > 2
    assert max(map(len, pieces)) < 2 * PIECE


def test_the_columns_of_a_stream_are_those_of_a_new_call() -> None:
    assert sorted(postgres_copy.COLUMNS) == sorted(NEW_CALL_COLUMNS)
    assert COLUMNS[: len(CALLEE_COLUMNS) + len(COMMON_COLUMNS)] == (*CALLEE_COLUMNS, *COMMON_COLUMNS)
