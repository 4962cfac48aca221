"""RFC 9111 as a table, and what holds for every header that a server can send."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.fetch.freshness import (
    LONGEST,
    Audience,
    Wish,
    audience,
    date,
    directives,
    initial_age,
    lifetime,
    may_be_stored,
    may_be_used,
    refreshed,
    selecting,
    selects,
    validators,
)

NOON = "Sun, 06 Nov 1994 12:00:00 GMT"
AT_NOON = 784_123_200.0
WORDS = st.text(alphabet=string.printable, max_size=40)
SECONDS = st.integers(0, 10**7)
FIELDS = st.dictionaries(
    st.sampled_from(["cache-control", "expires", "date", "age", "vary", "etag", "last-modified", "set-cookie"]), WORDS
)


@pytest.mark.parametrize(
    "text", [NOON, "Sunday, 06-Nov-94 12:00:00 GMT", "Sun Nov  6 12:00:00 1994"], ids=["fixed", "rfc850", "asctime"]
)
def test_all_three_ways_to_write_a_date_are_read(text: str) -> None:
    assert date(text) == AT_NOON


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("max-age=60", {"max-age": "60"}),
        ("Max-Age = 60 , PUBLIC", {"max-age": "60", "public": ""}),
        ('no-cache="set-cookie, x", max-age=5', {"no-cache": "set-cookie, x", "max-age": "5"}),
        ("max-age=1, max-age=2", {"max-age": "1"}),
        (",,=;", {}),
    ],
)
def test_directives_are_read_as_they_are_written(value: str, found: dict[str, str]) -> None:
    assert directives(value) == found


@pytest.mark.parametrize(
    ("headers", "shared", "seconds"),
    [
        ({}, True, None),
        ({"cache-control": "max-age=60"}, True, 60),
        ({"cache-control": "max-age=60, s-maxage=90"}, True, 90),
        ({"cache-control": "max-age=60, s-maxage=90"}, False, 60),
        ({"cache-control": "max-age=soon"}, True, 0),
        ({"cache-control": "max-age=99999999999999"}, True, LONGEST),
        ({"cache-control": "max-age=60", "expires": "0"}, True, 60),
        ({"expires": "0"}, True, 0),
        ({"expires": "Sun, 06 Nov 1994 12:00:30 GMT", "date": NOON}, True, 30),
        ({"expires": "Sun, 06 Nov 1994 12:00:30 GMT"}, True, 20),
        ({"expires": NOON, "date": "Sun, 06 Nov 1994 12:00:30 GMT"}, True, 0),
        ({"last-modified": NOON}, True, None),
    ],
)
def test_how_long_a_response_is_fresh(headers: dict[str, str], shared: bool, seconds: float | None) -> None:
    assert lifetime(headers, AT_NOON + 10, shared=shared) == seconds


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({}, 2),
        ({"age": "30"}, 32),
        ({"age": "rubbish"}, 2),
        ({"date": NOON}, 12),
        ({"date": NOON, "age": "30"}, 32),
        ({"date": "Sun, 06 Nov 1994 13:00:00 GMT"}, 2),
    ],
)
def test_how_old_a_response_is_when_it_comes(headers: dict[str, str], age: float) -> None:
    assert initial_age(headers, AT_NOON + 10, AT_NOON + 12) == age


@pytest.mark.parametrize(
    ("control", "age", "wish", "used"),
    [
        # VoiceXML 2.0, 6.1.2, line by line.
        ("max-age=60", 59, Wish(), True),
        ("max-age=60", 60, Wish(), False),
        ("max-age=60", 30, Wish(maxage=30), True),
        ("max-age=60", 31, Wish(maxage=30), False),
        ("max-age=60", 0, Wish(maxage=0), False),
        ("max-age=60", 70, Wish(maxstale=10), True),
        ("max-age=60", 71, Wish(maxstale=10), False),
        ("max-age=60", 60, Wish(maxstale=0), False),
        ("max-age=60", 70, Wish(maxage=65, maxstale=10), False),
        ("max-age=60", 70, Wish(maxage=75, maxstale=10), True),
        # What the server forbids, nobody can ask for.
        ("max-age=60, must-revalidate", 70, Wish(maxstale=10), False),
        ("max-age=60, proxy-revalidate", 70, Wish(maxstale=10), False),
        ("max-age=60, no-cache", 0, Wish(maxstale=10), False),
        # What names no lifetime expired when it came.
        ("", 0, Wish(), False),
        ("", 9, Wish(maxstale=10), True),
    ],
)
def test_when_a_copy_is_used_as_it_is(control: str, age: float, wish: Wish, used: bool) -> None:
    headers = {"cache-control": control}
    assert may_be_used(headers, age, lifetime(headers, 0, shared=True), wish, shared=True) is used


@pytest.mark.parametrize(
    ("status", "sent", "headers", "wish", "stored"),
    [
        (200, {}, {"cache-control": "max-age=60"}, Wish(), True),
        (200, {}, {"etag": '"1"'}, Wish(), True),
        (200, {}, {"last-modified": NOON}, Wish(), True),
        (200, {}, {}, Wish(), False),
        (200, {}, {}, Wish(maxstale=10), True),
        (200, {}, {"cache-control": "max-age=60, no-store"}, Wish(), False),
        (200, {"cache-control": "no-store"}, {"cache-control": "max-age=60"}, Wish(), False),
        (200, {}, {"cache-control": "max-age=60", "vary": "accept, *"}, Wish(), False),
        (206, {}, {"cache-control": "max-age=60"}, Wish(), False),
        (302, {}, {"cache-control": "max-age=60"}, Wish(), True),
        (302, {}, {"etag": '"1"'}, Wish(), False),
        (404, {}, {"cache-control": "max-age=60"}, Wish(), True),
        (404, {}, {"etag": '"1"'}, Wish(), False),
        (500, {}, {"cache-control": "max-age=60"}, Wish(), False),
    ],
)
def test_what_is_worth_keeping(
    status: int, sent: dict[str, str], headers: dict[str, str], wish: Wish, stored: bool
) -> None:
    assert may_be_stored(status, sent, headers, lifetime(headers, 0, shared=True), wish) is stored


@pytest.mark.parametrize(
    ("sent", "headers", "own", "whom"),
    [
        ({}, {}, False, Audience.EVERYBODY),
        ({}, {"cache-control": "private"}, False, Audience.OWNER),
        ({}, {"cache-control": "public", "set-cookie": "a=1"}, False, Audience.OWNER),
        ({}, {"cache-control": "public"}, True, Audience.OWNER),
        ({"authorization": "x"}, {"cache-control": "max-age=9"}, False, Audience.OWNER),
        ({"authorization": "x"}, {"cache-control": "must-revalidate"}, False, Audience.EVERYBODY),
        ({"authorization": "x"}, {"cache-control": "s-maxage=9"}, False, Audience.EVERYBODY),
        ({"cookie": "a=1"}, {"cache-control": "max-age=9"}, False, Audience.OWNER),
        ({"cookie": "a=1"}, {"etag": '"1"'}, False, Audience.VALIDATED),
        ({"cookie": "a=1"}, {"cache-control": "public"}, False, Audience.EVERYBODY),
    ],
)
def test_whom_a_copy_is_for(sent: dict[str, str], headers: dict[str, str], own: bool, whom: Audience) -> None:
    assert audience(sent, headers, own_headers=own) is whom


def test_a_copy_is_asked_about_by_both_of_its_validators() -> None:
    assert validators({"etag": 'W/"1"', "last-modified": NOON}) == {
        "if-none-match": 'W/"1"',
        "if-modified-since": NOON,
    }
    assert validators({}) == {}


def test_a_304_renews_what_it_names_and_leaves_what_describes_the_body() -> None:
    old = {"etag": '"1"', "content-type": "audio/basic", "cache-control": "max-age=1", "age": "50"}
    new = {"cache-control": "max-age=9", "content-type": "text/html", "content-length": "0", "set-cookie": "a=1"}
    assert refreshed(old, new) == {"etag": '"1"', "content-type": "audio/basic", "cache-control": "max-age=9"}


def test_a_copy_serves_the_requests_that_would_choose_it() -> None:
    chosen_by = selecting({"accept-language": "en", "accept": "*/*"}, "Accept-Language")
    assert selects({"accept-language": " en", "accept": "*/*", "user-agent": "x"}, chosen_by)
    assert not selects({"accept-language": "de", "accept": "*/*"}, chosen_by)
    assert not selects({"accept": "*/*"}, chosen_by)


@given(FIELDS, FIELDS, st.floats(0, 1e9), SECONDS | st.none(), SECONDS | st.none())
def test_no_header_makes_trouble_and_none_makes_a_copy_last_for_ever(
    sent: dict[str, str], headers: dict[str, str], received: float, maxage: int | None, maxstale: int | None
) -> None:
    fresh_for = lifetime(headers, received, shared=True)
    assert fresh_for is None or 0 <= fresh_for <= LONGEST
    assert initial_age(headers, received, received) >= 0
    wish = Wish(maxage, maxstale)
    may_be_stored(200, sent, headers, fresh_for, wish)
    audience(sent, headers, own_headers=False)
    too_old = 2.0 * LONGEST + (maxstale or 0)
    assert not may_be_used(headers, too_old, fresh_for, wish, shared=True)


@given(SECONDS, SECONDS, SECONDS | st.none(), SECONDS | st.none(), SECONDS)
def test_a_copy_that_is_too_old_stays_so(
    fresh_for: int, age: int, maxage: int | None, maxstale: int | None, later: int
) -> None:
    headers = {"cache-control": f"max-age={fresh_for}"}
    wish = Wish(maxage, maxstale)
    if may_be_used(headers, age + later, fresh_for, wish, shared=True):
        assert may_be_used(headers, age, fresh_for, wish, shared=True)
    if maxage is not None and age > maxage:
        assert not may_be_used(headers, age, fresh_for, wish, shared=True)
    if age >= fresh_for + (maxstale or 0) + 1:
        assert not may_be_used(headers, age, fresh_for, wish, shared=True)
