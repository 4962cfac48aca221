from __future__ import annotations

from pathlib import Path

from mirabelle.callbacks.outbox import ATTEMPT_HEADER, DELIVERY_HEADER, PER_HOST, SEQUENCE_HEADER
from mirabelle.calls.lifecycle import ATTEMPT_CHANGES, CALL_CHANGES

TEXT = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text(encoding="utf-8")


def test_the_document_has_every_change_of_a_call_and_of_an_attempt() -> None:
    for changes in (CALL_CHANGES, ATTEMPT_CHANGES):
        for before, after in changes.items():
            cells = f"| {before} | {', '.join(sorted(after))} |"
            assert cells.replace("|  |", "| |") in TEXT


def test_the_document_names_the_headers_of_a_post() -> None:
    assert f"{DELIVERY_HEADER}: " in TEXT
    assert f"{ATTEMPT_HEADER}: " in TEXT
    assert f"{SEQUENCE_HEADER}: " in TEXT
    assert PER_HOST == 4
    assert "At most four posts go to one host" in TEXT
