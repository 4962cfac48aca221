from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import CliRunner, Result

from mirabelle.cli.main import app


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mirabelle.toml"
    path.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/calls.db"\n')
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
