"""What a hostile grammar or input costs: steps are counted, never seconds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from mirabelle.grammar import Grammar, GrammarError, KeyVerdict, load
from mirabelle.grammar.analysis import analyse
from mirabelle.grammar.matcher import MOST_STEPS, Budget, Chart, Tables
from mirabelle.grammar.network import Builder
from mirabelle.grammar.parse import Tracer, notation

Abnf = Callable[..., Grammar]

XML = '<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" xml:lang="en" root="main"><rule id="main">'


def cost(grammar: Grammar, words: list[str]) -> int:
    """The steps that matching and parsing take, as `Grammar.match` would spend them."""
    network, parts = Builder(grammar.find).build(grammar.document, grammar.entry)
    analyse(network)
    budget = Budget()
    chart = Chart(Tables(network), parts[grammar.root], budget=budget)
    assert chart.feed_all(words)
    assert notation(Tracer(chart).trace())
    return MOST_STEPS - budget.left


@pytest.mark.parametrize(
    "rules",
    [
        "$main = a <0->;",
        "$main = (a | b | $x) <1->; $x = a;",
        "$main = $main a | a;",
        "$main = ((([a] <0-3>) <0->) <0->) <0->;",
        "$main = $GARBAGE a <0-> $GARBAGE;",
        "$main = [[[[[[[[a]]]]]]]] <0->;",
    ],
)
def test_matching_costs_in_proportion_to_the_input(abnf: Abnf, rules: str) -> None:
    costs = [cost(abnf(rules), ["a"] * length) for length in (50, 100, 200, 400)]
    assert all(longer < 2.2 * shorter for shorter, longer in pairwise(costs))


def test_the_words_that_were_not_said_cost_nothing(abnf: Abnf) -> None:
    def of(size: int) -> int:
        words = " | ".join(f"w{number}" for number in range(size))
        return cost(abnf(f"$main = $word <1->; $word = {words};"), [f"w{size - 1}"] * 50)

    assert of(5_000) == of(50)


MANY = [f"$r{number}" for number in range(1_000)]


@pytest.mark.parametrize(
    ("rules", "length"),
    [
        ("$main = $main $main $main | a | $NULL;", 500),
        ("$main = $main $x | $x $main | $x; $x = $main | a;", 500),
        (" ".join(f"{name} = a <0->;" for name in MANY) + f"$main = ({' | '.join(MANY)}) <1->;", 100),
    ],
)
def test_an_ambiguity_without_measure_is_given_up(abnf: Abnf, rules: str, length: int) -> None:
    with pytest.raises(GrammarError, match="more than 1,000,000 steps"):
        abnf(rules).match(["a"] * length)


def test_all_rules_that_are_tried_share_the_steps(abnf: Abnf) -> None:
    rules = "".join(f"public $r{n} = $r{n} $r{n} $r{n} | a;" for n in range(50))
    assert abnf("$main = a;" + rules).match(["a"] * 31) is not None
    with pytest.raises(GrammarError, match="more than 1,000,000 steps"):
        abnf("$main = b;" + rules).match(["a"] * 60 + ["c"])


def test_keys_beyond_the_steps_match_nothing(abnf: Abnf) -> None:
    matcher = abnf("$main = $main $main $main | 1;", mode="dtmf").keys()
    verdicts = [matcher.feed("1") for _ in range(500)]
    assert verdicts[0] is KeyVerdict.MATCH_AND_CONTINUES
    assert verdicts[-1] is KeyVerdict.NO_MATCH


def test_a_million_words_are_refused_or_do_not_match(abnf: Abnf) -> None:
    many = ["a"] * 1_000_000
    assert abnf("$main = a b;").match(many) is None
    with pytest.raises(GrammarError, match="longer than 500 words"):
        abnf("$main = a <0->;").match(many)


def test_a_grammar_that_grows_when_it_is_written_out_is_refused(abnf: Abnf) -> None:
    words = " | ".join(f"w{number}" for number in range(2_000))
    with pytest.raises(GrammarError, match="more than 400,000 words"):
        abnf(f"$main = {'(' * 16}{words}{') <2>' * 16};")


def test_rules_that_refer_to_each_other_in_a_long_row_are_read(abnf: Abnf) -> None:
    rules = "".join(f"$r{n} = $r{n + 1};" for n in range(5_000))
    match = abnf(f"$main = $r0; {rules} $r5000 = a;").match(["a"])
    assert match is not None
    assert match.tree.count("[") == 5_002


def test_a_document_type_gives_no_element_an_attribute() -> None:
    internal = f'<!DOCTYPE grammar [<!ATTLIST item repeat CDATA "{"1" * 100_000}">]>'
    grammar = load(f"{internal}{XML}{'<item/>' * 20_000}a</rule></grammar>".encode(), uri="")
    assert grammar.match(["a"]) is not None


def test_a_document_type_of_many_attributes_is_refused() -> None:
    internal = "".join(f'<!ATTLIST item a{number} CDATA "">' for number in range(1_001))
    with pytest.raises(GrammarError, match="more than 1,000 attributes"):
        load(f"<!DOCTYPE grammar [{internal}]>{XML}a</rule></grammar>".encode(), uri="")


@pytest.mark.parametrize("encoding", ["punycode", "IDNA", "unicode_escape", "raw-unicode-escape", "base64", "klingon"])
@pytest.mark.parametrize("header", ["#ABNF 1.0 {};\n", "#JSGF V1.0 {};\n"])
def test_what_is_no_character_set_is_no_encoding(header: str, encoding: str) -> None:
    with pytest.raises(GrammarError, match="encoding"):
        load(header.format(encoding).encode() + b"language en;", uri="")


def test_an_error_quotes_only_the_beginning_of_what_is_long(abnf: Abnf) -> None:
    with pytest.raises(GrammarError) as caught:
        abnf(f"$main = ${'a' * 100_000};")
    assert len(str(caught.value)) < 500


def test_the_texts_of_a_deep_parse_are_told_once(abnf: Abnf) -> None:
    rules = "".join(f"$r{n} = $r{n + 1};" for n in range(500))
    said = [f"{'w' * 50}{n}" for n in range(200)]
    match = abnf(f"$main = $r0 {{out = 0 + 1}}; {rules} $r500 = $GARBAGE;", header="tag-format <semantics/1.0>;").match(
        said
    )
    assert match is not None
    assert match.program is not None
    assert match.program.count(said[0]) == 1
    assert match.interpret() == 1
