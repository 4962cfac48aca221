from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.audit import FIRST, AuditEntry, Break, Chain, link

ENTRY = AuditEntry(
    audit_id=1, at=1_772_366_400_000_000, owner="one", call_id=7, attempt_id=9, decision="dial", reason="", detail="{}"
)


def chained(*entries: AuditEntry) -> list[AuditEntry]:
    previous, made = FIRST, []
    for sequence, entry in enumerate(entries, 1):
        previous = link(previous, sequence, entry)
        made.append(replace(entry, sequence=sequence, hash=previous))
    return made


def breaks(entries: list[AuditEntry]) -> list[Break]:
    chain = Chain()
    return [found for found in map(chain.follow, entries) if found is not None]


ENTRIES = chained(*(replace(ENTRY, audit_id=number) for number in range(1, 7)))
CHANGES: list[dict[str, Any]] = [
    {"audit_id": 99},
    {"at": 0},
    {"owner": "two"},
    {"call_id": None},
    {"attempt_id": 8},
    {"decision": "held"},
    {"reason": "x"},
    {"detail": '{"trunk":"x"}'},
    {"hash": "f" * 64},
    {"at": b"bytes"},
]


def test_a_chain_that_nobody_touched_is_whole() -> None:
    assert breaks(ENTRIES) == []


def test_the_hash_is_that_of_the_document() -> None:
    assert link(FIRST, 1, ENTRY) == "f62f10bf890adf3f23886a3e7c9b0ce0e71cea8d38b558518b93aab87d79d4c8"


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_one_change_is_told_once_and_at_its_place(place: int, change: dict[str, Any]) -> None:
    tampered = [*ENTRIES]
    tampered[place] = replace(tampered[place], **change)
    assert [found.sequence for found in breaks(tampered)] == [place + 1]


def test_what_is_missing_is_told_with_its_places() -> None:
    assert [found.message for found in breaks(ENTRIES[:2] + ENTRIES[3:])] == ["Entry 3 is missing from the chain."]
    assert [found.message for found in breaks(ENTRIES[2:])] == ["Entries 1 to 2 are missing from the chain."]


@pytest.mark.parametrize("broken", [{"sequence": None}, {"sequence": "x"}, {"hash": None}, {"hash": b"x"}])
def test_a_seal_that_is_none_is_told(broken: dict[str, Any]) -> None:
    assert len(breaks([replace(ENTRIES[0], **broken)])) == 1


def test_a_noted_head_is_found_at_its_place() -> None:
    noted = ENTRIES[3].hash
    assert noted is not None
    chain = Chain(noted)
    for entry in ENTRIES:
        chain.follow(entry)
    assert (chain.noted_at, chain.sequence, chain.head) == (4, 6, ENTRIES[5].hash)


@given(st.text(), st.text(), st.text(), st.text())
def test_text_that_moves_from_one_column_to_another_has_another_hash(a: str, b: str, c: str, d: str) -> None:
    one, other = replace(ENTRY, reason=a, detail=b), replace(ENTRY, reason=c, detail=d)
    assert (link(FIRST, 1, one) == link(FIRST, 1, other)) == ((a, b) == (c, d))


@pytest.mark.parametrize("detail", ["", "x", "[]", "null", "[" * 100_000])
def test_a_detail_that_cannot_be_read_is_empty(detail: str) -> None:
    assert replace(ENTRY, detail=detail).told() == {}
