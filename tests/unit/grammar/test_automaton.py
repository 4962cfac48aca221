from __future__ import annotations

import itertools

import pytest

from mirabelle import grammar
from mirabelle.grammar import GrammarError
from mirabelle.grammar.automaton import Automaton, automaton


def written(rules: str) -> grammar.Grammar:
    return grammar.load(
        f"#ABNF 1.0; language en-US; mode voice; root $r; {rules}".encode(),
        uri="http://app/g",
        media_type="application/srgs",
    )


def sentences(made: Automaton, most: int = 4) -> set[str]:
    found = {""} if 0 in made.finals else set[str]()
    paths = [(0, "")]
    for _ in range(most):
        paths = [(arc.target, f"{said} {arc.word}") for at, said in paths for arc in made.arcs if arc.source == at]
        found |= {said[1:] for at, said in paths if at in made.finals}
    return found


def test_what_the_rules_accept_is_what_the_automaton_spells() -> None:
    made = automaton([written("$r = [please] $drink {x} ; $drink = Coffee | green tea;")])
    assert sentences(made) == {"coffee", "green tea", "please coffee", "please green tea"}
    assert made.written["coffee"] == "Coffee"


@pytest.mark.parametrize(
    "rules",
    [
        "$r = a<2-> | b;",
        "$r = (a | $s)<1-3> c<0-1>; $s = b [a];",
        "$r = $NULL | a $VOID | $s $s; $s = [a] b;",
        "$r = $s<0-2> a; $s = a b | b;",
    ],
)
def test_it_accepts_the_inputs_that_the_matcher_accepts(rules: str) -> None:
    made, matcher = automaton([written(rules)]), written(rules)
    inputs = [words for length in range(5) for words in itertools.product("abc", repeat=length)]
    matched = {" ".join(words) for words in inputs if matcher.match(words, rules=["r"])}
    assert sentences(made) == matched
    assert matched


def test_the_beginning_of_an_input_is_not_accepted() -> None:
    made = automaton([written("$r = green tea;")])
    assert made.accepts(["green", "tea"])
    assert not made.accepts(["green"])
    assert not made.accepts(["green", "tea", "tea"])


def test_a_word_of_several_grammars_is_one_arc() -> None:
    made = automaton([written("$r = yes | no;"), written("$r = Yes please;")])
    assert sorted(arc.word for arc in made.arcs if arc.source == 0) == ["no", "yes"]
    assert sentences(made) == {"yes", "no", "yes please"}


def test_the_words_of_a_builtin_grammar_are_not_the_applications_own() -> None:
    made = automaton([grammar.builtin("digits?length=2", "voice"), written("$r = operator;")])
    assert made.own == {"operator"}
    assert {"one two", "1 2", "operator"} <= sentences(made)


def test_what_garbage_lets_pass_is_left_out() -> None:
    assert sentences(automaton([written("$r = $GARBAGE coffee;")])) == {"coffee"}


def test_a_rule_that_refers_to_itself_is_refused() -> None:
    with pytest.raises(GrammarError, match="'r' refers to itself"):
        automaton([written("$r = a [$r];")])


def test_a_grammar_that_is_too_large_is_refused() -> None:
    words = " | ".join(f"w{number}" for number in range(300))
    with pytest.raises(GrammarError, match="too large to be listened to"):
        automaton([written(f"$r = ({words})<100>;")])
