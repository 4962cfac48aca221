from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from mirabelle import grammar
from mirabelle.calls.outcome import Outcome
from mirabelle.dialer import transfer_course
from mirabelle.dialer.transfer_course import UNHEARD_OF, Course, Referral
from mirabelle.sip.events import Ended, Failed, ReferralAnswered, ReferralTold
from mirabelle.sip.headers import Headers
from mirabelle.sip.verdict import Verdict, verdict
from mirabelle.vxml.platform import InputProperties, Transfer, Transferred, TransferResult

REQUEST = Transfer(prompts=(), dest="tel:+16175550188", type="bridge", connecttimeout_ms=30_000, maxtime_ms=0)
HOT = replace(REQUEST, grammars=(grammar.builtin("builtin:dtmf/digits?length=2"),))


def course(request: Transfer = REQUEST) -> Course:
    return Course(request, 1_000)


@pytest.mark.parametrize(
    ("status", "result", "error"),
    [
        (408, TransferResult.NOANSWER, ""),
        (480, TransferResult.NOANSWER, ""),
        (487, TransferResult.NOANSWER, ""),
        (486, TransferResult.BUSY, ""),
        (600, TransferResult.BUSY, ""),
        (603, TransferResult.BUSY, ""),
        (500, TransferResult.NETWORK_BUSY, ""),
        (503, TransferResult.NETWORK_BUSY, ""),
        (403, TransferResult.UNKNOWN, "error.connection.noauthorization"),
        (404, TransferResult.UNKNOWN, "error.connection.baddestination"),
        (484, TransferResult.UNKNOWN, "error.connection.baddestination"),
        (604, TransferResult.UNKNOWN, "error.connection.baddestination"),
        (401, TransferResult.UNKNOWN, "error.connection.noroute"),
        (488, TransferResult.UNKNOWN, "error.connection.noroute"),
        (302, TransferResult.UNKNOWN, "error.connection.noroute"),
    ],
)
def test_a_final_status_is_told_in_the_words_of_the_standard(status: int, result: TransferResult, error: str) -> None:
    judged = verdict(status, "why", Headers())
    ended = course().failed(Failed(judged, status))
    assert (ended.result, ended.error, ended.duration_ms) == (result, error, 0)


def test_a_trunk_without_room_is_a_busy_network_and_a_silent_one_no_route() -> None:
    full = Failed(Verdict(Outcome.CAPACITY, "full"), 403)
    assert course().failed(full).result is TransferResult.NETWORK_BUSY
    silent = Failed(Verdict(Outcome.FAILED, "no answer from trunk"))
    assert course().failed(silent).error == "error.connection.noroute"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_means_something(outcome: Outcome) -> None:
    assert transfer_course.failed(outcome, 0, "why").result is not TransferResult.TRANSFERRED


def test_an_answer_that_crossed_our_giving_up_is_no_answer() -> None:
    crossed = Failed(Verdict(Outcome.ANSWERED, "answered at the moment we gave up"), 200)
    assert course().failed(crossed) == Transferred(TransferResult.NOANSWER)


@pytest.mark.parametrize(
    ("by", "result"),
    [
        ("remote", TransferResult.FAR_END_DISCONNECT),
        ("timeout", TransferResult.NETWORK_DISCONNECT),
        ("transport", TransferResult.NETWORK_DISCONNECT),
    ],
)
def test_who_ended_the_talk_is_told_with_its_length(
    by: Literal["remote", "local", "timeout", "transport"], result: TransferResult
) -> None:
    talk = course()
    talk.answered(2_000)
    assert talk.far_end_gone(Ended(by, "", 5.0), 5_500) == Transferred(result, 3_500)


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        ('Q.850;cause=16;text="Normal call clearing"', TransferResult.FAR_END_DISCONNECT),
        ("Q.850;cause=38", TransferResult.NETWORK_DISCONNECT),
        ("SIP;cause=200, Q.850;cause=41", TransferResult.NETWORK_DISCONNECT),
        ("anything", TransferResult.FAR_END_DISCONNECT),
    ],
)
def test_a_bye_that_tells_of_a_failing_network_is_the_networks(reason: str, result: TransferResult) -> None:
    assert course().far_end_gone(Ended("remote", reason, 5.0), 5_500).result is result


def test_maxtime_counts_from_the_answer() -> None:
    talk = course(replace(REQUEST, maxtime_ms=10_000))
    assert (talk.deadline(), talk.tick(1_000_000)) == (None, None)
    talk.answered(5_000)
    assert talk.deadline() == 15_000
    assert talk.tick(14_999) is None
    assert talk.tick(15_000) == Transferred(TransferResult.MAXTIME_DISCONNECT, 10_000)


