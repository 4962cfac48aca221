from __future__ import annotations

import pytest

from mirabelle.api.dialable import dialable
from mirabelle.calls import number
from mirabelle.calls.number import NumberError


@pytest.mark.parametrize(
    ("text", "country", "kept"),
    [
        ("+16175550123;postd=p1", "", "+16175550123;postd=p1"),
        ("+16175550123;postd=p1", "DE", "+16175550123;postd=p1"),
        ("16175550123", "", "16175550123"),
        ("16175550123", "US", "16175550123"),
        ("tel:+16175550123", "DE", "tel:+16175550123"),
        ("(617) 555-0123;postd=12", "US", "+16175550123;postd=12"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("15112345678", "DE", "+4915112345678"),
    ],
)
def test_what_is_kept_means_the_same_without_the_country(text: str, country: str, kept: str) -> None:
    found, parsed = dialable(text, country=country, bad_ani="decline")
    assert found == kept
    assert number.parse(found) == parsed


@pytest.mark.parametrize(("text", "country"), [("6175550123", ""), ("911", "US"), ("nobody", "DE")])
def test_what_nobody_can_dial_is_refused(text: str, country: str) -> None:
    with pytest.raises(NumberError):
        dialable(text, country=country, bad_ani="decline")
