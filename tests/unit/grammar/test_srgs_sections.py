"""SRGS 1.0 section by section: what both forms say alike, and what neither may say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mirabelle.grammar import Grammar, GrammarError, load

Abnf = Callable[..., Grammar]
Xml = Callable[..., Grammar]

MAIN = '<rule id="main">{}</rule>'

# section, rule in ABNF, content of <rule> in XML, input, its parse or None
SAME = [
    ("2.1", "hello", "hello", "hello", '["hello"]'),
    ("2.1", "2", "2", "2", '["2"]'),
    ("2.1", '"San  Francisco"', '"San\tFrancisco"', "San Francisco", '["San Francisco"]'),
    ("2.1", '"San Francisco"', "<token>\n San Francisco </token>", "San Francisco", '["San Francisco"]'),
    ("2.1", '"hello"', "<token>hello</token>", "hello", '["hello"]'),
    ("2.1", "bon voyage", "bon\n voyage", "bon voyage", '["bon","voyage"]'),
    ("2.1", '"a;b"', "a;b", "a;b", '["a;b"]'),
    ("2.1", 'go "New York"now', 'go "New York"now', "go New York now", '["go","New York","now"]'),
    ("2.2.1", "$x; $x = a", '<ruleref uri="#x"/></rule><rule id="x">a', "a", '[$x["a"]]'),
    ("2.2.1", "$<#x>; $x = a", '<ruleref uri="#x" type="application/srgs+xml"/></rule><rule id="x">a', "a",
     '[$x["a"]]'),
    ("2.2.3", "a $NULL b", 'a <ruleref special="NULL"/> b', "a b", '["a","b"]'),
    ("2.2.3", "a $VOID | b", '<one-of><item>a <ruleref special="VOID"/></item><item>b</item></one-of>', "b", '["b"]'),
    ("2.2.3", "a $VOID", 'a <ruleref special="VOID"/>', "a", None),
    ("2.2.3", "a $GARBAGE b", 'a <ruleref special="GARBAGE"/> b', "a x y b", '["a","b"]'),
    ("2.2.3", "a $GARBAGE b", 'a <ruleref special="GARBAGE"/> b', "a b", '["a","b"]'),
    ("2.2.3", "$null; $null = a", '<ruleref uri="#null"/></rule><rule id="null">a', "a", '[$null["a"]]'),
    ("2.3", "a (b c) d", "a <item>b c</item> d", "a b c d", '["a","b","c","d"]'),
    ("2.3", "phone ( ) home", "phone <item> </item> home", "phone home", '["phone","home"]'),
    ("2.3", "()", "<item/>", "", "[]"),
    ("2.4", "a | b | c d", "<one-of><item>a</item><item>b</item><item>c d</item></one-of>", "c d", '["c","d"]'),
    ("2.4", "(a | ()) b", "<one-of><item>a</item><item/></one-of> b", "b", '["b"]'),
    ("2.4", "(a)", "<one-of><item>a</item></one-of>", "a", '["a"]'),
    ("2.4", "a | a", "<one-of><item>a</item><item>a</item></one-of>", "a", '["a"]'),
    ("2.4.1", "/10/ a | /2.5/ b | c | /.1/ d | /3./ e",
     '<one-of><item weight="10">a</item><item weight="2.5">b</item><item>c</item><item weight=".1">d</item>'
     '<item weight="3.">e</item></one-of>', "d", '["d"]'),
    ("2.4.1", "/2/ a", '<item weight="2">a</item>', "a", '["a"]'),
    ("2.5", "a <3>", '<item repeat="3">a</item>', "a a a", '["a","a","a"]'),
    ("2.5", "a <3>", '<item repeat="3">a</item>', "a a", None),
    ("2.5", "a <2-3>", '<item repeat="2-3">a</item>', "a a a", '["a","a","a"]'),
    ("2.5", "a <2-3>", '<item repeat="2-3">a</item>', "a a a a", None),
    ("2.5", "a <2->", '<item repeat="2-">a</item>', "a a a a", '["a","a","a","a"]'),
    ("2.5", "a <2->", '<item repeat="2-">a</item>', "a", None),
    ("2.5", "a <0-1> b", '<item repeat="0-1">a</item> b', "b", '["b"]'),
    ("2.5", "[a] b", '<item repeat="0-1">a</item> b', "a b", '["a","b"]'),
    ("2.5", "a <0-> b", '<item repeat="0-">a</item> b', "b", '["b"]'),
    ("2.5", "a <0> b", '<item repeat="0">a</item> b', "b", '["b"]'),
    ("2.5", "a <0-0> b", '<item repeat="0-0">a</item> b', "a b", None),
    ("2.5", "(a b) <2>", '<item repeat="2">a b</item>', "a b a b", '["a","b","a","b"]'),
    ("2.5", "$x <2>; $x = a", '<item repeat="2"><ruleref uri="#x"/></item></rule><rule id="x">a', "a a",
     '[$x["a"],$x["a"]]'),
    ("2.5", "a ($NULL) <2->", 'a <item repeat="2-"><ruleref special="NULL"/></item>', "a", '["a"]'),
    ("2.5", "a ({t}) <2->", 'a <item repeat="2-"><tag>t</tag></item>', "a", '["a",{!{t}!}]'),
    ("2.5", "a {t} <0> b", 'a <item repeat="0"><tag>t</tag></item> b', "a b", '["a","b"]'),
    ("2.5.1", "a <0-1 /0.6/>", '<item repeat="0-1" repeat-prob="0.6">a</item>', "a", '["a"]'),
    ("2.5.1", "a <1- /1./>", '<item repeat="1-" repeat-prob="1.">a</item>', "a a", '["a","a"]'),
    ("2.5.1", "a <2 /.5/>", '<item repeat="2" repeat-prob=".5">a</item>', "a a", '["a","a"]'),
    ("2.6", "a {t}", "a <tag>t</tag>", "a", '["a",{!{t}!}]'),
    ("2.6", "{t} a {u} {v}", "<tag>t</tag>a<tag>u</tag><tag>v</tag>", "a", '[{!{t}!},"a",{!{u}!},{!{v}!}]'),
    ("2.6", "{!{t {} }!} a", "<tag>t {} </tag>a", "a", '[{!{t {} }!},"a"]'),
    ("2.6", "{t}", "<tag>t</tag>", "", "[{!{t}!}]"),
    ("2.6", "a {t} | b {u}", "<one-of><item>a<tag>t</tag></item><item>b<tag>u</tag></item></one-of>", "b",
     '["b",{!{u}!}]'),
    ("2.7", "a!en-GB b!fr", '<token xml:lang="en-GB">a</token><token xml:lang="fr">b</token>', "a b", '["a","b"]'),
    ("2.7", "(a b)!fr-CA", '<item xml:lang="fr-CA">a b</item>', "a b", '["a","b"]'),
    ("2.7", "(a | b)!fr", '<one-of xml:lang="fr"><item>a</item><item>b</item></one-of>', "b", '["b"]'),
    ("2.7", "$x!fr; $x = a", '<ruleref uri="#x" xml:lang="fr"/></rule><rule id="x">a', "a", '[$x["a"]]'),
    ("2.7", "[a]!fr <2>", '<item repeat="2" xml:lang="fr"><item repeat="0-1">a</item></item>', "a", '["a"]'),
    ("2.8", "a | b c", "<one-of><item>a</item><item>b c</item></one-of>", "b c", '["b","c"]'),
    ("2.8", "a b <2>", 'a <item repeat="2">b</item>', "a b b", '["a","b","b"]'),
    ("2.8", "a b {t} | c", "<one-of><item>a b<tag>t</tag></item><item>c</item></one-of>", "c", '["c"]'),
    ("2.8", '"a b" <2>', '<item repeat="2"><token>a b</token></item>', "a b a b", '["a b","a b"]'),
    ("3.1", "$Main; $Main = a", '<ruleref uri="#Main"/></rule><rule id="Main">a', "a", '[$Main["a"]]'),
    ("3.1", "$_x1; $_x1 = a", '<ruleref uri="#_x1"/></rule><rule id="_x1">a', "a", '[$_x1["a"]]'),
    ("3.1", "$\u00e9t\u00e9; $\u00e9t\u00e9 = a", '<ruleref uri="#\u00e9t\u00e9"/></rule><rule id="\u00e9t\u00e9">a',
     "a", '[$\u00e9t\u00e9["a"]]'),
    ("3.2", "$x; private $x = a", '<ruleref uri="#x"/></rule><rule id="x" scope="private">a', "a", '[$x["a"]]'),
    ("3.2", "$x; public $x = a", '<ruleref uri="#x"/></rule><rule id="x" scope="public">a', "a", '[$x["a"]]'),
    ("3.3", "a /** @example a */", "a <example>a</example>", "a", '["a"]'),
    ("4.13", "a /* b */ // c\n d", "a <!-- b --> d", "a d", '["a","d"]'),
    ("5.4", "$main a | a", '<one-of><item><ruleref uri="#main"/> a</item><item>a</item></one-of>', "a a",
     '[$main["a"],"a"]'),
    ("5.4", "a $main", 'a <ruleref uri="#main"/>', "a a", None),
    ("H", "$x $x; $x = a | ()", '<ruleref uri="#x"/><ruleref uri="#x"/></rule><rule id="x"><item repeat="0-1">a</item>',
     "a", '[$x["a"],$x[]]'),
]  # fmt: skip


@pytest.mark.parametrize(("section", "rule", "content", "said", "expected"), SAME)
def test_both_forms_accept_the_same(
    abnf: Abnf, xml: Xml, section: str, rule: str, content: str, said: str, expected: str | None
) -> None:
    for grammar in (abnf(f"$main = {rule};"), xml(MAIN.format(content))):
        match = grammar.match(said.split())
        assert (match.tree if match else None) == (None if expected is None else f"$main{expected}"), section


# section, rules in ABNF, rules in XML
REFUSED = [
    ("2.1", '$main = "";', "<token/>"),
    ("2.1", '$main = "  ";', '"  "'),
    ("2.1", '$main = "a;', '"a'),
    ("2.2.1", "$main = $x;", '<ruleref uri="#x"/>'),
    ("2.2.1", "$main = $X; $x = a;", '<ruleref uri="#X"/></rule><rule id="x">a'),
    ("2.2.2", "$main = $<>;", '<ruleref uri=""/>'),
    ("2.2.2", "$main = $<http://g.test/none.gram>;", '<ruleref uri="http://g.test/none.grxml"/>'),
    ("2.2.3", "$main = $<#VOID>;", '<ruleref uri="#VOID"/>'),
    ("2.2.3", "$main = a; $NULL = a;", 'a</rule><rule id="NULL">a'),
    ("2.2.3", "$main = a; public $GARBAGE = a;", 'a</rule><rule id="GARBAGE" scope="public">a'),
    ("2.2.3", "$main = $;", '<ruleref special="OTHER"/>'),
    ("2.4", "$main = a |;", "<one-of/>"),
    ("2.4.1", "$main = /-1/ a | b;", '<one-of><item weight="-1">a</item></one-of>'),
    ("2.4.1", "$main = /+1/ a | b;", '<one-of><item weight="+1">a</item></one-of>'),
    ("2.4.1", "$main = /1e2/ a | b;", '<one-of><item weight="1e2">a</item></one-of>'),
    ("2.4.1", "$main = /./ a | b;", '<one-of><item weight=".">a</item></one-of>'),
    ("2.4.1", "$main = /1.2.3/ a | b;", '<one-of><item weight="1.2.3">a</item></one-of>'),
    ("2.4.1", "$main = /much/ a | b;", '<one-of><item weight="much">a</item></one-of>'),
    ("2.4.1", "$main = // a\n;", '<one-of><item weight="">a</item></one-of>'),
    ("2.4.1", "$main = a /2/ b;", None),
    ("2.4.1", "$main = /x/ a;", '<item weight="x">a</item>'),
    ("2.4.1", "$main = /2/ /3/ a;", None),
    ("2.5", "$main = a <3-2>;", '<item repeat="3-2">a</item>'),
    ("2.5", "$main = a <-2>;", '<item repeat="-2">a</item>'),
    ("2.5", "$main = a <1.5>;", '<item repeat="1.5">a</item>'),
    ("2.5", "$main = a <1 - 2>;", '<item repeat="1 - 2">a</item>'),
    ("2.5", "$main = a <>;", '<item repeat="">a</item>'),
    ("2.5", "$main = a <*>;", '<item repeat="*">a</item>'),
    ("2.5", "$main = a <1> <2>;", None),
    ("2.5", "$main = <2> a;", None),
    ("2.5.1", "$main = a <0-1 /1.01/>;", '<item repeat="0-1" repeat-prob="1.01">a</item>'),
    ("2.5.1", "$main = a <0-1 /-.1/>;", '<item repeat="0-1" repeat-prob="-.1">a</item>'),
    ("2.5.1", "$main = a <0-1 /1e-1/>;", '<item repeat="0-1" repeat-prob="1e-1">a</item>'),
    ("2.6", "$main = a {t};}", "<tag><item/></tag>"),
    ("2.6", "$main = a {!{t}!}}!};", None),
    ("2.6", "$main = a {t;", None),
    ("2.7", "$main = a {t}!en;", 'a <tag xml:lang="en">t</tag>'),
    ("2.7", "$main = a!english_languages;", '<token xml:lang="english_languages">a</token>'),
    ("2.7", "$main = (a)!e-;", '<item xml:lang="not one">a</item>'),
    ("2.7", "$main = a ()!en;", None),
    ("2.7", "$main = a!en!fr;", None),
    ("2.7", "$main = a <2>!en;", None),
    ("3", "$main = ;", ""),
    ("3", "$main = a", None),
    ("3.1", "$main = a; $a.b = a;", 'a</rule><rule id="a.b">a'),
    ("3.1", "$main = a; $a-b = a;", 'a</rule><rule id="a-b">a'),
    ("3.1", "$main = a; $a:b = a;", 'a</rule><rule id="a:b">a'),
    ("3.1", "$main = a; $1a = a;", 'a</rule><rule id="1a">a'),
    ("3.1", "$main = a; $ = a;", 'a</rule><rule id="">a'),
    ("3.1", "$main = a; $main = b;", 'a</rule><rule id="main">b'),
    ("3.1", "$main = a; public $x = a; private $x = b;",
     'a</rule><rule id="x" scope="public">a</rule><rule id="x">b'),
    ("3.2", "protected $main = a;", 'a</rule><rule id="x" scope="protected">a'),
    ("3.2", "public private $main = a;", 'a</rule><rule id="x" scope="public private">a'),
    ("4.13", "$main = a /* b;", "a <!-- b"),
    ("4", "$main = a; mode voice;", 'a</rule><meta name="a" content="b"/><rule id="x">a'),
]  # fmt: skip


@pytest.mark.parametrize(("section", "rules", "content"), REFUSED)
def test_neither_form_accepts_what_is_illegal(
    abnf: Abnf, xml: Xml, section: str, rules: str, content: str | None
) -> None:
    with pytest.raises(GrammarError) as caught:
        abnf(rules)
    assert caught.value.line > 0, section
    if content is not None:
        with pytest.raises(GrammarError) as caught:
            xml(MAIN.format(content))
        assert caught.value.line > 0, section


# section, declarations in ABNF, attributes and header in XML; None: as it should be
ATTRIBUTES = 'version="1.0" xml:lang="en" root="x"'
HEADERS = [
    ("4.5", "language en-US;", 'version="1.0" xml:lang="en-US"', "", True),
    ("4.5", "", 'version="1.0"', "", False),
    ("4.5", "language en; language en;", None, "", False),
    ("4.5", "mode dtmf;", 'version="1.0" mode="dtmf"', "", True),
    ("4.6", "language en; mode voice;", 'version="1.0" xml:lang="en" mode="voice"', "", True),
    ("4.6", "language en; mode pulse;", 'version="1.0" xml:lang="en" mode="pulse"', "", False),
    ("4.6", "language en; mode voice; mode voice;", None, "", False),
    ("4.7", "language en; root $x;", ATTRIBUTES, "", True),
    ("4.7", "language en; root $y;", 'version="1.0" xml:lang="en" root="y"', "", False),
    ("4.7", "language en; root x;", 'version="1.0" xml:lang="en" root="#x"', "", False),
    ("4.7", "language en; root $NULL;", 'version="1.0" xml:lang="en" root="NULL"', "", False),
    ("4.7", "language en; root $x; root $x;", None, "", False),
    ("4.8", "language en; tag-format <semantics/1.0>;", f'{ATTRIBUTES} tag-format="semantics/1.0"', "", True),
    ("4.8", "language en; tag-format semantics;", None, "", False),
    ("4.8", "language en; tag-format <a>; tag-format <b>;", None, "", False),
    ("4.9", "language en; base <http://g.test/>;", f'{ATTRIBUTES} xml:base="http://g.test/"', "", True),
    ("4.9", "language en; base <a>; base <b>;", None, "", False),
    ("4.10", "language en; lexicon <a>; lexicon <b>~<application/pls+xml>;", ATTRIBUTES,
     '<lexicon uri="a"/><lexicon uri="b" type="application/pls+xml"/>', True),
    ("4.10", "language en; lexicon;", ATTRIBUTES, "<lexicon/>", False),
    ("4.11", "language en; meta \"a\" is 'b'; meta 'a' is 'c';", ATTRIBUTES,
     '<meta name="a" content="b"/><meta name="a" content="c"/>', True),
    ("4.11", "language en; http-equiv 'Expires' is '0';", ATTRIBUTES,
     '<meta http-equiv="Expires" content="0"/>', True),
    ("4.11", "language en; meta 'a';", ATTRIBUTES, '<meta name="a"/>', False),
    ("4.11", "language en; meta is 'b';", ATTRIBUTES, '<meta content="b"/>', False),
    ("4.11", "language en; http-equiv 'a' 'b';", ATTRIBUTES, '<meta name="a" http-equiv="a" content="b"/>', False),
    ("4.12", "language en; {t}; {!{u}!};", ATTRIBUTES, "<tag>t</tag><tag>u</tag>", True),
    ("4.12", "language en; {t}", ATTRIBUTES, "<tag><item/></tag>", False),
    ("4", "root $x; /* c */ {t}; tag-format <semantics/1.0>; // d\n language en;", f" {ATTRIBUTES} ",
     "<!-- c --><tag>t</tag><metadata><x xmlns='urn:x'/></metadata>", True),
]  # fmt: skip


@pytest.mark.parametrize(("section", "declarations", "attributes", "header", "legal"), HEADERS)
def test_both_forms_agree_on_declarations(
    section: str, declarations: str, attributes: str | None, header: str, legal: bool
) -> None:
    documents = [f"#ABNF 1.0;\n{declarations}\npublic $x = 1;"]
    if attributes is not None:
        rule = f'{header}<rule id="x" scope="public">1</rule>'
        documents.append(f'<grammar xmlns="http://www.w3.org/2001/06/grammar" {attributes}>{rule}</grammar>')
    for text in documents:
        try:
            accepted = load(text.encode(), uri="http://g.test/g").match(["1"]) is not None
        except GrammarError:
            accepted = False
        assert accepted == legal, (section, text)


KEYS = [
    ("0 1 2 3 4 5 6 7 8 9", "0123456789"),
    ("A B C D", "ABCD"),
    ("star pound", "*#"),
    ('"star" "pound"', "*#"),
]


@pytest.mark.parametrize(("tokens", "pressed"), KEYS)
def test_a_grammar_for_keys_names_them_as_appendix_e_does(abnf: Abnf, xml: Xml, tokens: str, pressed: str) -> None:
    expected = "$main[{}]".format(",".join(f'"{key}"' for key in pressed))
    for grammar in (abnf(f"$main = {tokens};", mode="dtmf"), xml(MAIN.format(tokens), mode="dtmf")):
        match = grammar.match(list(pressed))
        assert match is not None
        assert match.tree == expected
        assert grammar.match(tokens.split()) is not None


@pytest.mark.parametrize("token", ["E", "one", "dtmf-1", "0-9", "%", "flash"])
def test_any_other_token_is_no_key(abnf: Abnf, xml: Xml, token: str) -> None:
    with pytest.raises(GrammarError, match="is not a key"):
        abnf(f'$main = "{token}";', mode="dtmf")
    with pytest.raises(GrammarError, match="is not a key"):
        xml(MAIN.format(token), mode="dtmf")


# the other grammar, the reference to it, the input, whether it matches; None: it may not be loaded
OTHERS = [
    ("language en; root $x; $x = a;", "<o.gram>", "a", True),
    ("language en; root $x; $x = a; public $y = b;", "<o.gram>", "b", False),
    ("language en; root $x; $x = a; public $y = b;", "<o.gram#y>", "b", True),
    ("language en; public $x = a;", "<o.gram>", "a", None),
    ("language en; public $x = a;", "<o.gram#x>", "a", True),
    ("language en; root $x; $x = a;", "<o.gram#x>", "a", None),
    ("language en; root $x; private $x = a;", "<o.gram>", "a", True),
    ("language en; root $x; $x = a;", "<o.gram#y>", "a", None),
    ("language en; root $x; $x = a;", "<o.gram#NULL>", "a", None),
    ("language en; root $x; $x = a;", "<o.gram>~<application/srgs>", "a", True),
    ("language en; root $x; $x = a;", "<o.gram>~<application/srgs+xml>", "a", None),
    ("language en; root $x; $x = a;", "<none.gram>", "a", None),
    ("mode dtmf; root $x; $x = 1;", "<o.gram>", "1", None),
    ("language fr; root $x; $x = a;", "<o.gram>", "a", True),
    ("language en; root $x; $x = $y;", "<o.gram>", "a", None),
    ("language en; root $x; $x = a $<main.gram> | b;", "<o.gram>", "a b", True),
    ("language en; root $x; $x = $<o.gram> a | a;", "<o.gram>", "a a", True),
]


@pytest.mark.parametrize(("other", "reference", "said", "matches"), OTHERS)
def test_a_grammar_elsewhere_must_be_one_that_may_be_referred_to(
    other: str, reference: str, said: str, matches: bool | None
) -> None:
    def resolve(uri: str, _media_type: str) -> tuple[bytes, str] | None:
        return (f"#ABNF 1.0;\n{other}".encode(), "") if uri == "http://g.test/o.gram" else None

    def tried() -> bool | None:
        data = f"#ABNF 1.0;\nlanguage en;\nroot $main;\n$main = ${reference};".encode()
        try:
            return load(data, uri="http://g.test/main.gram", resolve=resolve).match(said.split()) is not None
        except GrammarError:
            return None

    assert tried() == matches


@pytest.mark.parametrize(
    ("opening", "legal"),
    [
        ("", True),
        ('<?xml version="1.0"?>', True),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>\n<!-- c -->\n', True),
        ('<!DOCTYPE grammar PUBLIC "-//W3C//DTD GRAMMAR 1.0//EN" "http://g.test/grammar.dtd">', True),
        ('<!DOCTYPE grammar [<!ENTITY a "b">]>', False),
        ('\n<?xml version="1.0"?>', False),
        ('<?xml version="1.0" encoding="x-none"?>', False),
        ("text", False),
    ],
)  # fmt: skip
def test_a_document_in_xml_may_begin_as_any_other(opening: str, legal: bool) -> None:
    text = f'{opening}<grammar xmlns="http://www.w3.org/2001/06/grammar" {ATTRIBUTES}><rule id="x">a</rule></grammar>'
    try:
        accepted = load(text.encode(), uri="", media_type="application/srgs+xml").match(["a"]) is not None
    except GrammarError:
        accepted = False
    assert accepted == legal
