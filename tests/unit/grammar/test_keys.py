"""Keys, as they are pressed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mirabelle.grammar import Grammar, GrammarError, KeyVerdict, builtin, keys_grammar, load

Abnf = Callable[..., Grammar]

M, C, B, N = KeyVerdict.MATCH, KeyVerdict.CONTINUES, KeyVerdict.MATCH_AND_CONTINUES, KeyVerdict.NO_MATCH


@pytest.mark.parametrize(
    ("rules", "keys", "verdicts"),
    [
        ("$main = 1;", "1", [M]),
        ("$main = 1;", "12", [M, N]),
        ("$main = 1 2;", "12", [C, M]),
        ("$main = 1 | 1 2;", "12", [B, M]),
        ("$main = (1 | 2) <2-3>;", "121", [C, B, M]),
        ("$main = 1 <1->;", "111", [B, B, B]),
        ("$main = 1 $main | 2;", "112", [C, C, M]),
        ("$main = 1 [$VOID];", "1", [M]),
        ("$main = 1 | 1 $VOID;", "1", [M]),
        ("$main = 1 | 1 $loop; $loop = 2 $loop;", "12", [M, N]),
        ("$main = star pound;", "*#", [C, M]),
        ('$main = "*" "#" A;', "*#A", [C, C, M]),
        ("$main = 12;", "12", [C, M]),
        ("$main = 1 {tag};", "1", [M]),
    ],
)
def test_every_key_gets_a_verdict(abnf: Abnf, rules: str, keys: str, verdicts: list[KeyVerdict]) -> None:
    matcher = abnf(rules, mode="dtmf").keys()
    assert [matcher.feed(key) for key in keys] == verdicts


def test_the_match_is_of_the_keys_so_far(abnf: Abnf) -> None:
    matcher = abnf("$main = 1 | 1 2;", mode="dtmf").keys()
    assert matcher.match() is None
    matcher.feed("1")
    match = matcher.match()
    assert match is not None
    assert (match.tree, match.utterance, match.interpretation) == ('$main["1"]', "1", "1")


def test_only_the_root_listens_to_keys(abnf: Abnf) -> None:
    matcher = abnf("$main = 1; public $other = 2;", mode="dtmf").keys()
    assert matcher.feed("2") is N


def test_without_a_root_all_public_rules_listen() -> None:
    matcher = load(b"#ABNF 1.0;\nmode dtmf;\npublic $x = 1;\npublic $y = 2;", uri="").keys()
    assert matcher.feed("2") is M
    match = matcher.match()
    assert match is not None
    assert match.tree == '$y["2"]'


def test_words_cannot_be_pressed(abnf: Abnf) -> None:
    with pytest.raises(GrammarError, match="words, not to keys"):
        abnf("$main = a;").keys()


def test_a_grammar_without_rules_matches_no_key() -> None:
    assert load(b"#ABNF 1.0;\nmode dtmf;\n", uri="").keys().feed("1") is N


def test_keys_without_end_match_nothing(abnf: Abnf) -> None:
    matcher = abnf("$main = 1 <0->;", mode="dtmf").keys()
    verdicts = [matcher.feed("1") for _ in range(502)]
    assert verdicts[499:] == [B, N, N]
    assert matcher.match() is None


def test_a_date_is_checked_while_it_is_pressed() -> None:
    matcher = builtin("date").keys()
    verdicts = [matcher.feed(key) for key in "20260231"]
    assert verdicts[-1] is N
    assert matcher.match() is None


def test_the_verdict_before_any_key_tells_whether_silence_matches() -> None:
    assert keys_grammar("1").keys().verdict is C
