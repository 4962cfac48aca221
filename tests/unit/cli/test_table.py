"""A table for a person, in the width that there is."""

from __future__ import annotations

import pytest

from mirabelle.cli.table import laid_out

CALL = {"call": "4711", "state": "failed", "reference": "", "why": "486 Busy Here"}
LONG = {**CALL, "why": "error.badfetch.http.404: http://example.com/start.vxml: the server answered 404"}


def test_a_column_that_is_empty_in_every_row_is_left_out() -> None:
    assert laid_out([CALL], folded={"why"}, width=80) == [
        "call  state   why          ",
        "───────────────────────────",
        "4711  failed  486 Busy Here",
    ]


def test_a_text_that_is_too_long_for_its_row_is_broken_between_words() -> None:
    reason = "The carrier asked to be left alone for a while, and so it is."
    assert laid_out([{**CALL, "why": reason}], folded={"why"}, width=50)[2:] == [
        "4711  failed  The carrier asked to be left alone",
        "              for a while, and so it is.",
    ]


def test_a_text_for_which_a_row_leaves_too_little_room_stands_below_it() -> None:
    assert laid_out([LONG, CALL], folded={"why"}, width=40) == [
        "call  state ",
        "────────────",
        "4711  failed",
        "    why: error.badfetch.http.404:",
        "      http://example.com/start.vxml: the",
        "      server answered 404",
        "4711  failed",
        "    why: 486 Busy Here",
    ]


def test_numbers_stand_on_the_right() -> None:
    lines = laid_out([{"state": "queued", "calls": "7"}, {"state": "failed", "calls": "12"}], right={"calls"}, width=80)
    assert lines[2:] == ["queued      7", "failed     12"]


def test_characters_of_double_width_keep_the_columns_straight() -> None:
    lines = laid_out([{"name": "秋", "state": "active"}, {"name": "ab", "state": "paused"}], width=80)
    assert lines[2:] == ["秋    active", "ab    paused"]


@pytest.mark.parametrize("width", [1, 10, 20, 40])
def test_the_narrowest_terminal_loses_nothing(width: int) -> None:
    text = " ".join(laid_out([LONG], folded={"why"}, width=width))
    assert "".join(LONG["why"].split()) in "".join(text.split())
