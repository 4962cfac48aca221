from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from typer.testing import CliRunner, Result

from mirabelle.cli.main import app
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger

T = TypeVar("T")


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


class Asked(Protocol):
    def __call__(self, question: Callable[[Ledger], Awaitable[T]]) -> T: ...


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mirabelle.toml"
    path.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/calls.db"\n[http]\npreflight = false\n')
    return path


@pytest.fixture
def mirabelle(config: Path) -> Mirabelle:
    """Runs a command with a store of its own; errors of ours come out as they are."""

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments), env={"MIRABELLE_CONFIG": str(config)})
        if isinstance(result.exception, Exception):
            raise result.exception
        return result

    return run


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """Puts a question to the ledger of the commands."""

    def ask(question: Callable[[Ledger], Awaitable[T]]) -> T:
        async def answer() -> T:
            ledger = await open_ledger(f"sqlite:///{tmp_path}/calls.db")
            try:
                return await question(ledger)
            finally:
                await ledger.aclose()

        return asyncio.run(answer())

    return ask


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """A list with a bad line in it and a number that is there twice."""
    path = tmp_path / "numbers.csv"
    path.write_text("+16175550123,order-1\n12\n+16175550124,=order-2\n+16175550123\n")
    return path
