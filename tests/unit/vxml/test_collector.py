from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.grammar.grammar import KeyVerdict
from mirabelle.vxml.collector import (
    MOST_KEYS,
    Decision,
    KeyCollector,
    KeyMatcher,
    Matched,
    NoMatched,
    TimedOut,
    TypeAhead,
)


@dataclass
class Words:
    """A grammar that is a list of key sequences; `+` at the end of one repeats its last key."""

    words: tuple[str, ...]
    keys: str = ""
    fed: int = field(default=0)

    @property
    def verdict(self) -> KeyVerdict:
        whole = any(re.fullmatch(pattern(word), self.keys) for word in self.words)
        more = any(
            (word.endswith("+") and re.fullmatch(pattern(word), self.keys))
            or (word.rstrip("+").startswith(self.keys) and word.rstrip("+") != self.keys)
            for word in self.words
        )
        if whole:
            return KeyVerdict.MATCH_AND_CONTINUES if more else KeyVerdict.MATCH
        return KeyVerdict.CONTINUES if more else KeyVerdict.NO_MATCH

    def feed(self, key: str) -> KeyVerdict:
        self.keys += key
        self.fed += 1
        return self.verdict


def pattern(word: str) -> str:
    return re.escape(word.rstrip("+")) + (f"{re.escape(word[-2])}*" if word.endswith("+") else "")


def collector(
    *words: str | tuple[str, ...],
    timeout: int | None = 5_000,
    interdigit: int = 3_000,
    term: int = 0,
    termchar: str = "#",
    now: int | None = 0,
    bargein: bool = True,
) -> KeyCollector:
    matchers: list[KeyMatcher] = [Words(word if isinstance(word, tuple) else (word,)) for word in words]
    return KeyCollector(
        matchers,
        timeout_ms=timeout,
        interdigit_ms=interdigit,
        term_ms=term,
        termchar=termchar,
        now_ms=now,
        bargein=bargein,
    )


def press(made: KeyCollector, keys: str, start: int = 0, step: int = 100) -> Decision | None:
    decision = None
    for number, key in enumerate(keys):
        decision = made.key(key, start + number * step)
    return decision


# The cases of appendix D


def test_no_key_within_the_timeout_is_no_input() -> None:
    made = collector("12")
    assert made.deadline() == 5_000
    assert made.tick(4_999) is None
    assert made.tick(5_000) == TimedOut()
    assert made.deadline() is None


def test_the_timeout_begins_when_the_prompt_ends() -> None:
    made = collector("12", now=None)
    assert made.deadline() is None
    assert made.tick(1_000_000) is None
    made.prompt_finished(1_000_000)
    assert made.deadline() == 1_005_000


def test_without_a_timeout_the_first_key_may_take_for_ever() -> None:
    made = collector("1", timeout=None)
    assert made.deadline() is None
    assert made.key("1", 10**9) == Matched("1", 0)


def test_an_input_that_stops_too_early_matches_nothing_after_the_interdigit_time() -> None:
    made = collector("1234")
    assert press(made, "12") is None
    assert made.deadline() == 3_100
    assert made.tick(3_099) is None
    assert made.tick(3_100) == NoMatched("12")


def test_an_input_that_could_go_on_matches_after_the_interdigit_time() -> None:
    made = collector(("12", "1234"))
    assert press(made, "12") is None
    assert made.tick(3_100) == Matched("12", 0)


def test_the_terminating_key_ends_an_input_that_could_go_on() -> None:
    assert press(collector("12+"), "122#") == Matched("122", 0, "#")


def test_the_terminating_key_ends_an_input_that_is_not_complete() -> None:
    assert press(collector("1234"), "12#") == NoMatched("12")


def test_an_input_that_cannot_go_on_matches_at_once() -> None:
    assert press(collector("12"), "12") == Matched("12", 0)
    assert press(collector("12", termchar=""), "12") == Matched("12", 0)
    assert press(collector("12", termchar="", term=5_000), "12") == Matched("12", 0)


