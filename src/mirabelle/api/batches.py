"""A list that is read from a file and becomes calls, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, Protocol

from mirabelle.api.intake import Intake
from mirabelle.calls.call import NewCall

_PIECE: Final = 128 * 1024


class Bytes(Protocol):
    """Where the bytes of a list come from."""

    def read(self, most: int, /) -> bytes:
        """The next bytes; none where there are no more."""
        ...


async def batches(
    intake: Intake, file: Bytes, told: Callable[[int], None] | None = None
) -> AsyncIterator[Sequence[NewCall]]:
    """The calls of a list for `Ledger.upload`, read and checked off the event loop.

    Args:
        intake: takes the list in, and knows in the end what became of it.
        file: the list, read from where it stands.
        told: called with the size of each piece when it was taken in, in bytes.

    Raises:
        ListRefused: `intake` does not take the list.
    """

    def more() -> tuple[int, Sequence[NewCall]]:
        data = file.read(_PIECE)
        return len(data), intake.feed(data) if data else []

    while True:
        size, calls = await asyncio.to_thread(more)
        if not size:
            break
        if told is not None:
            told(size)
        if calls:
            yield calls
    last = intake.finish()
    if last:
        yield last
