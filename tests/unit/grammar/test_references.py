"""Grammars that refer to each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirabelle.grammar import Grammar, GrammarError, Parsed, UnresolvedReference, load

HEAD = "#ABNF 1.0;\nlanguage en;\nroot $main;\n"


def linked(main: str, *, head: str = HEAD, **others: str) -> Grammar:
    known = {f"http://grammars.test/{name}.gram": text.encode() for name, text in others.items()}

    def resolve(uri: str, _media_type: str) -> tuple[bytes, str] | None:
        return (known[uri], "") if uri in known else None

    return load((head + main).encode(), uri="http://grammars.test/main.gram", resolve=resolve)


def test_a_reference_without_a_fragment_leads_to_the_root() -> None:
    match = linked("$main = $<a.gram>;", a=HEAD + "$main = x; public $y = z;").match(["x"])
    assert match is not None
    assert match.tree == '$main[$<a.gram>["x"]]'


def test_a_reference_with_a_fragment_leads_to_a_public_rule() -> None:
    match = linked("$main = $<a.gram#y>;", a=HEAD + "$main = x; public $y = $z; $z = z;").match(["z"])
    assert match is not None
    assert match.tree == '$main[$<a.gram#y>[$z["z"]]]'


@pytest.mark.parametrize(
    ("base", "reference", "shown"),
    [
        ("./lib/", "a.gram", "./lib/a.gram"),
        ("lib/", "./a.gram", "lib/a.gram"),
        ("http://grammars.test/lib/x", "a.gram", "http://grammars.test/lib/a.gram"),
        ("http://elsewhere.test/", "http://grammars.test/lib/a.gram", "http://grammars.test/lib/a.gram"),
        ("./lib/", "/lib/a.gram", "/lib/a.gram"),
    ],
)
def test_a_reference_shows_the_base_it_is_relative_to(base: str, reference: str, shown: str) -> None:
    def resolve(uri: str, _media_type: str) -> tuple[bytes, str] | None:
        return ((HEAD + "$main = x;").encode(), "") if uri == "http://grammars.test/lib/a.gram" else None

    data = (HEAD + f"base <{base}>;\n$main = $<{reference}>;").encode()
    match = load(data, uri="http://grammars.test/main.gram", resolve=resolve).match(["x"])
    assert match is not None
    assert match.tree == f'$main[$<{shown}>["x"]]'


@pytest.mark.parametrize(
    ("declarations", "attributes", "header", "shown"),
    [
        ("http-equiv 'Content-Location' is './lib/';", "", '<meta http-equiv="Content-Location" content="./lib/"/>',
         "./lib/a.gram"),
        ("http-equiv 'content-location' is 'none/'; http-equiv 'content-base' is 'lib/';", "",
         '<meta http-equiv="content-location" content="none/"/><meta http-equiv="content-base" content="lib/"/>',
         "lib/a.gram"),
        ("http-equiv 'Content-Base' is 'none/'; base <lib/>;", 'xml:base="lib/"',
         '<meta http-equiv="Content-Base" content="none/"/>', "lib/a.gram"),
        ("meta 'Content-Base' is 'none/'; base <lib/>;", 'xml:base="lib/"',
         '<meta name="Content-Base" content="none/"/>', "lib/a.gram"),
    ],
)  # fmt: skip
def test_a_header_that_a_grammar_gives_says_its_base_where_it_declares_none(
    declarations: str, attributes: str, header: str, shown: str
) -> None:
    def resolve(uri: str, _media_type: str) -> tuple[bytes, str] | None:
        return ((HEAD + "$main = x;").encode(), "") if uri == "http://grammars.test/lib/a.gram" else None

    abnf = HEAD + f"{declarations}\n$main = $<a.gram>;"
    xml = (
        f'<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" xml:lang="en" root="main" {attributes}>'
        f'{header}<rule id="main"><ruleref uri="a.gram"/></rule></grammar>'
    )
    for text in (abnf, xml):
        match = load(text.encode(), uri="http://grammars.test/main.gram", resolve=resolve).match(["x"])
        assert match is not None
        assert match.tree == f'$main[$<{shown}>["x"]]'


@pytest.mark.parametrize(
    ("rule", "pressed", "tree"),
    [
        ("$<builtin:dtmf/date>", "20000230", None),
        ("$<builtin:dtmf/date>", "20000229", '$<builtin:dtmf/date>["2","0","0","0","0","2","2","9"]'),
        ("$<builtin:dtmf/time> | $<builtin:dtmf/digits>", "2960", '$<builtin:dtmf/digits>["2","9","6","0"]'),
        ('$<builtin:dtmf/time> "#"', "2960#", None),
    ],
)
def test_keys_that_mean_nothing_to_a_builtin_rule_do_not_match_it_within_a_grammar_either(
    rule: str, pressed: str, tree: str | None
) -> None:
    match = load(f"#ABNF 1.0;\nmode dtmf;\nroot $main;\n$main = {rule};".encode(), uri="").match(list(pressed))
    assert (match.tree if match else None) == (tree and f"$main[{tree}]")


def spoken_digits(language: str, attached: str) -> Grammar:
    text = f"#ABNF 1.0;\nlanguage {language};\nroot $main;\n$main = $<builtin:grammar/digits>{attached};"
    return load(text.encode(), uri="http://grammars.test/main.gram")


@pytest.mark.parametrize(("language", "attached"), [("en-GB", ""), ("fr", "!en")])
def test_a_builtin_grammar_is_in_the_language_of_the_reference(language: str, attached: str) -> None:
    assert spoken_digits(language, attached).match(["one"]) is not None


@pytest.mark.parametrize(("language", "attached"), [("fr", ""), ("en", "!fr")])
def test_a_builtin_grammar_in_a_language_it_does_not_know_is_refused(language: str, attached: str) -> None:
    with pytest.raises(GrammarError, match=r"main\.gram:4: .* are known in English, not in 'fr'"):
        spoken_digits(language, attached)


def test_grammars_may_refer_to_each_other_in_a_circle() -> None:
    grammar = linked("public $main = x $<a.gram> | x;", a=HEAD + "$main = y $<main.gram>;")
    match = grammar.match(["x", "y", "x"])
    assert match is not None
    assert match.tree == '$main["x",$<a.gram>["y",$<main.gram>["x"]]]'


@pytest.mark.parametrize(
    ("main", "other", "reason"),
    [
        ("$main = $<a.gram#main>;", HEAD + "$main = x;", "private rule"),
        ("$main = $<a.gram#y>;", HEAD + "$main = x;", "not defined"),
        ("$main = $<a.gram>;", "#ABNF 1.0;\nlanguage en;\npublic $x = x;", "no root rule"),
        ("$main = $<a.gram>;", "#ABNF 1.0;\nmode dtmf;\nroot $x;\n$x = 1;", "listens to dtmf"),
        ("$main = $<a.gram>;", "#ABNF 1.0;\nlanguage en;\nroot $x;\n$x = ;", "may not be loaded"),
        ("$main = $<a.gram>~<application/srgs+xml>;", HEAD + "$main = x;", "declared as XML"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(main: str, other: str, reason: str) -> None:
    with pytest.raises(GrammarError, match=reason):
        linked(main, a=other)


def test_a_grammar_that_cannot_be_had_is_named() -> None:
    with pytest.raises(UnresolvedReference) as caught:
        linked("$main = a\n$<b.gram#x>~<application/srgs>;")
    assert (caught.value.reference, caught.value.media_type) == ("http://grammars.test/b.gram", "application/srgs")
    assert caught.value.line == 5


def test_a_grammar_may_refer_to_a_builtin_one() -> None:
    head = "#ABNF 1.0;\nmode dtmf;\nroot $main;\n"
    match = linked('$main = $<builtin:dtmf/digits?length=2> "#";', head=head).match(["1", "2", "#"])
    assert match is not None
    assert match.tree == '$main[$<builtin:dtmf/digits?length=2>["1","2"],"#"]'


def test_a_grammar_refers_to_so_many_others_and_no_more() -> None:
    def resolve(uri: str, _media_type: str) -> tuple[bytes, str]:
        number = int(uri.rpartition("/")[2])
        return (HEAD + f"$main = a $<{number + 1}>;").encode(), ""

    with pytest.raises(GrammarError, match="more than 64 grammars"):
        load((HEAD + "$main = $<1>;").encode(), uri="http://grammars.test/0", resolve=resolve)


def test_a_file_may_refer_to_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "b c.gram").write_text(HEAD + "$main = x;")
    data = (HEAD + "$main = $<b%20c.gram>;").encode()
    assert load(data, uri=(tmp_path / "a.gram").as_uri()).match(["x"]) is not None
    assert load(data, uri=str(tmp_path / "a.gram")).match(["x"]) is not None


def test_a_grammar_from_elsewhere_never_reaches_a_file(tmp_path: Path) -> None:
    (tmp_path / "b.gram").write_text(HEAD + "$main = x;")
    data = (HEAD + f"$main = $<{(tmp_path / 'b.gram').as_uri()}>;").encode()
    with pytest.raises(UnresolvedReference):
        load(data, uri="http://grammars.test/a.gram")


def test_who_loads_again_has_no_document_parsed_twice() -> None:
    known: dict[str, bytes] = {}
    texts = {f"http://grammars.test/{n}.gram": f"{HEAD}$main = a $<{n + 1}.gram>;".encode() for n in range(9)}
    texts["http://grammars.test/9.gram"] = f"{HEAD}$main = b;".encode()
    parsed = Parsed()
    data = texts["http://grammars.test/0.gram"]
    for _ in texts:
        try:
            grammar = load(
                data,
                uri="http://grammars.test/0.gram",
                resolve=lambda uri, _: (known[uri], "") if uri in known else None,
                parsed=parsed,
            )
        except UnresolvedReference as missing:
            known[missing.reference] = texts[missing.reference]
    assert grammar.match(["a"] * 9 + ["b"]) is not None
    assert parsed.size == sum(map(len, texts.values()))


def test_all_grammars_together_are_bounded() -> None:
    padding = " " * 1_900_000
    others = {f"o{number}": f"{HEAD}$main = a;{padding}" for number in range(3)}
    with pytest.raises(GrammarError, match="larger than 5,000,000 bytes"):
        linked("$main = $<o0.gram> $<o1.gram> $<o2.gram>;", **others)
