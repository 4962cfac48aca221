from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from mirabelle.calls.attempt import AttemptState
from mirabelle.calls.call import CallState
from mirabelle.calls.outcome import Outcome
from mirabelle.store import admission_statements, hot, migration, rule_statements, statements
from mirabelle.store.compiled import CompiledStatements
from mirabelle.store.schema import ATTEMPTS, CALLS, METADATA
from mirabelle.store.sqlite import connect, prepare

DIALECTS = {
    "sqlite": SQLiteDialect_pysqlite(paramstyle="qmark"),
    "postgresql": sa.make_url("postgresql+asyncpg://").get_dialect()(),
}

PORTABLE = {
    name: statement
    for name, statement in {**vars(statements), **vars(rule_statements), **vars(admission_statements)}.items()
    if isinstance(statement, sa.Executable) and not name.startswith("_")
}
HOT = {
    field.name: getattr(paths, field.name)
    for paths in (hot.SQLITE, hot.SQLITE.admission)
    for field in dataclasses.fields(paths)
    if field.name != "admission"
}

LISTS = {"skip", "accounts", "calls", "campaigns", "wanted", "names", "keys", "people", "taken", "paces"}

# Its whole answer is a number for each state, so it reads them all; the index holds what it needs.
READS_EVERYTHING = {
    "COUNTS",
    "RECENT_CALLS",
    "ADD_CAMPAIGN",
    "ADD_ACCOUNT",
    "ADD_DELIVERY",
    "QUEUE_CALL",
    "LAST_CALL",
    "ADD_KEY",
    "REMEMBER",
    "ADD_SCHEDULE",
    "ADD_PROFILE",
    # It stops at the first row.
    "ANY_DO_NOT_CALL",
    "save_paces",
    "lock",
    # People delete one now and then; whether a campaign keeps it has no index.
    "DELETE_SCHEDULE",
    "DELETE_PROFILE",
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    prepare(tmp_path / "ledger.db")
    one = connect(tmp_path / "ledger.db")
    yield one
    one.close()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", PORTABLE)
def test_every_portable_statement_is_compiled_once_for_each_store(name: str, dialect: str) -> None:
    compiled = CompiledStatements(DIALECTS[dialect])
    assert compiled[PORTABLE[name]] is compiled[PORTABLE[name]]
    mark = "?" if dialect == "sqlite" else "$1"
    assert (mark in compiled[PORTABLE[name]].sql) == bool(compiled[PORTABLE[name]].names)


@pytest.mark.parametrize("name", [name for name in {**PORTABLE, **HOT} if name not in READS_EVERYTHING])
def test_no_statement_reads_a_whole_table(connection: sqlite3.Connection, name: str) -> None:
    compiled = CompiledStatements(DIALECTS["sqlite"])[{**PORTABLE, **HOT}[name]]
    values = [compiled.fixed.get(each, "[]" if each in LISTS else 1) for each in compiled.names]
    plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", values)]
    aliases = ("a", "c", "d", "l", "m", "p", "r", "s", "x")
    tables = (*METADATA.tables, *aliases)
    scans = [line for line in plan if line.startswith("SCAN") and line.split()[1] in tables]
    # That index holds what is asked for and nothing else.
    assert [line for line in scans if "INDEX campaigns_paused" not in line] == []


@pytest.mark.parametrize(("name", "index"), [("expire", "calls_state_expires_at")])
def test_a_hot_path_walks_its_index(connection: sqlite3.Connection, name: str, index: str) -> None:
    compiled = CompiledStatements(DIALECTS["sqlite"])[HOT[name]]
    plan = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", [1] * len(compiled.names)).fetchall()
    lines = [row["detail"] for row in plan]
    assert any(index in line for line in lines)
    assert not any("TEMP B-TREE" in line for line in lines)


@pytest.mark.parametrize("name", ["CANCEL_SOME", "RETRY_SOME"])
def test_a_piece_of_a_campaign_is_found_by_the_campaign(connection: sqlite3.Connection, name: str) -> None:
    compiled = CompiledStatements(DIALECTS["sqlite"])[PORTABLE[name]]
    plan = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", [1] * len(compiled.names)).fetchall()
    lines = [row["detail"] for row in plan]
    assert not any("calls_state_due_at" in line for line in lines)
    assert any("calls_campaign_id_state" in line for line in lines)


@pytest.mark.parametrize("name", ["waiting", "due"])
def test_an_admission_walks_from_campaign_to_campaign(connection: sqlite3.Connection, name: str) -> None:
    compiled = CompiledStatements(DIALECTS["sqlite"])[HOT[name]]
    values = ["[]" if each in LISTS else 1 for each in compiled.names]
    plan = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", values).fetchall()
    lines = [row["detail"] for row in plan]
    assert any("calls_campaign_id_priority_due_at" in line for line in lines)
    assert not any("calls_state_due_at" in line for line in lines)


@pytest.mark.parametrize(
    ("table", "rule", "words"),
    [
        (CALLS, "calls_state_check", CallState),
        (ATTEMPTS, "attempts_state_check", AttemptState),
        (ATTEMPTS, "attempts_outcome_check", Outcome),
    ],
)
def test_the_tables_know_every_word_of_the_domain(
    table: sa.Table, rule: str, words: type[CallState] | type[AttemptState] | type[Outcome]
) -> None:
    [check] = [each for each in table.constraints if str(each.name) == rule]
    assert isinstance(check, sa.CheckConstraint)
    listed = str(check.sqltext).split("(")[1].rstrip(")").replace("'", "").replace(" ", "").split(",")
    assert set(listed) == {word.value for word in words}


def test_a_script_is_split_into_its_statements() -> None:
    script = "-- note\n\nCREATE TABLE a (\n  x TEXT DEFAULT ';'\n);\n\nINSERT INTO a VALUES ('1;2');\n\n-- end\n"
    assert [statement.strip() for statement in migration.split(script)] == [
        "-- note\n\nCREATE TABLE a (\n  x TEXT DEFAULT ';'\n);",
        "INSERT INTO a VALUES ('1;2');",
        "-- end",
    ]


def test_a_reference_is_found_by_its_index(connection: sqlite3.Connection) -> None:
    compiled = CompiledStatements(DIALECTS["sqlite"])[PORTABLE["NEWEST_BY_REFERENCE"]]
    plan = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", [1] * len(compiled.names)).fetchall()
    assert any("calls_account_id_message_reference" in row["detail"] for row in plan)
