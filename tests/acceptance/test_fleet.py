"""Several processes on one ledger: they share trunks without passing a cap, and take over from one that dies."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from mirabelle.calls.call import CallState
from mirabelle.calls.outcome import Outcome
from tests.acceptance.customer import DOCUMENT, Customer
from tests.acceptance.fleet import Fleet
from tests.acceptance.old_client import OldClient
from tests.acceptance.program import PATIENCE, Program
from tests.acceptance.sip_log import fastest, most_at_once

SHORT = DOCUMENT.format("<form><block><exit/></block></form>")


@pytest.fixture
def fleet(require_peer: Callable[[str, Path | str | None], Path], tmp_path: Path, postgres_url: str) -> Iterator[Fleet]:
    made = Fleet(tmp_path, postgres_url, require_peer("sipp", shutil.which("sipp")))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def short_customer() -> Iterator[Customer]:
    """A customer whose application ends at once."""
    with Customer({"start": (200, SHORT), "result": (200, "thanks")}) as running:
        yield running


def upload(fleet: Fleet, address: str, customer: Customer, calls: int) -> list[str]:
    """Queue a campaign; returns its numbers."""
    numbers = [f"1617555{index:04}" for index in range(calls)]
    OldClient(address, fleet.pin).queue_calls(
        [f"+{each}" for each in numbers],
        campaign_name="autumn",
        start_url=customer.url("start"),
        result_url=customer.url("result"),
    )
    return numbers


def wait_until(true: Callable[[], bool], wanted: str) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, f"never came: {wanted}"
        time.sleep(0.02)


def answers(dialer: Program) -> int:
    return sum(each["event"] == "answered" for each in dialer.events)


def health(address: str, path: str) -> tuple[int, dict[str, object]]:
    try:
        with urlopen(f"http://{address}{path}", timeout=20) as reply:
            return reply.status, json.load(reply)
    except HTTPError as error:
        return error.code, json.load(error)


def test_four_dialers_share_two_trunks_without_passing_a_rate_or_their_channels(
    fleet: Fleet, short_customer: Customer
) -> None:
    address = fleet.start(dialers=4)
    numbers = upload(fleet, address, short_customer, 240)
    short_customer.wait_for("result", count=len(numbers))
    fleet.stop()
    seen = fleet.rung()
    assert sorted(call.number.lstrip("+") for calls in seen for call in calls) == numbers
    for calls in seen:
        assert most_at_once(calls) <= fleet.channels
        # An INVITE may come late, and so nearer to the next: two seconds' worth is counted in three.
        assert fastest(calls, 2.0) <= 3 * fleet.rate
    assert {call.state for call, _ in fleet.calls()} == {CallState.COMPLETED}
    worked = [
        sum(each["event"] == "answered" for each in dialer.events if "call_id" in each) for dialer in fleet.dialers
    ]
    assert all(worked), worked
    assert Counter(form["result"] for _, path, form in short_customer.requests if path == "result") == {
        "completed": len(numbers)
    }


def test_the_others_take_over_from_a_dialer_that_dies_and_nobody_rings_twice(
    fleet: Fleet, short_customer: Customer
) -> None:
    fleet.ringing = 1_500
    address = fleet.start(dialers=4)
    numbers = upload(fleet, address, short_customer, 120)
    victim = fleet.dialers[0]
    wait_until(
        lambda: (
            sum(each["event"] == "ringing" for each in victim.events) >= 8
            and any(each["event"] == "answered" for each in victim.events)
        ),
        "calls of the first dialer that ring, and one that was answered",
    )
    victim.process.kill()
    wait_until(
        lambda: all(call.state.final for call, _ in fleet.calls()), "the end of every call, the dead one's included"
    )
    short_customer.wait_for("result", count=len(numbers))
    fleet.stop()
    times_rung = Counter(call.number.lstrip("+") for calls in fleet.rung() for call in calls)
    assert set(times_rung) == set(numbers)
    assert set(times_rung.values()) == {1}
    for calls in fleet.rung():
        assert most_at_once([call for call in calls if call.ended is not None]) <= fleet.channels
    ended = Counter(attempts[-1].outcome for _, attempts in fleet.calls())
    assert ended[Outcome.INTERRUPTED] >= 1
    assert ended[Outcome.ANSWERED] + ended[Outcome.INTERRUPTED] == len(numbers)


def test_requests_and_calls_may_be_two_processes_on_one_file(
    require_peer: Callable[[str, Path | str | None], Path], tmp_path: Path, short_customer: Customer
) -> None:
    store = f"sqlite:///{tmp_path}/ledger.db"
    fleet = Fleet(tmp_path, store, require_peer("sipp", shutil.which("sipp")), most=0, ports=8)
    try:
        address = fleet.start(dialers=1)
        [dialer] = fleet.dialers
        own = dialer.wait_for("ready")["http"]
        assert [health(each, path)[0] for each in (address, own) for path in ("/ready", "/alive", "/health")] == [
            200
        ] * 6
        assert health(own, "/health")[1]["most_calls"] == 4
        warning = dialer.wait_for("few ports")
        assert "carry 4 calls" in warning["advice"]
        assert "have 24 channels" in warning["advice"]
        numbers = upload(fleet, address, short_customer, 16)
        short_customer.wait_for("result", count=len(numbers))
        for program in fleet.programs:
            program.process.terminate()
            assert program.exit_status() == 0
    finally:
        fleet.stop()
    seen = [call for calls in fleet.rung() for call in calls]
    assert sorted(call.number.lstrip("+") for call in seen) == numbers
    assert most_at_once(seen) <= 4
