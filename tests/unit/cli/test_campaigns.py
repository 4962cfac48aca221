from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest
from typer.testing import Result

from mirabelle.calls.when import WhenError
from mirabelle.cli.campaign import bar
from mirabelle.cli.list_file import ListUnreadable
from mirabelle.cli.owner import NotThere
from mirabelle.cli.upload import CampaignRefused, unless_begun
from mirabelle.store.ledger import CampaignExists, Ledger, StoreError

T = TypeVar("T")
START = ("--start-url", "http://example.com/start")


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


class Asked(Protocol):
    def __call__(self, question: Callable[[Ledger], Awaitable[T]]) -> T: ...


def upload(mirabelle: Mirabelle, numbers: Path, *options: str, name: str = "autumn") -> Result:
    return mirabelle("campaign", "upload", str(numbers), "--name", name, *START, *options)


def counts(mirabelle: Mirabelle, name: str = "autumn") -> dict[str, int]:
    shown = json.loads(mirabelle("campaign", "show", name, "--json").stdout)["calls"]
    return {state: count for state, count in shown.items() if count}


def nothing_is_queued(mirabelle: Mirabelle) -> bool:
    return mirabelle("calls").stdout == ""


def test_a_list_with_a_bad_line_is_refused_and_the_line_is_told(mirabelle: Mirabelle, numbers: Path) -> None:
    with pytest.raises(CampaignRefused, match=r"nothing was queued; --on-bad-line skip .*:\nline 2: The number needs"):
        upload(mirabelle, numbers)
    assert nothing_is_queued(mirabelle)


def test_bad_lines_may_be_passed_over(mirabelle: Mirabelle, numbers: Path) -> None:
    result = upload(mirabelle, numbers, "--on-bad-line", "skip")
    assert result.stdout == "Campaign 2 'autumn': 3 calls queued, 1 line passed over.\n"
    assert result.stderr.startswith("line 2: The number needs")
    assert counts(mirabelle) == {"queued": 3, "total": 3}


def test_an_upload_can_be_told_as_json(mirabelle: Mirabelle, numbers: Path) -> None:
    told = json.loads(upload(mirabelle, numbers, "--on-bad-line", "skip", "--duplicates", "skip", "--json").stdout)
    assert (told["campaign_id"], told["name"], told["queued"], told["skipped"]) == (2, "autumn", 2, 2)
    assert [bad["line"] for bad in told["bad_lines"]] == [2]


def test_a_number_in_a_reason_is_masked_unless_asked_for(mirabelle: Mirabelle, numbers: Path) -> None:
    numbers.write_text("+16175550123\n+16175550123\n")
    for options, shown in (((), False), (("--show-numbers",), True)):
        with pytest.raises(CampaignRefused) as caught:
            upload(mirabelle, numbers, "--duplicates", "refuse", *options)
        assert ("+16175550123" in str(caught.value)) == shown