def test_an_input_that_cannot_go_on_waits_for_the_terminating_key_where_it_may() -> None:
    made = collector("12", term=2_000)
    assert press(made, "12") is None
    assert made.deadline() == 2_100
    assert made.key("#", 1_000) == Matched("12", 0, "#")
    assert made.unused == ""


def test_an_input_that_cannot_go_on_matches_when_the_terminating_key_does_not_come() -> None:
    made = collector("12", term=2_000)
    press(made, "12")
    assert made.tick(2_100) == Matched("12", 0)


def test_another_key_instead_of_the_terminating_one_belongs_to_the_next_input() -> None:
    made = collector("12", term=2_000)
    press(made, "12")
    assert made.key("7", 500) == Matched("12", 0)
    assert made.unused == "7"


def test_without_a_terminating_key_it_is_a_key_like_others() -> None:
    assert press(collector("12+", termchar=""), "12#") == NoMatched("12#")


# Corners


@pytest.mark.parametrize(("word", "decision"), [("12", NoMatched("")), ("", Matched("", 0, "#"))])
def test_the_terminating_key_alone_matches_where_nothing_is_an_input(word: str, decision: Decision) -> None:
    assert collector(word).key("#", 0) == decision


def test_a_grammar_that_has_the_terminating_key_keeps_it() -> None:
    assert press(collector("#1"), "#1") == Matched("#1", 0)
    assert press(collector(("1#", "1+")), "11#") == Matched("11", 0, "#")
    assert press(collector(("1#", "1+")), "1#") == Matched("1#", 0)


def test_a_key_that_fits_nothing_ends_the_input() -> None:
    assert collector("12").key("3", 0) == NoMatched("3")
    assert press(collector("12"), "13") == NoMatched("13")


def test_without_grammars_every_key_fits_nothing() -> None:
    assert collector().key("1", 0) == NoMatched("1")
    assert collector().tick(5_000) == TimedOut()


def test_the_first_grammar_that_matches_wins() -> None:
    assert press(collector("12", "12"), "12") == Matched("12", 0)
    assert press(collector("13", "12"), "12") == Matched("12", 1)


def test_an_input_waits_while_any_grammar_could_go_on() -> None:
    made = collector("1", "12")
    assert made.key("1", 0) is None
    assert made.tick(3_000) == Matched("1", 0)
    assert press(collector("1", "12"), "12") == Matched("12", 1)


def test_a_grammar_that_is_out_is_not_fed_any_more() -> None:
    out, live = Words(("9",)), Words(("1+",))
    made = KeyCollector([out, live], timeout_ms=1, interdigit_ms=1, term_ms=0, termchar="#", now_ms=0)
    press(made, "111", step=0)
    assert (out.fed, live.fed) == (1, 3)


def test_an_input_has_a_longest_length() -> None:
    made = collector("1+", interdigit=10**9)
    assert press(made, "1" * MOST_KEYS) is None
    assert made.key("1", 10**6) == NoMatched("1" * MOST_KEYS)


def test_a_key_that_comes_after_its_time_is_not_taken() -> None:
    made = collector("12+")
    press(made, "12")
    assert made.key("2", 3_100) == Matched("12", 0)
    assert made.unused == "2"


def test_a_key_after_the_timeout_is_kept_for_the_next_input() -> None:
    made = collector("1")
    assert made.key("1", 5_000) == TimedOut()
    assert made.unused == "1"


def test_the_decision_stays() -> None:
    made = collector("1")
    decision = made.key("1", 0)
    assert made.key("2", 1) is decision
    assert made.tick(10**9) is decision
    assert (made.decision, made.keys, made.unused) == (decision, "1", "2")


# Prompts


def test_a_key_interrupts_the_prompt() -> None:
    made = collector("12", now=None)
    before = made.interrupts_prompt
    assert made.key("1", 700) is None
    assert (before, made.interrupts_prompt) == (False, True)
    assert made.deadline() == 3_700


