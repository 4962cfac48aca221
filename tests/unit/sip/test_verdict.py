from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.outcome import Outcome
from mirabelle.sip.headers import Headers
from mirabelle.sip.verdict import BY_STATUS, Verdict, verdict

NAMED = {
    486: Outcome.BUSY,
    600: Outcome.BUSY,
    408: Outcome.NO_ANSWER,
    480: Outcome.NO_ANSWER,
    487: Outcome.NO_ANSWER,
    403: Outcome.REJECTED,
    603: Outcome.REJECTED,
    607: Outcome.REJECTED,
    608: Outcome.REJECTED,
    404: Outcome.UNALLOCATED,
    410: Outcome.UNALLOCATED,
    484: Outcome.UNALLOCATED,
    604: Outcome.UNALLOCATED,
}


def judge(status: int, reason: str = "Phrase", **headers: str) -> Verdict:
    return verdict(status, reason, Headers((name.replace("_", "-"), value) for name, value in headers.items()))


@pytest.mark.parametrize("status", range(300, 700))
def test_every_status_means_what_its_table_or_its_class_says(status: int) -> None:
    if status in NAMED:
        expected = NAMED[status]
    elif status in BY_STATUS or status < 600:
        expected = Outcome.FAILED
    else:
        expected = Outcome.BUSY  # an unknown 6xx is a 600
    assert judge(status).outcome is expected


def test_a_606_is_known_and_not_busy() -> None:
    assert judge(606).outcome is Outcome.FAILED


@pytest.mark.parametrize("status", range(600, 700))
def test_a_6xx_speaks_for_every_trunk(status: int) -> None:
    assert not judge(status).elsewhere


@pytest.mark.parametrize(("status", "elsewhere"), [(500, True), (503, True), (488, True), (486, False), (404, False)])
def test_only_a_fault_of_the_trunk_is_worth_another_one(status: int, elsewhere: bool) -> None:
    assert judge(status).elsewhere is elsewhere


def test_503_with_retry_after_is_capacity() -> None:
    found = judge(503, "Service Unavailable", Retry_After="7 (soon);duration=3")
    assert (found.outcome, found.retry_after) == (Outcome.CAPACITY, 7)


def test_503_alone_is_failed() -> None:
    assert judge(503, "Service Unavailable").outcome is Outcome.FAILED


@pytest.mark.parametrize("status", [480, 486, 500, 600])
def test_retry_after_elsewhere_does_not_change_the_outcome(status: int) -> None:
    found = judge(status, Retry_After="60")
    assert found.outcome is judge(status).outcome
    assert found.retry_after == 60


def test_an_absurd_retry_after_is_bounded() -> None:
    assert judge(503, Retry_After="949302838503028349304023988").retry_after == 86_400


@pytest.mark.parametrize("text", ["soon", "-5", ""])
def test_a_retry_after_that_is_no_number_is_none(text: str) -> None:
    assert judge(503, Retry_After=text).retry_after is None


@pytest.mark.parametrize("status", [403, 480, 486, 500, 503, 603])
@pytest.mark.parametrize(
    "phrase",
    [
        "CPS limit exceeded",
        "Concurrent call limit reached",
        "concurrent calls exceeded",
        "Channel limit",
        "channels full",
        "Rate limit exceeded",
        "Too many calls",
        "No available channels",
        "No circuits available",
        "All circuits busy",
        "Network congestion",
        "Calls per second exceeded",
        "Call throttled",
        "System overload",
    ],
)
def test_a_phrase_about_a_limit_is_capacity(status: int, phrase: str) -> None:
    assert judge(status, phrase).outcome is Outcome.CAPACITY


def test_a_limit_in_a_warning_or_a_reason_text_counts_too() -> None:
    assert judge(503, Warning='399 sbc "Concurrent call limit exceeded"').outcome is Outcome.CAPACITY
    assert judge(500, Reason='Q.850;cause=16;text="Channel limit"').outcome is Outcome.CAPACITY


@pytest.mark.parametrize(
    "phrase", ["Credit limit exceeded", "Forbidden", "Decline", "Temporarily Unavailable", "Session expired"]
)
def test_other_phrases_change_nothing(phrase: str) -> None:
    assert judge(403, phrase).outcome is Outcome.REJECTED


@pytest.mark.parametrize(
    ("status", "cause", "outcome"),
    [
        (503, 1, Outcome.UNALLOCATED),
        (404, 3, Outcome.FAILED),
        (480, 17, Outcome.BUSY),
        (500, 18, Outcome.NO_ANSWER),
        (480, 19, Outcome.NO_ANSWER),
        (480, 21, Outcome.REJECTED),
        (503, 28, Outcome.UNALLOCATED),
        (503, 34, Outcome.CAPACITY),
        (503, 38, Outcome.FAILED),
        (480, 41, Outcome.FAILED),
        (503, 42, Outcome.CAPACITY),
        (603, 17, Outcome.BUSY),
        (486, 16, Outcome.BUSY),
        (480, 31, Outcome.NO_ANSWER),
        (486, 127, Outcome.BUSY),
        (486, 999, Outcome.BUSY),
    ],
)
def test_a_cause_of_the_telephone_network_is_more_exact_than_the_status(
    status: int, cause: int, outcome: Outcome
) -> None:
    assert judge(status, Reason=f'Q.850 ;cause={cause} ;text="words"').outcome is outcome


def test_the_reason_of_another_protocol_says_nothing() -> None:
    assert judge(480, Reason="SIP;cause=486").outcome is Outcome.NO_ANSWER
    assert judge(480, Reason='SIP;cause=200;text="x, y", q.850;cause=17').outcome is Outcome.BUSY


@pytest.mark.parametrize("text", ["", ";;", 'Q.850;cause="', "Q.850;cause=-1", "Q.850;cause=1x", "Q.850"])
def test_a_reason_that_cannot_be_read_says_nothing(text: str) -> None:
    assert judge(486, Reason=text).outcome is Outcome.BUSY


@pytest.mark.parametrize("status", [300, 301, 302, 305, 380, 399])
def test_a_redirection_is_failed_and_says_where_to(status: int) -> None:
    found = judge(status, "Moved", Contact="<sip:elsewhere@example.com>")
    assert found.outcome is Outcome.FAILED
    assert "sip:elsewhere@example.com" in found.detail
    assert not found.elsewhere


def test_the_detail_holds_status_phrase_and_cause() -> None:
    found = judge(486, "Busy Here", Reason='Q.850;cause=17;text="User busy"')
    assert found.detail == "486 Busy Here (Q.850 cause 17: User busy)"


@given(st.integers(300, 699), st.text(max_size=200), st.text(max_size=100), st.text(max_size=100))
def test_no_answer_is_too_strange_to_judge(status: int, reason: str, cause: str, retry: str) -> None:
    found = verdict(status, reason, Headers([("Reason", cause), ("Retry-After", retry), ("Contact", cause)]))
    assert found.outcome in Outcome
    assert "\n" not in found.detail