def test_what_all_calls_have_in_common_is_kept(mirabelle: Mirabelle, numbers: Path) -> None:
    numbers.write_text("+16175550123,ref,a=1\n")
    options = {
        "--result-url": "http://example.com/result",
        "--parameters": "season=autumn",
        "--max-retries": "2",
        "--retry-interval": "60",
        "--scheduled-timestamp": "4070908800",
        "--expiration-time": "2100-01-01 UTC",
    }
    upload(mirabelle, numbers, *(word for option in options.items() for word in option))
    call = json.loads(mirabelle("calls", "show", "1", "--json").stdout)
    assert (call["reference"], call["call_parameters"], call["campaign_parameters"]) == ("ref", "a=1", "season=autumn")
    assert (call["result_url"], call["max_retries"], call["retry_interval"]) == ("http://example.com/result", 2, 60)
    assert (call["due_at"], call["expires_at"]) == ("2099-01-01T00:00:00+00:00", "2100-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (("--start-url", "ftp://example.com"), "start_url"),
        (("--on-bad-line", "drop"), "on_bad_line"),
        (("--duplicates", "merge"), "duplicates"),
        (("--name", "x" * 129), "campaign_name"),
        (("--expiration-timestamp", "1"), "expiration_timestamp"),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_by_field(
    mirabelle: Mirabelle, numbers: Path, options: tuple[str, ...], field: str
) -> None:
    with pytest.raises(CampaignRefused, match=f"^{field}:"):
        upload(mirabelle, numbers, *options)


def test_a_name_is_taken_once(mirabelle: Mirabelle, numbers: Path) -> None:
    upload(mirabelle, numbers, "--on-bad-line", "skip")
    with pytest.raises(CampaignExists, match="autumn"):
        upload(mirabelle, numbers, "--on-bad-line", "skip")


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_list_that_cannot_be_read_is_told_by_name(mirabelle: Mirabelle, tmp_path: Path, name: str) -> None:
    with pytest.raises(ListUnreadable, match=str(tmp_path)):
        upload(mirabelle, tmp_path / name)


def test_the_country_of_the_account_applies_to_the_list(mirabelle: Mirabelle, numbers: Path) -> None:
    numbers.write_text("617-555-0123\n")
    mirabelle("account", "add", "demo")
    mirabelle("account", "set", "demo", "country=US")
    assert "1 call queued" in upload(mirabelle, numbers, "--login", "demo").stdout


def test_calls_are_added_to_a_campaign_that_is_there(mirabelle: Mirabelle, numbers: Path) -> None:
    numbers.write_text("+16175550123\n")
    mirabelle("account", "add", "demo")
    upload(mirabelle, numbers, "--login", "demo", "--parameters", "a=1")
    into = ("campaign", "upload", str(numbers), *START, "--into")
    assert mirabelle(*into, "autumn", "--login", "demo").stdout.startswith("Campaign 2 'autumn': 1 call queued")
    assert mirabelle(*into, "2").stdout.startswith("Campaign 2 'autumn': 1 call queued")
    assert counts(mirabelle, "2") == {"queued": 3, "total": 3}
    with pytest.raises(NotThere):
        mirabelle(*into, "autumn")


@pytest.mark.parametrize("words", ["", "--name a --into b", "--into b --parameters a=1"])
def test_an_upload_makes_a_campaign_or_fills_one(mirabelle: Mirabelle, numbers: Path, words: str) -> None:
    result = mirabelle("campaign", "upload", str(numbers), *START, *words.split())
    assert result.exit_code == 2
    assert "--name or --into" in result.stderr


def test_campaigns_are_listed_and_shown(mirabelle: Mirabelle) -> None:
    assert mirabelle("campaign", "list").stdout == ""
    mirabelle("campaign", "add", "autumn", "--parameters", "a=1")
    listed = json.loads(mirabelle("campaign", "list", "--json").stdout)
    assert [(each["campaign_id"], each["name"], each["state"]) for each in listed] == [
        (1, "default", "active"),
        (2, "autumn", "active"),
    ]
    lines = mirabelle("campaign", "show", "autumn").stdout.splitlines()
    assert {"name\tautumn", "state\tactive", "parameters\ta=1", "calls.queued\t0"} <= set(lines)


def test_a_campaign_is_paused_and_resumed(mirabelle: Mirabelle) -> None:
    mirabelle("campaign", "add", "autumn")
    assert "is paused" in mirabelle("campaign", "pause", "autumn").stdout
    assert json.loads(mirabelle("campaign", "show", "autumn", "--json").stdout)["state"] == "paused"
    assert json.loads(mirabelle("campaign", "resume", "2", "--json").stdout)["state"] == "active"


def test_a_campaign_is_cancelled_and_tried_again(mirabelle: Mirabelle, numbers: Path, asked: Asked) -> None:
    numbers.write_text("+16175550123\n+16175550124\n")
    upload(mirabelle, numbers)
    assert mirabelle("campaign", "cancel", "autumn").stdout == "2 calls were cancelled.\n"
    assert counts(mirabelle) == {"canceled": 2, "total": 2}
    assert json.loads(mirabelle("campaign", "cancel", "autumn", "--json").stdout) == {"canceled": 0}
    assert json.loads(mirabelle("campaign", "retry", "autumn", "--json").stdout) == {"queued": 0}


def test_expired_calls_are_queued_again_with_a_new_expiration(
    mirabelle: Mirabelle, numbers: Path, asked: Asked
) -> None:
    numbers.write_text("+16175550123\n")
    upload(mirabelle, numbers, "--expiration-time", "+1 day")
    asked(lambda ledger: ledger.expire_due(datetime(2090, 1, 1, tzinfo=UTC), 10))
    assert counts(mirabelle) == {"expired": 1, "total": 1}
    assert "1 call was queued again" in mirabelle("campaign", "retry", "autumn", "--expiration-time", "+2 days").stdout
    with pytest.raises(WhenError):
        mirabelle("campaign", "retry", "autumn", "--expiration-time", "soonish")
    with pytest.raises(StoreError, match="past"):
        mirabelle("campaign", "retry", "autumn", "--expiration-time", "yesterday")


def test_a_campaign_is_named_within_its_account_or_by_number(mirabelle: Mirabelle) -> None:
    mirabelle("account", "add", "demo")
    mirabelle("campaign", "add", "autumn", "--login", "demo")

    def shown(*words: str) -> Any:
        return json.loads(mirabelle("campaign", "show", *words, "--json").stdout)["campaign_id"]

    assert shown("autumn", "--login", "demo") == shown("2") == shown("2", "--login", "demo") == 2
    for words in (["autumn"], ["1", "--login", "other"], ["99"], ["2147483648"], ["9" * 30], ["1", "--login", "local"]):
        with pytest.raises(NotThere):
            shown(*words)


def test_a_number_of_another_account_is_not_there(mirabelle: Mirabelle) -> None:
    mirabelle("account", "add", "demo")
    mirabelle("account", "add", "other")
    with pytest.raises(NotThere, match="'other' has no campaign '1'"):
        mirabelle("campaign", "pause", "1", "--login", "other")


def test_a_name_of_digits_goes_before_a_number(mirabelle: Mirabelle) -> None:
    mirabelle("campaign", "add", "1")
    assert json.loads(mirabelle("campaign", "show", "1", "--json").stdout)["campaign_id"] == 2


@pytest.mark.parametrize(
    ("part", "whole", "length"),
    [(0, 0, 0), (0, 9, 0), (1, 1_000_000, 1), (1, 2, 20), (999_999, 1_000_000, 39), (3, 3, 40)],
)
def test_a_bar_never_says_all_or_nothing_falsely(part: int, whole: int, length: int) -> None:
    assert len(bar(part, whole)) == length


@pytest.mark.parametrize("begun", [True, False])
async def test_what_has_begun_is_done_in_spite_of_an_interruption(begun: bool) -> None:
    started, go, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> str:
        started.set()
        await go.wait()
        done.set()
        return "stored"

    flag = asyncio.Event()
    if begun:
        flag.set()
    doing = asyncio.create_task(unless_begun(work(), flag))
    await started.wait()
    doing.cancel()
    if begun:
        await asyncio.sleep(0)
        go.set()
        assert await doing == "stored"
    else:
        with pytest.raises(asyncio.CancelledError):
            await doing
        assert not done.is_set()
