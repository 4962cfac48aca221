from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mirabelle.api.seen import Seen


def test_a_text_is_new_once() -> None:
    seen = Seen()
    assert [seen.add(text) for text in ("a", "b", "a", "b", "c")] == [True, True, False, False, True]


def test_many_are_remembered() -> None:
    seen = Seen()
    assert all(seen.add(f"+1617{number:07}") for number in range(5_000))
    assert not any(seen.add(f"+1617{number:07}") for number in range(5_000))
    assert len(seen) == 5_000


@given(st.lists(st.text(max_size=3)))
def test_it_counts_as_a_set_does(texts: list[str]) -> None:
    seen = Seen()
    for text in texts:
        seen.add(text)
    assert len(seen) == len(set(texts))
