import json
import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest

from tests.acceptance.customer import Customer
from tests.acceptance.program import Program, mirabelle
from tests.acceptance.service import Service
from tests.acceptance.sipp import Sipp

Scenario = Callable[..., Sipp]


def call_in_ledger(service: Service, call_id: int) -> dict[str, Any]:
    """The call as `mirabelle calls` shows it."""
    command = mirabelle("calls", "--json", "--config", service.config)
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, Any] = next(each for each in json.loads(shown.stdout) if each["call_id"] == call_id)
    return found


def running(service: Service) -> Program:
    assert service.program is not None
    return service.program


def kill(service: Service) -> None:
    """End the server as a crash would."""
    running(service).process.kill()
    running(service).exit_status()


def answered(service: Service, customer: Customer) -> int:
    """A call whose application waits for a key; returns once it does."""
    call_id = service.queue(customer, start_url=customer.url("waiting"), max_retries="1", retry_interval="60")
    running(service).wait_for("first audio", call_id=call_id)
    return call_id


class TestDraining:
    def test_a_call_in_progress_ends_by_itself_and_is_reported(
        self, service: Service, customer: Customer, sipp: Scenario
    ) -> None:
        callee = sipp("answer")
        call_id = service.queue(customer)
        running(service).wait_for("answered", call_id=call_id)
        running(service).process.terminate()
        assert customer.wait_for("result")["result"] == "completed"
        assert callee.succeeded()
        assert running(service).exit_status() == 0

    def test_what_is_queued_meanwhile_waits_for_the_next_start(
        self, service: Service, customer: Customer, sipp: Scenario
    ) -> None:
        sipp("hangs_up")
        answered(service, customer)
        running(service).process.terminate()
        running(service).wait_for("draining")
        later = service.queue(customer)
        assert running(service).exit_status() == 0
        assert (call_in_ledger(service, later)["state"], customer.asked("start")) == ("queued", 0)
        sipp("answer")
        service.start()
        running(service).wait_for("answered", call_id=later)

    def test_at_the_limit_the_far_end_is_hung_up_on_and_the_result_says_so(
        self, prepared: Service, customer: Customer, sipp: Scenario
    ) -> None:
        prepared.drain = 1
        prepared.prepare_again()
        prepared.start()
        callee = sipp("answer")
        call_id = answered(prepared, customer)
        running(prepared).process.terminate()
        assert running(prepared).exit_status() == 0
        assert callee.succeeded()
        found = call_in_ledger(prepared, call_id)
        assert (found["state"], found["detail"]) == ("failed", "The server was stopped.")

    def test_a_second_signal_ends_at_once_and_the_ledger_stays_true(
        self, prepared: Service, customer: Customer, sipp: Scenario
    ) -> None:
        prepared.drain = 600
        prepared.prepare_again()
        prepared.start()
        callee = sipp("answer")
        call_id = answered(prepared, customer)
        running(prepared).process.terminate()
        running(prepared).wait_for("draining")
        running(prepared).process.terminate()
        assert running(prepared).exit_status() == 0
        assert callee.succeeded()
        assert call_in_ledger(prepared, call_id)["state"] == "failed"

    def test_a_call_that_still_rings_is_cancelled_and_keeps_its_attempts(
        self, prepared: Service, customer: Customer, sipp: Scenario
    ) -> None:
        prepared.drain = 0
        prepared.prepare_again()
        prepared.start()
        callee = sipp("no_answer")
        call_id = prepared.queue(customer)
        running(prepared).wait_for("ringing", call_id=call_id)
        running(prepared).process.terminate()
        assert running(prepared).exit_status() == 0
        assert callee.succeeded()
        found = call_in_ledger(prepared, call_id)
        assert (found["state"], found["attempts"]) == ("queued", 0)


@pytest.mark.parametrize("prepared", ["sqlite", "postgresql"], indirect=True)
class TestACrash:
    def test_a_person_who_answered_is_not_called_again(
        self, service: Service, customer: Customer, sipp: Scenario
    ) -> None:
        sipp("answer")
        call_id = answered(service, customer)
        kill(service)
        service.start()
        result = customer.wait_for("result")
        assert (result["result"], result["attempts"]) == ("failed", "1")
        found = call_in_ledger(service, call_id)
        assert (found["state"], found["detail"]) == ("failed", "The server died while the session ran.")

    def test_an_attempt_that_nobody_knows_the_end_of_is_left_to_the_retry_rule(
        self, service: Service, customer: Customer, sipp: Scenario
    ) -> None:
        sipp("no_answer")
        call_id = service.queue(customer, max_retries="1", retry_interval="60")
        running(service).wait_for("ringing", call_id=call_id)
        kill(service)
        service.start()
        assert service.ended(call_id)["outcome"] == "interrupted"
        found = call_in_ledger(service, call_id)
        assert (found["state"], found["attempts"]) == ("queued", 1)

    def test_what_was_queued_is_dialled_after_the_restart(
        self, prepared: Service, customer: Customer, sipp: Scenario
    ) -> None:
        prepared.trunks = False
        prepared.prepare_again()
        prepared.start()
        call_id = prepared.queue(customer)
        kill(prepared)
        prepared.trunks = True
        prepared.prepare_again()
        sipp("answer")
        prepared.start()
        assert customer.wait_for("result")["call_id"] == str(call_id)

    def test_a_result_that_nobody_took_is_posted_after_the_restart(
        self, service: Service, customer: Customer, sipp: Scenario
    ) -> None:
        customer.pages["result"] = (500, "broken")
        sipp("busy")
        call_id = service.queue(customer)
        assert "500" in running(service).wait_for("result not taken", call_id=call_id)["reason"]
        kill(service)
        customer.pages["result"] = (200, "mended")
        service.start()
        assert running(service).wait_for("result posted", call_id=call_id)["attempt"] == 2


def test_the_death_of_a_media_process_ends_its_calls_with_a_reason_and_the_next_call_works(
    service: Service, customer: Customer, sipp: Scenario
) -> None:
    callee = sipp("answer")
    call_id = answered(service, customer)
    with urlopen(f"http://{service.http}/health", timeout=20) as reply:
        (media,) = json.load(reply)["media"]
    os.kill(media["pid"], signal.SIGKILL)
    ended = service.ended(call_id)
    assert (ended["outcome"], ended["state"]) == ("answered", "failed"), ended["detail"]
    assert "media process" in ended["detail"]
    assert callee.succeeded()
    callee.stop()
    sipp("answer")
    next_id = service.queue(customer)
    assert service.ended(next_id)["state"] == "completed"


@pytest.mark.parametrize("address", ["listen", "bind"])
def test_an_address_that_is_taken_is_named_and_nothing_starts(service: Service, address: str) -> None:
    ready = running(service).wait_for("ready")
    taken = {"listen": ("MIRABELLE_SERVER_LISTEN", ready["http"]), "bind": ("MIRABELLE_SIP_BIND", ready["sip"])}
    name, value = taken[address]
    command = mirabelle("serve", "--config", service.config)
    started = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, name: value}, timeout=60, check=False
    )
    assert started.returncode != 0
    assert value in started.stderr
    assert "Traceback" not in started.stderr
