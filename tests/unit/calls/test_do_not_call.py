import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.do_not_call import DoNotCallEntry, lookups, parse, verdict
from mirabelle.calls.number import NumberError


@pytest.mark.parametrize(
    ("text", "country", "key"),
    [
        ("+16175550123", None, "+16175550123"),
        (" tel:+1-617-555-0123 ", None, "+16175550123"),
        ("(617) 555-0123", "US", "+16175550123"),
        ("617.555.0123", "US", "+16175550123"),
        ("030 123456", "DE", "+4930123456"),
        ("+1 617 555-0123;ext=12", None, "+16175550123"),
        ("+1 900*", None, "+1900*"),
        ("+1900 *", None, "+1900*"),
        ("+49*", None, "+49*"),
        ("+1*", None, "+1*"),
        ("(900)*", "US", "+1900*"),
        ("1-900-*", "US", "+1900*"),
        ("0900*", "DE", "+49900*"),
        ("030*", "DE", "+4930*"),
        ("0044 20*", "DE", "+4420*"),
        ("06*", "IT", "+3906*"),
        ("+4930*", "US", "+4930*"),
    ],
)
def test_an_entry_is_read_as_people_write_it(text: str, country: str | None, key: str) -> None:
    assert parse(text, country=country, campaign_id=7) == DoNotCallEntry(key, 7)


@pytest.mark.parametrize(
    ("text", "country", "said"),
    [
        ("", None, "number"),
        ("*", None, "digits before"),
        ("+*", None, "digits before"),
        ("+1900**", None, "digits before"),
        ("+1*900", None, "number"),
        ("+1 9oo*", None, "digits before"),
        ("+٤٩*", None, "digits before"),
        ("+1234567890123456*", None, "digits before"),
        ("900*", None, "needs"),
        ("900*", "XX", "no country 'XX'"),
        ("0*", "DE", "every number of the country"),
        ("+0*", None, "no country"),
        ("+999*", None, "no country"),
        ("+4*", None, "no country"),
        ("123456789012345*", "DE", "at most 15"),
        ("6175550123", None, "country code"),
        ("x" * 100_000, None, "longer"),
        ("1" * 100_000 + "*", "US", "longer"),
    ],
)
def test_what_is_no_entry_is_refused(text: str, country: str | None, said: str) -> None:
    with pytest.raises(NumberError, match=said):
        parse(text, country=country)


@given(
    st.text(alphabet="+*0123456789 -;extpostd=", max_size=30),
    st.sampled_from([None, "US", "DE", "IT", "AU", "BR", "XX", ""]),
)
def test_nothing_but_an_entry_or_a_refusal_comes_of_a_text(text: str, country: str | None) -> None:
    try:
        entry = parse(text, country=country)
    except NumberError:
        return
    assert re.fullmatch(r"\+[0-9]{1,15}\*?", entry.key)
    assert parse(entry.key) == entry


def test_a_number_is_looked_for_itself_and_by_all_its_beginnings() -> None:
    assert lookups("+49301") == ("+49301", "+49301*", "+4930*", "+493*", "+49*", "+4*")


NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)


@given(NUMBERS, NUMBERS, st.integers(2, 16), st.booleans())
def test_the_keys_of_a_number_find_exactly_the_entries_that_mean_it(one: str, two: str, end: int, itself: bool) -> None:
    whole = one if itself else two
    for key in (whole, whole[:end] + "*"):
        assert DoNotCallEntry(key).matches(one) is (key in lookups(one))


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([DoNotCallEntry("+16175550123")], "The number is on the do-not-call list of the account."),
        ([DoNotCallEntry("+1617*", 7)], "The number is on the do-not-call list of the campaign, by a prefix."),
        (
            [DoNotCallEntry("+16175550123", 7), DoNotCallEntry("+1*"), DoNotCallEntry("+16175550123")],
            "The number is on the do-not-call list of the account.",
        ),
    ],
)
def test_a_listed_number_is_closed_for_good_and_the_reason_names_the_list(
    entries: list[DoNotCallEntry], reason: str
) -> None:
    found = verdict(entries)
    assert (found.open, found.changes_at, found.reason) == (False, None, reason)


def test_a_number_on_no_list_may_be_called() -> None:
    assert verdict([]).open
