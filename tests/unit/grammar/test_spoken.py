"""The English words of the builtin grammars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.grammar import Value, builtin, field_types, numerals


def meaning(name: str, said: str) -> Value:
    match = builtin(f"builtin:grammar/{name}").match(said.split())
    return "REJECT" if match is None else match.interpretation


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("number", "zero", "0"),
        ("number", "forty two", "42"),
        ("number", "two hundred and five", "205"),
        ("number", "a hundred", "100"),
        ("number", "twelve thousand three hundred forty five", "12345"),
        ("number", "one million two thousand and three", "1002003"),
        ("number", "minus three point one four", "-3.14"),
        ("number", "one two three", "123"),
        ("number", "25", "25"),
        ("number", "two hundred hundred", "REJECT"),
        ("number", "hundred", "REJECT"),
        ("number", "and", "REJECT"),
        ("number", "point five", "0.5"),
        ("number", "minus point oh five", "-0.05"),
        ("number", "minus", "REJECT"),
        ("number", "three point", "REJECT"),
        ("currency", "twelve dollars", "USD12.00"),
        ("currency", "twelve dollars and fifty cents", "USD12.50"),
        ("currency", "twelve dollars fifty", "USD12.50"),
        ("currency", "two point five euros", "EUR2.50"),
        ("currency", "fifty cents", "USD0.50"),
        ("currency", "nine pence", "GBP0.09"),
        ("currency", "three point five", "3.50"),
        ("currency", "twelve", "12.00"),
        ("currency", "twenty five fifty", "25.50"),
        ("currency", "a hundred and two ninety nine", "102.99"),
        ("currency", "five five", "REJECT"),
        ("currency", "dollars", "REJECT"),
        ("currency", "twelve dollars and fifty dollars", "REJECT"),
        ("phone", "six one seven five five five oh one two three", "6175550123"),
        ("phone", "five five five extension four two", "555x42"),
        ("date", "november twenty third twenty twenty six", "20261123"),
        ("date", "the third of may", "????0503"),
        ("date", "may", "????05??"),
        ("date", "may twenty twenty", "202005??"),
        ("date", "february thirtieth", "REJECT"),
        ("date", "february twenty ninth nineteen ninety nine", "REJECT"),
        ("date", "february twenty ninth two thousand", "20000229"),
        ("date", "july four nineteen oh six", "19060704"),
        ("date", "the twenty third", "??????23"),
        ("date", "thirty first", "??????31"),
        ("date", "thirty second", "REJECT"),
        ("date", "twenty", "REJECT"),
        ("date", "twenty twenty six", "2026????"),
        ("date", "the", "REJECT"),
        ("time", "three thirty", "0330?"),
        ("time", "three o'clock p m", "0300p"),
        ("time", "at half past ten in the morning", "1030a"),
        ("time", "a quarter to one", "1245?"),
        ("time", "ten past twelve", "1210?"),
        ("time", "fifteen hundred", "1500h"),
        ("time", "three oh five", "0305?"),
        ("time", "twenty two ten", "2210h"),
        ("time", "noon", "1200p"),
        ("time", "midnight", "1200a"),
        ("time", "fifteen thirty p m", "REJECT"),
        ("time", "past three", "REJECT"),
    ],
)
def test_words_mean_what_the_type_says(name: str, said: str, expected: str) -> None:
    assert meaning(name, said) == expected


@pytest.mark.parametrize("name", field_types.TYPES)
def test_every_type_has_keys_and_words(name: str) -> None:
    assert builtin(f"builtin:dtmf/{name}").mode == "dtmf"
    assert builtin(f"builtin:grammar/{name}").mode == "voice"


def spelled(number: int) -> str:
    ones = [word for word in numerals.DIGITS if word not in ("oh", "o")] + list(numerals.TEENS)
    tens = list(numerals.TENS)
    if number < 20:
        return ones[number]
    if number < 100:
        return tens[number // 10 - 2] + (f" {ones[number % 10]}" if number % 10 else "")
    for size, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        if number >= size:
            return f"{spelled(number // size)} {name}" + (f" {spelled(number % size)}" if number % size else "")
    raise AssertionError(number)


@given(st.integers(0, 999_999_999))
def test_a_number_spelled_out_is_read_back(number: int) -> None:
    assert numerals.cardinal(spelled(number).split()) == number


@given(
    st.sampled_from(sorted(field_types.TYPES)),
    st.lists(st.sampled_from([*numerals.WORDS, "may", "past", "point"]), max_size=6),
)
def test_no_words_break_a_builtin(name: str, said: list[str]) -> None:
    match = builtin(name, "voice").match(said)
    assert match is None or match.interpretation is not None
