"""Bad input ends its own session, with the event of the standard and a line in the log; fifty others do not notice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from functools import partial

import pytest

from mirabelle.dialer.session_fetcher import SessionFetcher
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.vxml import active, interpreter
from mirabelle.vxml.ecmascript import Engine
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed
from tests.unit.vxml.beside import beside_fifty
from tests.unit.vxml.running import block, vxml

Documents = Mapping[str, str | bytes]

LAUGHS = (
    '<!DOCTYPE vxml [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + ']><vxml version="2.1"><form><block>&a11;</block></form></vxml>'
)
QUADRATIC = f'<!DOCTYPE d [<!ENTITY a "{"x" * 50_000}">]><d>{"&a;" * 100_000}</d>'


def grammar(rules: str) -> str:
    return (
        '<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" mode="dtmf" root="r">'
        f'<rule id="r" scope="public">{rules}</rule></grammar>'
    )


def field(grammars: str) -> str:
    return vxml(f"<form><field name='f'>{grammars}<prompt>x</prompt></field></form>")


def listed(name: str, kind: str, data: str) -> tuple[Documents, dict[str, str]]:
    """A document that fetches data."""
    return {"start.vxml": block(f"<data name='d' src='{name}'/>"), name: data}, {name: kind}


PAGES: dict[str, tuple[str | Documents, str, str]] = {
    # Documents
    "billion laughs": (LAUGHS, "error.badfetch", "the entity 'a0' is declared"),
    "entities of quadratic growth": (QUADRATIC, "error.badfetch", "the entity 'a' is declared"),
    "defaults of a DTD": (
        f'<!DOCTYPE vxml [<!ATTLIST log label CDATA "{"x" * 50_000}">]><vxml version="2.1"><form>{"<log/>" * 60_000}',
        "error.badfetch",
        "more than 50000 elements",
    ),
    "nested 100,000 deep": (
        '<vxml version="2.1"><form><block>' + '<if cond="true">' * 100_000,
        "error.badfetch",
        "deeper than 256",
    ),
    "a million variables": (
        vxml("".join(f'<var name="v{number}"/>' for number in range(1_000_000))),
        "error.badfetch",
        "larger than 2000000 bytes",
    ),
    "as many variables as fit": (
        vxml("".join(f'<var name="v{number}"/>' for number in range(12_000))),
        "error.semantic",
        "more than 10000 steps | for more than 2 s",  # whichever the machine comes to first
    ),
    "a tag of 100,000 attributes": (
        "<vxml " + " ".join(f'a{number}="1"' for number in range(100_000)) + "/>",
        "error.badfetch",
        "too many attributes",
    ),
    "a prompt of 10 MB": (block(f"<prompt>{'word ' * 2_000_000}</prompt>"), "error.badfetch", "larger than 2000000"),
    "a prompt as long as fits": (
        block(f"<prompt>{'word ' * 390_000}</prompt>"),
        "error.noresource",
        "more than 100000",
    ),
    "prompts out of a loop": (
        block(
            "<var name='s' expr=\"'x'.repeat(99999)\"/><foreach item='i' array='new Array(900)'>"
            "<prompt><value expr='s'/></prompt></foreach>"
        ),
        "error.noresource",
        "more than 64000000 bytes",
    ),
    # Loops
    "a goto to itself": (block("<goto next='start.vxml'/>"), "error.badfetch", "fetched more than 500 times"),
    "a goto through two documents": (
        {"start.vxml": block("<goto next='b.vxml'/>"), "b.vxml": block("<goto next='start.vxml'/>")},
        "error.badfetch",
        "fetched more than 500 times",
    ),
    "a goto between two dialogs": (
        vxml(
            "<form id='a'><block><goto next='#b'/></block></form><form id='b'><block><goto next='#a'/></block></form>"
        ),
        "error.semantic",
        "more than 10000 steps",
    ),
    "handlers that throw": (
        vxml(
            "<catch event='a'><throw event='b'/></catch><catch event='b'><throw event='a'/></catch>"
            "<form><block><throw event='a'/></block></form>"
        ),
        "error.semantic",
        "More than 250 events",
    ),
    "handlers of two documents that go to each other": (
        {
            "start.vxml": vxml(
                "<catch event='.'><goto next='b.vxml'/></catch><form><block><throw event='a'/></block></form>"
            ),
            "b.vxml": vxml(
                "<catch event='.'><goto next='start.vxml'/></catch><form><block><throw event='a'/></block></form>"
            ),
        },
        "error.semantic",
        "More than 250 events",
    ),
    "a foreach without end": (
        block("<foreach item='i' array='new Array(1000000)'><log>x</log></foreach>"),
        "error.semantic",
        "more than 10000 steps",
    ),
    "a subdialog that calls itself": (
        vxml("<form id='f'><subdialog name='s' src='#f'/></form>"),
        "error.semantic",
        "nest deeper than 20",
    ),
    "a subdialog that calls itself in a new document": (
        vxml("<form><subdialog name='s' src='start.vxml'/></form>"),
        "error.semantic",
        "nest deeper than 20",
    ),
    "a subdialog that calls itself whatever happens": (
        vxml("<catch event='.'><clear/></catch><form id='f'><subdialog name='s' src='#f'/></form>"),
        "error.semantic",
        "More than 250 events",
    ),
    # ECMAScript
    "a script without end": (block("<script>while (true) {}</script>"), "error.semantic", "more than 200 ms"),
    "a script that eats memory": (
        block("<script>var a = []; while (true) a.push({});</script>"),
        "error.semantic",
        "more than 16 MB",
    ),
    "a regular expression that goes back and forth": (
        block("<script>/(a+)+$/.test(new Array(40).join('a') + 'b')</script>"),
        "error.semantic",
        "more than 200 ms",
    ),
    "a function without bottom": (
        block("<script>function f() { return f() + 1; } f();</script>"),
        "error.semantic",
        "Maximum call stack",
    ),
    "a script of 60,000 functions": (
        block(f"<script>{'function f(){}' * 60_000}</script>"),
        "error.semantic",
        "the script is too large",
    ),
    # Grammars
    "billion laughs in a grammar": (
        {"start.vxml": field("<grammar src='g.grxml'/>"), "g.grxml": LAUGHS},
        "error.badfetch",
        "declares the entity 'a0'",
    ),
    "a grammar nested 100,000 deep": (
        {"start.vxml": field("<grammar src='g.grxml'/>"), "g.grxml": grammar("<item>" * 100_000)},
        "error.badfetch",
        "more than 150 inside each other",
    ),
    "grammars that refer to others without end": (
        {
            "start.vxml": field("<grammar src='g0.grxml'/>"),
            **{f"g{n}.grxml": grammar(f'<ruleref uri="g{n + 1}.grxml#r"/>') for n in range(80)},
        },
        "error.badfetch",
        "more than 64 grammars",
    ),
    "more grammars than can listen": (
        field("".join(f"<option dtmf='{number}'>{number}</option>" for number in range(1_500))),
        "error.noresource",
        "More than 2000 grammars",
    ),
}

DATA = {
    "billion laughs": (*listed("d.xml", "text/xml", LAUGHS), "error.badfetch", "the entity 'a0' is declared"),
    "JSON nested 900,000 deep": (*listed("d.json", "application/json", "[" * 900_000), "error.badfetch", "is not JSON"),
    "JSON of 600,000 lists": (
        *listed("d.json", "application/json", f"[{'[],' * 600_000}[]]"),
        "error.semantic",
        "ran out of memory",
    ),
    "JSON of 10 MB": (*listed("d.json", "application/json", f"[{'1,' * 5_000_000}1]"), "error.badfetch", "larger than"),
    "XML of 60,000 elements": (
        *listed("d.xml", "text/xml", f"<a>{'<b/>' * 60_000}</a>"),
        "error.badfetch",
        "50000 elements",
    ),
}


@pytest.mark.parametrize("name", PAGES)
async def test_a_bad_page_ends_its_own_session_and_fifty_others_miss_no_prompt(name: str) -> None:
    page, event, reason = PAGES[name]
    found = await beside_fifty({"start.vxml": page} if isinstance(page, str) else page)
    assert (found.end.kind, found.end.error) == ("error", event)
    assert any(each in found.end.detail for each in reason.split(" | "))
    assert found.errors == [f"{event} {found.end.detail}"]
    assert found.others_missed_nothing()
    assert found.loop_was_free()


@pytest.mark.parametrize("name", DATA)
async def test_bad_data_ends_its_own_session_and_fifty_others_miss_no_prompt(name: str) -> None:
    documents, types, event, reason = DATA[name]
    found = await beside_fifty(documents, types)
    assert (found.end.kind, found.end.error) == ("error", event)
    assert reason in found.end.detail
    assert found.errors
    assert found.others_missed_nothing()
    assert found.loop_was_free()


async def test_a_rule_that_leads_to_nothing_but_itself_hears_nothing_and_fifty_others_miss_no_prompt() -> None:
    rules = '<ruleref uri="#s"/> 1</rule><rule id="s"><ruleref uri="#r"/> 2'
    found = await beside_fifty({"start.vxml": field(grammar(rules))}, inputs=("12",))
    assert found.end.kind == "hangup"
    assert found.others_missed_nothing()


async def test_a_tag_without_end_ends_its_own_session_and_fifty_others_miss_no_prompt() -> None:
    endless = grammar("1<tag>while (true) {}</tag>").replace("<grammar", '<grammar tag-format="semantics/1.0"', 1)
    found = await beside_fifty({"start.vxml": field(endless)}, inputs=("1",))
    assert (found.end.kind, found.end.error) == ("error", "error.semantic")
    assert "more than 200 ms" in found.end.detail
    assert found.errors
    assert found.others_missed_nothing()


async def test_grammars_of_too_many_states_may_not_listen_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "MOST_STATES", 3_000)
    one = grammar('<item repeat="2000">1</item>')
    assert (await beside_fifty({"start.vxml": field(one)})).end.kind == "hangup"
    found = await beside_fifty({"start.vxml": field(one * 2)})
    assert (found.end.kind, found.end.error) == ("error", "error.noresource")
    assert "more than 3000 states" in found.end.detail
    assert found.others_missed_nothing()


async def test_a_document_of_100_mb_is_not_read_to_its_end() -> None:
    async with _endless(100_000_000) as (fetcher, sent):
        found = await beside_fifty({}, fetcher=fetcher)
    assert (found.end.kind, found.end.error) == ("error", "error.badfetch")
    assert "larger than the 2000000 bytes" in found.end.detail
    assert found.errors
    assert found.others_missed_nothing()
    assert sum(sent) < 20_000_000


async def test_the_others_have_their_turns_while_a_session_computes_as_long_as_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interpreter, "Engine", partial(Engine, turn_ms=600))
    found = await beside_fifty(
        {
            "start.vxml": vxml(
                "<catch event='.'><script>while (true) {}</script></catch>"
                "<form><block><script>while (true) {}</script></block></form>"
            )
        }
    )
    assert found.end.detail == "the scripts of this turn computed for more than 0.6 s."
    assert found.during > 0
    assert found.others_missed_nothing()
    assert found.loop_was_free()


class _Renamed:
    """Gets every document from one server, whatever its name."""

    def __init__(self, fetcher: Fetcher, url: str) -> None:
        self._fetcher = SessionFetcher(fetcher)
        self._url = url

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get it there."""
        return await self._fetcher.fetch(Fetch(self._url))

    def prefetch(self, request: Fetch) -> None:
        """Leave it."""


@contextlib.asynccontextmanager
async def _endless(size: int) -> AsyncIterator[tuple[_Renamed, list[int]]]:
    """A web server whose only document is that large; yields what fetches it, and how much was sent piece by piece."""
    sent: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n<vxml>".encode())
        with contextlib.suppress(ConnectionError):
            while sum(sent) < size:
                writer.write(b" " * 100_000)
                await writer.drain()
                sent.append(100_000)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    fetcher = Fetcher(allow_private=True, timeout=60, max_bytes=2_000_000, user_agent="test")
    try:
        yield _Renamed(fetcher, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"), sent
    finally:
        await fetcher.aclose()
        server.close()
        await server.wait_closed()
