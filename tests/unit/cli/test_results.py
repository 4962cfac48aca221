from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import pytest
from typer.testing import Result

from mirabelle.calls.clock import SystemClock
from mirabelle.cli.owner import NotThere
from mirabelle.store.ledger import Ledger, StoreError

T = TypeVar("T")
CALL = ("call", "+16175550123", "--start-url", "http://example.com/s", "--result-url", "http://example.com/r")


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


class Asked(Protocol):
    def __call__(self, question: Callable[[Ledger], Awaitable[T]]) -> T: ...


@pytest.fixture
def dead(mirabelle: Mirabelle, asked: Asked) -> None:
    """Results 1 and 2 are dead, the second another account's; 3 is pending."""
    mirabelle("account", "add", "demo")
    for number, login in enumerate(("local", "demo", "local"), 1):
        mirabelle(*CALL, "--login", login)
        mirabelle("cancel", str(number))

    async def give_up(ledger: Ledger) -> None:
        for number in (1, 2):
            await ledger.delivery_failed(number, now=SystemClock().now(), next_at=None, reason="It answered 410.")

    asked(give_up)


def listed(mirabelle: Mirabelle, *options: str) -> list[tuple[int, str]]:
    found: list[dict[str, Any]] = json.loads(mirabelle("result", "list", *options, "--json").stdout)
    return [(each["result_id"], each["state"]) for each in found]


@pytest.mark.usefixtures("dead")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), [(1, "dead"), (2, "dead"), (3, "pending")]),
        (("--state", "dead"), [(1, "dead"), (2, "dead")]),
        (("--login", "local"), [(1, "dead"), (3, "pending")]),
        (("--after", "1", "--limit", "1"), [(2, "dead")]),
    ],
)
def test_results_are_listed(mirabelle: Mirabelle, options: tuple[str, ...], expected: list[tuple[int, str]]) -> None:
    assert listed(mirabelle, *options) == expected


@pytest.mark.usefixtures("dead")
def test_a_result_is_shown_with_its_form_and_the_number_masked(mirabelle: Mirabelle) -> None:
    shown = json.loads(mirabelle("result", "show", "1", "--json").stdout)
    assert (shown["state"], shown["reason"], shown["form"]["result"]) == ("dead", "It answered 410.", "failed")
    assert shown["form"]["phone_number"] == "+•••••••••23"
    assert "form.phone_number\t+16175550123" in mirabelle("result", "show", "1", "--show-numbers").stdout.splitlines()


@pytest.mark.usefixtures("dead")
def test_a_result_is_posted_again(mirabelle: Mirabelle) -> None:
    assert mirabelle("result", "replay", "1").stdout == "1 result is posted again.\n"
    assert listed(mirabelle, "--state", "dead") == [(2, "dead")]


@pytest.mark.usefixtures("dead")
def test_all_dead_results_are_posted_again(mirabelle: Mirabelle) -> None:
    assert json.loads(mirabelle("result", "replay", "--dead", "--login", "demo", "--json").stdout) == {"replayed": 1}
    assert mirabelle("result", "replay", "--dead").stdout == "1 result is posted again.\n"
    assert listed(mirabelle, "--state", "dead") == []


@pytest.mark.usefixtures("dead")
def test_the_result_of_another_account_is_left_alone(mirabelle: Mirabelle) -> None:
    with pytest.raises(NotThere, match="'demo' has no result 1"):
        mirabelle("result", "replay", "1", "--login", "demo")
    assert listed(mirabelle, "--state", "dead") == [(1, "dead"), (2, "dead")]


def test_a_result_that_is_not_there_is_told(mirabelle: Mirabelle) -> None:
    with pytest.raises(NotThere, match="no result 7"):
        mirabelle("result", "show", "7")
    with pytest.raises(StoreError, match="no result 7"):
        mirabelle("result", "replay", "7")


@pytest.mark.parametrize("words", [[], ["1", "--dead"]])
def test_it_takes_one_result_or_all_dead_ones(mirabelle: Mirabelle, words: list[str]) -> None:
    result = mirabelle("result", "replay", *words)
    assert result.exit_code == 2
    assert "--dead" in result.stderr
