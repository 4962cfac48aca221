"""Grammars of one phrase or key sequence."""

from __future__ import annotations

import pytest

from mirabelle.grammar import GrammarError, keys_grammar, phrase_grammar


def test_a_key_sequence_means_what_it_was_given() -> None:
    match = keys_grammar("1 2#", interpretation="sales").match(["1", "2", "#"])
    assert match is not None
    assert (match.interpretation, match.interpret(), match.utterance) == ("sales", "sales", "12#")


def test_a_key_sequence_means_itself_where_nothing_is_given() -> None:
    match = keys_grammar("12").match(["1", "2"])
    assert match is not None
    assert match.interpretation == "12"


@pytest.mark.parametrize("keys", ["", " ", "1x", "one"])
def test_what_is_no_key_sequence_is_refused(keys: str) -> None:
    with pytest.raises(GrammarError, match="not a sequence of keys"):
        keys_grammar(keys)


@pytest.mark.parametrize(
    ("accept", "said", "accepted"),
    [
        ("exact", "yes please", True),
        ("exact", "Yes Please", True),
        ("exact", "yes", False),
        ("approximate", "yes", True),
        ("approximate", "please", True),
        ("approximate", "yes please", True),
        ("approximate", "please yes", False),
        ("approximate", "", False),
        ("approximate", "no", False),
    ],
)
def test_a_phrase_is_said_exactly_or_in_part(accept: str, said: str, accepted: bool) -> None:
    grammar = phrase_grammar("Yes, please!", accept=accept, interpretation="yes")
    match = grammar.match(said.split())
    assert (match is not None) == accepted
    assert match is None or match.interpretation == "yes"


def test_a_phrase_may_mean_nothing_at_all() -> None:
    match = phrase_grammar("yes", accept="approximate", interpretation="").match(["yes"])
    assert match is not None
    assert match.interpretation == ""


def test_a_phrase_means_the_words_said_where_nothing_is_given() -> None:
    match = phrase_grammar("stargazer astrology", accept="approximate").match(["astrology"])
    assert match is not None
    assert match.interpretation == "astrology"


def test_a_phrase_without_words_is_refused() -> None:
    with pytest.raises(GrammarError, match="at least one word"):
        phrase_grammar(" ?! ")


def test_a_phrase_is_accepted_in_two_ways_only() -> None:
    with pytest.raises(GrammarError, match="'exact' or 'approximate'"):
        phrase_grammar("yes", accept="roughly")
