from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import AccountSettings
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.result import Extras, needs_extras, result_form

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALL = Call(
    call_id=4711,
    account_id=1,
    campaign_id=3,
    campaign_parameters="spring",
    phone_number="+16175550123",
    start_url="http://example.com/start",
    result_url="http://example.com/result",
    message_reference="order-17",
    call_parameters="Ann",
    max_retries=0,
    retry_interval=300,
    state=CallState.FAILED,
    queued_at=NOW,
    due_at=NOW,
    expires_at=None,
    attempts=1,
    last_attempt_at=NOW + timedelta(seconds=1.9),
    detail="Busy Here",
    ended_at=NOW + timedelta(seconds=9),
)
PLAIN = AccountSettings()
EXTRAS = AccountSettings(result_extras=True)
BUSY = Extras(campaign_name="Spring", sequence=2, outcome=Outcome.BUSY, sip_status=486)
EIGHT = {
    "phone_number": "+16175550123",
    "message_reference": "order-17",
    "call_id": "4711",
    "result": "failed",
    "callee_type": "unknown",
    "attempts": "1",
    "last_attempt_timestamp": "1772366401",
    "duration": "0",
}


def test_a_result_has_the_eight_variables_and_no_more() -> None:
    assert result_form(CALL, PLAIN) == tuple(EIGHT.items())
    assert result_form(CALL, PLAIN, BUSY) == tuple(EIGHT.items())


def test_extras_come_after_the_eight() -> None:
    assert result_form(CALL, EXTRAS, BUSY) == (
        *EIGHT.items(),
        ("outcome", "busy"),
        ("state", "failed"),
        ("sip_status", "486"),
        ("detail", "Busy Here"),
        ("campaign_id", "3"),
        ("campaign_name", "Spring"),
        ("call_parameters", "Ann"),
        ("campaign_parameters", "spring"),
        ("queued_timestamp", "1772366400"),
        ("answered_timestamp", ""),
        ("ended_timestamp", "1772366409"),
        ("sequence", "2"),
    )


def test_an_answer_has_its_time() -> None:
    answered = replace(BUSY, outcome=Outcome.ANSWERED, sip_status=200, answered_at=NOW + timedelta(seconds=5))
    form = dict(result_form(replace(CALL, state=CallState.COMPLETED), EXTRAS, answered))
    assert (form["result"], form["outcome"], form["answered_timestamp"]) == ("completed", "answered", "1772366405")


def test_a_call_that_was_never_dialled_has_no_sip_status() -> None:
    never = replace(CALL, state=CallState.EXPIRED, last_attempt_at=None, attempts=0)
    form = dict(result_form(never, EXTRAS, Extras(campaign_name="Spring", sequence=1)))
    assert (form["outcome"], form["sip_status"], form["last_attempt_timestamp"]) == ("expired", "", "")


@pytest.mark.parametrize(
    ("state", "outcome", "documented", "extended", "told"),
    [
        (CallState.COMPLETED, Outcome.ANSWERED, "completed", "completed", "answered"),
        (CallState.FAILED, Outcome.ANSWERED, "failed", "failed", "answered"),
        (CallState.FAILED, Outcome.BUSY, "failed", "failed", "busy"),
        (CallState.FAILED, Outcome.INTERRUPTED, "failed", "failed", "interrupted"),
        (CallState.FAILED, Outcome.REJECTED, "failed", "rejected", "rejected"),
        (CallState.FAILED, None, "failed", "failed", "failed"),
        (CallState.EXPIRED, None, "failed", "expired", "expired"),
        (CallState.EXPIRED, Outcome.REJECTED, "failed", "expired", "expired"),
        (CallState.CANCELED, None, "failed", "canceled", "canceled"),
        (CallState.CANCELED, Outcome.CANCELED, "failed", "canceled", "canceled"),
        (CallState.CANCELED, Outcome.NO_ANSWER, "failed", "canceled", "canceled"),
    ],
)
def test_each_end_has_its_words(
    state: CallState, outcome: Outcome | None, documented: str, extended: str, told: str
) -> None:
    call, extras = replace(CALL, state=state), replace(BUSY, outcome=outcome)
    assert dict(result_form(call, EXTRAS, extras))["result"] == documented
    more = AccountSettings(result_extras=True, result_literals="extended")
    form = dict(result_form(call, more, extras))
    assert (form["result"], form["outcome"]) == (extended, told)


@pytest.mark.parametrize(
    ("wishes", "needed"),
    [(PLAIN, False), (EXTRAS, True), (AccountSettings(result_literals="extended"), True)],
)
def test_the_last_attempt_is_looked_up_only_where_it_is_told(wishes: AccountSettings, needed: bool) -> None:
    assert needs_extras(wishes) is needed
