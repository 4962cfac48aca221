import re
from pathlib import Path

import pytest

from mirabelle.calls.number import NumberError, parse

PAGE = (Path(__file__).parents[3] / "docs" / "api" / "phone-numbers.md").read_text("utf-8")
ROWS = re.findall(r"^\| `([^`]+)` \| (?:`(\+[0-9]+)`|(refused)) \|", PAGE, re.MULTILINE)
EXAMPLES = PAGE.split("```")[1].split()


@pytest.mark.parametrize(("given", "dialled"), [(given, dialled) for given, dialled, _ in ROWS])
def test_the_page_says_what_is_dialled(given: str, dialled: str) -> None:
    if dialled:
        assert parse(given).e164 == dialled
    else:
        with pytest.raises(NumberError):
            parse(given)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_page_can_be_dialled(example: str) -> None:
    assert parse(example).e164 == "+16175550123"


def test_the_page_has_tables() -> None:
    assert len(ROWS) >= 20
