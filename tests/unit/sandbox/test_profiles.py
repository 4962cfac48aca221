from __future__ import annotations

import pytest

from mirabelle.sandbox import profiles
from mirabelle.sandbox.profiles import BY_LAST_DIGITS, CONFIRMS, Profile, ProfileError


@pytest.mark.parametrize(
    ("number", "answers", "status"),
    [
        ("+16175550100", True, 0),
        ("+16175550110", False, 486),
        ("+16175550111", False, 0),
        ("+16175550112", False, 603),
        ("+16175550113", False, 404),
        ("+16175550114", False, 503),
        ("16175550107", True, 0),
        ("+16175550199", True, 0),
        ("anybody", True, 0),
        ("", True, 0),
    ],
)
def test_the_last_two_digits_choose_what_the_callee_does(number: str, answers: bool, status: int) -> None:
    profile = profiles.of_number(number)
    assert (profile.answers, profile.status) == (answers, status)


def test_a_number_that_is_not_in_the_table_confirms() -> None:
    assert profiles.of_number("+16175550198") is CONFIRMS


def test_no_profile_both_answers_and_refuses() -> None:
    assert not [profile for profile in BY_LAST_DIGITS.values() if profile.answers and profile.status]


def test_a_profile_is_found_by_its_digits_or_refused_with_those_there_are() -> None:
    assert profiles.named("10").status == 486
    with pytest.raises(ProfileError, match="there are 00, 01"):
        profiles.named("77")


def test_a_script_is_a_profile_of_ones_own() -> None:
    text = '{"keys": "12#", "ring_seconds": 2, "status": 0, "headers": {"X-A": "b"}}'
    assert profiles.read(text) == Profile(name="scripted", keys="12#", ring_seconds=2.0, headers=(("X-A", "b"),))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "one JSON object"),
        ('{"key": "1"}', "'key' is not known.*keys"),
        ('{"keys": 1}', "'keys' is a str"),
        ('{"rings": 1}', "'rings' is a bool"),
        ('{"ring_seconds": true}', "'ring_seconds' is a float"),
        ('{"headers": ["x"]}', "'headers' is an object"),
        ('{"keys": "E"}', "Keys are"),
        ('{"ring_seconds": -1}', "between 0 and"),
        ('{"status": 200}', "between 300 and 699"),
        ('{"pause_ms": 1}', "pause"),
    ],
)
def test_a_script_that_cannot_be_played_says_why(text: str, says: str) -> None:
    with pytest.raises(ProfileError, match=says):
        profiles.read(text)
