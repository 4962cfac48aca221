"""The builtin grammars of VoiceXML."""

from __future__ import annotations

import pytest

from mirabelle.grammar import GrammarError, KeyVerdict, Value, builtin, load


def meaning(uri: str, keys: str) -> Value:
    match = builtin(uri, "dtmf").match(list(keys))
    return "REJECT" if match is None else match.interpretation


@pytest.mark.parametrize(
    ("uri", "keys", "expected"),
    [
        ("boolean", "1", True),
        ("boolean", "2", False),
        ("boolean", "3", "REJECT"),
        ("boolean?y=7;n=9", "7", True),
        ("builtin:dtmf/boolean?y=7;n=9", "9", False),
        ("boolean?y=7;n=9", "1", "REJECT"),
        ("boolean?y=#;n=*", "#", True),
        ("digits", "0123", "0123"),
        ("digits", "1#", "REJECT"),
        ("digits?length=4", "123", "REJECT"),
        ("digits?length=4", "1234", "1234"),
        ("digits?minlength=2;maxlength=3", "1", "REJECT"),
        ("digits?minlength=2;maxlength=3", "123", "123"),
        ("digits?minlength=2;maxlength=3", "1234", "REJECT"),
        ("builtin:dtmf/digits?minlength=2", "12345", "12345"),
        ("number", "100", "100"),
        ("number", "3*25", "3.25"),
        ("number", "*5", "0.5"),
        ("number", "5*", "5"),
        ("number", "1*2*3", "REJECT"),
        ("currency", "12*50", "12.50"),
        ("currency", "12", "12.00"),
        ("currency", "12*5", "12.50"),
        ("currency", "12*505", "REJECT"),
        ("currency", "*99", "0.99"),
        ("date", "20261123", "20261123"),
        ("date", "20260230", "REJECT"),
        ("date", "00000101", "REJECT"),
        ("date", "2026112", "REJECT"),
        ("phone", "6175550123", "6175550123"),
        ("phone", "6175550123*44", "6175550123x44"),
        ("time", "0930", "0930?"),
        ("time", "1230", "1230?"),
        ("time", "1330", "1330h"),
        ("time", "0005", "0005h"),
        ("time", "2460", "REJECT"),
    ],
)
def test_keys_mean_what_the_type_says(uri: str, keys: str, expected: Value) -> None:
    assert meaning(uri, keys) == expected


@pytest.mark.parametrize(
    ("uri", "said", "expected"),
    [
        ("boolean", "yes", True),
        ("boolean", "No", False),
        ("boolean", "maybe", "REJECT"),
        ("digits", "one two oh 3", "1203"),
        ("digits?length=2", "one two three", "REJECT"),
    ],
)
def test_words_mean_what_the_type_says(uri: str, said: str, expected: Value) -> None:
    match = builtin(f"builtin:grammar/{uri}").match(said.split())
    assert ("REJECT" if match is None else match.interpretation) == expected


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("colour", "not a builtin"),
        ("builtin:dtmf/", "not a builtin"),
        ("builtin:speech/digits", "not a builtin"),
        ("digits?size=4", "no parameter of digits"),
        ("digits?length", "no parameter of digits"),
        ("digits?length=x", "number from 1"),
        ("digits?length=0", "number from 1"),
        ("digits?length=101", "number from 1"),
        ("digits?minlength=5;maxlength=4", "must not be greater"),
        ("digits?minlength=5;length=4", "contradicts"),
        ("digits?length=4;length=4", "given twice"),
        ("boolean?y=1;n=1", "must differ"),
        ("boolean?y=12", "not a key"),
        ("date?y=1", "no parameter of date"),
    ],
)
def test_a_builtin_that_is_none_is_refused(uri: str, reason: str) -> None:
    with pytest.raises(GrammarError, match=reason):
        builtin(uri, "dtmf")


def test_words_in_a_language_nobody_taught_us_are_refused() -> None:
    with pytest.raises(GrammarError, match="known in English"):
        builtin("boolean", "voice", language="sv")


def test_a_fixed_length_needs_no_waiting() -> None:
    matcher = builtin("digits?length=3").keys()
    assert [matcher.feed(key) for key in "123"][-1] is KeyVerdict.MATCH


def test_a_builtin_takes_a_hundred_digits_and_no_more() -> None:
    assert meaning("digits", "1" * 100) == "1" * 100
    assert meaning("digits", "1" * 101) == "REJECT"


def test_a_builtin_inside_another_grammar_is_a_rule_like_any_other() -> None:
    header = b"#ABNF 1.0;\nmode dtmf;\nroot $m;\ntag-format <semantics/1.0>;\n"
    match = load(header + b"$m = $<builtin:dtmf/digits> {out = rules.digits};", uri="").match(list("123"))
    assert match is not None
    assert match.interpret() == "123"
