"""Brings a ledger's tables to the present version.

Alembic writes each migration as a script of SQL for the store, and the store runs it on its own driver in one
transaction, under a lock that keeps two processes that start together apart. So PostgreSQL needs no second driver.
"""

from __future__ import annotations

import io
import sqlite3
import threading
from collections.abc import Iterator
from typing import Final

from mirabelle.store.ledger import StoreError

HEAD: Final = "0006"
"""The version that this program's migrations lead to."""

CURRENT: Final = "SELECT version_num FROM alembic_version"
"""Reads the version of a ledger."""

# Alembic keeps what it works on in a module, so two threads must not write a script at once.
_ONE_AT_A_TIME: Final = threading.Lock()


def script(dialect: str, current: str | None) -> str:
    """The SQL that brings a ledger up to date; empty where nothing is to do.

    Args:
        dialect: `sqlite` or `postgresql`.
        current: the ledger's version, None where it has no tables.

    Raises:
        StoreError: the ledger's version is not known here.
    """
    if current == HEAD:
        return ""
    # Here, since a ledger is seldom behind, and Alembic takes ten megabytes.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config(output_buffer=io.StringIO())
    config.set_main_option("script_location", "mirabelle:store/migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["dialect"] = dialect
    try:
        if current is not None:
            ScriptDirectory.from_config(config).get_revision(current)
    except CommandError as error:
        raise StoreError(
            f"The ledger has version {current}, which this program does not know; it was made by a newer one. "
            "Start the newer program, or restore a backup."
        ) from error
    with _ONE_AT_A_TIME:
        command.upgrade(config, f"{current}:head" if current else "head", sql=True)
    buffer = config.output_buffer
    assert isinstance(buffer, io.StringIO)
    return buffer.getvalue()


def split(text: str) -> Iterator[str]:
    """The single statements of a script, as SQLite reads them."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
