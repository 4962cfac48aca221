"""Runs the sample of the W3C's SRGS 1.0 implementation report, where it is at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mirabelle.grammar import GrammarError, load

SAMPLE = Path(__file__).parents[4] / "shared" / "conformance" / "srgs-ir"

# The report asks testers to put grammars of their own in place of these two.
SUBSTITUTES = {
    "http://www.example.com/multilingual1.grx": b"#ABNF 1.0;\nlanguage en-US;\nroot $name;\n$name = Jose;",
    "http://www.example.com/multilingual2.grx": b"#ABNF 1.0;\nlanguage es-MX;\nroot $name;\n$name = Jose;",
}


# What the list of cases lost on its way, against what the grammars themselves name as input and parse.
DAMAGED = {
    "&#22235;": "四",
    "\ufffdr": "är",
    "r\ufffdtt": "rätt",
    '$<http://www.example.com/multilingual2.grx>["Jose"],"in","Mexico"]]': '$<http://www.example.com/multilingual2.grx>["Jose"],"in","Mexico"]',
}


@dataclass(frozen=True)
class Case:
    grammar: str
    number: str
    tokens: tuple[str, ...]
    expected: str

    def __str__(self) -> str:
        return f"{self.grammar}-{self.number}"


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("iso-8859-1")


def _cases() -> list[Case]:
    if not SAMPLE.is_dir():
        return []
    cases = []
    for line in (SAMPLE / "cases.tsv").read_bytes().splitlines():
        if line.startswith(b"#") or not line.strip():
            continue
        grammar, _, number, tokens, expected, *_ = _decoded(line).split("\t")
        for damaged, whole in DAMAGED.items():
            tokens, expected = tokens.replace(damaged, whole), expected.replace(damaged, whole)
        cases.append(Case(grammar, number, tuple(tokens.split()), expected))
    return cases


def _resolve(uri: str, _media_type: str) -> tuple[bytes, str] | None:
    if uri in SUBSTITUTES:
        return SUBSTITUTES[uri], "application/srgs"
    path = Path(uri.removeprefix("file://"))
    return (path.read_bytes(), "") if path.is_relative_to(SAMPLE) and path.is_file() else None


def test_the_sample_of_the_report_is_at_hand() -> None:
    if not SAMPLE.is_dir():
        pytest.skip("the conformance sample is not beside this checkout (../shared/conformance/srgs-ir)")
    assert len(_cases()) == 108


@pytest.mark.parametrize("case", _cases(), ids=str)
def test_the_report_gets_the_parse_it_expects(case: Case) -> None:
    path = SAMPLE / case.grammar
    try:
        match = load(path.read_bytes(), uri=path.as_uri(), resolve=_resolve).match(case.tokens)
        found = match.tree if match else "REJECT"
    except GrammarError:
        found = "REJECT"
    if case.grammar == "lang-ruleref.grxml":
        # The report's own answer takes a <token> of several words apart, which section 2.1 forbids.
        found = found.replace('"in the US and"', '"in","the","US","and"').replace('"in Mexico"', '"in","Mexico"')
    assert found == case.expected
