"""What the Recommendation leaves to the platform, or another platform did otherwise."""

from __future__ import annotations

import asyncio

import pytest

from mirabelle.vxml.machine import CLASSIC, Dialect
from mirabelle.vxml.platform import Collect, Fetch, HungUp, Input, NoInput, NoMatch, Record, Recorded
from mirabelle.vxml.session import Session
from mirabelle.vxml.text import TextPlatform
from tests.unit.vxml.running import BASE, Shelf, key, run, vxml

STANDARD = Dialect()


class Watched(TextPlatform):
    """Keeps what it is asked for, and hangs up."""

    asked: Collect | Record | None = None

    async def collect(self, request: Collect) -> Input | NoInput | NoMatch | HungUp:
        self.asked = request
        return HungUp()

    async def record(self, request: Record) -> Recorded | NoInput | HungUp:
        self.asked = request
        return HungUp()


def asked(body: str, dialect: Dialect) -> Collect | Record | None:
    platform = Watched(Shelf({"start.vxml": vxml(body)}), lambda _: None, ())
    asyncio.run(Session(Fetch(f"{BASE}start.vxml"), platform, dialect=dialect).run())
    return platform.asked


@pytest.mark.parametrize(
    ("queued", "standard", "classic"),
    [
        ("nn", "nn", "nn"),
        ("nyn", "nyn", "nyy"),
        ("ynn", "ynn", "yyy"),
        ("nnyyn", "nnyyn", "nnyyy"),
        ("y", "y", "y"),
    ],
)
def test_a_prompt_that_may_be_interrupted_makes_later_ones_so(queued: str, standard: str, classic: str) -> None:
    prompts = [f'<prompt bargein="{"true" if one == "y" else "false"}">{at}</prompt>' for at, one in enumerate(queued)]
    body = f"<form><block>{''.join(prompts[:-1])}</block><field>{prompts[-1]}{key('1')}</field></form>"
    for dialect, wanted in ((STANDARD, standard), (CLASSIC, classic)):
        request = asked(body, dialect)
        assert request is not None
        assert "".join("y" if prompt.bargein else "n" for prompt in request.prompts) == wanted


@pytest.mark.parametrize(("dialect", "kind"), [(STANDARD, "audio/x-wav"), (CLASSIC, "audio/basic")])
def test_a_record_without_a_type(dialect: Dialect, kind: str) -> None:
    request = asked('<form><record name="r"/></form>', dialect)
    assert isinstance(request, Record)
    assert request.type == kind


@pytest.mark.parametrize(("dialect", "query"), [(STANDARD, "t?f=5"), (CLASSIC, "t")])
def test_a_submit_without_a_namelist(dialect: Dialect, query: str) -> None:
    body = '<form><field name="f" expr="5"/><block><submit next="t"/></block></form>'
    assert run(vxml(body), dialect=dialect).shelf.submitted()[0].url == BASE + query


@pytest.mark.parametrize(("dialect", "kind"), [(STANDARD, "blind"), (CLASSIC, "bridge")])
def test_a_transfer_without_a_type(dialect: Dialect, kind: str) -> None:
    ended = run(vxml('<form><transfer dest="tel:+15550123"/></form>'), dialect=dialect, far_end="busy")
    assert ended.of("transfer")[0] == f"{kind} tel:+15550123"


@pytest.mark.parametrize("dialect", [STANDARD, CLASSIC])
def test_a_name_may_begin_with_an_underscore(dialect: Dialect) -> None:
    body = "<form><var name='_a' expr='1'/><block><log expr='_a'/></block></form>"
    assert run(vxml("<catch><log expr='_event'/><exit/></catch>" + body), dialect=dialect).logs == ["1"]


def test_plain_text_in_a_grammar_is_jsgf_in_both() -> None:
    body = '<form><field name="f"><grammar mode="dtmf">1 | 2</grammar><filled><log expr="f"/></filled></field></form>'
    assert [run(vxml(body), "2", dialect=dialect).logs for dialect in (STANDARD, CLASSIC)] == [["2"], ["2"]]
