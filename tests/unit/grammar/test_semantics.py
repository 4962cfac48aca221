"""What tags make of a parse."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mirabelle.grammar import Grammar, Match, SemanticsError, Value

Abnf = Callable[..., Grammar]

SCRIPT = "tag-format <semantics/1.0>;"
LITERALS = "tag-format <semantics/1.0-literals>;"


@pytest.fixture
def match(abnf: Abnf) -> Callable[..., Match]:
    def matched(rules: str, said: str, *, header: str = "", mode: str = "voice") -> Match:
        found = abnf(rules, header=header, mode=mode).match(said.split())
        assert found is not None
        return found

    return matched


@pytest.mark.parametrize(
    ("rules", "said", "expected"),
    [
        ("$main = a {out = 'x'};", "a", "x"),
        ("$main = a {out.b = 1} c {out.d = [true, null]};", "a c", {"b": 1, "d": [True, None]}),
        ("$main = a {var n = 1} b {out = n + 1};", "a b", 2),
        ("$main = a b;", "a b", "a b"),
        ("$main = $x $y; $x = a; $y = b {out = 'last'};", "a b", "last"),
        ("$main = $x $x {out = rules.x + rules.latest()}; $x = a {out = '1'} | b {out = '2'};", "a b", "22"),
        ("$main = {out.l = []} ($x {out.l.push(rules.x)}) <1->; $x = a | b;", "a b a", {"l": ["a", "b", "a"]}),
        ("$main = a $x b {out = meta.x.text + '|' + meta.current().text + '|' + meta.latest().score}; $x = c d;",
         "a c d b", "c d|a c d b|1"),
        ("$main = [$x] b {out = rules.x === undefined}; $x = a;", "b", True),
        ("$main = a {out = undefined};", "a", None),
        ("$main = a {};", "a", {}),
        ("$main = a {out = 'x'} | b;", "b", "b"),
        ("$main = a {!{ out = {k: '}'} }!};", "a", {"k": "}"}),
    ],
)  # fmt: skip
def test_a_script_assigns_to_out(match: Callable[..., Match], rules: str, said: str, expected: Value) -> None:
    assert match(rules, said, header=SCRIPT).interpret() == expected


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("undefined", "undefined"),
        ("parseInt", "undefined"),
        ("0/0", "NaN"),
        ("1/0", "Infinity"),
        ("-1/0", "-Infinity"),
    ],
)
def test_a_caller_may_say_what_stands_for_what_json_does_not_know(
    match: Callable[..., Match], value: str, named: str
) -> None:
    found = match(f"$main = a {{out = {value}}};", "a", header=SCRIPT)
    assert found.interpret() is None
    assert found.interpret(other=lambda name: f"<{name}>") == f"<{named}>"


def test_tags_of_the_header_run_first_and_are_seen_by_every_rule(match: Callable[..., Match]) -> None:
    header = SCRIPT + "{!{ var base = 10; function twice(n) { return 2 * n } }!};"
    assert match("$main = $x {out = base + rules.x}; $x = a {out = twice(base)};", "a", header=header).interpret() == 30


def test_a_variable_of_one_rule_is_not_seen_by_another(match: Callable[..., Match]) -> None:
    with pytest.raises(SemanticsError, match="mine is not defined"):
        match("$main = $x {out = mine}; $x = a {var mine = 1};", "a", header=SCRIPT).interpret()


def test_tags_run_from_left_to_right_through_all_rules(match: Callable[..., Match]) -> None:
    header = SCRIPT + "{var said = ''};"
    rules = """$main = {said += 1} $x {said += 4} $y {out = said + rules.y}; $x = {said += 2} $z;
        $y = b {said += 5; out = ''}; $z = a {said += 3};"""
    assert match(rules, "a b", header=header).interpret() == "12345"


def test_a_tag_sees_no_names_but_those_of_the_recommendation(match: Callable[..., Match]) -> None:
    names = ["parse", "scopes", "open", "rule", "made", "named", "begun", "__tags", "__steps", "running", "value"]
    seen = ", ".join(f"typeof {name}" for name in names)
    for header in (SCRIPT, SCRIPT + "{var known = 1};"):
        found = match(
            f"$main = $x {{out = [{seen}]}}; $x = a {{__steps = []; parse = 1; out = 2}};", "a", header=header
        )
        assert found.interpret() == ["number", *["undefined"] * 6, "undefined", "object", "undefined", "undefined"]


def test_a_rule_that_was_not_matched_is_undefined_whatever_its_name(match: Callable[..., Match]) -> None:
    rules = "$main = a [$constructor] {out = [typeof rules.constructor, typeof meta.toString]}; $constructor = b;"
    assert match(rules, "a", header=SCRIPT).interpret() == ["undefined", "undefined"]


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("out = new Array(4e9).join('x')", "more than 1000000 members"),
        ("out = 'a'.repeat(1e6).indexOf('a'.repeat(5e5) + 'b')", "too long to look for"),
        ("out = /^(a+)+$/.test('a'.repeat(40) + 'b')", "interrupted"),
    ],
)
def test_what_the_engine_does_on_its_own_is_bounded_too(match: Callable[..., Match], tag: str, reason: str) -> None:
    with pytest.raises(SemanticsError, match=reason):
        match(f"$main = a {{{tag}}};", "a", header=SCRIPT).interpret()


@pytest.mark.parametrize(
    ("rules", "said", "expected"),
    [
        ("$main = a {x};", "a", "x"),
        ("$main = a { x } b { y };", "a b", "y"),
        ("$main = $x $y; $x = a {1}; $y = b {2};", "a b", "2"),
        ("$main = $x; $x = a;", "a", "a"),
        ("$main = a $x b; $x = c;", "a c b", "c"),
        ("$main = a {while(true);};", "a", "while(true);"),
    ],
)
def test_a_literal_is_the_meaning_without_any_script(
    match: Callable[..., Match], rules: str, said: str, expected: str
) -> None:
    found = match(rules, said, header=LITERALS)
    assert found.program is None
    assert found.interpretation == found.interpret() == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("yes", "yes"),
        ("main menu", "main menu"),
        ("Date", "Date"),
        ("escape", "escape"),
        ("Math", "Math"),
        ("this", "this"),
        ("null", None),
        ("list = [1]; list", {"list": [1]}),
        ("'yes'", "yes"),
        ("007", "007"),
        ("1.5", 1.5),
        ("true", True),
        ("$ = 'x'", "x"),
        ("$.a = 1; $.b = 'c'", {"a": 1, "b": "c"}),
        ("out.a = 1", {"a": 1}),
        ("out = 'x'", "x"),
        ("slot = 'x'", {"slot": "x"}),
        ("SWI_meaning = 'x'", "x"),
        ("out = SWI_literal", "a"),
        ("$ = $x", "a"),
        ("$ = $$ + $x", "aa"),
        ("$.n = rules.x", {"n": "a"}),
        ("", ""),
    ],
)
def test_tags_without_a_format_are_understood_as_they_are_meant(
    match: Callable[..., Match], tag: str, expected: Value
) -> None:
    assert match(f"$main = $x {{{tag}}}; $x = a;", "a").interpret() == expected


@pytest.mark.parametrize(
    ("tag", "header", "expected"),
    [
        ("yes", "", "yes"),
        ("'yes'", "", "yes"),
        ("out = 0 + 1", SCRIPT, "a"),
        ("out = 1", SCRIPT, 1),
        ("junk", "tag-format <x-own/1.0>;", "a"),
    ],
)
def test_without_script_the_meaning_goes_as_far_as_it_can(
    match: Callable[..., Match], tag: str, header: str, expected: Value
) -> None:
    assert match(f"$main = a {{{tag}}};", "a", header=header).interpretation == expected


@pytest.mark.parametrize(
    ("header", "expected"), [("", "1234"), (SCRIPT, "4"), (LITERALS, "4"), ("tag-format <swi-semantics/1.0>;", "1234")]
)
def test_without_any_tag_and_any_format_all_keys_are_the_meaning(
    match: Callable[..., Match], header: str, expected: str
) -> None:
    digits = "$main = $digit <4>; $digit = 1 | 2 | 3 | 4;"
    assert match(digits, "1 2 3 4", header=header, mode="dtmf").interpret() == expected


def test_keys_without_tags_mean_themselves(match: Callable[..., Match]) -> None:
    found = match('$main = 1 2 "#";', "1 2 #", mode="dtmf")
    assert found.interpret() == found.interpretation == "12#"


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("x(", "SyntaxError"),
        ("nobody", "nobody is not defined"),
        ("throw 'no'", "no"),
        ("while (true);", "interrupted"),
        ("for (var s = 'x';;) s += s", "could not be run|failed"),
        ("out.me = out", "circular"),
        ("(function f() { f() })()", "stack|recursion|size"),
    ],
)
def test_a_tag_that_fails_is_told(match: Callable[..., Match], tag: str, reason: str) -> None:
    with pytest.raises(SemanticsError, match=f"(?i){reason}"):
        match(f"$main = a {{!{{{tag}}}!}};", "a", header=SCRIPT).interpret()


def test_a_result_of_any_characters_survives(match: Callable[..., Match]) -> None:
    tag = r"out = 'a\u0000\u20ac\ud83d\ude00\ud800z\\ud800'"
    assert match(f"$main = a {{{tag}}};", "a", header=SCRIPT).interpret() == "a\0€😀\ufffdz\\ud800"


def test_a_failure_is_told_briefly(match: Callable[..., Match]) -> None:
    with pytest.raises(SemanticsError) as caught:
        match("$main = a {throw 'x'.repeat(100000)};", "a", header=SCRIPT).interpret()
    assert len(str(caught.value)) < 300


def test_a_caller_may_bring_an_engine(match: Callable[..., Match]) -> None:
    seen: list[str] = []

    def evaluate(program: str) -> str:
        seen.append(program)
        return '{"value": 7}'

    assert match("$main = é {out = 0 + 1};", "é", header=SCRIPT).interpret(evaluate) == 7
    assert seen[0].isascii()


@pytest.mark.parametrize("answer", ["", "[]", "null", "{"])
def test_an_engine_that_answers_nonsense_is_told(match: Callable[..., Match], answer: str) -> None:
    with pytest.raises(SemanticsError, match="cannot be read"):
        match("$main = a {out = 0 + 1};", "a", header=SCRIPT).interpret(lambda _: answer)


def test_a_parse_hundreds_of_levels_deep_has_a_meaning(match: Callable[..., Match]) -> None:
    rules = "$main = a $main {out = rules.main + 1} | a {out = 1};"
    assert match(rules, "a " * 400, header=SCRIPT).interpret() == 400


BUILTINS = [
    (SCRIPT, "$main = $<builtin:grammar/boolean> {out = rules.latest()};", "yes", True),
    (SCRIPT, "$main = $<builtin:grammar/boolean> {out = rules.boolean};", "no", False),
    (SCRIPT, "$main = on $<builtin:grammar/date>;", "on may third", "????0503"),
    (SCRIPT, "$main = on $<builtin:grammar/date> {out = meta.date.text};", "on may third", "may third"),
    (LITERALS, "$main = $<builtin:grammar/time>;", "half past ten", "1030?"),
    (LITERALS, "$main = $<builtin:grammar/time> {now};", "half past ten", "now"),
    ("", "$main = at $<builtin:grammar/time>;", "at half past ten", "1030?"),
    ("", "$main = $<builtin:grammar/number> {$.n = $number};", "forty two", {"n": "42"}),
]


@pytest.mark.parametrize(("header", "rules", "said", "expected"), BUILTINS)
def test_a_builtin_rule_means_within_a_grammar_what_it_means_alone(
    match: Callable[..., Match], header: str, rules: str, said: str, expected: Value
) -> None:
    assert match(rules, said, header=header).interpret() == expected


@pytest.mark.parametrize("length", [10, 511, 512, 1_000, 8_193, 100_000])
def test_a_long_meaning_is_told_whole(match: Callable[..., Match], length: int) -> None:
    tag = f"out = 'x'.repeat({length} - 1) + 'y'"
    assert match(f"$main = a {{{tag}}};", "a", header=SCRIPT).interpret() == "x" * (length - 1) + "y"
