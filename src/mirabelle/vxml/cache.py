"""Documents and grammars that were parsed before, by content."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar, cast

T = TypeVar("T")

MOST_ENTRIES: Final = 256
"""How many parsed things are kept."""

MOST_BYTES: Final = 100_000_000
"""How many bytes of memory the kept things may take together."""


class ParseCache:
    """Keeps what was parsed most recently. Sessions in several threads share one."""

    def __init__(self, entries: int = MOST_ENTRIES, size: int = MOST_BYTES) -> None:
        self._most_entries = entries
        self._most_bytes = size
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, ...], tuple[object, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(
        self, data: bytes, about: tuple[str, ...], parse: Callable[[], T], weigh: Callable[[T], int] | None = None
    ) -> T:
        """Return what `parse` makes of the data, parsing only what is not kept.

        Args:
            data: the source.
            about: all else that the result depends on: what kind it is, its URI.
            parse: makes the result; what it raises is passed on and not kept.
            weigh: says how many bytes of memory the result takes, roughly; without it, as many as its source.
        """
        key = (hashlib.sha256(data).hexdigest(), *about)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast("T", self._kept[key][0])
        result = parse()
        size = len(data) if weigh is None else weigh(result)
        if size > self._most_bytes:
            # It would drive out all others, and itself as well.
            return result
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (result, size)
                self._bytes += size
            while self._kept and (len(self._kept) > self._most_entries or self._bytes > self._most_bytes):
                _, (_, size) = self._kept.popitem(last=False)
                self._bytes -= size
        return result
