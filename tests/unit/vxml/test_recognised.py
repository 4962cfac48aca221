"""What an application makes of words that a line has understood, or has not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mirabelle import grammar
from mirabelle.vxml.matching import match_hypotheses
from mirabelle.vxml.platform import Collect, Fetch, Input, InputProperties, NoMatch, NoResource
from mirabelle.vxml.session import Session
from mirabelle.vxml.text import TextPlatform, session_variables
from mirabelle.vxml.turns import Turns
from tests.unit.vxml.running import BASE, Shelf, vxml

YES = grammar.builtin("builtin:grammar/boolean")
RED = grammar.phrase_grammar("red", language="en-US")
ALSO_RED = grammar.phrase_grammar("red", interpretation="rot", language="en-US")
LAST = "application.lastresult$"


class Line(TextPlatform):
    """A platform whose caller is the test."""

    reply: NoMatch | NoResource

    async def collect(self, request: Collect) -> Any:
        return self.reply


async def exit_of(reply: NoMatch | NoResource, handler: str) -> tuple[str, object]:
    shelf = Shelf({"start.vxml": vxml(f"<form><field type='boolean'>{handler}</field></form>")})
    line = Line(shelf, lambda _: None, ())
    line.reply = reply
    with ThreadPoolExecutor(1) as executor:
        end = await Session(Fetch(BASE + "start.vxml"), line, session_variables(), Turns(executor)).run()
    return end.kind, end.exit_values.get("") if end.kind == "exit" else (end.error, end.detail)


async def test_without_a_recogniser_there_is_no_resource() -> None:
    assert await exit_of(NoResource("Nobody answers."), "") == ("error", ("error.noresource", "Nobody answers."))


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("inputmode", '"voice"'),
        ("utterance", '"perhaps"'),
        ("confidence", "0"),
        ("recordingsize", "5"),
        ("recordingduration", "120"),
    ],
)
async def test_words_that_match_nothing_can_be_looked_at(expr: str, value: str) -> None:
    reply = NoMatch("perhaps", "voice", recording=b"sound", recording_ms=120)
    assert await exit_of(reply, f"<nomatch><exit expr='{LAST}.{expr}'/></nomatch>") == ("exit", value)


def test_a_hypothesis_counts_for_each_grammar_that_accepts_it_and_the_surest_comes_first() -> None:
    said = [(("blue",), 0.9), (("red",), 0.8), (("yes",), 0.7)]
    found = match_hypotheses(said, (YES, RED, ALSO_RED), InputProperties(maxnbest=10))
    assert isinstance(found, Input)
    assert (found.mode, found.utterance) == ("voice", "red")
    assert [(each.grammar, each.confidence) for each in found.results] == [(1, 0.8), (2, 0.8), (0, 0.7)]


def test_no_hypothesis_is_no_match_of_nothing() -> None:
    assert match_hypotheses([], (YES,), InputProperties()) == NoMatch("", "voice")
