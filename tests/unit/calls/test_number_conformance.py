from dataclasses import dataclass
from pathlib import Path

import pytest

from mirabelle.calls.number import NumberError, Rfc, parse, parse_uri

SAMPLE = Path(__file__).parents[4] / "shared" / "conformance" / "tel-uri-sample.tsv"
ABSENT = f"the conformance sample is not beside this checkout (../shared/conformance/{SAMPLE.name})"
SETTLED_OTHERWISE = {"prose around a number": "My number is tel:"}


@dataclass(frozen=True)
class Case:
    uri: str
    grammar: str
    valid: bool
    canonical: str


def cases() -> list[Case]:
    if not SAMPLE.exists():
        return []
    rows = (line.split("\t") for line in SAMPLE.read_text("utf-8").splitlines() if not line.startswith("#"))
    return [Case(uri, grammar, expect == "valid", canonical) for uri, grammar, expect, canonical in rows]


def settled_otherwise(case: Case) -> bool:
    return any(case.uri.startswith(beginning) for beginning in SETTLED_OTHERWISE.values())


def read(case: Case) -> str:
    """The canonical form, by the grammar that the case names; RFC 3966 as clients write it, with what RFC 2806 had."""
    rfc = Rfc.RFC2806 if case.grammar.startswith("RFC2806") else Rfc.EITHER
    uri = parse_uri(
        case.uri,
        rfc=rfc,
        future_extensions=not case.grammar.endswith("-nofuture"),
        context_needed=not case.grammar.endswith("-local"),
    )
    return uri.canonical()


@pytest.mark.skipif(not SAMPLE.exists(), reason=ABSENT)
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.uri)
def test_a_url_is_accepted_or_refused_as_the_sample_says(case: Case) -> None:
    try:
        read(case)
    except NumberError:
        assert not case.valid or settled_otherwise(case)
    else:
        assert case.valid


@pytest.mark.skipif(not SAMPLE.exists(), reason=ABSENT)
@pytest.mark.parametrize("case", [case for case in cases() if case.canonical], ids=lambda case: case.uri)
def test_a_url_has_the_canonical_form_of_the_sample(case: Case) -> None:
    if settled_otherwise(case):
        with pytest.raises(NumberError, match="other text before the number"):
            read(case)
    elif case.canonical.startswith("tel:"):
        assert read(case) == parse_uri(case.canonical).canonical()
    elif case.canonical.startswith("+"):
        number = parse(case.uri)
        assert number.e164 + (f";ext={number.extension}" if number.extension else "") == case.canonical
    elif case.canonical.startswith("country 1"):
        # The sample leaves the context out; with it, as RFC 2806 has it, the number can be dialled.
        assert parse(case.uri).e164 == "+16502530000"
    else:
        assert parse_uri(case.uri, context_needed=False).number == case.canonical
