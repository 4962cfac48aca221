"""Opens the ledger that a URL names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mirabelle.store.ledger import Ledger, StoreError
from mirabelle.store.sqlite import SqliteLedger

SQLITE: Final = "sqlite:///"
POSTGRESQL: Final = ("postgresql://", "postgres://")


async def open_ledger(url: str) -> Ledger:
    """Open a ledger, with its tables made or brought up to date.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user@host/database`.

    Raises:
        StoreError: no such store, it cannot be reached, or it was made by a newer program.
    """
    if url.startswith(SQLITE):
        path = url.removeprefix(SQLITE)
        if not path or path.startswith(":"):
            raise StoreError("The ledger outlives the program, so it needs a file: sqlite:///mirabelle.db.")
        return await SqliteLedger.open(Path(path))
    if url.startswith(POSTGRESQL):
        # Its driver takes a while to load, which a command on SQLite need not wait for.
        from mirabelle.store.postgres import PostgresLedger

        return await PostgresLedger.open(url)
    raise StoreError("A [store] url begins with sqlite:/// or postgresql://; this one does not.")
