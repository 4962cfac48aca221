from __future__ import annotations

from pathlib import Path

from mirabelle.calls.audit import Decision

TEXT = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")


def test_the_document_has_every_decision() -> None:
    for decision in Decision:
        assert f"`{decision}`" in TEXT
