"""What a grammar accepts, and the parse it gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mirabelle.grammar import Grammar, GrammarError, load

Abnf = Callable[..., Grammar]


def parse(grammar: Grammar, text: str) -> str | None:
    match = grammar.match(text.split())
    return match.tree if match else None


@pytest.mark.parametrize(
    ("rules", "said", "expected"),
    [
        ("$main = a b;", "a b", '$main["a","b"]'),
        ("$main = a b;", "a", None),
        ("$main = a | b;", "b", '$main["b"]'),
        ("$main = a [b] c;", "a c", '$main["a","c"]'),
        ("$main = a [b] c;", "a b c", '$main["a","b","c"]'),
        ("$main = a <2> b;", "a a b", '$main["a","a","b"]'),
        ("$main = a <2-3>;", "a a a a", None),
        ("$main = a <0-> b;", "b", '$main["b"]'),
        ("$main = a <1->;", "", None),
        ("$main = a <0> b;", "b", '$main["b"]'),
        ("$main = (a b) <3>;", "a b a b a b", '$main["a","b","a","b","a","b"]'),
        ("$main = (a | b $x) <2-4>; $x = c;", "b c a b c", '$main["b",$x["c"],"a","b",$x["c"]]'),
        ("$main = a () b;", "a b", '$main["a","b"]'),
        ("$main = a $NULL;", "a", '$main["a"]'),
        ("$main = a | $VOID b;", "b", None),
        ("$main = a $GARBAGE;", "a", '$main["a"]'),
        ("$main = a $GARBAGE c;", "a b b c", '$main["a","c"]'),
        ("$main = a $GARBAGE c;", "a b b", None),
        ('$main = "New  York" now;', "New York now", '$main["New York","now"]'),
        ("$main = $x; $x = a;", "a", '$main[$x["a"]]'),
        ("$main = a {t};", "a", '$main["a",{!{t}!}]'),
        ("$main = {!{a}b}!} a;", "a", '$main[{!{a}b}!},"a"]'),
        ("$main = a {t} <2-5>;", "a", '$main["a",{!{t}!}]'),
        ("$main = a ({t}) <0->;", "a", '$main["a",{!{t}!}]'),
    ],
)
def test_an_expansion_accepts_what_the_recommendation_says(
    abnf: Abnf, rules: str, said: str, expected: str | None
) -> None:
    assert parse(abnf(rules), said) == expected


@pytest.mark.parametrize(
    "rules",
    [
        "$main = $main a | a;",
        "$main = a $main | a;",
        "$main = $main $main | a;",
        "$main = $main | a | a $main;",
        "$main = $x; $x = $main | a $x | a;",
        "$main = $main $main | a | $NULL;",
        "$main = [$main] [$main] [a];",
        "$main = ([a]) <0-> [a];",
    ],
)
def test_recursion_of_any_kind_ends(abnf: Abnf, rules: str) -> None:
    match = abnf(rules).match(["a"] * 20)
    assert match is not None
    assert match.tree.count('"a"') == 20


def test_recursion_without_bottom_matches_nothing(abnf: Abnf) -> None:
    grammar = abnf("$main = a $main;", mode="voice")
    assert grammar.match(["a"] * 20) is None


@pytest.mark.parametrize(
    ("rules", "possible"),
    [
        ("$main = a;", True),
        ("$main = $NULL;", True),
        ("$main = a $VOID;", False),
        ("$main = a $main;", False),
        ("$main = $x | b; $x = a $x;", True),
    ],
)
def test_a_grammar_knows_whether_anything_matches_it(abnf: Abnf, rules: str, possible: bool) -> None:
    assert abnf(rules).can_match == possible


def test_recursion_hundreds_of_levels_deep_has_a_parse(abnf: Abnf) -> None:
    match = abnf("$main = a $main | a;").match(["a"] * 500)
    assert match is not None
    assert match.tree.count("$main[") == 500


def test_an_input_beyond_the_limit_is_refused(abnf: Abnf) -> None:
    with pytest.raises(GrammarError, match="longer than"):
        abnf("$main = a <0->;").match(["a"] * 501)


def test_a_repeat_of_repeats_stays_small(abnf: Abnf) -> None:
    match = abnf("$main = (((a <0-500>) <0-500>) <0-500>) b;").match(["a", "a", "b"])
    assert match is not None


def test_a_parse_out_of_nothing_is_bounded(abnf: Abnf) -> None:
    with pytest.raises(GrammarError, match="more than 50,000 rules"):
        abnf("$main = ((([a] {t}) <500>) <500>) b;").match(["b"])


def test_a_repetition_that_need_not_be_is_not_made_of_nothing(abnf: Abnf) -> None:
    assert parse(abnf("$main = $x <0-3> b; $x = [a];"), "a b") == '$main[$x["a"],"b"]'
    assert parse(abnf("$main = $x <2-> b; $x = [a];"), "b") == '$main[$x[],$x[],"b"]'


def test_a_grammar_that_would_be_too_large_is_refused(abnf: Abnf) -> None:
    many = " ".join("(a b) <10000>" for _ in range(40))
    with pytest.raises(GrammarError, match="too large"):
        abnf(f"$main = {many};")


def test_the_earlier_alternative_wins(abnf: Abnf) -> None:
    assert parse(abnf("$main = $x | $y; $x = a; $y = a;"), "a") == '$main[$x["a"]]'


def test_the_heavier_alternative_wins(abnf: Abnf) -> None:
    assert parse(abnf("$main = /0.5/ $x | /2/ $y; $x = a; $y = a;"), "a") == '$main[$y["a"]]'


MANY = " | ".join(f"w{number}" for number in range(20))


@pytest.mark.parametrize(
    ("alternatives", "said", "expected"),
    [
        (f"{MANY} | $x | a", "a", '$main[$x["a"]]'),
        (f"a | {MANY} | $x", "a", '$main["a"]'),
        (f"{MANY} | $x | a | /2/ $y", "a", '$main[$y["a"]]'),
        (f"$x | {MANY} | A | a", "A", '$main["A"]'),
        (f"{MANY} | B | $z", "b", '$main[$z["b"]]'),
        (f"{MANY} | w3 {{t}} | B | b", "W3", '$main["w3"]'),
        (f"{MANY} | {{t}} | a", "", "$main[{!{t}!}]"),
        (f"{MANY} | $GARBAGE | a", "a", "$main[]"),
        (f"{MANY} | a", "b", None),
    ],
)
def test_among_many_alternatives_the_same_ones_win(
    abnf: Abnf, alternatives: str, said: str, expected: str | None
) -> None:
    assert parse(abnf(f"$main = {alternatives}; $x = a; $y = a; $z = b;"), said) == expected


def test_a_longer_repetition_wins(abnf: Abnf) -> None:
    assert parse(abnf("$main = $x $y; $x = a <1->; $y = a <0->;"), "a a") == '$main[$x["a","a"],$y[]]'


def test_case_is_only_looked_at_where_it_tells_words_apart(abnf: Abnf) -> None:
    grammar = abnf("$main = $country | $language; $country = Polish; $language = polish;")
    assert parse(grammar, "polish") == '$main[$language["polish"]]'
    assert parse(grammar, "POLISH") == '$main[$country["Polish"]]'


def test_an_accent_may_be_encoded_either_way(abnf: Abnf) -> None:
    assert parse(abnf("$main = caf\u00e9;"), "cafe\u0301") == '$main["caf\u00e9"]'


def test_the_root_is_tried_before_other_public_rules(abnf: Abnf) -> None:
    grammar = abnf("$main = a; public $other = a | b;")
    assert parse(grammar, "a") == '$main["a"]'
    assert parse(grammar, "b") == '$other["b"]'


def test_a_caller_may_name_the_rules_that_count(abnf: Abnf) -> None:
    grammar = abnf("$main = a; public $other = b;")
    assert grammar.match(["b"], rules=grammar.entry) is None


def test_a_private_rule_cannot_be_named(abnf: Abnf) -> None:
    with pytest.raises(GrammarError, match="declare it public"):
        abnf("$main = $x; $x = a;").match(["a"], rules=["x"])


def test_without_a_root_every_public_rule_counts() -> None:
    grammar = load(b"#ABNF 1.0;\nlanguage en;\npublic $x = a;\npublic $y = b;\n$z = c;", uri="")
    assert [parse(grammar, said) for said in "abc"] == ['$x["a"]', '$y["b"]', None]


def test_tokens_with_spaces_count_as_several_words(abnf: Abnf) -> None:
    assert parse(abnf("$main = new york;"), "new york") == '$main["new","york"]'
    match = abnf("$main = new york;").match(["new york"])
    assert match is not None
    assert match.utterance == "new york"


def test_a_fragment_enters_by_a_public_rule() -> None:
    data = b"#ABNF 1.0;\nlanguage en;\nroot $x;\n$x = a;\npublic $y = b;"
    grammar = load(data, uri="http://grammars.test/g.gram#y")
    assert grammar.entry == ("y",)
    with pytest.raises(GrammarError, match="private"):
        load(data, uri="http://grammars.test/g.gram#x")
    with pytest.raises(GrammarError, match="no rule 'z'"):
        load(data, uri="http://grammars.test/g.gram#z")
