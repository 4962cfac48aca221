from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.grammar import load
from mirabelle.grammar.barren import Cause, barren
from mirabelle.grammar.error import GrammarError

RULES = "abc"


def causes(text: str) -> dict[str, Cause]:
    grammar = load(f"#ABNF 1.0;\nmode dtmf;\nroot $a;\n{text}".encode(), uri="")
    return {each.rule.name: each.cause for each in barren(grammar)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$a = 1;", {}),
        ("$a = 1 $VOID;", {"a": Cause.VOID}),
        ("$a = 1 | $VOID;", {}),
        ("$a = 1 $a;", {"a": Cause.RECURSION}),
        ("$a = 1 $a | 2;", {}),
        ("$a = 1 $b; $b = 2 $a;", {"a": Cause.RECURSION, "b": Cause.RECURSION}),
        ("$a = 1 $b; $b = $VOID;", {"a": Cause.BARREN, "b": Cause.VOID}),
        ("$a = 1 | $b; $b = $VOID;", {"b": Cause.VOID}),
        ("$a = [$VOID] 1;", {}),
        ("$a = $VOID <0->;", {"a": Cause.SILENCE}),
        ("$a = $NULL;", {"a": Cause.SILENCE}),
        ("$a = $b 1; $b = $NULL;", {}),
    ],
)
def test_rules_that_never_match_are_told_with_their_cause(text: str, expected: dict[str, Cause]) -> None:
    assert causes(text) == expected


_EXPANSIONS = st.recursive(
    st.sampled_from(["1", "2", "$VOID", "$NULL", *(f"${name}" for name in RULES)]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda each: f"({' '.join(each)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: f"({' | '.join(each)})"),
        inner.map(lambda each: f"[{each}]"),
    ),
    max_leaves=8,
)


@given(st.lists(_EXPANSIONS, min_size=3, max_size=3))
def test_an_entry_is_barren_of_completion_where_the_matcher_finds_no_way(expansions: list[str]) -> None:
    text = "\n".join(f"public ${name} = {each};" for name, each in zip(RULES, expansions, strict=True))
    try:
        grammar = load(f"#ABNF 1.0;\nmode dtmf;\nroot $a;\n{text}".encode(), uri="")
    except GrammarError:
        return
    told = {each.rule.name: each.cause for each in barren(grammar)}
    assert ("a" in told and told["a"] is not Cause.SILENCE) == (not grammar.can_match)
