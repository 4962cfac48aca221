import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.number import NumberError, PhoneNumber, parse

ACCEPTED = [
    ("+16175550123", PhoneNumber("+16175550123")),
    ("tel:+16175550123", PhoneNumber("+16175550123")),
    ("TEL:+1-617-555-0123", PhoneNumber("+16175550123")),
    ("+1 (617) 555.0123", PhoneNumber("+16175550123")),
    ("16175550123", PhoneNumber("+16175550123")),
    ("tel:+16177123000;postd=1234", PhoneNumber("+16177123000", post_dial="1234")),
    ("+16177123000;postd=p1*#", PhoneNumber("+16177123000", post_dial="p1*#")),
    ("+16177123000;ani=8001234567", PhoneNumber("+16177123000", caller_id="8001234567")),
    ("+16177123000;ani=8001234567;postd=pp9", PhoneNumber("+16177123000", "pp9", "8001234567")),
    ("+442079460000", PhoneNumber("+442079460000")),
]

REFUSED = [
    ("", "no number"),
    ("tel:", "no number"),
    ("6175550123", "country code"),
    ("+1617555012x", "something other"),
    ("+1617", "length"),
    ("+999123456789", "cannot be read"),
    ("+16175550123;postd=q", "postd"),
    ("+16175550123;ani=18001234567", "ten digits"),
    ("+16175550123;colour=blue", "not known"),
    ("+1" + "6" * 200, "longer"),
]


@pytest.mark.parametrize(("text", "number"), ACCEPTED)
def test_a_number_is_understood(text: str, number: PhoneNumber) -> None:
    assert parse(text) == number


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_number_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NumberError, match=reason):
        parse(text)


def test_a_national_number_is_read_in_the_country_named() -> None:
    assert parse("(617) 555-0123", country="US").e164 == "+16175550123"


@given(st.text(max_size=200))
def test_any_text_is_a_number_or_a_number_error(text: str) -> None:
    try:
        assert parse(text).e164.startswith("+")
    except NumberError:
        pass
