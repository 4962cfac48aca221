from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.api import queuecall
from mirabelle.api.form import Part
from mirabelle.api.queuecall import Order, check, decode
from mirabelle.api.xml import Fault
from mirabelle.calls.account import Account

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOON = str(int(NOW.timestamp()) + 3600)
LATER = str(int(NOW.timestamp()) + 7200)
GOOD = {
    "login": "user",
    "pin": "98765432",
    "phone_number": "+16175550123",
    "start_url": "http://example.com/start.vxml",
}


def order(**more: str) -> Order:
    found = check(GOOD | more, now=NOW, allow_private=False)
    assert isinstance(found, Order), found
    return found


def faults(**more: str) -> dict[str, str]:
    found = check(GOOD | more, now=NOW, allow_private=False)
    assert not isinstance(found, Order)
    return {fault.field: fault.reason for fault in found}


def test_the_four_required_fields_are_enough() -> None:
    assert order() == Order(
        phone_number="+16175550123",
        start_url="http://example.com/start.vxml",
        result_url="",
        message_reference="",
        call_parameters="",
        max_retries=0,
        retry_interval=300,
        scheduled_at=None,
        expires_at=None,
    )


def test_a_plus_that_was_not_escaped_in_the_form_is_put_back() -> None:
    assert order(phone_number=" 442079460000;postd=1").phone_number == "+442079460000;postd=1"


def test_a_bad_caller_id_is_declined_or_passed_over_as_configured() -> None:
    given = GOOD | {"phone_number": "+16175550123;ani=18001234567"}
    assert check(given, now=NOW, allow_private=False) == (
        Fault("phone_number", "'ani' takes exactly ten digits, without the leading 1."),
    )
    assert isinstance(check(given, now=NOW, allow_private=False, bad_ani="default"), Order)


def test_every_other_field_is_taken_over() -> None:
    found = order(
        result_url="https://example.com/result",
        message_reference="ref",
        call_parameters="a=1&b=<2>",
        max_retries="3",
        retry_interval="60",
        scheduled_timestamp=SOON,
        expiration_timestamp=LATER,
    )
    new = found.new_call(Account(5, "user", "", 7))
    assert (new.account_id, new.campaign_id) == (5, 7)
    assert (new.result_url, new.message_reference, new.call_parameters) == (
        "https://example.com/result",
        "ref",
        "a=1&b=<2>",
    )
    assert (new.max_retries, new.retry_interval) == (3, 60)
    assert new.scheduled_at == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    assert new.expires_at == datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", ["login", "pin", "phone_number", "start_url"])
@pytest.mark.parametrize("value", ["", "  "])
def test_a_required_field_must_hold_something(name: str, value: str) -> None:
    assert faults(**{name: value}) == {name: "The field is required."}


@pytest.mark.parametrize("field", queuecall.FIELDS, ids=lambda field: field.name)
def test_a_field_that_is_too_long_is_named(field: queuecall.Field) -> None:
    assert f"at most {field.most} are allowed" in faults(**{field.name: "1" * (field.most + 1)})[field.name]