def test_without_maxtime_a_talk_has_no_end_of_its_own() -> None:
    talk = course()
    talk.answered(5_000)
    assert (talk.deadline(), talk.tick(10**9)) == (None, None)


def test_keys_without_a_grammar_end_nothing() -> None:
    assert [course().key(key, 2_000) for key in "1*#"] == [None, None, None]


def test_keys_are_not_heard_where_the_application_wants_voice_alone() -> None:
    talk = course(replace(HOT, properties=InputProperties(modes=frozenset({"voice"}))))
    assert [talk.key(key, 2_000) for key in "42"] == [None, None]


def test_keys_that_a_grammar_accepts_end_the_talk() -> None:
    talk = course(HOT)
    talk.answered(2_000)
    assert talk.key("4", 3_000) is None
    ended = talk.key("2", 3_100)
    assert ended is not None
    assert (ended.result, ended.duration_ms) == (TransferResult.NEAR_END_DISCONNECT, 1_100)
    assert ended.input is not None
    assert (ended.input.mode, ended.input.utterance) == ("dtmf", "42")


def test_keys_that_no_grammar_accepts_are_passed_over_and_may_begin_it_anew() -> None:
    talk = course(HOT)
    assert [talk.key(key, 3_000) for key in "*4*4"] == [None, None, None, None]
    ended = talk.key("2", 3_100)
    assert ended is not None
    assert ended.input is not None
    assert ended.input.utterance == "42"


def test_a_hot_word_left_halfway_is_forgotten_in_time() -> None:
    talk = course(HOT)
    talk.key("4", 3_000)
    deadline = talk.deadline()
    assert deadline is not None
    assert talk.tick(deadline) is None
    assert talk.key("2", deadline + 10) is None


def test_a_second_leg_without_sound_ends_nobody_knows_how() -> None:
    talk = course()
    talk.answered(2_000)
    assert talk.lost(2_500) == Transferred(TransferResult.UNKNOWN, 500)


# --- a REFER --------------------------------------------------------------------------------------------------------


def taken() -> Referral:
    referral = Referral(30_000, 1_000)
    assert referral.answered(ReferralAnswered(202, "Accepted"), 1_100) is None
    return referral


def test_a_referral_that_is_told_to_succeed_has_gone_through() -> None:
    referral = taken()
    assert referral.told(ReferralTold(100, "Trying", over=False)) is None
    assert referral.told(ReferralTold(200, "OK", over=True)) == Transferred(TransferResult.TRANSFERRED)


def test_a_referral_of_which_nothing_is_told_is_left_to_itself_soon() -> None:
    referral = taken()
    assert referral.deadline() == 1_100 + UNHEARD_OF
    assert referral.tick(1_099 + UNHEARD_OF) is None
    assert referral.tick(1_100 + UNHEARD_OF) == Transferred(TransferResult.TRANSFERRED)


def test_a_referral_that_rings_is_waited_for_as_long_as_the_application_says() -> None:
    referral = taken()
    referral.told(ReferralTold(180, "Ringing", over=False))
    assert referral.deadline() == 31_000
    assert referral.tick(31_000) == Transferred(TransferResult.TRANSFERRED)


def test_a_subscription_that_ends_without_a_word_has_gone_through() -> None:
    assert taken().told(ReferralTold(0, "", over=True)) == Transferred(TransferResult.TRANSFERRED)


@pytest.mark.parametrize(
    ("status", "result", "error"),
    [
        (486, TransferResult.BUSY, ""),
        (480, TransferResult.NOANSWER, ""),
        (503, TransferResult.NETWORK_BUSY, ""),
        (404, TransferResult.UNKNOWN, "error.connection.baddestination"),
    ],
)
def test_a_referral_that_is_told_to_fail_gives_the_callee_back(status: int, result: TransferResult, error: str) -> None:
    ended = taken().told(ReferralTold(status, "why", over=True))
    assert ended is not None
    assert (ended.result, ended.error) == (result, error)


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (0, "error.connection.noroute"),
        (403, "error.connection.noauthorization"),
        (603, "error.connection.noauthorization"),
        (404, "error.connection.baddestination"),
        (405, "error.unsupported.transfer.blind"),
        (501, "error.unsupported.transfer.blind"),
        (503, "error.connection.noresource"),
        (500, "error.connection.noroute"),
    ],
)
def test_a_refused_refer_is_an_event(status: int, event: str) -> None:
    referral = Referral(30_000, 1_000)
    ended = referral.answered(ReferralAnswered(status, "why"), 1_100)
    assert ended is not None
    assert ended.error == event
    assert (referral.taken, referral.deadline()) == (False, None)
