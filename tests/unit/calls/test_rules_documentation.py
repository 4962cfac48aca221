import json
import re
from pathlib import Path
from typing import get_args

import pytest

from mirabelle.api.queuecalls import DuplicateScope
from mirabelle.calls.calling_window import CalleeHours
from mirabelle.calls.do_not_call import parse
from mirabelle.calls.retry import CAUSES, PRESETS, RetryPolicy, RetryRule

PAGE = (Path(__file__).parents[3] / "docs/rules.md").read_text()


def cells(line: str) -> list[str]:
    return [cell.strip(" `") for cell in line.strip("|\n").split("|")]


def rows(title: str) -> list[list[str]]:
    """The table whose first column has this title, head and all."""
    table = re.search(rf"^\| {title} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table is not None
    head = table[0].splitlines()[0]
    return [cells(head), *map(cells, table[1].splitlines())]


def in_words(rule: RetryRule) -> str:
    if not rule.again:
        return "final"
    words = "again"
    if rule.after is not None:
        size, unit = next((s, u) for s, u in ((3600, "h"), (60, "min"), (1, "s")) if rule.after % s == 0)
        words += f" after {rule.after // size} {unit}"
    if rule.at_most is not None:
        words += f", at most {rule.at_most}"
    return words if rule.counted else f"{words}, free"


def test_the_table_of_presets_is_that_of_the_code() -> None:
    head, *lines = rows("outcome")
    assert head == ["outcome", *PRESETS]
    assert [line[0] for line in lines] == list(CAUSES)
    for cause, *told in lines:
        assert told == [in_words(getattr(policy, cause)) for policy in PRESETS.values()]


def test_the_table_of_duplicates_is_that_of_the_code() -> None:
    assert [line[0] for line in rows("scope")[1:]] == list(get_args(DuplicateScope))


@pytest.mark.parametrize("example", re.findall(r"^    (\{.*\})$", PAGE, re.MULTILINE))
def test_an_example_on_the_page_is_understood(example: str) -> None:
    value = json.loads(example)
    assert CalleeHours.parse(value) if "windows" in value else RetryPolicy.parse(value)


def test_the_entries_on_the_page_are_understood() -> None:
    assert parse("+1 617 555-0123") == parse("(617) 555-0123", country="US")
    assert parse("+1900*").is_prefix
