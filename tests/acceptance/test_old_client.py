"""A client that was written for the hosted service works when nothing but its host name is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.old_client import NotQueuedError, OldApplication, OldClient
from tests.acceptance.service import Service
from tests.acceptance.sipp import Sipp

Scenario = Callable[..., Sipp]


@pytest.fixture
def application() -> Iterator[OldApplication]:
    with OldApplication() as running:
        yield running


@pytest.fixture
def client(prepared: Service) -> OldClient:
    """A client of a server that looks at the addresses of a call, as the hosted service did."""
    prepared.preflight = True
    prepared.prepare_again()
    prepared.start()
    return OldClient(prepared.http, prepared.pin)


def test_a_call_is_queued_dialled_and_reported(client: OldClient, application: OldApplication, sipp: Scenario) -> None:
    callee = sipp("answer")
    call_id = client.queue_call(
        phone_number="+16175550123",
        start_url=application.url("start"),
        result_url=application.url("result"),
        message_reference="order 17 & 18, Zoë",
        call_parameters="a=1&b=50%+2",
        max_retries="2",
        retry_interval="60",
        scheduled_time="now",
        expiration_time="+3 days",
    )
    assert application.wait_for("start", 2) == {
        "phone_number": "+16175550123",
        "message_reference": "order 17 & 18, Zoë",
        "call_id": str(call_id),
        "call_parameters": "a=1&b=50%+2",
        "campaign_parameters": "",
    }
    posted = application.wait_for("result", 2)
    assert set(posted) == {
        "phone_number",
        "message_reference",
        "call_id",
        "result",
        "callee_type",
        "attempts",
        "last_attempt_timestamp",
        "duration",
    }
    [outcome] = application.results
    assert (outcome.call_id, outcome.result, outcome.attempts) == (call_id, "completed", 1)
    assert (outcome.phone_number, outcome.message_reference) == ("+16175550123", "order 17 & 18, Zoë")
    assert outcome.callee_type in {"voice", "answeringmachine", "fax", "unknown"}
    assert int(outcome.last_attempt_timestamp) > 0
    assert outcome.duration >= 1
    assert application.kinds == {"application/x-www-form-urlencoded"}
    assert callee.succeeded()


def test_both_addresses_get_one_get_without_variables_first(client: OldClient, application: OldApplication) -> None:
    client.queue_call(
        phone_number="+16175550123",
        start_url=application.url("start"),
        result_url=application.url("result"),
        scheduled_time="+1 day",
    )
    assert sorted(application.requests) == [("GET", "result", {}), ("GET", "start", {})]
    assert application.results == []


def test_a_result_page_that_does_not_know_the_get_makes_the_queueing_fail(
    client: OldClient, application: OldApplication
) -> None:
    application.knows_heartbeats = False
    with pytest.raises(NotQueuedError) as raised:
        client.queue_call(
            phone_number="+16175550123", start_url=application.url("start"), result_url=application.url("result")
        )
    assert '<queuecall status="failed">' in str(raised.value)
    assert f"GET {application.url('result')} was answered with HTTP status 500" in str(raised.value)


def test_a_list_is_uploaded_and_each_of_its_calls_reported(
    client: OldClient, application: OldApplication, sipp: Scenario
) -> None:
    callee = sipp("answer", calls=2)
    client.queue_calls(
        ["+16175550123,first,room 4", "+16175550124,second"],
        campaign_name="Autumn",
        campaign_parameters="everybody",
        start_url=application.url("start"),
        result_url=application.url("result"),
    )
    application.wait_for("result", 3)
    assert sorted((each.message_reference, each.result) for each in application.results) == [
        ("first", "completed"),
        ("second", "completed"),
    ]
    started = [form for method, path, form in application.requests if (method, path) == ("POST", "start")]
    assert sorted((form["call_parameters"], form["campaign_parameters"]) for form in started) == [
        ("", "everybody"),
        ("room 4", "everybody"),
    ]
    assert callee.succeeded()
