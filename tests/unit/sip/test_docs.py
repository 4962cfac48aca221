from __future__ import annotations

import re
from pathlib import Path

from mirabelle.sip.headers import Headers
from mirabelle.sip.verdict import BY_CAUSE, verdict

TEXT = (Path(__file__).parents[3] / "docs" / "sip.md").read_text()


def test_the_table_of_statuses_is_true() -> None:
    rows = re.findall(r"^\| ([0-9, ]+) \| (\w+) \|$", TEXT, re.MULTILINE)
    assert len(rows) == 4
    for statuses, outcome in rows:
        for status in statuses.split(", "):
            assert verdict(int(status), "", Headers()).outcome == outcome


def test_the_list_of_causes_is_true_and_complete() -> None:
    listed = TEXT[TEXT.index("2. A Reason field") : TEXT.index("The others say less")]
    found = {
        int(cause): outcome
        for causes, outcome in re.findall(r"((?:\d+, )*\d+) \*\*(\w+)\*\*", listed)
        for cause in causes.split(", ")
    }
    assert found == {cause: outcome.value for cause, outcome in BY_CAUSE.items()}
