"""What is uploaded waits on the disk until it is whole, so that no transaction waits for a network."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from mirabelle.store.ledger import StoreError
from mirabelle.store.rows import Batch


class Spool:
    """Calls in a file that has no name and is gone with this object; one batch at a time is in memory.

    Args:
        directory: where the file is; None for the system's directory of temporary files.

    Raises:
        StoreError: the file cannot be made.
    """

    def __init__(self, directory: Path | None = None) -> None:
        try:
            # No context manager here: the spool is one itself.
            self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115
        except OSError as error:
            raise _named(error) from error
        self._sizes: list[int] = []
        self.rows = 0
        """How many calls."""

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, batch: Batch) -> None:
        """Put a batch at the end. Blocks.

        Raises:
            StoreError: the disk has no room.
        """
        data = marshal.dumps(tuple(batch))
        try:
            self._file.write(data)
        except OSError as error:
            raise _named(error) from error
        self._sizes.append(len(data))
        self.rows += len(batch.callees)

    def batches(self) -> Iterator[Batch]:
        """The batches in their order, read one by one. Blocks.

        Raises:
            StoreError: the disk cannot be read.
        """
        try:
            self._file.seek(0)
            for size in self._sizes:
                # Nobody else ever had this file: what is read is what `add` wrote.
                yield Batch(*marshal.loads(self._file.read(size)))  # noqa: S302
        except OSError as error:
            raise _named(error) from error


def _named(error: OSError) -> StoreError:
    return StoreError(f"The upload cannot be kept until it is whole: {error.strerror}. Make room on the disk.")
