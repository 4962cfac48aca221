"""The session that steps the machine, and what a hostile application can do to it."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from mirabelle.vxml.cache import ParseCache
from mirabelle.vxml.document import Document
from mirabelle.vxml.ecmascript import Engine
from mirabelle.vxml.machine import Machine
from mirabelle.vxml.platform import Fetch, Note
from mirabelle.vxml.session import Session, SessionEnd
from mirabelle.vxml.text import TextPlatform, session_variables
from mirabelle.vxml.turns import Turns
from mirabelle.vxml.xml import Element
from tests.unit.vxml.running import BASE, Shelf, block, key, run, vxml

ONE = key("1")


async def end_of(document: str, inputs: tuple[str, ...] = (), cache: ParseCache | None = None) -> SessionEnd:
    platform = TextPlatform(Shelf({"start.vxml": document}), lambda _: None, inputs)
    with ThreadPoolExecutor(1) as executor:
        return await Session(
            Fetch(BASE + "start.vxml"), platform, session_variables(), Turns(executor), cache=cache
        ).run()


@pytest.mark.parametrize(
    ("document", "inputs", "end"),
    [
        (block(""), (), SessionEnd("exit")),
        (block("<exit/>"), (), SessionEnd("exit")),
        (block("<exit expr=\"'x'\"/>"), (), SessionEnd("exit", exit_values={"": '"x"'})),
        (block("<var name='a' expr='[1]'/><exit namelist='a'/>"), (), SessionEnd("exit", exit_values={"a": "[1]"})),
        (block("<disconnect/>"), (), SessionEnd("disconnect")),
        (vxml(f"<form><field>{ONE}</field></form>"), ("hangup",), SessionEnd("hangup")),
        (block("<throw event='error.x' message='why'/>"), (), SessionEnd("error", "error.x", "why")),
    ],
)
async def test_how_a_session_ended(document: str, inputs: tuple[str, ...], end: SessionEnd) -> None:
    assert await end_of(document, inputs) == end


async def test_a_start_that_is_no_voicexml_ends_it_with_line_and_reason() -> None:
    end = await end_of("<vxml version='2.0'>\n  <nonsense/></vxml>")
    assert (end.kind, end.error) == ("error", "error.badfetch")
    assert "line 2, column 3" in end.detail


async def test_the_connection_can_be_read() -> None:
    end = await end_of(block("<exit expr='session.connection.remote.uri'/>"))
    assert end.exit_values == {"": '"tel:+15550123"'}


async def test_nothing_of_a_session_waits_for_the_garbage_collector() -> None:
    pages = {
        "start.vxml": vxml(f"<form><field name='f'>{ONE}<filled><goto next='next.vxml'/></filled></field></form>"),
        "next.vxml": vxml(
            "<form id='a'><block name='b'><goto nextitem='c'/></block><block name='c'><goto next='#d'/></block></form>"
            "<form id='d'><subdialog name='s' src='called.vxml'/><block><throw event='own'/></block>"
            "<catch event='own'><data name='tree' src='tree.xml'/><exit/></catch></form>"
        ),
        "called.vxml": vxml("<form><block><return/></block></form>"),
        "tree.xml": "<a><!-- b --><c>d</c></a>",
    }

    def there() -> set[int]:
        return {id(each) for each in gc.get_objects() if isinstance(each, Document | Element | Machine)}

    gc.collect()
    before = there()
    gc.disable()
    try:
        platform = TextPlatform(Shelf(pages), lambda _: None, ("1",))
        end = await Session(Fetch(BASE + "start.vxml"), platform, session_variables(), cache=ParseCache(0)).run()
        assert end.kind == "exit"
        assert there() <= before
    finally:
        gc.enable()


async def test_documents_are_parsed_once_for_all_sessions() -> None:
    cache = ParseCache()
    first = await end_of(block(""), cache=cache)
    second = await end_of(block(""), cache=cache)
    assert first == second


def test_the_cache_gives_the_same_thing_and_forgets_the_oldest() -> None:
    cache = ParseCache(entries=2)
    made: list[str] = []

    def parse(name: str) -> str:
        made.append(name)
        return name

    for name in ("a", "b", "a", "c", "a", "b"):
        assert cache.get(name.encode(), ("x",), lambda name=name: parse(name)) == name  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]


def test_the_cache_is_bounded_in_bytes() -> None:
    cache = ParseCache(size=10)
    made: list[int] = []
    for _ in range(2):
        cache.get(b"x" * 11, (), lambda: made.append(1))
    assert len(made) == 2


def test_the_cache_does_not_keep_what_would_drive_out_all_others() -> None:
    cache = ParseCache(size=10)
    made: list[str] = []

    def parse(name: str) -> str:
        made.append(name)
        return name

    for name, weight in (("small", 5), ("huge", 11), ("small", 5), ("huge", 11)):
        cache.get(name.encode(), (), lambda name=name: parse(name), lambda _, weight=weight: weight)  # type: ignore[misc]
    assert made == ["small", "huge", "huge"]


async def test_the_memory_of_an_engine_is_given_back_when_its_session_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Engine] = []
    monkeypatch.setattr(Engine, "close", lambda engine: closed.append(engine))
    await end_of(block(""))
    assert len(closed) == 1


async def test_a_platform_is_given_few_notes_at_once() -> None:
    given: list[int] = []

    class Counting(TextPlatform):
        def note(self, note: Note) -> None:
            # All that is told without a wait in between comes from the same turn of the event loop.
            if not given or given[0] == 0:
                asyncio.get_running_loop().call_soon(given.insert, 0, 0)
                given.insert(0, 0)
            given[0] += 1

    body = "<foreach item='i' array='new Array(120)'><log>x</log></foreach>"
    with ThreadPoolExecutor(1) as executor:
        platform = Counting(Shelf({"start.vxml": block(body)}), lambda _: None, ())
        await Session(Fetch(BASE + "start.vxml"), platform, session_variables(), Turns(executor)).run()
    assert sum(given) == 120
    assert max(given) <= 50


def test_a_long_log_line_is_cut() -> None:
    [line] = run(block("<log expr=\"'x'.repeat(1000000)\"/>")).logs
    assert line == "x" * len(line)
    assert len(line) < 10_000


@pytest.mark.parametrize(
    "body",
    [
        "<script>while (true) {}</script>",
        "<script>var a = []; while (true) a.push(new Array(100000).join('x') + a.length);</script>",
        "<script>function f() { return f() + 1; } f();</script>",
        "<script>/(a+)+$/.test(new Array(40).join('a') + 'b')</script>",
        "<foreach item='i' array='new Array(1000000)'><log>x</log></foreach>",
        "<foreach item='i' array='new Array(1000000)'>text</foreach>",
    ],
)
def test_a_runaway_ends_its_own_session(body: str) -> None:
    ended = run(block(body))
    assert ended.status == 1
    assert ended.lines[-1].startswith("error: error.semantic")


def test_a_document_that_goes_to_itself_for_ever_ends() -> None:
    ended = run(block("<goto next='start.vxml'/>"))
    assert ended.status == 1
    assert len(ended.shelf.asked) < 1000


def test_a_field_that_prompts_for_ever_ends_with_the_input() -> None:
    assert run(vxml(f"<form><field>{ONE}again</field></form>"), ",".join(["noinput"] * 50)).status == 0


def test_prompts_without_end_are_refused() -> None:
    documents = vxml("<form id='a'><block>x<goto next='#a'/></block></form>")
    assert run(documents).lines[-1].startswith("error: error.semantic More than")


def test_elements_nested_as_deep_as_they_may_be_are_executed() -> None:
    depth = 120
    body = "<if cond='true'>" * depth + "<log>deep</log>" + "</if>" * depth
    assert run(block(body)).logs == ["deep"]


async def test_sessions_beside_a_runaway_go_on() -> None:
    with ThreadPoolExecutor(4) as executor:
        turns = Turns(executor)
        bad = Session(
            Fetch(BASE + "start.vxml"),
            TextPlatform(Shelf({"start.vxml": block("<script>while(1){}</script>")}), lambda _: None, ()),
            {},
            turns,
        )
        good = [
            Session(
                Fetch(BASE + "start.vxml"),
                TextPlatform(Shelf({"start.vxml": block("hi")}), lambda _: None, ()),
                {},
                turns,
            )
            for _ in range(10)
        ]
        ends = await asyncio.gather(bad.run(), *(session.run() for session in good))
    assert [end.kind for end in ends] == ["error", *["exit"] * 10]


@pytest.mark.parametrize("length", [100, 600, 9000, 200_000])
def test_a_string_of_any_length_leaves_the_engine(length: int) -> None:
    # The engine joins long strings lazily, and its binding cannot read those.
    assert run(block(f"<log expr=\"'x'.repeat({length}).length\"/><log expr=\"'x'.repeat({length})\"/>")).logs[
        0
    ] == str(length)
    assert run(block(f"<log expr=\"'x'.repeat({length})\"/>")).status == 0
