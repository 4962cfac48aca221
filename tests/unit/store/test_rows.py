from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.account import AccountSettings
from mirabelle.calls.call import Callee, NewCall, NewCalls
from mirabelle.store.ledger import StoreError
from mirabelle.store.rows import (
    NEW_CALL_COLUMNS,
    Batch,
    batches_of,
    host_of,
    instant,
    micros,
    new_call_row,
    settings_of,
    settings_text,
    shortened,
    storable,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

instants = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the zone is drawn too
    max_value=datetime(2900, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(instants)
def test_an_instant_comes_back_exactly(when: datetime) -> None:
    assert instant(micros(when)) == when
    assert instant(micros(when)).utcoffset() == timedelta(0)


@given(instants, instants)
def test_numbers_sort_as_their_instants_do(one: datetime, other: datetime) -> None:
    assert (micros(one) < micros(other)) == (one < other)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(StoreError, match="time zone"):
        micros(datetime(2026, 3, 1))  # noqa: DTZ001


@given(st.text())
def test_a_text_that_is_text_is_kept_as_it_is(text: str) -> None:
    if "\0" not in text:
        assert storable("it", text, 1000) == shortened(text) == text


@given(st.text(st.characters(categories=["Cs", "Cc", "L"])))
def test_a_shortened_text_can_always_be_stored(text: str) -> None:
    assert storable("it", shortened(text, 20), 20) == shortened(text, 20)


@pytest.mark.parametrize(
    ("text", "said"), [("x" * 11, "longer than 10"), ("a\0", "NUL"), ("ä\0", "not text"), ("\ud800", "not text")]
)
def test_a_text_that_cannot_be_stored_is_refused_by_its_name(text: str, said: str) -> None:
    with pytest.raises(StoreError, match=f"phone_number .*{said}"):
        storable("phone_number", text, 10)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://Example.COM/r?x=1", "example.com"),
        ("https://user:pw@example.com:8443/r", "example.com"),
        ("http://[::1]:80/r", "::1"),
        ("http://[::1/r", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host


@given(st.text())
def test_any_text_has_a_host_or_none(url: str) -> None:
    assert isinstance(host_of(url), str)


def test_a_new_calls_row_is_in_the_order_of_a_bulk_load() -> None:
    new = NewCall(account_id=1, campaign_id=1, phone_number="+16175550123", start_url="http://example.com/")
    assert tuple(new_call_row(new, NOW)) == NEW_CALL_COLUMNS
    late = dataclasses.replace(new, scheduled_at=NOW + timedelta(hours=1))
    assert new_call_row(late, NOW)["due_at"] == micros(NOW + timedelta(hours=1))
    past = dataclasses.replace(new, scheduled_at=NOW - timedelta(hours=1))
    assert new_call_row(past, NOW)["due_at"] == micros(NOW)


callees = st.lists(st.builds(Callee, st.text(max_size=5), st.text(max_size=5), st.text(max_size=5)), max_size=5)


@given(callees)
def test_calls_that_are_alike_wait_as_they_would_one_by_one(callees: list[Callee]) -> None:
    like = NewCall(account_id=1, campaign_id=1, phone_number="", start_url="http://example.com/", max_retries=2)
    calls = NewCalls(like, callees)
    try:
        one_by_one = batches_of(list(calls), NOW)
    except StoreError:
        with pytest.raises(StoreError):
            batches_of(calls, NOW)
        return
    assert batches_of(calls, NOW) == (one_by_one or [Batch(batches_of([like], NOW)[0].common, [])])


def test_calls_that_differ_wait_apart() -> None:
    first = NewCall(account_id=1, campaign_id=1, phone_number="+1", start_url="http://example.com/")
    other = dataclasses.replace(first, max_retries=2)
    assert [len(each.callees) for each in batches_of([first, first, other, first], NOW)] == [2, 1, 1]


@pytest.mark.parametrize(
    "callee",
    [Callee("1" * 129), Callee("+1", "x" * 256), Callee("+1", "", "x" * 16_385), Callee("+1", "\0"), Callee("\ud800")],
)
def test_a_callee_that_no_store_can_keep_is_refused(callee: Callee) -> None:
    like = NewCall(account_id=1, campaign_id=1, phone_number="", start_url="http://example.com/")
    with pytest.raises(StoreError):
        batches_of(NewCalls(like, [callee]), NOW)


def test_settings_that_are_not_stored_have_their_defaults() -> None:
    assert settings_of("{}") == AccountSettings()


def test_settings_of_a_newer_program_are_left_out() -> None:
    assert settings_of('{"country": "DE", "colour": "green"}') == AccountSettings(country="DE")


def test_settings_come_back_from_their_text() -> None:
    chosen = AccountSettings(preflight=False, country="US")
    assert settings_of(settings_text(chosen)) == chosen
