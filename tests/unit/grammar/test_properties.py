"""What holds for every grammar."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from mirabelle.grammar import Grammar, GrammarError, KeyVerdict, load
from mirabelle.grammar.model import (
    Alternative,
    Alternatives,
    Document,
    Expansion,
    Mode,
    Repeat,
    Rule,
    RuleRef,
    Sequence,
    Special,
    Token,
)

KEYS = "12*"
NAMES = ("main", "other", "third")


def expansions(leaves: st.SearchStrategy[Expansion]) -> st.SearchStrategy[Expansion]:
    def nested(inner: st.SearchStrategy[Expansion]) -> st.SearchStrategy[Expansion]:
        return st.one_of(
            st.lists(inner, max_size=3).map(lambda items: Sequence(tuple(items))),
            st.lists(inner, min_size=1, max_size=3).map(
                lambda items: Alternatives(tuple(Alternative(item) for item in items))
            ),
            st.tuples(inner, st.integers(0, 2), st.integers(0, 3) | st.none()).map(
                lambda made: Repeat(made[0], made[1], None if made[2] is None else made[1] + made[2])
            ),
        )

    return st.recursive(leaves, nested, max_leaves=8)


tokens: st.SearchStrategy[Expansion] = st.sampled_from(KEYS).map(Token)
special: st.SearchStrategy[Expansion] = st.sampled_from([Special.NULL, Special.VOID])
references: st.SearchStrategy[Expansion] = st.sampled_from(NAMES).map(lambda name: RuleRef(name, shown=name))
inputs = st.text(KEYS, max_size=7)


def grammar_of(*bodies: Expansion) -> Grammar:
    rules = {name: Rule(name, body) for name, body in zip(NAMES, bodies, strict=False)}
    return Grammar(Document("", Mode.DTMF, rules, root="main"))


def as_pattern(expansion: Expansion) -> str:
    match expansion:
        case Token(text):
            return re.escape(text)
        case Special.NULL:
            return "(?:)"
        case Special.VOID:
            return "(?!)"
        case Sequence(items):
            return "".join(f"(?:{as_pattern(item)})" for item in items)
        case Alternatives(items):
            return "|".join(f"(?:{as_pattern(item.expansion)})" for item in items)
        case Repeat(body, low, high):
            return f"(?:{as_pattern(body)}){{{low},{'' if high is None else high}}}"
        case _:
            raise AssertionError(expansion)


@given(expansions(tokens | special), inputs)
def test_without_references_a_grammar_accepts_what_a_regular_expression_does(body: Expansion, pressed: str) -> None:
    expected = re.fullmatch(as_pattern(body), pressed) is not None
    assert (grammar_of(body).match(list(pressed)) is not None) == expected


@given(st.tuples(*[expansions(tokens | special | references)] * 3), inputs)
def test_keys_one_by_one_agree_with_the_whole(bodies: tuple[Expansion, ...], pressed: str) -> None:
    grammar = grammar_of(*bodies)
    matcher = grammar.keys()
    verdict = matcher.verdict
    for place, key in enumerate(pressed):
        verdict = matcher.feed(key)
        whole = grammar.match(list(pressed[: place + 1]), rules=["main"])
        assert (verdict in (KeyVerdict.MATCH, KeyVerdict.MATCH_AND_CONTINUES)) == (whole is not None)
        match = matcher.match()
        assert (match.tree if match else None) == (whole.tree if whole else None)
    if verdict is KeyVerdict.NO_MATCH:
        assert matcher.feed("1") is KeyVerdict.NO_MATCH


@given(st.tuples(*[expansions(tokens | special | references)] * 3), inputs)
def test_what_can_continue_has_a_key_that_continues_it(bodies: tuple[Expansion, ...], pressed: str) -> None:
    matcher = grammar_of(*bodies).keys()
    verdict = matcher.verdict
    for key in pressed:
        verdict = matcher.feed(key)
    if verdict in (KeyVerdict.CONTINUES, KeyVerdict.MATCH_AND_CONTINUES):
        followers = []
        for key in KEYS:
            again = grammar_of(*bodies).keys()
            for before in pressed:
                again.feed(before)
            followers.append(again.feed(key))
        assert any(follower is not KeyVerdict.NO_MATCH for follower in followers)


@given(st.tuples(*[expansions(tokens | special | references)] * 3), inputs)
def test_a_parse_holds_exactly_the_keys(bodies: tuple[Expansion, ...], pressed: str) -> None:
    match = grammar_of(*bodies).match(list(pressed), rules=["main"])
    if match is not None:
        assert "".join(re.findall(r'"(.)"', match.tree)) == pressed
        assert match.tree.count("[") == match.tree.count("]")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from(["", "application/x-jsgf"]))
def test_any_bytes_are_a_grammar_or_a_grammar_error(data: bytes, media_type: str) -> None:
    try:
        load(data, uri="http://grammars.test/g", media_type=media_type).match(["a"])
    except GrammarError:
        return


@given(st.text("#$=;|<>()[]{}!/~*\"' \n-.19ab", max_size=40))
def test_any_rules_in_abnf_are_a_grammar_or_a_grammar_error(text: str) -> None:
    try:
        load(b"#ABNF 1.0;\nlanguage en;\n" + text.encode(), uri="http://grammars.test/g").match(["a"])
    except GrammarError:
        return
