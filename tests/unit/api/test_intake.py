from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mirabelle.api import queuecalls
from mirabelle.api.intake import MOST_FAULTS, Intake, ListRefused
from mirabelle.api.queuecalls import CampaignOrder
from mirabelle.calls.account import Account, AccountSettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
A, B = "+16175550123", "+16175550124"


def intake(*, country: str = "", form_text: bool = False, most_listed: int = 10, **values: str) -> Intake:
    good = {"login": "user", "pin": "1", "campaign_name": "autumn", "start_url": "http://example.com/start"}
    order = queuecalls.check(good | values, now=NOW, allow_private=False)
    assert isinstance(order, CampaignOrder)
    account = Account(1, "user", "", 10, AccountSettings(country=country))
    return Intake(order, account, bad_ani="decline", most_listed=most_listed, form_text=form_text)


def taken(taker: Intake, text: str) -> list[Any]:
    calls = [*taker.feed(text.encode()), *taker.finish()]
    return [(call.phone_number, call.message_reference, call.call_parameters) for call in calls]


def test_each_row_is_a_call_with_what_all_have_in_common() -> None:
    taker = intake(result_url="http://example.com/r", max_retries="2", retry_interval="60")
    (call,) = taker.feed(f"{A},ref,p=1\n".encode())
    assert (call.account_id, call.phone_number, call.message_reference, call.call_parameters) == (1, A, "ref", "p=1")
    assert (call.start_url, call.result_url) == ("http://example.com/start", "http://example.com/r")
    assert (call.max_retries, call.retry_interval) == (2, 60)
    assert list(taker.finish()) == []
    assert (taker.queued, taker.skipped, taker.faults) == (1, 0, [])


def test_a_bad_line_refuses_the_list_and_every_bad_line_is_told() -> None:
    taker = intake()
    with pytest.raises(ListRefused):
        taken(taker, f"{A}\n911\n{B},a,b,c\n{B}\n")
    assert [fault.line for fault in taker.faults] == [2, 3]
    assert {fault.field for fault in taker.faults} == {"phone_list"}


def test_a_bad_line_is_passed_over_where_that_is_asked_for() -> None:
    taker = intake(on_bad_line="skip")
    assert taken(taker, f"{A}\n911\n{B}\n") == [(A, "", ""), (B, "", "")]
    assert (taker.queued, taker.skipped, [fault.line for fault in taker.faults]) == (2, 1, [2])


def test_a_million_bad_lines_are_not_all_told() -> None:
    taker = intake()
    with pytest.raises(ListRefused):
        taker.feed(b"x\n" * 1_000)
    assert len(taker.faults) == MOST_FAULTS
    taker = intake(on_bad_line="skip")
    assert len(taken(taker, "x\n" * 1_000 + f"{A}\n")) == 1
    assert (len(taker.faults), taker.skipped) == (MOST_FAULTS, 1_000)


@pytest.mark.parametrize("text", ["", "\n\n", "# nobody\n", "phone_number\n"])
def test_a_list_without_numbers_is_refused(text: str) -> None:
    taker = intake()
    with pytest.raises(ListRefused):
        taken(taker, text)
    assert "no number" in taker.faults[0].reason


def test_a_list_of_bad_lines_only_is_refused_even_where_they_are_passed_over() -> None:
    taker = intake(on_bad_line="skip")
    with pytest.raises(ListRefused):
        taken(taker, "x\n")
    assert [fault.line for fault in taker.faults] == [1, 0]


TWICE = f"{A}\n{B}\n1 617 555 0123,again\n"


@pytest.mark.parametrize(("duplicates", "queued", "skipped"), [("", 3, 0), ("allow", 3, 0), ("skip", 2, 1)])
def test_a_number_that_is_there_twice(duplicates: str, queued: int, skipped: int) -> None:
    taker = intake(duplicates=duplicates)
    assert len(taken(taker, TWICE)) == queued
    assert (taker.queued, taker.skipped, taker.faults) == (queued, skipped, [])


@pytest.mark.parametrize("on_bad_line", ["skip", "refuse"])
def test_a_number_that_is_there_twice_refuses_the_list_where_that_is_asked_for(on_bad_line: str) -> None:
    taker = intake(duplicates="refuse", on_bad_line=on_bad_line)
    with pytest.raises(ListRefused):
        taken(taker, TWICE)
    assert [fault.line for fault in taker.faults] == [3]


def test_two_extensions_of_one_number_are_two_callees() -> None:
    assert len(taken(intake(duplicates="skip"), f"{A};ext=1\n{A};ext=2\n{A};postd=p1\n")) == 2


def test_national_numbers_are_kept_in_full() -> None:
    assert taken(intake(country="US"), "617-555-0123,ref\n") == [(A, "ref", "")]


def test_a_plus_that_a_form_took_away_is_put_back() -> None:
    assert taken(intake(form_text=True), " 442071838750\n") == [("+442071838750", "", "")]


def test_only_the_first_are_kept_for_the_reply() -> None:
    taker = intake(most_listed=1)
    taken(taker, f"{A},a\n{B},b\n")
    assert [(row.line, row.message_reference, text) for row, text in taker.listed] == [(1, "a", A)]


HELD = ("911", A, "+44 20 7183 8750;postd=p1", "16175550199;ani=123")


@pytest.mark.parametrize("text", [A, "tel:+1-617-555-0123", "+442071838750;postd=P1", "+16175550199"])
def test_a_number_that_the_campaign_holds_is_not_called_again(text: str) -> None:
    taker = intake(duplicates="skip")
    taker.know(HELD)
    assert taken(taker, f"{text}\n{B}\n") == [(B, "", "")]
    assert taker.skipped == 1


def test_a_number_that_the_campaign_holds_refuses_the_list_where_that_is_asked_for() -> None:
    taker = intake(duplicates="refuse")
    taker.know(HELD)
    with pytest.raises(ListRefused):
        taken(taker, f"{B}\n{A}\n")
    assert [(fault.line, fault.reason) for fault in taker.faults] == [
        (2, f"The number {A} is in the list or the campaign before.")
    ]


def test_a_number_that_the_campaign_holds_is_called_again_where_that_is_allowed() -> None:
    taker = intake(duplicates="allow")
    taker.know(HELD)
    assert not taker.tells_apart
    assert len(taken(taker, f"{A}\n")) == 1
