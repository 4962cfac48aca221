"""What docs/grammars.md says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mirabelle.grammar import field_types, loading, matcher, model, network, parse

PAGE = (Path(__file__).parents[3] / "docs" / "grammars.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    for example in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(example, "docs/grammars.md", "exec"), {})


@pytest.mark.parametrize(
    "limit",
    [
        matcher.MOST_WORDS,
        matcher.MOST_STEPS,
        network.MOST_STATES,
        parse.MOST_NODES,
        model.MOST_REPEATS,
        loading.MOST_DOCUMENTS,
        field_types.MOST_DIGITS,
    ],
)
def test_every_limit_is_told(limit: int) -> None:
    assert f"{limit:,}" in PAGE


@pytest.mark.parametrize("name", field_types.TYPES)
def test_every_builtin_type_is_told_with_its_parameters(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
    for parameter in field_types.TYPES[name].parameters:
        assert f"`{parameter}`" in row
