"""Calls in PostgreSQL's binary COPY format.

The driver would turn every value of every row into bytes anew, on the event loop. Nearly all of them are the same in
row after row.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa

from mirabelle.store.rows import CALLEE_COLUMNS, COMMON_COLUMNS, Batch
from mirabelle.store.schema import CALLS

_ALIKE: Final = (*COMMON_COLUMNS, "account_id", "campaign_id")

COLUMNS: Final = (*CALLEE_COLUMNS, *_ALIKE)
"""The columns of the stream, in order."""

PIECE: Final = 256 * 1024
"""The bytes after which a piece is given away."""

_BEGINNING: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_END: Final = struct.pack("!h", -1)
_NULL: Final = struct.pack("!i", -1)
_FIRST: Final = struct.Struct("!hi")
_SIZE: Final = struct.Struct("!i")


def stream(batches: Iterable[Batch], account_id: int, campaign_id: int) -> Iterator[bytes]:
    """The stream, in pieces of about `PIECE` bytes.

    Args:
        batches: the calls.
        account_id: whose they are.
        campaign_id: where they belong.
    """
    first, size, count = _FIRST.pack, _SIZE.pack, len(COLUMNS)
    pieces = [_BEGINNING]
    waiting = 0
    for common, callees in batches:
        alike = b"".join(map(_field, _ALIKE, (*common, account_id, campaign_id)))
        for phone_number, message_reference, call_parameters in callees:
            number, reference = phone_number.encode(), message_reference.encode()
            parameters = call_parameters.encode()
            row = b"%b%b%b%b%b%b%b" % (
                first(count, len(number)),
                number,
                size(len(reference)),
                reference,
                size(len(parameters)),
                parameters,
                alike,
            )
            pieces.append(row)
            waiting += len(row)
            if waiting >= PIECE:
                yield b"".join(pieces)
                pieces, waiting = [], 0
    pieces.append(_END)
    yield b"".join(pieces)


def _field(name: str, value: Any) -> bytes:
    """A value as its column's type is sent, behind its length in bytes."""
    if value is None:
        return _NULL
    kind = CALLS.c[name].type
    if isinstance(kind, sa.BigInteger):
        data = struct.pack("!q", value)
    elif isinstance(kind, sa.SmallInteger):
        data = struct.pack("!h", value)
    elif isinstance(kind, sa.Integer):
        data = struct.pack("!i", value)
    else:
        data = value.encode()
    return _SIZE.pack(len(data)) + data
