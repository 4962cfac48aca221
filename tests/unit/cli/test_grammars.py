from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import Result

PIN = """#ABNF 1.0;
mode dtmf;
root $pin;
tag-format <semantics/1.0>;
/** The caller's secret.
 * @example 1 2
 * @example 2 #
 */
public $pin = $digit <1-3> ["#"] {out.pin = meta.current().text};
$digit = 1 | 2 | 3;
"""


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


@pytest.fixture
def pin(tmp_path: Path) -> str:
    path = tmp_path / "pin.gram"
    path.write_text(PIN)
    return str(path)


def test_a_match_is_told_with_its_parse_and_its_meaning(mirabelle: Mirabelle, pin: str) -> None:
    result = mirabelle("grammar", "match", pin, "--input", "1 2#")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "mode: dtmf",
        "keys: match",
        "rule: pin",
        "utterance: 12#",
        'tree: $pin[$digit["1"],$digit["2"],"#",{!{out.pin = meta.current().text}!}]',
        'interpretation: {"pin": "12#"}',
    ]


def test_a_match_is_told_to_a_script(mirabelle: Mirabelle, pin: str) -> None:
    assert json.loads(mirabelle("grammar", "match", pin, "--input", "1", "--json").stdout) == {
        "match": True,
        "mode": "dtmf",
        "keys": "match and continues",
        "rule": "pin",
        "utterance": "1",
        "tree": '$pin[$digit["1"],{!{out.pin = meta.current().text}!}]',
        "interpretation": {"pin": "1"},
    }


def test_an_input_that_does_not_match_is_told_by_the_exit_status(mirabelle: Mirabelle, pin: str) -> None:
    result = mirabelle("grammar", "match", pin, "--input", "4")
    assert (result.exit_code, result.stdout) == (1, "no match\nmode: dtmf\nkeys: no match\n")
    assert json.loads(mirabelle("grammar", "match", pin, "--input", "4", "--json").stdout)["match"] is False


@pytest.mark.parametrize("command", [["match", "--input", "1"], ["check"]])
def test_what_is_no_grammar_is_told_with_its_line(mirabelle: Mirabelle, tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "a.gram"
    path.write_text("#ABNF 1.0;\nmode dtmf;\n$a = $b;\n")
    result = mirabelle("grammar", *command, str(path))
    assert result.exit_code == 2
    assert result.stderr == f"{path}:3: The rule 'b' is referred to and not defined.\n"
    told = json.loads(mirabelle("grammar", *command, str(path), "--json").stdout)
    assert told == {"file": str(path), "line": 3, "error": "The rule 'b' is referred to and not defined."}


def test_a_mistake_in_a_grammar_that_it_refers_to_is_told_of_that_one(mirabelle: Mirabelle, tmp_path: Path) -> None:
    (tmp_path / "a.gram").write_text("#ABNF 1.0;\nmode dtmf;\nroot $a;\n$a = $<b.gram>;\n")
    (tmp_path / "b.gram").write_text("#ABNF 1.0;\nmode dtmf;\nroot $b;\n\n$b = ;\n")
    result = mirabelle("grammar", "check", str(tmp_path / "a.gram"))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{tmp_path / 'b.gram'}:5: ")


def test_a_file_that_is_not_there_is_wrong_use(mirabelle: Mirabelle, tmp_path: Path) -> None:
    result = mirabelle("grammar", "match", str(tmp_path / "none"), "--input", "1")
    assert result.exit_code == 2
    assert "No such file" in result.stderr


def test_a_tag_that_fails_comes_after_the_parse(mirabelle: Mirabelle, tmp_path: Path) -> None:
    path = tmp_path / "a.gram"
    path.write_text("#ABNF 1.0;\nmode dtmf;\nroot $a;\ntag-format <semantics/1.0>;\n$a = 1 {nobody};\n")
    result = mirabelle("grammar", "match", str(path), "--input", "1")
    assert result.exit_code == 0
    assert 'tree: $a["1",{!{nobody}!}]' in result.stdout
    assert "nobody is not defined" in result.stderr
    assert "nobody" in json.loads(mirabelle("grammar", "match", str(path), "--input", "1", "--json").stdout)["error"]


def test_one_public_rule_can_be_entered(mirabelle: Mirabelle, tmp_path: Path) -> None:
    path = tmp_path / "a.gram"
    path.write_text("#ABNF 1.0;\nlanguage en;\nroot $a;\n$a = yes;\npublic $b = no;\n")
    assert mirabelle("grammar", "match", f"{path}#b", "--input", "no").exit_code == 0
    assert mirabelle("grammar", "match", f"{path}#a", "--input", "yes").exit_code == 2


def test_a_builtin_grammar_needs_no_file(mirabelle: Mirabelle) -> None:
    assert "12:30" not in mirabelle("grammar", "match", "builtin:dtmf/time", "--input", "1230").stdout
    assert mirabelle("grammar", "match", "builtin:dtmf/digits?length=2", "--input", "123").exit_code == 1
    assert mirabelle("grammar", "match", "builtin:dtmf/nothing", "--input", "1").exit_code == 2


def test_a_bare_expansion_is_told_by_its_media_type(mirabelle: Mirabelle, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("1 | 2")
    options = ("--media-type", "application/x-jsgf", "--mode", "dtmf")
    assert mirabelle("grammar", "match", str(path), "--input", "2", *options).exit_code == 0
    assert mirabelle("grammar", "match", str(path), "--input", "2").exit_code == 2
    assert mirabelle("grammar", "match", str(path), "--input", "2", "--mode", "pulse").exit_code == 2


def test_a_grammar_is_described(mirabelle: Mirabelle, pin: str) -> None:
    result = mirabelle("grammar", "check", pin)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["mode: dtmf", "root: pin", "public: pin", "rules: 2"]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("$a = 1 $VOID;", "No input at all can match it."),
        ("/** @example 1 2\n 3\n @see $b */ $a = 1 2;", "The example '1 2 3' of the rule 'a' does not match it."),
    ],
)
def test_a_grammar_that_cannot_be_meant_is_told(
    mirabelle: Mirabelle, tmp_path: Path, rule: str, complaint: str
) -> None:
    path = tmp_path / "a.gram"
    path.write_text(f"#ABNF 1.0;\nmode dtmf;\nroot $a;\n{rule}\n")
    result = mirabelle("grammar", "check", str(path))
    assert (result.exit_code, result.stderr) == (1, f"{complaint}\n")
    assert json.loads(mirabelle("grammar", "check", str(path), "--json").stdout)["complaints"] == [complaint]
