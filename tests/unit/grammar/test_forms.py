"""The same grammar written in every form is the same grammar."""

from __future__ import annotations

from collections.abc import Sequence as Items

from hypothesis import given
from hypothesis import strategies as st

from mirabelle.grammar import Grammar, load
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
    Tag,
    TagFormat,
    Token,
)

WORDS = ("a", "b c", "d")
NAMES = ("main", "other")


def as_abnf(expansion: Expansion) -> str:
    match expansion:
        case Token(text):
            return f'"{text}"' if " " in text else text
        case Tag(text):
            return "{!{" + text + "}!}"
        case Special(value=name):
            return f"${name}"
        case RuleRef(rule):
            return f"${rule}"
        case Sequence(items):
            return f"({' '.join(map(as_abnf, items))})"
        case Alternatives(items):
            return f"({' | '.join(f'/{item.weight}/ {as_abnf(item.expansion)}' for item in items)})"
        case Repeat(body, low, high):
            return f"({as_abnf(body)}) <{low}-{'' if high is None else high}>"


def as_xml(expansion: Expansion) -> str:
    match expansion:
        case Token(text):
            return f"<token>{text}</token>"
        case Tag(text):
            return f"<tag>{text}</tag>"
        case Special(value=name):
            return f'<ruleref special="{name}"/>'
        case RuleRef(rule):
            return f'<ruleref uri="#{rule}"/>'
        case Sequence(items):
            return f"<item>{''.join(map(as_xml, items))}</item>"
        case Alternatives(items):
            inner = "".join(f'<item weight="{item.weight}">{as_xml(item.expansion)}</item>' for item in items)
            return f"<one-of>{inner}</one-of>"
        case Repeat(body, low, high):
            return f'<item repeat="{low}-{"" if high is None else high}">{as_xml(body)}</item>'


leaves: st.SearchStrategy[Expansion] = st.one_of(
    st.sampled_from(WORDS).map(Token),
    st.sampled_from(["x", "y z"]).map(Tag),
    st.sampled_from([Special.NULL, Special.VOID, Special.GARBAGE]),
    st.sampled_from(NAMES).map(lambda name: RuleRef(name, shown=name)),
)


def nested(inner: st.SearchStrategy[Expansion]) -> st.SearchStrategy[Expansion]:
    weighted = st.tuples(inner, st.sampled_from([0.5, 1.0, 2.0])).map(lambda pair: Alternative(*pair))
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda items: Sequence(tuple(items))),
        st.lists(weighted, min_size=1, max_size=3).map(lambda items: Alternatives(tuple(items))),
        st.tuples(inner, st.integers(0, 2), st.integers(0, 2) | st.none()).map(
            lambda made: Repeat(made[0], made[1], None if made[2] is None else made[1] + made[2])
        ),
    )


expansions = st.recursive(leaves, nested, max_leaves=7)
inputs = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=5)


def tree(grammar: Grammar, words: Items[str]) -> str | None:
    match = grammar.match(words)
    return match.tree if match else None


@given(expansions, expansions, inputs)
def test_abnf_and_xml_say_the_same_as_the_model(main: Expansion, other: Expansion, words: list[str]) -> None:
    rules = {"main": Rule("main", main), "other": Rule("other", other)}
    model = Grammar(Document("", Mode.VOICE, rules, language="en", root="main", tag_format=TagFormat.SCRIPT))
    abnf = "#ABNF 1.0 UTF-8;\nlanguage en;\nroot $main;\n" + "".join(
        f"${name} = {as_abnf(rule.expansion)};\n" for name, rule in rules.items()
    )
    xml = (
        '<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" xml:lang="en" root="main">'
        + "".join(f'<rule id="{name}">{as_xml(rule.expansion)}</rule>' for name, rule in rules.items())
        + "</grammar>"
    )
    expected = tree(model, words)
    assert tree(load(abnf.encode(), uri=""), words) == expected
    assert tree(load(xml.encode(), uri=""), words) == expected
