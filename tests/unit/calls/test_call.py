from __future__ import annotations

from mirabelle.calls.call import Callee, NewCall, NewCalls

LIKE = NewCall(account_id=1, campaign_id=2, phone_number="", start_url="http://example.com/start", max_retries=3)
CALLS = NewCalls(LIKE, [Callee("+16175550123", "a", "p=1"), Callee("+16175550124"), Callee("+16175550125", "c")])


def test_calls_that_are_alike_are_a_sequence_of_new_calls() -> None:
    assert len(CALLS) == 3
    assert [call.phone_number for call in CALLS] == ["+16175550123", "+16175550124", "+16175550125"]
    assert CALLS[0] == NewCall(
        account_id=1,
        campaign_id=2,
        phone_number="+16175550123",
        start_url="http://example.com/start",
        message_reference="a",
        call_parameters="p=1",
        max_retries=3,
    )


def test_a_part_of_them_is_alike_too() -> None:
    part = CALLS[1:]
    assert isinstance(part, NewCalls)
    assert list(part) == list(CALLS)[1:]


def test_none_of_them_are_nothing() -> None:
    assert not NewCalls(LIKE, [])
