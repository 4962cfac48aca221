from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import pytest
from typer.testing import Result

from mirabelle.calls.call import CallState
from mirabelle.calls.clock import SystemClock
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.cli.call import CallRefused
from mirabelle.cli.owner import NotThere
from mirabelle.store.ledger import Ledger
from tests.admission import claim

T = TypeVar("T")
START = ("--start-url", "http://example.com/start")
CALL = ("call", "+16175550123", *START)


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


class Asked(Protocol):
    def __call__(self, question: Callable[[Ledger], Awaitable[T]]) -> T: ...


def listed(mirabelle: Mirabelle, *options: str) -> list[Any]:
    found: list[Any] = json.loads(mirabelle("calls", *options, "--json").stdout)
    return found


def shown(mirabelle: Mirabelle, call_id: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(mirabelle("calls", "show", str(call_id), "--json").stdout)
    return found


def test_a_call_has_its_times(mirabelle: Mirabelle) -> None:
    mirabelle(*CALL, "--scheduled-time", "2099-01-01 09:30 UTC", "--expiration-timestamp", "4102444800")
    call = shown(mirabelle, 1)
    assert (call["due_at"], call["expires_at"]) == ("2099-01-01T09:30:00+00:00", "2100-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (("--scheduled-time", "soonish"), "scheduled_time"),
        (("--scheduled-time", "+1 day", "--scheduled-timestamp", "4102444800"), "scheduled_time"),
        (("--expiration-timestamp", "1"), "expiration_timestamp"),
    ],
)
def test_a_time_that_cannot_be_is_refused_by_field(mirabelle: Mirabelle, options: tuple[str, ...], field: str) -> None:
    with pytest.raises(CallRefused, match=f"^{field}:"):
        mirabelle(*CALL, *options)


def test_a_call_may_go_into_a_campaign(mirabelle: Mirabelle) -> None:
    mirabelle("campaign", "add", "autumn")
    mirabelle(*CALL, "--campaign", "autumn")
    mirabelle(*CALL)
    assert [call["call_id"] for call in listed(mirabelle, "--campaign", "autumn")] == [1]


def test_a_campaign_that_is_not_there_takes_no_call(mirabelle: Mirabelle) -> None:
    with pytest.raises(NotThere, match="mirabelle campaign list --login local"):
        mirabelle(*CALL, "--campaign", "autumn")
    assert listed(mirabelle) == []


def test_a_national_number_is_understood_with_the_country_of_the_account(mirabelle: Mirabelle) -> None:
    mirabelle("account", "add", "demo")
    mirabelle("account", "set", "demo", "country=US")
    assert mirabelle("call", "(617) 555-0123", *START, "--login", "demo").exit_code == 0
    with pytest.raises(CallRefused, match="phone_number"):
        mirabelle("call", "(617) 555-0123", *START)


def test_calls_are_found_by_what_is_known_of_them(mirabelle: Mirabelle) -> None:
    mirabelle("account", "add", "demo")
    mirabelle(*CALL, "--message-reference", "a")
    mirabelle(*CALL, "--message-reference", "a", "--login", "demo")
    mirabelle(*CALL, "--message-reference", "b", "--login", "demo")
    mirabelle("cancel", "3")

    def ids(*options: str) -> list[int]:
        return [call["call_id"] for call in listed(mirabelle, *options)]

    assert ids() == [3, 2, 1]
    assert ids("--login", "demo") == [3, 2]
    assert ids("--reference", "a") == [2, 1]
    assert ids("--reference", "a", "--login", "local") == [1]
    assert ids("--state", "queued") == [2, 1]
    assert ids("--state", "queued", "--limit", "1") == [2]
    assert ids("--state", "canceled", "--reference", "b") == [3]
    assert ids("--campaign", "default", "--login", "demo", "--state", "queued") == [2]


def test_a_state_that_is_not_there_names_those_there_are(mirabelle: Mirabelle) -> None:
    result = mirabelle("calls", "--state", "lost")
    assert result.exit_code == 2
    assert "queued" in result.stderr


async def fail(ledger: Ledger) -> None:
    """The first call is busy, and over."""
    now = SystemClock().now()
    await claim(ledger, now, 1, "one", now + timedelta(seconds=30))
    attempt = await ledger.begin_attempt(1, "abc@example.com", "main", now, "one")
    await ledger.end_attempt(
        attempt.attempt_id,
        outcome=Outcome.BUSY,
        now=now,
        sip_status=486,
        detail="Busy Here",
        step=NextStep(CallState.FAILED, None),
    )


def test_a_call_is_shown_with_its_attempts_and_results(mirabelle: Mirabelle, asked: Asked) -> None:
    mirabelle(*CALL, "--result-url", "http://example.com/result")
    asked(fail)
    call = shown(mirabelle, 1)
    assert (call["state"], call["number"]) == ("failed", "+•••••••••23")
    [attempt] = call["tries"]
    assert (attempt["sip_status"], attempt["outcome"], attempt["trunk"]) == (486, "busy", "main")
    assert attempt["ended_at"]
    [result] = call["results"]
    assert (result["state"], result["sequence"]) == ("pending", 1)
    lines = mirabelle("calls", "show", "1", "--show-numbers").stdout.splitlines()
    assert "number\t+16175550123" in lines
    assert [line.split("\t")[0] for line in lines[-2:]] == ["attempt", "result"]


def test_a_call_that_is_not_there_cannot_be_shown(mirabelle: Mirabelle) -> None:
    with pytest.raises(NotThere, match="no call 7"):
        mirabelle("calls", "show", "7")


def test_a_queued_call_is_withdrawn(mirabelle: Mirabelle) -> None:
    mirabelle(*CALL)
    assert mirabelle("cancel", "1").stdout == "Call 1 is canceled.\n"
    assert json.loads(mirabelle("cancel", "1", "--json").stdout) == {"call_id": 1, "state": "canceled"}


def test_a_call_that_is_over_is_said_not_to_be_withdrawn(mirabelle: Mirabelle, asked: Asked) -> None:
    mirabelle(*CALL)
    asked(fail)
    assert mirabelle("cancel", "1").stdout == "Call 1 is failed already, and was not withdrawn.\n"


def test_a_call_for_later_is_told_with_its_time(mirabelle: Mirabelle) -> None:
    told = mirabelle(*CALL, "--scheduled-time", "2099-01-01 09:30 UTC").stdout
    assert told.startswith("Call 1 is queued, and due at 2099-01-01 09:30:00 UTC.")


def test_a_scheduled_time_that_is_past_is_told(mirabelle: Mirabelle) -> None:
    assert "due at once" in mirabelle(*CALL, "--scheduled-time", "yesterday").stdout


def test_times_are_what_the_ledger_has(mirabelle: Mirabelle) -> None:
    mirabelle(*CALL)
    assert datetime.fromisoformat(listed(mirabelle)[0]["queued_at"]).tzinfo == UTC
