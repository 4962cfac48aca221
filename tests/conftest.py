"""What every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import fresh_url, postgres_server, postgres_url, shared_postgres_url, store_url

__all__ = ["fresh_url", "postgres_server", "postgres_url", "require_peer", "shared_postgres_url", "store_url"]


# A slow machine is no fault of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def require_peer() -> Callable[[str, Path | str | None], Path]:
    """Ask for a program that is not part of Mirabelle.

    Given its name and its path (None where it was not found), returns the path. Where it is missing the test is
    skipped and says so; under CI=true it fails instead, so that nothing is left out unseen.
    """

    def require(name: str, path: Path | str | None) -> Path:
        if path is not None and Path(path).exists():
            return Path(path)
        reason = f"{name} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return require
