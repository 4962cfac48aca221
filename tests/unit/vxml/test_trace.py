"""What the interpreter tells of its steps."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.text import parse_inputs, run_text
from mirabelle.vxml.trace import (
    Collecting,
    Entered,
    Evaluated,
    Executed,
    FetchTold,
    Filled,
    Handled,
    Listening,
    Processing,
    Raised,
    Selected,
    Skipped,
    Step,
)
from tests.unit.vxml.running import BASE, Shelf, block, key, vxml


@dataclass
class Heard:
    """Keeps the steps, and the lines of the platform among them."""

    told: list[Step | str] = field(default_factory=list)

    def tell(self, step: Step) -> None:
        self.told.append(step)

    def of(self, *kinds: type[Step]) -> list[Step]:
        return [each for each in self.told if isinstance(each, kinds)]


def traced(documents: str | Mapping[str, str], inputs: str = "", *, off: bool = False) -> Heard:
    shelf = Shelf({"start.vxml": documents} if isinstance(documents, str) else documents)
    heard = Heard()
    asyncio.run(
        run_text(
            f"{BASE}start.vxml",
            inputs=parse_inputs(inputs),
            fetcher=shelf,
            out=heard.told.append,
            dialect=Dialect(messages=False),
            tracer=None if off else heard,
        )
    )
    return heard


def field_of(name: str, body: str = "", attributes: str = "") -> str:
    return f"<field name='{name}' {attributes}>{key('1')}<prompt>x</prompt>{body}</field>"


def test_a_dialog_is_entered_selected_from_and_left() -> None:
    steps = traced(vxml("\n<form id='a'><block/>\n<block cond='false'/></form>")).of(Entered, Selected)
    first = "the first without a value whose cond is true"
    assert steps == [
        Entered(f"{BASE}start.vxml", "form", "a", 2),
        Selected("block", "", 2, first),
        Selected(
            "",
            "",
            0,
            "no item is left",
            (Skipped("block", 2, "it has a value"), Skipped("block", 3, "its cond is false")),
        ),
    ]


def test_a_goto_to_an_item_is_why_it_is_selected() -> None:
    form = "<form><block name='a'><goto nextitem='c'/></block><block name='b'/><block name='c'><exit/></block></form>"
    assert [step.why for step in traced(vxml(form)).of(Selected) if isinstance(step, Selected)] == [
        "the first without a value whose cond is true",
        "a goto named it",
    ]


def test_the_collect_phase_tells_the_scopes_and_whether_it_prompts() -> None:
    document = vxml(f"<var name='total'/><form>{field_of('f', '<noinput>y</noinput>')}</form>")
    first, second = traced(document, "noinput,1").of(Collecting)
    assert isinstance(first, Collecting)
    assert isinstance(second, Collecting)
    assert (first.item, first.name, first.prompt_count, first.prompted) == ("field", "f", 1, True)
    assert (second.prompt_count, second.prompted) == (2, False)
    assert [(each.scope, each.variables) for each in first.scopes] == [
        ("session", ("connection", "id")),
        ("document", ("lastresult$", "total")),
        ("dialog", ("f", "f$")),
    ]


def test_the_active_grammars_are_told_in_their_precedence() -> None:
    body = (
        "<property name='universals' value='help'/>"
        f"<link event='a'>{key('9')}</link><form>\n<link event='b' dtmf='8'/>{field_of('f')}</form>"
        "<menu scope='document'><choice dtmf='7' next='#m'>x</choice></menu>"
    )
    root = vxml(f"<link event='c'>{key('6')}</link>")
    heard = traced({"start.vxml": vxml(body, "application='root'"), "root": root}, "hangup")
    (listening,) = heard.of(Listening)
    assert isinstance(listening, Listening)
    assert [(g.precedence, g.scope, g.mode, g.element, g.fills) for g in listening.grammars] == [
        (1, "item", "dtmf", "grammar", "item"),
        (2, "dialog", "dtmf", "link", "link"),
        (3, "document", "dtmf", "grammar", "link"),
        (4, "document", "voice", "choice", "dialog"),
        (5, "document", "dtmf", "choice", "dialog"),
        (6, "application", "dtmf", "grammar", "link"),
        (7, "platform", "voice", "universals", "event"),
    ]
    assert [g.line for g in listening.grammars] == [2, 2, 1, 2, 2, 1, 0]


def test_input_is_processed_and_fills_an_item() -> None:
    heard = traced(vxml(f"<form>{field_of('f')}</form>"), "1")
    assert heard.of(Processing, Filled) == [Processing("1", '"1"', "item", 1), Filled("f", '"1"')]


def test_recordings_transfers_and_subdialogs_fill_items_too() -> None:
    items = "<record name='r'/><transfer name='t' dest='tel:1' bridge='true'/><subdialog name='s' src='#s'/>"
    called = "<form id='s'><var name='a' expr='1'/><block><return namelist='a'/></block></form>"
    assert traced(vxml(f"<form>{items}</form>{called}"), "1").of(Filled) == [
        Filled("r", '"recorded:1"'),
        Filled("t", '"far_end_disconnect"'),
        Filled("s", '{"a":1}'),
    ]


def test_an_event_and_its_handler_are_told() -> None:
    handler = "<noinput count='2'/>"
    document = vxml(f"<catch>\n</catch><form>{field_of('f', handler)}</form>")
    assert traced(document, "noinput,noinput,1").of(Raised, Handled) == [
        Raised("noinput", None, 1),
        Handled("noinput", "catch", 1, "vxml"),
        Raised("noinput", None, 2),
        Handled("noinput", "noinput", 2, "field"),
    ]


def test_the_platform_handles_what_nobody_else_does() -> None:
    assert traced(block("<throw event='a.b' message='why'/>")).of(Raised, Handled) == [
        Raised("a.b", "why", 1),
        Handled("a.b", "", 0, "", "fail"),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<var name='a' expr='1 + 1'/>", Evaluated("1 + 1", "a", "2")),
        ("<var name='a'/><assign name='a' expr=\"'x'\"/>", Evaluated("'x'", "a", '"x"')),
        ("<if cond='1 &gt; 2'/>", Evaluated("1 > 2", value="false")),
        ("<log expr='[1, {}].length'/>", Evaluated("[1, {}].length", value='"2"')),
        ("<foreach item='i' array='[]'/>", Evaluated("[]", "$foreach1_88", "[]")),
        ("<foreach item='i' array='[7]'><log expr='i'/></foreach>", Evaluated("$foreach1_88[0]", "i", "7")),
        ("<exit expr='[1]'/>", Evaluated("[1]", value="[1]")),
        ("<script>var a = 1;</script>", Evaluated("var a = 1;")),
        ("<log expr='unknown'/>", Evaluated("unknown", error="ReferenceError: unknown is not defined")),
        ("<script>unknown()</script>", Evaluated("unknown()", error="ReferenceError: unknown is not defined")),
    ],
)
def test_what_is_evaluated_is_told_with_its_value(body: str, expected: Evaluated) -> None:
    assert expected in traced(block(body)).of(Evaluated)


def test_the_interpreter_does_not_tell_of_code_of_its_own() -> None:
    form = f"<form>{field_of('f')}<block><submit next='x' namelist='f'/></block></form>"
    assert traced(vxml(form), "1").of(Evaluated) == [
        Evaluated("f", value='"1"'),
    ]


def test_executable_content_and_fetches_are_told() -> None:
    start, following = block("<log/>\n<goto next='b'/>"), block("<goto next='c'/>")
    assert traced({"start.vxml": start, "b": following}).of(Executed, FetchTold) == [
        FetchTold("GET", f"{BASE}start.vxml", "document", 200, len(start)),
        Executed("log", 1),
        Executed("goto", 2),
        FetchTold("GET", f"{BASE}b", "document", 200, len(following)),
        Executed("goto", 1),
        FetchTold("GET", f"{BASE}c", "document", 404, len(b"not here")),
    ]


def test_steps_and_lines_come_in_one_order() -> None:
    told = traced(block("<log>a</log><log>b</log>")).told
    logs = [each for each in told if each == Executed("log", 1) or isinstance(each, str)]
    assert logs == [Executed("log", 1), "log: a", Executed("log", 1), "log: b", "exit"]


def test_an_application_does_the_same_with_nobody_listening() -> None:
    filled = "<filled><log expr='n++'/></filled>"
    document = vxml(f"<var name='n' expr='0'/><form>{field_of('f', filled)}</form>")
    listened, alone = (traced(document, "5,noinput,1", off=off).told for off in (False, True))
    assert [each for each in listened if isinstance(each, str)] == alone
