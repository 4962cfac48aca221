from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.when import civil
from mirabelle.calls.when.grammar import scanner
from mirabelle.calls.when.meaning import MEANINGS
from mirabelle.calls.when.notation import END, read
from mirabelle.calls.when.scanner import Scanner

EPOCH = date(1970, 1, 1)


def forms(definitions: str, text: str) -> list[tuple[str | None, str]]:
    return [(token.form, token.text.strip(END)) for token in Scanner(read(definitions)).tokens(text)][:-1]


@pytest.mark.parametrize(
    ("expression", "fits", "does_not_fit"),
    [
        ("'ab'", ["ab", "AB", "aB"], ["a", "b"]),
        ('"ab"', ["ab"], ["AB"]),
        ("[a-cx]", ["a", "c", "x"], ["d", "-"]),
        (r"[ \t]", [" ", "\t"], ["t", "\\"]),
        ("[+-]", ["+", "-"], [","]),
        ('"a" "b"? "c"', ["ac", "abc"], ["abbc"]),
        ('"a"+', ["a", "aaa"], ["b"]),
        ('"a" ("b" or "c")* "d"', ["ad", "abcbd"], ["a", "abc"]),
        ('"a"{2,3}', ["aa", "aaa"], ["a", "aaaa"]),
        ('"x" or "ab" or "abc"', ["x", "ab", "abc"], ["a", "abcd"]),
    ],
)
def test_the_notation_says_what_fits(expression: str, fits: list[str], does_not_fit: list[str]) -> None:
    for text in fits:
        assert forms(f"form: {expression}", text) == [("form", text)]
    for text in does_not_fit:
        assert forms(f"form: {expression}", text) != [("form", text)]


def test_the_longest_form_wins_and_of_equals_the_first() -> None:
    definitions = "letters: [a-z]+\nword: 'noon'\nlonger: 'noon' ' of'"
    assert forms(definitions, "noon") == [("letters", "noon")]
    assert forms(definitions, "noon of") == [("longer", "noon of")]
    assert forms(definitions, "noon or") == [("letters", "noon"), (None, " "), ("letters", "or")]


def test_a_definition_may_use_those_above_and_go_on_in_the_next_line() -> None:
    assert forms('digit: [0-9]\n; a remark\nnumber: digit+\n    or "-" digit+', "-12") == [("number", "-12")]


@pytest.mark.parametrize(
    "definitions", ["form: unknown", "form", 'form: ("a"', "form: *", 'a: "x"\na: "y"', 'form: "a" )', "form: ["]
)
def test_a_wrong_definition_is_refused(definitions: str) -> None:
    with pytest.raises(ValueError, match=r"defined|definition|understood|no '\)'|nothing to repeat"):
        read(definitions)


def test_every_form_has_a_meaning() -> None:
    assert set(scanner()._names) == set(MEANINGS)


@given(st.text(max_size=80))
def test_the_pieces_are_the_text(text: str) -> None:
    tokens = list(scanner().tokens(text))
    assert "".join(token.text for token in tokens) == text + END
    assert [token.start for token in tokens] == [
        sum(len(each.text) for each in tokens[:index]) for index in range(len(tokens))
    ]


@given(st.integers(-700_000, 2_900_000))
def test_the_calendar_is_that_of_the_library(number: int) -> None:
    day = EPOCH + timedelta(days=number)
    assert civil.date(number) == (day.year, day.month, day.day)
    assert civil.day_number(day.year, day.month, day.day) == number
    assert civil.weekday(number) == day.isoweekday() % 7


@given(st.integers(-(10**9), 10**9))
def test_the_calendar_has_no_end(number: int) -> None:
    assert civil.day_number(*civil.date(number)) == number
