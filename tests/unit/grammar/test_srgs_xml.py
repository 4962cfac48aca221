"""The XML form of SRGS."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mirabelle.grammar import Grammar, GrammarError, load, load_element
from mirabelle.grammar.xml import read

Xml = Callable[..., Grammar]

RULE = '<rule id="main">a</rule>'
NAMESPACE = 'xmlns="http://www.w3.org/2001/06/grammar"'


@pytest.mark.parametrize(
    ("content", "said", "expected"),
    [
        ('<rule id="main">a b</rule>', "a b", '$main["a","b"]'),
        ('<rule id="main">a <!-- note --> b</rule>', "a b", '$main["a","b"]'),
        ('<rule id="main">go to "New York" now</rule>', "go to New York now", '$main["go","to","New York","now"]'),
        ('<rule id="main"><token> New\n York </token></rule>', "New York", '$main["New York"]'),
        ('<rule id="main"><one-of><item>a</item><item>b</item></one-of></rule>', "b", '$main["b"]'),
        ('<rule id="main"><item repeat="2-">a</item></rule>', "a a a", '$main["a","a","a"]'),
        ('<rule id="main"><item repeat="0">a</item>b</rule>', "b", '$main["b"]'),
        ('<rule id="main"><item repeat-prob="0.5">a</item></rule>', "a", '$main["a"]'),
        ('<rule id="main"><item/>a</rule>', "a", '$main["a"]'),
        ('<rule id="main">a<tag> out = 1 </tag></rule>', "a", '$main["a",{!{ out = 1 }!}]'),
        ('<rule id="main">a<tag><![CDATA[a<b]]></tag></rule>', "a", '$main["a",{!{a<b}!}]'),
        ('<rule id="main"><example>a</example>a</rule>', "a", '$main["a"]'),
        ('<rule id="main" xml:lang="fr">a<token xml:lang="de">b</token></rule>', "a b", '$main["a","b"]'),
        ('<rule id="main"><ruleref special="NULL"/>a</rule>', "a", '$main["a"]'),
        ('<lexicon uri="x.pls"/><meta name="a" content="b"/><metadata><x/></metadata><tag>1</tag>' + RULE, "a", None),
        ('<rule id="main">a<note xmlns="urn:x">not this</note></rule>', "a", '$main["a"]'),
        ('<rule id="mäin̈"><item>a</item></rule>' + RULE, "a", '$main["a"]'),
    ],
)
def test_an_element_means_what_the_recommendation_says(xml: Xml, content: str, said: str, expected: str | None) -> None:
    match = xml(content).match(said.split())
    assert match is not None
    assert match.tree == (expected or '$main["a"]')


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('<rule id="main"></rule>', "is empty"),
        ('<rule id="main"><example>a</example></rule>', "is empty"),
        ('<rule id="main"><one-of/></rule>', "at least one <item>"),
        ('<rule id="main"><one-of>a</one-of></rule>', "Text may not stand"),
        ('<rule id="main"><one-of><tag>1</tag><item>a</item></one-of></rule>', "only <item> may"),
        ('<rule id="main"><item><example>a</example></item></rule>', "may not stand in <item>"),
        ('<rule id="main"><token> </token></rule>', "must not be empty"),
        ('<rule id="main"><token>a"b</token></rule>', "quotation mark"),
        ('<rule id="main"><token><item>a</item></token></rule>', "holds text only"),
        ('<rule id="main">"a b</rule>', "not closed"),
        ('<rule id="main">""</rule>', "must not be empty"),
        ('<rule id="main"><ruleref/></rule>', "either 'uri' or 'special'"),
        ('<rule id="main"><ruleref uri="#main" special="NULL"/></rule>', "either 'uri' or 'special'"),
        ('<rule id="main"><ruleref special="ALL"/></rule>', "no special rule"),
        ('<rule id="main"><ruleref uri="#NULL"/></rule>', "reserved"),
        ('<rule id="main"><ruleref uri="#nothing"/></rule>', "referred to and not defined"),
        ('<rule id="main"><ruleref uri=""/></rule>', "needs the URI"),
        ('<rule id="main"><ruleref uri="#a b"/></rule>', "cannot name a rule"),
        ('<rule id="main"><ruleref uri="#main">a</ruleref></rule>', "must be empty"),
        ('<rule id="main"><item repeat="3-2">a</item></rule>', "ends before it begins"),
        ('<rule id="main"><item repeat="-2">a</item></rule>', "neither 'n'"),
        ('<rule id="main"><item repeat="x">a</item></rule>', "neither 'n'"),
        ('<rule id="main"><item repeat="99999999999">a</item></rule>', "goes beyond"),
        ('<rule id="main"><item repeat="2" repeat-prob="1.5">a</item></rule>', "between 0.0 and 1.0"),
        ('<rule id="main"><one-of><item weight="-1">a</item></one-of></rule>', "not a positive number"),
        ('<rule id="main"><one-of><item weight="1e3">a</item></one-of></rule>', "not a positive number"),
        ('<rule id="main" scope="protected">a</rule>', "'private' or 'public'"),
        ("<rule>a</rule>", "cannot name a rule"),
        ('<rule id="a.b">a</rule>' + RULE, "cannot name a rule"),
        ('<rule id="1a">a</rule>' + RULE, "cannot name a rule"),
        ('<rule id="VOID">a</rule>' + RULE, "special rule"),
        (RULE + RULE, "defined twice"),
        ('<rule id="other">a</rule>', "root rule 'main' is not defined"),
        (RULE + '<meta name="a" content="b"/>', "before the first <rule>"),
        ('<meta name="a"/>' + RULE, "needs 'content'"),
        ('<meta content="a"/>' + RULE, "either 'name' or 'http-equiv'"),
        ("<lexicon/>" + RULE, "needs 'uri'"),
        ("<rules/>" + RULE, "may not stand in <grammar>"),
        ("words" + RULE, "Text may not stand"),
    ],
)
def test_what_the_recommendation_forbids_is_refused(xml: Xml, content: str, reason: str) -> None:
    with pytest.raises(GrammarError, match=reason) as caught:
        xml(content)
    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("opening", "reason"),
    [
        ('<grammar version="1.0" xml:lang="en">', "namespace"),
        (f'<grammar {NAMESPACE} xml:lang="en">', "version"),
        (f'<grammar {NAMESPACE} version="2.0" xml:lang="en">', "version"),
        (f'<grammar {NAMESPACE} version="1.0">', "name its language"),
        (f'<grammar {NAMESPACE} version="1.0" xml:lang="">', "name its language"),
        (f'<grammar {NAMESPACE} version="1.0" xml:lang="english please">', "not the name of a language"),
        (f'<grammar {NAMESPACE} version="1.0" xml:lang="en" mode="speech">', "'voice' or 'dtmf'"),
        (f'<grammar {NAMESPACE} version="1.0" xml:lang="en" root="">', "root rule"),
    ],
)
def test_a_grammar_element_must_say_what_it_is(opening: str, reason: str) -> None:
    with pytest.raises(GrammarError, match=reason):
        load(f"{opening}{RULE}</grammar>".encode(), uri="")


def test_another_document_element_is_refused() -> None:
    with pytest.raises(GrammarError, match="must be <grammar>"):
        load(f"<speak {NAMESPACE}/>".encode(), uri="")


def test_an_error_names_document_and_line() -> None:
    data = f'<grammar {NAMESPACE} version="1.0" xml:lang="en">\n\n<rule id="main"/>\n</grammar>'
    with pytest.raises(GrammarError) as caught:
        load(data.encode(), uri="http://grammars.test/a.grxml")
    assert caught.value.line == 3
    assert str(caught.value).startswith("http://grammars.test/a.grxml:3: ")


def test_what_is_not_well_formed_is_refused_with_its_line() -> None:
    with pytest.raises(GrammarError, match="not well-formed") as caught:
        load(b"<grammar>\n<rule>\n</grammar>", uri="")
    assert caught.value.line == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_the_encoding_is_the_declared_one(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><grammar {NAMESPACE} version="1.0" xml:lang="sv" root="x">'
    match = load(f'{text}<rule id="x">är</rule></grammar>'.encode(encoding), uri="").match(["är"])
    assert match is not None


@pytest.mark.parametrize(
    ("encoding", "codec", "mark"),
    [
        ("UTF-16", "utf-16-le", b""),
        ("UTF-16", "utf-16-be", b"\xfe\xff"),
        ("ISO-10646-UCS-2", "utf-16-be", b"\xfe\xff"),
        ("ISO-10646-UCS-2", "utf-16-be", b""),
        ("Shift_JIS", "shift_jis", b""),
        ("EUC-JP", "euc_jp", b""),
        ("ISO-2022-JP", "iso2022_jp", b""),
        ("Big5", "big5", b""),
        ("GB18030", "gb18030", b""),
    ],
)
def test_encodings_of_several_bytes_are_read(encoding: str, codec: str, mark: bytes) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><grammar {NAMESPACE} version="1.0" xml:lang="ja" root="x">'
    match = load(mark + f'{text}<rule id="x">四</rule></grammar>'.encode(codec), uri="").match(["四"])
    assert match is not None


def test_a_document_that_is_not_in_its_encoding_is_refused() -> None:
    with pytest.raises(GrammarError, match="encoding cannot be read"):
        load(b'<?xml version="1.0" encoding="EUC-JP"?><grammar>\xff\xff</grammar>', uri="")


def test_an_encoding_nobody_knows_is_refused() -> None:
    with pytest.raises(GrammarError):
        load(b'<?xml version="1.0" encoding="x-klingon"?><grammar/>', uri="")


def test_entities_are_never_expanded() -> None:
    bomb = '<!DOCTYPE grammar [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><grammar>&b;</grammar>'
    with pytest.raises(GrammarError, match="never expanded"):
        load(bomb.encode(), uri="")


def test_an_entity_of_a_document_type_that_is_not_fetched_is_refused() -> None:
    with pytest.raises(GrammarError, match="'&eacute;' is not known"):
        load(b'<!DOCTYPE grammar SYSTEM "http://grammars.test/g.dtd"><grammar>&eacute;</grammar>', uri="")


def test_elements_inside_each_other_without_end_are_refused() -> None:
    with pytest.raises(GrammarError, match="inside each other"):
        load(b"<grammar>" + b"<item>" * 1_000, uri="")


def test_a_document_beyond_the_limit_is_refused() -> None:
    with pytest.raises(GrammarError, match="larger than"):
        load(b"<grammar>" + b" " * 2_000_000, uri="")


def test_keys_are_checked(xml: Xml) -> None:
    assert xml('<rule id="main">1 star # d</rule>', mode="dtmf").match(["1", "*", "pound", "D"]) is not None
    with pytest.raises(GrammarError, match="'five' is not a key"):
        xml('<rule id="main">five</rule>', mode="dtmf")


def test_a_grammar_for_keys_needs_no_language() -> None:
    data = f'<grammar {NAMESPACE} version="1.0" mode="dtmf" root="x"><rule id="x">1</rule></grammar>'
    assert load(data.encode(), uri="").language == ""


@pytest.mark.parametrize("namespace", ["http://www.w3.org/2001/vxml", "http://www.w3.org/2001/06/grammar", ""])
def test_inside_a_voicexml_document_namespace_version_and_language_may_come_from_it(namespace: str) -> None:
    data = f'<grammar xmlns="{namespace}" root="x"><rule id="x">a</rule></grammar>'.encode()
    grammar = load(data, uri="http://apps.test/a.vxml", inline=True, language="en-GB")
    assert grammar.language == "en-GB"
    again = load_element(read(data, ""), uri="http://apps.test/a.vxml", language="en-GB")
    assert again.match(["a"]) is not None


def test_a_mode_from_outside_fills_in_for_a_missing_one() -> None:
    data = f'<grammar {NAMESPACE} version="1.0" root="x"><rule id="x">1</rule></grammar>'
    assert load(data.encode(), uri="", mode="dtmf").mode == "dtmf"
    with pytest.raises(GrammarError, match="'voice' or 'dtmf'"):
        load(data.encode(), uri="", mode="pulse")
