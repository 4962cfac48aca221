from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mirabelle.calls.when import WhenError, parse, seconds

SAMPLE = Path(__file__).parents[4] / "shared" / "conformance" / "strtotime-sample.tsv"
ABSENT = f"the conformance sample is not beside this checkout (../shared/conformance/{SAMPLE.name})"
ESCAPES = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
REFUSED = "false"
FIRST_SECOND = -62_135_596_800


@dataclass(frozen=True)
class Case:
    expression: str
    now: datetime
    answer: str


def unescaped(text: str) -> str:
    parts = text.split("\\\\")
    for written, meant in ESCAPES.items():
        parts = [part.replace(written, meant) for part in parts]
    return "\\".join(parts)


def cases() -> list[Case]:
    if not SAMPLE.exists():
        return []
    rows = (line.split("\t") for line in SAMPLE.read_text("utf-8").splitlines() if not line.startswith("#"))
    return [
        Case(unescaped(expression), datetime.fromtimestamp(int(now), ZoneInfo(zone)), answer)
        for expression, now, zone, answer in rows
    ]


@pytest.mark.skipif(not SAMPLE.exists(), reason=ABSENT)
@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.expression} {case.now.tzinfo}")
def test_an_expression_means_what_it_means_to_php(case: Case) -> None:
    try:
        found = str(seconds(case.expression, now=case.now))
    except WhenError:
        found = REFUSED
    assert found == case.answer


@pytest.mark.skipif(not SAMPLE.exists(), reason=ABSENT)
def test_the_instant_is_the_same_as_long_as_a_datetime_can_have_its_year() -> None:
    representable = [case for case in cases() if case.answer != REFUSED and int(case.answer) > FIRST_SECOND]
    assert representable
    for case in representable:
        assert parse(case.expression, now=case.now).timestamp() == int(case.answer), case
