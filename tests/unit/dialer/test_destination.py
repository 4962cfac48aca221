from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.transfer_rule import TransferRule
from mirabelle.dialer.destination import TransferFailed, destination

CALLEE = "+16175550123"
OPEN = TransferRule(("any",), ("pbx.example.com",))


@pytest.mark.parametrize(
    ("dest", "country", "e164", "keys", "caller_id"),
    [
        ("tel:+16175550188", "", "+16175550188", "", ""),
        ("TEL:+1-617-555-0188", "", "+16175550188", "", ""),
        ("phone:+16175550188", "", "+16175550188", "", ""),
        ("+16175550188", "", "+16175550188", "", ""),
        ("16175550188", "", "+16175550188", "", ""),  # as applications of the old service write it
        ("tel:16175550188", "", "+16175550188", "", ""),
        ("tel:617-555-0188;phone-context=+1", "", "+16175550188", "", ""),
        ("020 7946 0000", "GB", "+442079460000", "", ""),
        ("tel:+16175550188;postd=1234", "", "+16175550188", "1234", ""),
        ("tel:+16175550188;ext=12;postd=p4", "", "+16175550188", "p12p4", ""),
        ("tel:+16175550188;ani=8005551212", "", "+16175550188", "", "8005551212"),
        ("tel:+16175550188;ani=none", "", "+16175550188", "", ""),
    ],
)
def test_a_number_is_understood(dest: str, country: str, e164: str, keys: str, caller_id: str) -> None:
    found = destination(dest, OPEN, callee=CALLEE, country=country)
    assert found.number is not None
    assert (found.e164, found.number.keys, found.number.caller_id) == (e164, keys, caller_id)


def test_a_sip_address_is_understood() -> None:
    found = destination("sip:agent@PBX.example.com;transport=udp", OPEN, callee=CALLEE)
    assert str(found.address) == "sip:agent@pbx.example.com;transport=udp"
    assert found.e164 == ""


@pytest.mark.parametrize(
    ("dest", "event"),
    [
        ("tel:+19005551234", "error.connection.noauthorization"),
        ("sip:agent@elsewhere.example.com", "error.connection.noauthorization"),
        ("tel:+1999", "error.connection.baddestination"),
        ("tel:nobody", "error.connection.baddestination"),
        ("tel:5550188", "error.connection.baddestination"),  # local to nowhere
        ("sip:a b@pbx.example.com", "error.connection.baddestination"),
        ("sip:agent@pbx.example.com?Replaces=x", "error.connection.baddestination"),
        ("sip:agent:secret@pbx.example.com", "error.connection.baddestination"),
        ("sips:agent@pbx.example.com", "error.unsupported.uri"),
        ("mailto:agent@pbx.example.com", "error.unsupported.uri"),
    ],
)
def test_what_cannot_or_may_not_be_called_is_refused_in_the_words_of_the_standard(dest: str, event: str) -> None:
    with pytest.raises(TransferFailed) as refused:
        destination(dest, OPEN, callee=CALLEE)
    assert refused.value.event == event


@pytest.mark.parametrize("dest", ["tel:5550188;phone-context=example.com", "tel:*70", "sip:5550188 @pbx.example.com"])
def test_what_is_wrong_is_said_without_the_digits(dest: str) -> None:
    with pytest.raises(TransferFailed) as refused:
        destination(dest, OPEN, callee=CALLEE)
    assert "5550188" not in str(refused.value)
    assert "*70" not in str(refused.value)


@given(st.text(max_size=40) | st.text(alphabet="telsip:+0123456789@;?=.", max_size=40))
def test_any_text_whatever_is_a_destination_or_refused(dest: str) -> None:
    try:
        found = destination(dest, OPEN, callee=CALLEE)
    except TransferFailed:
        return
    assert found.e164 or found.address is not None
