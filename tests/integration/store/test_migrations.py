from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import stat
import sys
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import mirabelle
from mirabelle.store import migration
from mirabelle.store.ledger import StoreError
from mirabelle.store.open import open_ledger
from mirabelle.store.schema import METADATA

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(mirabelle.__file__).parents[1])}

OPEN_ONCE = """
import asyncio, sys
from mirabelle.store.open import open_ledger

async def main():
    ledger = await open_ledger(sys.argv[1])
    await ledger.aclose()

asyncio.run(main())
"""

POSTGRES_TABLES = """
    SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    ORDER BY table_name, column_name
"""
POSTGRES_RULES = """
    SELECT conrelid::regclass::text AS t, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    ORDER BY 1, 2
"""


async def execute(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute(statement)
        connection.commit()
        connection.close()
        return
    server = await asyncpg.connect(url)
    await server.execute(statement)
    await server.close()


async def test_migrations_make_the_schema_on_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await (await open_ledger(f"sqlite:///{path}")).aclose()
    made = sqlite3.connect(path)
    declared = sqlite3.connect(tmp_path / "declared.db")
    engine = sa.create_engine("sqlite://", creator=lambda: declared)
    METADATA.create_all(engine)
    tables = (
        "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND name NOT LIKE 'sqlite_%'"
        " AND type <> 'trigger' ORDER BY 1"
    )

    def told(connection: sqlite3.Connection) -> list[tuple[str, list[str]]]:
        """Each table and index with its parts; the order of rules within a table means nothing.

        A column that a migration added stands at the end of a line, with its rule behind it.
        """
        return [(name, sorted(parts(sql))) for name, sql in connection.execute(tables)]

    def parts(sql: str) -> list[str]:
        if not sql.startswith("CREATE TABLE"):
            return [sql]
        inner = " ".join(sql.split("(", 1)[1].rsplit(")", 1)[0].split())
        pieces = re.split(r",(?![^(]*\))| (?=CONSTRAINT )", inner)
        return [piece.strip() for piece in pieces if piece.strip()]

    assert told(made) == told(declared)
    engine.dispose()
    made.close()
    declared.close()


async def test_alembic_sees_nothing_left_to_do(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await (await open_ledger(f"sqlite:///{path}")).aclose()
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


async def test_migrations_make_the_schema_on_postgresql(postgres_url: str) -> None:
    await (await open_ledger(postgres_url)).aclose()
    server = await asyncpg.connect(postgres_url)
    try:
        made = [await server.fetch(query) for query in (POSTGRES_TABLES, POSTGRES_RULES)]
        await server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        dialect = sa.make_url("postgresql+asyncpg://").get_dialect()()
        for table in METADATA.sorted_tables:
            await server.execute(str(sa.schema.CreateTable(table).compile(dialect=dialect)))
            for index in table.indexes:
                await server.execute(str(sa.schema.CreateIndex(index).compile(dialect=dialect)))
        declared = [await server.fetch(query) for query in (POSTGRES_TABLES, POSTGRES_RULES)]
    finally:
        await server.close()
    for found, wanted in zip(made, declared, strict=True):
        assert {tuple(row) for row in found} ^ {tuple(row) for row in wanted} == set()


async def test_opening_again_changes_nothing(fresh_url: str) -> None:
    for _ in range(2):
        await (await open_ledger(fresh_url)).aclose()


async def test_processes_that_open_at_the_same_time_agree(fresh_url: str) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", OPEN_ONCE, fresh_url, stderr=asyncio.subprocess.PIPE, env=ENVIRONMENT
        )
        for _ in range(3)
    ]
    for process in started:
        _, said = await process.communicate()
        assert (process.returncode, said) == (0, b"")
    await (await open_ledger(fresh_url)).aclose()


async def test_openings_within_one_process_agree(fresh_url: str) -> None:
    for ledger in await asyncio.gather(*(open_ledger(fresh_url) for _ in range(4))):
        await ledger.aclose()


async def test_a_ledger_of_a_newer_program_is_refused(fresh_url: str) -> None:
    await (await open_ledger(fresh_url)).aclose()
    await execute(fresh_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"9999.*newer"):
        await open_ledger(fresh_url)


async def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await (await open_ledger(f"sqlite:///{path}")).aclose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(StoreError, match=r"letter\.txt"):
        await open_ledger(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:////nowhere/at/all/ledger.db", "directory"),
        ("mysql://host/db", "sqlite:/// or postgresql://"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "cannot be reached"),
        ("postgresql://[/", "cannot be reached"),
    ],
)
async def test_a_url_that_leads_nowhere_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as refused:
        await open_ledger(url)
    assert "secret" not in str(refused.value)


async def test_a_ledger_of_another_user_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    # As root runs the tests where they run in a container, no file refuses them.
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StoreError, match="Run this as the user whose ledger it is"):
        await open_ledger(f"sqlite:///{tmp_path}/calls.db")


def test_the_last_migration_leads_to_the_version_of_this_program() -> None:
    config = Config()
    config.set_main_option("script_location", "mirabelle:store/migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == migration.HEAD


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_ledger_that_is_up_to_date_needs_no_script(dialect: str) -> None:
    assert migration.script(dialect, migration.HEAD) == ""
    assert "CREATE TABLE calls" in migration.script(dialect, None)
