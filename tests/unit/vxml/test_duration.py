from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.vxml.duration import LONGEST_MS, milliseconds
from mirabelle.vxml.errors import SemanticError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3s", 3000),
        ("1.5s", 1500),
        (".5s", 500),
        ("3.s", 3000),
        ("300ms", 300),
        ("0.5ms", 1),
        ("0.4ms", 0),
        ("+2s", 2000),
        (" 2s\n", 2000),
        ("0", 0),
        ("0.0", 0),
        ("0s", 0),
        ("999999999s", LONGEST_MS),
    ],
)
def test_a_time_is_read_as_milliseconds(text: str, expected: int) -> None:
    assert milliseconds(text) == expected


@pytest.mark.parametrize("text", ["", "s", ".s", "3", "-3s", "3 s", "3S", "3m", "1e3s", "3s3s", "٣s", "x" * 1000])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SemanticError, match="is not a time"):
        milliseconds(text)


@given(st.integers(min_value=0, max_value=LONGEST_MS))
def test_seconds_and_milliseconds_agree(amount: int) -> None:
    assert milliseconds(f"{amount}ms") == milliseconds(f"{amount // 1000}.{amount % 1000:03d}s") == amount


@given(st.text(max_size=12))
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(SemanticError):
        assert 0 <= milliseconds(text) <= LONGEST_MS