def test_the_end_of_an_interrupted_prompt_changes_nothing() -> None:
    made = collector("12", now=None)
    made.key("1", 700)
    made.prompt_finished(800)
    assert made.deadline() == 3_700


def test_without_barge_in_keys_during_the_prompt_are_lost() -> None:
    made = collector("1", now=None, bargein=False)
    assert made.key("1", 100) is None
    assert not made.interrupts_prompt
    made.prompt_finished(200)
    assert made.tick(5_200) == TimedOut()


def test_barge_in_may_change_from_prompt_to_prompt() -> None:
    made = collector("1", now=None, bargein=False)
    made.key("1", 100)
    made.prompt_started(bargein=True)
    assert made.key("1", 200) == Matched("1", 0)


# Type-ahead


def test_keys_typed_ahead_are_taken_in_their_order() -> None:
    buffer = TypeAhead()
    for key in "1234":
        assert buffer.press(key)
    assert collector("12").take_from(buffer, 0) == Matched("12", 0)
    assert [buffer.take(), buffer.take(), buffer.take()] == ["3", "4", ""]


def test_an_input_goes_on_where_the_buffer_ends() -> None:
    buffer = TypeAhead()
    buffer.press("1")
    made = collector("12")
    assert made.take_from(buffer, 0) is None
    assert made.key("2", 100) == Matched("12", 0)


def test_a_key_too_many_goes_back_in_front() -> None:
    buffer = TypeAhead()
    for key in "1278":
        buffer.press(key)
    made = collector("12", term=1_000)
    assert made.take_from(buffer, 0) == Matched("12", 0)
    assert made.unused == ""
    assert [buffer.take(), buffer.take()] == ["7", "8"]


def test_a_prompt_without_barge_in_leaves_the_buffer_alone() -> None:
    buffer = TypeAhead()
    buffer.press("1")
    assert collector("1", now=None, bargein=False).take_from(buffer, 0) is None
    assert len(buffer) == 1


def test_keys_typed_ahead_interrupt_the_prompt() -> None:
    buffer = TypeAhead()
    buffer.press("1")
    made = collector("1", now=None)
    assert made.take_from(buffer, 0) == Matched("1", 0)
    assert made.interrupts_prompt


def test_the_buffer_is_bounded_and_can_be_emptied() -> None:
    buffer = TypeAhead(limit=2)
    assert [buffer.press(key) for key in "123"] == [True, True, False]
    buffer.clear()
    assert len(buffer) == 0
    assert buffer.take() == ""


# Properties


WORDS = st.lists(st.text("12#", min_size=1, max_size=4), min_size=1, max_size=4).map(tuple)
STEPS = st.lists(st.tuples(st.sampled_from("12#*"), st.integers(0, 1_500)), max_size=8)


@given(st.lists(WORDS, min_size=1, max_size=3), STEPS, st.sampled_from(["", "#"]), st.sampled_from([0, 500]))
def test_every_input_ends_and_says_the_truth(
    grammars: list[tuple[str, ...]], steps: list[tuple[str, int]], termchar: str, term: int
) -> None:
    made = collector(*grammars, term=term, termchar=termchar, timeout=1_000, interdigit=1_000)
    now, given_keys = 0, ""
    for key, wait in steps:
        now += wait
        made.key(key, now)
        given_keys += key
    deadline = made.deadline()
    decision = made.decision if deadline is None else made.tick(max(now, deadline))
    match decision:
        case Matched(keys, index, term_key):
            assert keys in grammars[index]
            assert all(keys not in words for words in grammars[:index])
            assert given_keys == keys + term_key + made.unused
        case NoMatched(keys):
            assert all(keys not in words for words in grammars)
            assert given_keys in (keys + made.unused, keys + termchar + made.unused)
        case TimedOut():
            assert given_keys == made.unused
        case None:
            raise AssertionError("the input has not ended")
