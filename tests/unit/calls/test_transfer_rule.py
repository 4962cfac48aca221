from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls import transfer_rule
from mirabelle.calls.transfer_rule import TransferRule, of_host, of_number

BOSTON = "+16175550123"
LONDON = "+442079460000"


@pytest.mark.parametrize(
    ("to", "number", "callee", "allowed"),
    [
        (("country",), "+12125551234", BOSTON, True),  # the same country
        (("country",), "+18005551234", BOSTON, True),  # its freephone numbers
        (("country",), "+19005551234", BOSTON, False),  # premium rate
        (("country",), "+18095551234", BOSTON, False),  # the Dominican Republic, behind the same +1
        (("country",), "+14165551234", BOSTON, False),  # Canada
        (("country",), LONDON, BOSTON, False),
        (("country",), "+442079460001", LONDON, True),
        (("country",), "+18005551234", LONDON, False),
        (("country", "+1416"), "+14165551234", BOSTON, True),
        (("country", "costly"), "+19005551234", BOSTON, True),
        (("+1",), "+19005551234", BOSTON, False),
        (("+19005551234",), "+19005551234", BOSTON, True),  # the whole number says it all
        (("any",), LONDON, BOSTON, True),
        (("any",), "+33899123456", BOSTON, False),  # premium rate of France
        (("any",), "+881612345678", BOSTON, False),  # a satellite
        (("any", "costly"), "+881612345678", BOSTON, True),
        (("any",), "+80012345678", BOSTON, True),  # freephone of all countries
        (("costly",), "+19005551234", BOSTON, False),
        (("none",), "+12125551234", BOSTON, False),
        ((), "+12125551234", BOSTON, False),
    ],
)
def test_what_a_rule_allows(to: tuple[str, ...], number: str, callee: str, allowed: bool) -> None:
    assert of_number(TransferRule(to), number, callee=callee).open is allowed


def test_a_callee_whose_number_tells_no_country_has_that_of_the_account() -> None:
    rule = TransferRule(("country",))
    assert not of_number(rule, "+12125551234", callee="+5312345678").open
    assert of_number(rule, "+12125551234", callee="+1234", country="US").open


@given(st.text(alphabet="+0123456789", max_size=17), st.sampled_from([(), ("country",), ("any",), ("any", "costly")]))
def test_any_text_has_a_verdict_that_does_not_repeat_it(number: str, to: tuple[str, ...]) -> None:
    verdict = of_number(TransferRule(to), number, callee=BOSTON)
    assert len(number) < 3 or number not in verdict.reason


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("pbx.example.com", None, True),
        ("pbx.example.com", 5080, True),
        ("sbc.example.com", 5080, True),
        ("sbc.example.com", None, False),
        ("evil.example.com", None, False),
        ("192.0.2.4", None, True),
    ],
)
def test_a_sip_address_needs_a_host_that_is_allowed(host: str, port: int | None, allowed: bool) -> None:
    rule = TransferRule(sip_hosts=("pbx.example.com", "sbc.example.com:5080", "192.0.2.4:5060"))
    assert of_host(rule, host, port).open is allowed


def test_by_default_no_sip_address_is_allowed() -> None:
    assert not of_host(transfer_rule.USUAL, "127.0.0.1", None).open


def test_entries_are_read_from_one_text() -> None:
    assert transfer_rule.entries("country, +1416,+442079460000") == ("country", "+1416", "+442079460000")


@pytest.mark.parametrize("text", ["US", "1617", "+", "+1617*", "*", "country;+1", ",".join(["+1"] * 101)])
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        transfer_rule.entries(text)


@pytest.mark.parametrize("text", ["", "sip:pbx", "a b", "user@host", "host:port", "-x"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="host"):
        transfer_rule.check_host(text)
