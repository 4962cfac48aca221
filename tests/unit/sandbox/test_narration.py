from __future__ import annotations

from typing import Any

import pytest

from mirabelle.sandbox.narration import Facts, sentence

WHOLE_STORY: list[tuple[str, str, dict[str, Any]]] = [
    ("callee", "digit pressed", {"key": "1"}),
    ("application", "answered", {"choice": "1"}),
    ("callee", "recorded", {"path": "heard.wav"}),
    ("application", "result", {"result": "completed"}),
    ("Mirabelle", "result posted", {"status": 200}),
]


def facts_of(story: list[tuple[str, str, dict[str, Any]]], speech_ms: int = 2000) -> Facts:
    facts = Facts()
    for who, event, fields in story:
        facts.learn(who, event, fields)
    facts.speech_ms = speech_ms
    return facts


def test_a_whole_story_lacks_nothing() -> None:
    facts = facts_of(WHOLE_STORY)
    assert facts.told()
    assert facts.missing() == []


@pytest.mark.parametrize(
    ("left_out", "says"),
    [
        (0, "never pressed a key"),
        (1, "the application received none"),
        (2, "kept no recording"),
        (3, "No result was posted"),
    ],
)
def test_what_did_not_happen_is_named(left_out: int, says: str) -> None:
    story = [event for index, event in enumerate(WHOLE_STORY) if index != left_out]
    (lack,) = facts_of(story).missing()
    assert says in lack


def test_too_little_speech_is_named_with_what_was_heard() -> None:
    (lack,) = facts_of(WHOLE_STORY, speech_ms=1980).missing()
    assert lack == "The callee heard 2.0 s of speech, less than 2 s."


@pytest.mark.parametrize("results", [["failed"], ["completed", "completed"]])
def test_the_result_must_come_once_and_as_completed(results: list[str]) -> None:
    facts = facts_of(WHOLE_STORY)
    facts.results = results
    (lack,) = facts.missing()
    assert ", ".join(results) in lack


def test_another_key_than_the_one_pressed_is_named() -> None:
    facts = facts_of(WHOLE_STORY)
    facts.received = ["2"]
    (lack,) = facts.missing()
    assert lack == "The callee pressed 1, and the application received 2."


def test_nothing_is_waited_for_once_the_result_is_posted_and_the_recording_kept() -> None:
    assert not facts_of(WHOLE_STORY[:-1]).told()


@pytest.mark.parametrize(
    ("who", "event", "fields", "text"),
    [
        ("Mirabelle", "first audio", {"ms": 12.5}, "first audio 12.5 ms after the answer"),
        ("Mirabelle", "prompt", {"text": "Hello."}, "says: Hello."),
        ("Mirabelle", "prompt", {"text": " "}, "says: (a recording)"),
        ("Mirabelle", "submit", {"url": "http://x/answer"}, "submits to http://x/answer"),
        ("Mirabelle", "hang-up", {"by": "callee"}, "the call is over, hung up by the callee"),
        ("callee", "heard speech", {"ms": 2540}, "heard 2.5 s of speech"),
        ("application", "answered", {"choice": "1"}, "received the key 1; answers with thanks"),
        ("Mirabelle", "media", {}, None),
        ("callee", "answered", {}, None),
    ],
)
def test_an_event_becomes_a_sentence_or_is_passed_over(
    who: str, event: str, fields: dict[str, Any], text: str | None
) -> None:
    assert sentence(who, event, fields) == text
