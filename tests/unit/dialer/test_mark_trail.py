from __future__ import annotations

from mirabelle.dialer.mark_trail import MarkTrail, Passed, marked
from mirabelle.speech.synthesizer import SpokenMark
from mirabelle.vxml.platform import HungUp, NoInput

WORDS = (SpokenMark("first", 200), SpokenMark("second", 900))


def heard(trail: MarkTrail, play_id: int, at: float, ms: int, marks: tuple[SpokenMark, ...] = ()) -> None:
    trail.queue(play_id, marks)
    trail.started(play_id, at)
    trail.finished(play_id, completed=True, played_ms=ms)


def test_a_prompt_that_was_heard_passed_its_last_mark() -> None:
    trail = MarkTrail()
    heard(trail, 1, 50.0, 1500, WORDS)
    assert trail.passed() == Passed("second", 600)


def test_a_mark_behind_the_place_where_the_caller_interrupts_is_not_passed() -> None:
    trail = MarkTrail()
    trail.queue(1, WORDS)
    trail.started(1, 50.0)
    trail.stop(50.5)
    trail.finished(1, completed=False, played_ms=520)
    assert trail.passed() == Passed("first", 300)


def test_what_follows_a_mark_counts_recordings_included() -> None:
    trail = MarkTrail()
    heard(trail, 1, 50.0, 1500, WORDS)
    heard(trail, 2, 51.5, 4000)
    assert trail.passed() == Passed("second", 4600)


def test_a_mark_between_two_recordings_is_passed_when_the_first_has_ended() -> None:
    trail = MarkTrail()
    trail.place("front")
    heard(trail, 1, 50.0, 1000)
    trail.place("between")
    trail.queue(2, ())
    trail.started(2, 51.0)
    trail.stop(51.25)
    assert trail.passed() == Passed("between", 250)


def test_a_mark_in_front_of_a_recording_is_passed_when_it_begins() -> None:
    trail = MarkTrail()
    trail.place("front")
    trail.queue(1, ())
    assert trail.passed() is None
    trail.started(1, 50.0)
    trail.stop(50.1)
    trail.place("behind")
    assert trail.passed() == Passed("front", 100)


def test_marks_with_nothing_to_hear_are_passed_at_once() -> None:
    trail = MarkTrail()
    trail.place("one")
    trail.place("two")
    assert trail.passed() == Passed("two", 0)


def test_prompts_that_were_typed_over_passed_nothing() -> None:
    trail = MarkTrail()
    trail.place("one")
    trail.stop(50.0)
    assert trail.passed() is None


def test_other_prompts_begin_without_a_mark() -> None:
    trail = MarkTrail()
    heard(trail, 1, 50.0, 1500, WORDS)
    trail.begin()
    heard(trail, 2, 60.0, 1500)
    assert trail.passed() is None


def test_the_beginning_may_be_told_before_the_marks_are_known() -> None:
    trail = MarkTrail()
    trail.started(1, 50.0)
    trail.queue(1, WORDS)
    trail.stop(51.0)
    assert trail.passed() == Passed("second", 100)


def test_a_reply_says_which_mark_was_passed_where_there_is_a_caller() -> None:
    assert marked(NoInput(), Passed("m", 5)) == NoInput("m", 5)
    assert marked(NoInput(), None) == NoInput()
    assert marked(HungUp(), Passed("m", 5)) == HungUp()
