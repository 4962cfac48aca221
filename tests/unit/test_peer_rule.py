from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Require = Callable[[str, Path | str | None], Path]


def test_a_peer_that_is_there_is_used(require_peer: Require, tmp_path: Path) -> None:
    assert require_peer("something", tmp_path) == tmp_path


@pytest.mark.parametrize("path", [None, "/nowhere/at/all"])
def test_a_peer_that_is_missing_skips_the_test(
    require_peer: Require, monkeypatch: pytest.MonkeyPatch, path: str | None
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="something is not installed"):
        require_peer("something", path)


def test_under_ci_a_missing_peer_is_a_failure(require_peer: Require, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="something is not installed"):
        require_peer("something", None)
