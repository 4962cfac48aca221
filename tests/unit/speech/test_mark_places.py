from __future__ import annotations

from mirabelle.speech.mark_places import MarkPlaces

TEXT = '<speak>Good<mark name="0"/> morning. <mark name="1"/>You.<mark name="2"/></speak>'
BEHIND = TEXT.index("You") + 1


def test_a_mark_is_where_the_engine_says() -> None:
    told = MarkPlaces({"0": 300, "1": 900, "2": 1000})
    assert told.of(TEXT, 1200) == (300, 900, 1000)


def test_a_mark_that_the_engine_passes_over_is_where_the_next_word_begins() -> None:
    told = MarkPlaces({"0": 300}, [(8, 0), (28, 310), (BEHIND, 950)])
    assert told.of(TEXT, 1200)[:2] == (300, 950)


def test_a_mark_behind_the_last_word_is_at_the_end() -> None:
    assert MarkPlaces({"0": 300}, [(8, 0), (BEHIND, 950)]).of(TEXT, 1200) == (300, 950, 1200)


def test_no_mark_comes_before_one_that_stands_in_front_of_it_or_after_the_end() -> None:
    assert MarkPlaces({"0": 300, "1": 200, "2": 9000}).of(TEXT, 1200) == (300, 300, 1200)
