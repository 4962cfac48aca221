from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest
from typer.testing import CliRunner, Result

from mirabelle.cli import audit, terminal
from mirabelle.cli.main import app
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger

T = TypeVar("T")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALL = ("call", "+16175550123", "--start-url", "http://example.com/start")


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


class Asked(Protocol):
    def __call__(self, question: Callable[[Ledger], Awaitable[T]]) -> T: ...


def verified(config: Path, *options: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["audit", "verify", "--json", *options], env={"MIRABELLE_CONFIG": str(config)})
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def sealed(mirabelle: Mirabelle, asked: Asked) -> None:
    """Two calls that were cancelled, and their entries sealed behind the first of all."""
    for call_id in ("1", "2"):
        mirabelle(*CALL)
        mirabelle("cancel", call_id)
    assert asked(lambda ledger: ledger.seal_audit(100)) == 3


@pytest.mark.usefixtures("sealed")
def test_an_audit_that_nobody_touched_is_whole(config: Path) -> None:
    status, found = verified(config)
    assert (status, found["ok"], found["sequence"], found["unsealed"]) == (0, True, 3, 0)
    assert len(found["head"]) == 64


@pytest.mark.usefixtures("sealed")
def test_a_person_reads_the_head_to_note(mirabelle: Mirabelle, config: Path) -> None:
    _, found = verified(config)
    said = mirabelle("audit", "verify").stdout.splitlines()
    assert said == ["The audit is whole: 3 entries and 0 attempts tell the same.", f"Head: 3 {found['head']}"]


@pytest.mark.usefixtures("sealed")
def test_a_noted_head_is_looked_for(mirabelle: Mirabelle, config: Path) -> None:
    _, found = verified(config)
    mirabelle(*CALL)
    assert verified(config, "--head", found["head"].upper())[1]["noted_at"] == 3
    status, other = verified(config, "--head", "f" * 64)
    assert (status, other["ok"]) == (1, False)


@pytest.mark.parametrize("head", ["x", "f" * 63, "g" * 64, "٣" * 64])
def test_a_head_that_is_none_is_wrong_use(mirabelle: Mirabelle, head: str) -> None:
    assert mirabelle("audit", "verify", "--head", head).exit_code == 2


@pytest.mark.usefixtures("sealed")
def test_a_break_is_told_with_its_place_and_by_the_exit_status(config: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "calls.db")
    connection.executescript("DROP TRIGGER audit_changed; UPDATE audit SET reason = 'x' WHERE sequence = 2")
    connection.close()
    status, found = verified(config)
    assert (status, found["ok"], found["broken"]) == (1, False, 1)
    assert found["breaks"][0]["sequence"] == 2
    result = CliRunner().invoke(app, ["audit", "verify"], env={"MIRABELLE_CONFIG": str(config)})
    assert result.exit_code == 1
    assert "Entry 2 is not what was sealed" in result.stderr
    assert "The audit is broken: 1 faults in 3 entries." in result.stderr


def test_what_waits_for_its_seal_is_told(mirabelle: Mirabelle) -> None:
    assert "1 entries are not sealed yet" in mirabelle("audit", "verify").stdout


@pytest.mark.usefixtures("sealed")
def test_the_decisions_about_one_call_are_listed(mirabelle: Mirabelle) -> None:
    [entry] = json.loads(mirabelle("audit", "list", "--call", "2", "--json").stdout)
    assert (entry["decision"], entry["call_id"], entry["sequence"]) == ("canceled", 2, 3)
    assert entry["reason"] == "It was cancelled before it could be dialled."
    assert json.loads(mirabelle("audit", "list", "--call", "99", "--json").stdout) == []


@pytest.mark.usefixtures("sealed")
def test_the_last_decisions_are_listed_the_oldest_first(mirabelle: Mirabelle) -> None:
    found = json.loads(mirabelle("audit", "list", "--limit", "2", "--json").stdout)
    assert [entry["call_id"] for entry in found] == [1, 2]
    assert len(mirabelle("audit", "list").stdout.splitlines()) == 3


async def test_what_is_sealed_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, news = list[Any](), asyncio.Event()

    def hear(rows: Sequence[Mapping[str, Any]]) -> None:
        told.extend((row["decision"], row["told"]) for row in rows)
        news.set()

    monkeypatch.setattr(terminal, "print_lines", hear)
    monkeypatch.setattr(audit, "_LOOK", 0.01)
    ledger = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    account = await ledger.add_account("acme", "hashed", NOW)
    following = asyncio.create_task(audit._follow(ledger, None, 10, as_json=False))
    try:
        async with asyncio.timeout(30):
            await news.wait()
            news.clear()
            await ledger.pause_campaign(account.default_campaign_id, NOW)
            await ledger.seal_audit(10)
            await news.wait()
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        await ledger.aclose()
    assert told == [("opened", "last_attempt=0"), ("paused", f"campaign_id={account.default_campaign_id}")]


def test_an_instant_that_somebody_made_impossible_is_shown_as_it_is() -> None:
    assert audit._instant(10**30) == 10**30
