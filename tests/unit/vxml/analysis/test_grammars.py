from __future__ import annotations

import pytest

from tests.unit.vxml.analysis.checking import check, found
from tests.unit.vxml.running import key, run, vxml

SRGS = 'xmlns="http://www.w3.org/2001/06/grammar" version="1.0" mode="dtmf"'


def field(grammar: str, attributes: str = "") -> str:
    """A document with one field."""
    return vxml(f"<form><field name='f' {attributes}>{grammar}</field></form>")


def rules(body: str, root: str = "a") -> str:
    return f'<grammar {SRGS} root="{root}">{body}</grammar>'


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("<rule id='a'><ruleref special='VOID'/></rule>", "meets VOID"),
        ("<rule id='a'>1 <ruleref uri='#a'/></rule>", "refers to itself"),
        ("<rule id='a'><one-of><item><ruleref uri='#a'/></item><item><ruleref special='VOID'/></item></one-of></rule>",
         "refers to itself"),
        ("<rule id='a'><ruleref special='NULL'/></rule>", "matches without any input"),
        ("<rule id='a'><item repeat='0'>1</item></rule>", "matches without any input"),
    ],
)  # fmt: skip
def test_a_grammar_that_can_never_match_is_an_error(body: str, cause: str) -> None:
    (line,) = found(field(rules(body)))
    assert line.startswith("error grammar: The grammar can never match. The rule 'a' can never match: ")
    assert cause in line


def test_the_rule_to_blame_is_told_as_well() -> None:
    body = "<rule id='a'>1 <ruleref uri='#b'/></rule>\n<rule id='b'>2 <ruleref uri='#b'/></rule>"
    first, second = check(field(rules(body))).findings
    assert ("'a'" in first.message, "'b'" in second.message) == (True, True)
    assert (first.line, second.line) == (1, 2)


def test_a_part_that_can_never_match_is_a_warning() -> None:
    body = (
        "<rule id='a'><one-of><item>1</item><item><ruleref uri='#b'/></item></one-of></rule>"
        "<rule id='b'><ruleref special='VOID'/></rule>"
    )
    (line,) = found(field(rules(body)))
    assert line.startswith("warning grammar: The rule 'b' can never match: ")


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        ("\n\n<rule id='a'>x</rule>", 3, "'x' is not a key"),
        ("\n<rule id='a'>1 <ruleref uri='#b'/></rule>", 2, "'b' is referred to and not defined"),
        ("<rule id='a'>1</rule>\n<rule id='a'>2</rule>", 2, "'a' is defined twice"),
    ],
)
def test_a_grammar_that_cannot_be_loaded_is_an_error_at_its_line(body: str, line: int, reason: str) -> None:
    (finding,) = check(field(rules(body))).findings
    assert (finding.severity, finding.rule, finding.line) == ("error", "grammar", line)
    assert reason in finding.message


def test_a_grammar_of_text_is_an_error_at_its_line_too() -> None:
    text = "<grammar mode='dtmf'><![CDATA[\n#JSGF V1.0;\ngrammar a;\npublic <a> = x;\n]]></grammar>"
    (finding,) = check(field(text)).findings
    assert finding.line == 4


def test_what_an_analysis_refuses_fails_when_it_runs() -> None:
    document = field(rules("<rule id='a'>x</rule>"))
    assert check(document).errors == 1
    assert run(document, "1").status == 1


EXTERNAL = "<grammar src='g.grxml' type='application/srgs+xml'/>"


@pytest.mark.parametrize(
    ("grammar", "ending"),
    [
        ("<rule id='a'>1</rule>", None),
        ("\n<rule id='a'>x</rule>", "g.grxml, line 2: 'x' is not a key: 0-9, *, #, A-D, 'star' and 'pound' are."),
        ("<rule id='a'>1<ruleref uri='other.grxml'/></rule>", "put it there, or change the address."),
    ],
)
def test_a_grammar_from_elsewhere_is_looked_at(grammar: str, ending: str | None) -> None:
    lines = found({"start.vxml": field(EXTERNAL), "g.grxml": rules(grammar)})
    assert len(lines) == (ending is not None)
    assert all(ending is not None and line.endswith(ending) for line in lines)


def test_what_a_grammar_refers_to_is_fetched() -> None:
    documents = {
        "start.vxml": field(EXTERNAL),
        "g.grxml": rules("<rule id='a'>1<ruleref uri='other.grxml'/></rule>"),
        "other.grxml": rules("<rule id='a' scope='public'>2</rule>"),
    }
    assert found(documents) == []


def test_a_base_that_is_relative_counts_once_for_what_an_inline_grammar_refers_to() -> None:
    refers = "<rule id='a'><ruleref uri='other.grxml'/></rule>"
    documents = {
        "start.vxml": field(f"<grammar {SRGS} root='a' xml:base='lib/'>{refers}</grammar>"),
        "lib/other.grxml": rules("<rule id='a'>2</rule>"),
    }
    assert found(documents) == []


def test_a_grammar_of_text_without_a_type_is_what_it_begins_as() -> None:
    assert found(field("<grammar>#ABNF 1.0; mode dtmf; root $a; $a = 1;</grammar>")) == []


def test_a_grammar_that_cannot_be_had_is_an_error() -> None:
    (line,) = found(field(EXTERNAL))
    assert line.startswith("error fetch: The grammar cannot be had: http://test/g.grxml answered 404")


@pytest.mark.parametrize(
    ("document", "part"),
    [
        (field("", "type='digit'"), "is not a builtin grammar; boolean, date, digits"),
        (field("", "type='digits?length=x'"), "length"),
        (field("<grammar src='builtin:dtmf/what'/>"), "is not a builtin grammar"),
        (field("<grammar type='text/nuance'>a</grammar>"), "Nobody here reads grammars of the type 'text/nuance'"),
        (field("<option dtmf='x'>a</option>"), "'x' is not a sequence of keys"),
        (vxml("<menu><choice dtmf='12x' next='#m'>a</choice></menu><menu id='m'><choice next='#m'>b</choice></menu>"),
         "is not a sequence of keys"),
    ],
)  # fmt: skip
def test_keys_and_types_that_do_not_exist_are_errors(document: str, part: str) -> None:
    (line,) = found(document)
    assert line.startswith("error grammar: ")
    assert part in line


def test_two_choices_of_one_key_are_told() -> None:
    menu = "<menu id='m'><choice dtmf='1' next='#m'>a</choice><choice dtmf='1' next='#m'>b</choice></menu>"
    assert found(vxml(menu)) == ["warning duplicate: The choice in line 1 has the same key '1' and always comes first."]


def test_an_input_without_any_grammar_is_an_error() -> None:
    assert found(field("")) == [
        "error grammar: The <field> waits for input, and no grammar is active there; "
        "give it a <grammar>, an <option> or a type."
    ]
    assert run(field(""), "1").status == 1


@pytest.mark.parametrize(
    "document",
    [
        field(key("1")),
        field("", "type='digits'"),
        field("<option dtmf='1'>a</option>"),
        vxml(f"<link event='help'>{key('1')}</link><form><field name='f'/></form>"),
        vxml(f"<form>{key('1')}<field name='f'/></form>"),
        vxml("<property name='universals' value='help'/><form><field name='f'/></form>"),
        vxml(f"<form><field name='f'/></form><form scope='document'>{key('1')}<block/></form>"),
    ],
)
def test_an_input_with_some_grammar_is_none(document: str) -> None:
    assert [line for line in found(document) if "waits for input" in line] == []
