from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mirabelle.calls.when import parse

PAGE = (Path(__file__).parents[3] / "docs/natural-time.md").read_text()
ROWS = re.findall(r"^\| `([^`]+)` \| (\d{4}-[^|]*?) \|", PAGE, re.MULTILINE)
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def test_the_page_has_examples() -> None:
    assert len(ROWS) > 40


@pytest.mark.parametrize(("words", "meaning"), ROWS)
def test_an_example_on_the_page_is_true(words: str, meaning: str) -> None:
    assert str(parse(words, now=NOW)) == meaning
