"""What docs/limits.md says is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirabelle.dialer.sip_phone import LONGEST_SESSION
from mirabelle.settings import HttpSettings
from mirabelle.speech import ssml
from mirabelle.vxml import active, allowance, cache, collector, ecmascript, executable, machine, prompts, scopes, xml

PAGE = (Path(__file__).parents[3] / "docs" / "limits.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "told",
    [
        f"{HttpSettings().max_bytes:,} bytes",
        f"| A document, and what `<data>` brings | {xml.MOST_BYTES:,} bytes |",
        f"| {xml.MOST_ELEMENTS:,} |",
        f"| Elements within each other | {xml.MOST_DEPTH} |",
        f"| Fetches in a turn | {machine.MOST_FETCHES} |",
        f"| {allowance.TURN_SECONDS:g} s of processor time |",
        f"| {machine.MOST_STEPS:,} |",
        f"| Events that are handled | {machine.MOST_EVENTS} |",
        f"(of a session) | {machine.MOST_DEPTH} |",
        f"(of a session) | {scopes.MOST_SCOPES} |",
        f"| {ecmascript.EVALUATION_MS} ms |",
        f"| {ecmascript.TURN_MS // 1000} s |",
        f"| {ecmascript.MEMORY_BYTES >> 20} MB;",
        f"| {ecmascript.LONGEST_SOURCE:,} characters |",
        f"| {active.MOST_ACTIVE:,} |",
        f"| {active.MOST_STATES:,} |",
        f"| {active.MOST_REFERENCES} |",
        f"| {collector.MOST_KEYS} keys |",
        f"| {prompts.MOST_CHARACTERS:,} |",
        f"| {machine.MOST_QUEUED:,} |",
        f"| {machine.MOST_QUEUED_BYTES:,} bytes |",
        f"| {ssml.MOST_CHARACTERS:,} characters,",
        f"| {machine.MOST_RECORDINGS}, of an hour each |",
        f"| {executable.MOST_LOGGED:,} characters;",
        f"next session, {cache.MOST_ENTRIES} of them",
        f"{cache.MOST_BYTES // 1_000_000} MB",
    ],
)
def test_every_limit_is_told(told: str) -> None:
    assert told in PAGE


def test_a_session_has_the_length_that_is_told() -> None:
    assert LONGEST_SESSION == 4 * 3600
    assert "| A session | four hours |" in PAGE
