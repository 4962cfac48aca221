from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mirabelle import grammar
from mirabelle.dialer.recorder import Cause, End, Recorder
from mirabelle.grammar import Grammar
from mirabelle.vxml.platform import InputProperties, Record

START = 1_000_000
ONE = grammar.builtin("builtin:dtmf/digits?length=1")
TWO = grammar.builtin("builtin:dtmf/digits?length=2")
PROPERTIES = InputProperties(timeout_ms=5000, interdigit_ms=2000)


def a_recorder(
    *grammars: Grammar, dtmfterm: bool = True, finalsilence_ms: int = 3000, maxtime_ms: int = 60_000
) -> Recorder:
    request = Record(
        (),
        beep=False,
        maxtime_ms=maxtime_ms,
        finalsilence_ms=finalsilence_ms,
        dtmfterm=dtmfterm,
        grammars=grammars,
        properties=PROPERTIES,
    )
    return Recorder(request, START)


def over(recorder: Recorder) -> tuple[Cause, int]:
    """How it ends if nothing more happens, and after how many milliseconds."""
    while True:
        now = recorder.deadline()
        ended = recorder.tick(now)
        if ended is not None:
            return ended.cause, now - START


def test_who_says_nothing_is_waited_for_as_long_as_the_timeout() -> None:
    assert over(a_recorder()) == (Cause.NOTHING_SAID, 5000)


def test_who_falls_silent_ends_the_recording_after_the_final_silence() -> None:
    recorder = a_recorder()
    recorder.voice_began(START)
    recorder.voice_ended(START + 4000)
    assert over(recorder) == (Cause.FINAL_SILENCE, 7000)


def test_who_goes_on_speaking_does_not() -> None:
    recorder = a_recorder()
    recorder.voice_began(START)
    recorder.voice_ended(START + 4000)
    recorder.voice_began(START)
    assert recorder.tick(START + 8000) is None
    assert over(recorder) == (Cause.MAXTIME, 60_000)


def test_without_a_final_silence_only_the_time_ends_what_was_begun() -> None:
    recorder = a_recorder(finalsilence_ms=0)
    recorder.voice_began(START)
    recorder.voice_ended(START + 1000)
    assert over(recorder) == (Cause.MAXTIME, 60_000)


def test_a_recording_shorter_than_the_timeout_is_as_long_as_it_may_be() -> None:
    assert over(a_recorder(maxtime_ms=2000)) == (Cause.MAXTIME, 2000)


def test_any_key_ends_it() -> None:
    assert a_recorder().key("#", START + 10, START + 10) == End(Cause.KEY, "#", unspoken=True)


def test_no_key_ends_it_where_none_may() -> None:
    recorder = a_recorder(dtmfterm=False)
    for key in "1#*":
        assert recorder.key(key, START + 10, START + 10) is None
    assert over(recorder) == (Cause.NOTHING_SAID, 5000)


@pytest.mark.parametrize("dtmfterm", [True, False])
def test_a_key_that_a_grammar_accepts_is_input(dtmfterm: bool) -> None:
    ended = a_recorder(ONE, dtmfterm=dtmfterm).key("7", START + 10, START + 10)
    assert ended is not None
    assert ended.input is not None
    assert (ended.cause, ended.key, ended.input.utterance) == (Cause.INPUT, "7", "7")


def test_keys_that_a_grammar_accepts_together_are_input_together() -> None:
    recorder = a_recorder(TWO)
    assert recorder.key("7", START + 4900, START + 4900) is None
    assert recorder.tick(START + 5500) is None
    ended = recorder.key("8", START + 5600, START + 5600)
    assert ended is not None
    assert ended.input is not None
    assert ended.input.utterance == "78"


@pytest.mark.parametrize(("dtmfterm", "end"), [(True, (Cause.KEY, 2100)), (False, (Cause.NOTHING_SAID, 5000))])
def test_keys_that_stay_incomplete_are_like_any_others(dtmfterm: bool, end: tuple[Cause, int]) -> None:
    recorder = a_recorder(TWO, dtmfterm=dtmfterm)
    assert recorder.key("7", START + 100, START + 100) is None
    assert over(recorder) == end


def test_after_keys_that_nothing_accepts_others_may_be() -> None:
    recorder = a_recorder(ONE, dtmfterm=False)
    assert recorder.key("#", START + 100, START + 100) is None
    ended = recorder.key("4", START + 200, START + 200)
    assert ended is not None
    assert ended.cause is Cause.INPUT


HAPPENINGS = st.lists(st.tuples(st.integers(0, 4000), st.sampled_from(["began", "ended", *"0123456789*#"])))


@given(HAPPENINGS, st.booleans(), st.integers(0, 20_000), st.integers(0, 5000))
@example([(3001, "0"), (1999, "*"), (0, "began")], False, 5001, 0)
def test_it_always_ends_and_never_after_its_time(
    happenings: list[tuple[int, str]], dtmfterm: bool, maxtime_ms: int, finalsilence_ms: int
) -> None:
    recorder = a_recorder(TWO, dtmfterm=dtmfterm, maxtime_ms=maxtime_ms, finalsilence_ms=finalsilence_ms)
    now, ended = START, recorder.tick(START)
    for later, what in happenings:
        while ended is None and recorder.deadline() <= now + later:
            now = max(now, recorder.deadline())
            ended = recorder.tick(now)
            assert ended is not None or recorder.deadline() > now
        if ended is not None:
            break
        now += later
        if what == "began":
            recorder.voice_began(now)
        elif what == "ended":
            recorder.voice_ended(now)
        else:
            ended = recorder.key(what, now, now)
    if ended is None:
        cause, after = over(recorder)
        assert cause in (Cause.MAXTIME, Cause.NOTHING_SAID, Cause.FINAL_SILENCE, Cause.KEY)
        now = START + after
    assert now <= START + maxtime_ms


@pytest.mark.parametrize(("grammars", "cause"), [((), Cause.KEY), ((ONE,), Cause.INPUT)])
@pytest.mark.parametrize("spoke", [True, False])
def test_keys_before_the_caller_has_spoken_are_told_apart(
    grammars: tuple[Grammar, ...], cause: Cause, spoke: bool
) -> None:
    recorder = a_recorder(*grammars)
    if spoke:
        recorder.voice_began(START)
    ended = recorder.key("5", START + 500, START + 500) or recorder.tick(START + 500)
    assert ended is not None
    assert (ended.cause, ended.unspoken) == (cause, not spoke)


def test_the_tone_of_a_key_is_no_speech() -> None:
    recorder = a_recorder(TWO)
    recorder.voice_began(START + 960)
    assert recorder.key("5", START + 1100, START + 1000) is None
    ended = recorder.key("6", START + 1500, START + 1400)
    assert ended is not None
    assert ended.unspoken


def test_who_speaks_and_then_keys_has_spoken() -> None:
    recorder = a_recorder()
    recorder.voice_began(START + 100)
    recorder.voice_ended(START + 900)
    recorder.voice_began(START + 1990)
    ended = recorder.key("5", START + 2100, START + 2000)
    assert ended is not None
    assert not ended.unspoken
