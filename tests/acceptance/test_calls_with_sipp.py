from collections.abc import Callable

import pytest

from tests.acceptance.customer import Customer
from tests.acceptance.service import Service
from tests.acceptance.sipp import Sipp

Scenario = Callable[..., Sipp]

on_each_store = pytest.mark.parametrize("prepared", ["sqlite", "postgresql"], indirect=True)


@on_each_store
def test_an_answered_call_runs_its_application_and_reports_it_completed(
    service: Service, customer: Customer, sipp: Scenario
) -> None:
    callee = sipp("answer")
    call_id = service.queue(customer)
    start, result = customer.wait_for("start"), dict(customer.wait_for("result"))
    assert start == {
        "phone_number": "+16175550123",
        "message_reference": "appointment-7",
        "call_id": str(call_id),
        "call_parameters": "room 4",
        "campaign_parameters": "",
    }
    assert int(result.pop("last_attempt_timestamp")) > 0
    assert int(result.pop("duration")) >= 1
    assert result == {
        "phone_number": "+16175550123",
        "message_reference": "appointment-7",
        "call_id": str(call_id),
        "result": "completed",
        "callee_type": "unknown",
        "attempts": "1",
    }
    assert callee.succeeded()


@pytest.mark.parametrize(
    ("scenario", "outcome", "status"),
    [("busy", "busy", 486), ("reject", "rejected", 603), ("no_answer", "no_answer", 487)],
)
def test_a_call_that_nobody_takes_is_reported_failed(
    service: Service, customer: Customer, sipp: Scenario, scenario: str, outcome: str, status: int
) -> None:
    callee = sipp(scenario)
    call_id = service.queue(customer)
    result = customer.wait_for("result")
    assert (result["result"], result["attempts"], result["duration"]) == ("failed", "1", "0")
    ended = service.ended(call_id)
    assert (ended["outcome"], ended["sip_status"]) == (outcome, status)
    assert callee.succeeded()
    assert customer.asked("start") == 0


def test_a_person_who_picks_up_as_we_give_up_is_not_called_again(
    service: Service, customer: Customer, sipp: Scenario
) -> None:
    callee = sipp("crossing")
    call_id = service.queue(customer, max_retries="3")
    result = customer.wait_for("result")
    assert (result["result"], result["attempts"]) == ("failed", "1")
    ended = service.ended(call_id)
    assert (ended["outcome"], ended["detail"]) == ("answered", "answered at the moment we gave up")
    assert callee.succeeded()


def test_a_trunk_without_room_costs_the_call_no_attempt(service: Service, customer: Customer, sipp: Scenario) -> None:
    full = sipp("full")
    call_id = service.queue(customer)
    assert service.ended(call_id)["outcome"] == "capacity"
    assert full.succeeded()
    full.stop()
    sipp("answer")
    assert customer.wait_for("result")["attempts"] == "1"


def test_a_callee_that_hangs_up_ends_the_session(service: Service, customer: Customer, sipp: Scenario) -> None:
    callee = sipp("hangs_up")
    call_id = service.queue(customer, start_url=customer.url("waiting"))
    assert customer.wait_for("result")["result"] == "completed"
    assert service.program is not None
    assert service.program.wait_for("hang-up", call_id=call_id)["by"] == "callee"
    assert callee.succeeded()


def test_a_trunk_that_asks_who_is_calling_is_told(service: Service, customer: Customer, sipp: Scenario) -> None:
    callee = sipp("auth")
    service.queue(customer)
    assert customer.wait_for("result")["result"] == "completed"
    assert callee.succeeded()


def test_a_start_url_that_is_no_voicexml_ends_the_call_as_failed_with_the_line(
    service: Service, customer: Customer, sipp: Scenario
) -> None:
    customer.pages["start"] = (200, '<?xml version="1.0"?>\n<vxml version="2.1">\n  <form><blok/></form>\n</vxml>')
    callee = sipp("answer")
    call_id = service.queue(customer)
    assert customer.wait_for("result")["result"] == "failed"
    assert "line 3" in service.ended(call_id)["detail"]
    assert callee.succeeded()


def test_a_start_url_that_is_not_there_ends_the_call_as_failed(
    service: Service, customer: Customer, sipp: Scenario
) -> None:
    customer.pages["start"] = (404, "gone")
    sipp("answer")
    call_id = service.queue(customer)
    assert customer.wait_for("result")["result"] == "failed"
    assert "404" in service.ended(call_id)["detail"]