@pytest.mark.parametrize("name", ["message_reference", "call_parameters"])
def test_a_text_of_the_greatest_length_is_fine(name: str) -> None:
    assert getattr(order(**{name: "é" * 255}), name) == "é" * 255


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("max_retries", "11", "from 0 to 10"),
        ("max_retries", "-1", "from 0 to 10"),
        ("max_retry", "1.5", "from 0 to 10"),
        ("max_retry", "٣", "from 0 to 10"),
        ("retry_interval", "59", "from 60 to 172800"),
        ("retry_interval", "172801", "from 60 to 172800"),
        ("scheduled_timestamp", "tomorrow", "a whole number"),
        ("scheduled_timestamp", "999999999999", "a whole number"),
        ("scheduled_time", "next wek", "'next wek' is not understood"),
        ("scheduled_time", "@999999999999", "outside of the years 1 to 9999"),
        ("scheduled_time", "1969-12-31", "before 1970"),
        ("expiration_time", "9:00 10:00", "'10:00' is a second time of the day"),
        ("expiration_time", "yesterday", "in the past"),
        ("expiration_time", "now", "in the past"),
        ("expiration_timestamp", "1", "in the past"),
        ("phone_number", "911", "'+' and the country code"),
        ("phone_number", "+16175550123;postd=x", "'postd'"),
        ("start_url", "ftp://example.com/", "http:// or https://"),
        ("start_url", "example.com/start", "http:// or https://"),
        ("start_url", "http://127.0.0.1/", "private"),
        ("result_url", "http://exa mple.com/", "percent-encoded"),
        ("message_reference", "a\x00b", "control character"),
        ("call_parameters", "\ufffe", "control character"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(name: str, value: str, said: str) -> None:
    found = faults(**{name: value})
    assert list(found) == [name]
    assert said in found[name]


@pytest.mark.parametrize("name", ["max_retries", "max_retry"])
def test_both_spellings_of_the_retries_are_read(name: str) -> None:
    assert order(**{name: "10"}).max_retries == 10


def test_both_spellings_may_agree() -> None:
    assert order(max_retries="2", max_retry="2").max_retries == 2


def test_both_spellings_may_not_differ() -> None:
    assert "differs" in faults(max_retries="2", max_retry="3")["max_retry"]


@pytest.mark.parametrize(
    "times",
    [
        {"scheduled_timestamp": "0"},
        {"scheduled_time": "now"},
        {"scheduled_time": "NOW "},
        {"scheduled_timestamp": "0", "scheduled_time": "now"},
        {"scheduled_timestamp": "", "scheduled_time": ""},
        {"expiration_timestamp": "0"},
        {"expiration_time": ""},
    ],
)
def test_nought_and_nothing_mean_now_and_never(times: dict[str, str]) -> None:
    found = order(**times)
    assert (found.scheduled_at, found.expires_at) == (None, None)


@pytest.mark.parametrize(
    ("words", "instant"),
    [
        ("+90 minutes", datetime(2026, 11, 23, 13, 30, tzinfo=UTC)),
        ("tomorrow 9:30", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("tomorrow 9:30 America/New_York", datetime(2026, 11, 24, 14, 30, tzinfo=UTC)),
        ("first monday of january 2027 8am CET", datetime(2027, 1, 4, 7, 0, tzinfo=UTC)),
        ("2026-12-01T08:00:00+02:00", datetime(2026, 12, 1, 6, 0, tzinfo=UTC)),
        (f"@{SOON}", datetime(2026, 11, 23, 13, 0, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("which", ["scheduled", "expiration"])
def test_a_time_may_be_said_in_words(which: str, words: str, instant: datetime) -> None:
    found = order(**{f"{which}_time": words})
    assert (found.scheduled_at if which == "scheduled" else found.expires_at) == instant


def test_a_time_may_be_given_twice_if_it_is_the_same() -> None:
    assert order(scheduled_timestamp=SOON, scheduled_time="@" + SOON).scheduled_at is not None


def test_two_different_times_are_refused() -> None:
    assert "different times" in faults(scheduled_timestamp=SOON, scheduled_time="now")["scheduled_time"]


def test_a_call_may_not_expire_before_it_is_due() -> None:
    found = faults(scheduled_timestamp=LATER, expiration_timestamp=SOON)
    assert "before the scheduled time" in found["expiration_timestamp"]


def test_every_fault_is_told_in_the_order_of_the_fields() -> None:
    assert list(faults(retry_interval="1", phone_number="x", pin="")) == ["pin", "phone_number", "retry_interval"]


def test_private_addresses_pass_where_they_are_allowed() -> None:
    found = check(GOOD | {"start_url": "http://127.0.0.1:8000/"}, now=NOW, allow_private=True)
    assert isinstance(found, Order)


def test_nobody_needs_a_login_for_the_fields_of_the_call_alone() -> None:
    values = {"phone_number": "+16175550123", "start_url": "http://example.com/"}
    found = check(values, now=NOW, allow_private=False, fields=queuecall.CALL_FIELDS)
    assert isinstance(found, Order)


def test_the_echo_keeps_the_order_and_masks_the_pin() -> None:
    submission = decode([Part("pin", b"1"), Part("login", b"u")])
    assert submission.shown(echo_pin=False) == (("pin", "********"), ("login", "u"))
    assert submission.shown(echo_pin=True) == (("pin", "1"), ("login", "u"))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Part("star_url", b""), "did you mean 'start_url'?"),
        (Part("pin", b"\xff"), "not UTF-8"),
        (Part("pin", b"1", "pin.txt"), "as a file"),
    ],
)
def test_a_part_that_does_not_belong_is_refused(part: Part, said: str) -> None:
    (fault,) = decode([part]).faults
    assert fault.field == part.name
    assert said in fault.reason


def test_a_field_that_comes_twice_is_refused_and_echoed_twice() -> None:
    submission = decode([Part("login", b"a"), Part("login", b"b")])
    assert [fault.reason for fault in submission.faults] == ["The field was given more than once."]
    assert submission.echo == (("login", "a"), ("login", "b"))


def test_every_unknown_field_can_be_refused() -> None:
    (fault,) = decode([Part("xyzzy", b"")], unknown="refuse").faults
    assert fault == Fault("xyzzy", "There is no such field.")


@pytest.mark.parametrize(("name", "unknown"), [("submit", "typos"), ("submit", "ignore"), ("star_url", "ignore")])
def test_the_name_of_a_button_is_passed_over(name: str, unknown: Literal["typos", "ignore"]) -> None:
    submission = decode([Part(name, b"Queue"), Part("login", b"a")], unknown=unknown)
    assert submission.faults == ()
    assert submission.echo == (("login", "a"),)


@given(st.dictionaries(st.sampled_from([field.name for field in queuecall.FIELDS]), st.text(max_size=300)))
def test_any_values_make_a_call_or_a_reason(values: dict[str, str]) -> None:
    found = check(values, now=NOW, allow_private=False)
    assert isinstance(found, Order) or (found and all(fault.reason for fault in found))
