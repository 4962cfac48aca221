"""A list of numbers on this machine, read so that Ctrl-C need not wait for whoever writes it."""

from __future__ import annotations

import os
import select
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mirabelle.errors import MirabelleError

STDIN: Final = "-"
"""The name of what is piped in."""

_LOOK_SECONDS: Final = 0.2


class ListUnreadable(MirabelleError):
    """The list cannot be read."""


class ListFile:
    """An open list.

    Attributes:
        size: in bytes, where that is known.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        """Make it.

        Args:
            descriptor: open for reading; whoever opened it closes it.
            name: how messages call it.
        """
        self._descriptor = descriptor
        self._name = name
        self._stopped = threading.Event()
        found = os.fstat(descriptor)
        self.size = found.st_size if stat.S_ISREG(found.st_mode) else None

    def read(self, most: int, /) -> bytes:
        """The next bytes; none at the end, or after `stop`. May wait for whoever writes them.

        Raises:
            ListUnreadable: it cannot be read.
        """
        try:
            while not select.select([self._descriptor], [], [], _LOOK_SECONDS)[0]:
                if self._stopped.is_set():
                    return b""
            return os.read(self._descriptor, most)
        except OSError as error:
            raise unreadable(self._name, error) from error

    def stop(self) -> None:
        """Let a thread that waits in `read` go, from another."""
        self._stopped.set()


@contextmanager
def opened(path: str) -> Iterator[ListFile]:
    """Open a list.

    Args:
        path: of a file; `-` for what is piped in.

    Raises:
        ListUnreadable: it cannot be opened.
    """
    name = "on the standard input" if path == STDIN else f"'{path}'"
    try:
        descriptor = os.dup(0) if path == STDIN else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise unreadable(name, error) from error
    try:
        yield ListFile(descriptor, name)
    finally:
        os.close(descriptor)


def unreadable(name: str, error: OSError) -> ListUnreadable:
    """The refusal of a list, with the system's reason."""
    return ListUnreadable(f"The list {name} cannot be read: {error.strerror or error}.")
