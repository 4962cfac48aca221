# ruff: noqa: E501 - a document reads better in one piece
"""Events and their handlers (VoiceXML 2.0, 5.2)."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.vxml.events import count_event, default_handler, prefixes
from tests.unit.vxml.running import block, key, run, vxml

ONE = key("1")


def thrown(event: str, *handlers: str) -> str:
    return vxml(f"{''.join(handlers)}<form><block><throw event='{event}'/></block></form>")


def says(word: str, event: str | None = None, more: str = "") -> str:
    named = f"event='{event}'" if event is not None else ""
    return f"<catch {named} {more}><log>{word}</log><exit/></catch>"


@pytest.mark.parametrize(
    ("event", "handlers", "logs"),
    [
        ("a.b.c", [says("exact", "a.b.c")], ["exact"]),
        ("a.b.c", [says("prefix", "a.b")], ["prefix"]),
        ("a.b.c", [says("dot", "a.b.")], ["dot"]),
        ("a.bc", [says("no", "a.b"), says("all")], ["all"]),
        ("a.b", [says("first", "a"), says("second", "a.b")], ["first"]),
        ("a.b", [says("list", "x y a")], ["list"]),
        ("a.b", [says("all", ".")], ["all"]),
        ("a.b", [says("no", "a", "cond='false'"), says("yes", "a")], ["yes"]),
        ("a.b", [says("later", "a", "count='2'"), says("now", "a")], ["now"]),
        ("error.x", ["<error><log>short</log><exit/></error>"], ["short"]),
        ("help", ["<help><log>short</log><exit/></help>"], ["short"]),
    ],
)
def test_a_handler_is_selected(event: str, handlers: list[str], logs: list[str]) -> None:
    assert run(thrown(event, *handlers)).logs == logs


def test_the_innermost_scope_wins() -> None:
    body = f"{says('document', 'a')}<form>{says('form', 'a')}<block><throw event='a'/></block></form>"
    assert run(vxml(body)).logs == ["form"]


def test_the_highest_count_wins_over_the_scope() -> None:
    body = (
        "<catch event='a' count='2'><log>document</log><exit/></catch><form><catch event='a'><log>form</log></catch>"
        "<field name='f'><catch event='x'><throw event='a'/></catch></field>"
        "</form>"
    )
    document = vxml(body.replace("<field name='f'>", f"<field name='f'>{ONE}<noinput><throw event='a'/></noinput>"))
    assert run(document, "noinput,noinput").logs == ["form", "document"]


def test_counts_grow_while_an_item_is_visited() -> None:
    handlers = "".join(f"<noinput count='{n}'><log>{n}</log></noinput>" for n in (1, 2, 4))
    document = vxml(f"<form><field name='f'>{ONE}{handlers}</field></form>")
    assert run(document, "noinput,noinput,noinput,noinput,noinput").logs == ["1", "2", "2", "4", "4"]


def test_counts_are_of_the_item() -> None:
    handlers = "".join(f"<noinput count='{n}'><log>{n}</log><assign name='a' expr='1'/></noinput>" for n in (1, 2))
    fields = f"<field name='a'>{ONE}</field><field name='b'>{ONE}</field>"
    assert run(vxml(f"<form>{handlers}{fields}</form>"), "noinput,noinput").logs == ["1", "1"]


def test_clear_resets_the_counts_of_an_item() -> None:
    handlers = "<noinput count='1'><log>1</log></noinput><noinput count='2'><log>2</log><clear namelist='f'/></noinput>"
    document = vxml(f"<form><field name='f'>{ONE}{handlers}</field></form>")
    assert run(document, "noinput,noinput,noinput").logs == ["1", "2", "1"]


def test_counts_begin_anew_when_the_form_is_entered_again() -> None:
    handlers = "<noinput count='1'><log>1</log><goto next='#x'/></noinput><noinput count='2'><log>2</log></noinput>"
    document = vxml(f"<form id='x'><field name='f'>{ONE}{handlers}</field></form>")
    assert run(document, "noinput,noinput").logs == ["1", "1"]


def test_an_event_counts_against_every_prefix_of_its_name() -> None:
    handlers = "<catch event='a' count='2'><log>a2</log><exit/></catch><catch event='a'><log>a1</log></catch>"
    body = f"<form>{handlers}<block><throw event='a.x'/></block><block><throw event='a.y'/></block></form>"
    # Each block counts for itself, so the second one sees its first event.
    assert run(vxml(body)).logs == ["a1", "a1"]
    field = f"<form>{handlers}<field name='f'>{ONE}<noinput><throw event='a.x'/></noinput><nomatch><throw event='a.y'/></nomatch></field></form>"
    assert run(vxml(field), "noinput,9").logs == ["a1", "a2"]


def test_a_handler_sees_the_event_and_its_message() -> None:
    body = (
        "<form><catch><log expr='_event + _message'/></catch><block><throw event='a.b' message='why'/></block></form>"
    )
    assert run(vxml(body)).logs == ["a.bwhy"]


def test_event_and_message_may_be_computed() -> None:
    body = (
        "<form><catch><log expr='_event + _message'/></catch>"
        "<block><throw eventexpr=\"'a' + '.b'\" messageexpr=\"'w' + 'hy'\"/></block></form>"
    )
    assert run(vxml(body)).logs == ["a.bwhy"]


def test_a_message_that_nobody_gave_is_undefined() -> None:
    body = "<form><catch><log expr='typeof _message'/></catch><block><throw event='a'/></block></form>"
    assert run(vxml(body)).logs == ["undefined"]


def test_a_handler_reads_the_variables_of_where_it_was_thrown() -> None:
    body = "<var name='v' expr=\"'document'\"/><catch event='a'><log expr='v'/></catch><form><var name='v' expr=\"'dialog'\"/><block><throw event='a'/></block></form>"
    assert run(vxml(body)).logs == ["dialog"]


def test_an_event_in_a_handler_finds_a_handler_of_its_own() -> None:
    body = f"<form><catch event='a'><throw event='b'/></catch>{says('b', 'b')}<block><throw event='a'/></block></form>"
    assert run(vxml(body)).logs == ["b"]


def test_handlers_that_throw_each_others_events_for_ever_end_the_session() -> None:
    ended = run(vxml("<form><catch event='a'><throw event='a'/></catch><block><throw event='a'/></block></form>"))
    assert ended.status == 1


def test_the_rest_of_a_block_is_skipped_and_the_form_goes_on() -> None:
    body = "<form><catch event='a'><log>caught</log></catch><block><throw event='a'/><log>no</log></block><block><log>on</log></block></form>"
    assert run(vxml(body)).logs == ["caught", "on"]


@pytest.mark.parametrize(
    ("event", "status", "last"),
    [
        ("error.mine", 1, "error: error.mine"),
        ("my.event", 1, "error: my.event"),
        ("exit", 0, "exit"),
        ("connection.disconnect.hangup", 0, "exit"),
        ("cancel", 0, "exit"),
    ],
)
def test_what_the_platform_does_with_an_event_nobody_catches(event: str, status: int, last: str) -> None:
    ended = run(thrown(event))
    assert (ended.status, ended.lines[-1]) == (status, last)


def test_help_and_nomatch_prompt_again_by_default() -> None:
    document = vxml(f"<form><field name='f'>{ONE}<prompt>go</prompt></field></form>")
    assert run(document, "9,noinput").prompts == ["go", "go", "go"]


def test_after_a_handler_without_reprompt_the_field_keeps_quiet() -> None:
    document = vxml(f"<form><field name='f'>{ONE}<prompt>go</prompt><noinput>hm</noinput></field></form>")
    assert run(document, "noinput,noinput").prompts == ["go", "hm", "hm"]


def test_reprompt_asks_again_with_the_next_count() -> None:
    document = vxml(
        f"<form><field name='f'>{ONE}<prompt>one</prompt><prompt count='2'>two</prompt><noinput>hm<reprompt/></noinput></field></form>"
    )
    assert run(document, "noinput,noinput").prompts == ["one", "hm", "two", "hm", "two"]


def test_a_handler_that_goes_to_another_item_keeps_that_item_quiet_too() -> None:
    document = vxml(
        f"<form><field name='a'>{ONE}<noinput><goto nextitem='b'/></noinput></field><field name='b'>{ONE}<prompt>b</prompt></field></form>"
    )
    assert run(document, "noinput").prompts == []


def test_a_handler_that_goes_to_another_dialog_does_not() -> None:
    document = vxml(
        f"<form><field name='a'>{ONE}<noinput><goto next='#b'/></noinput></field></form>"
        f"<form id='b'><field name='b'>{ONE}<prompt>b</prompt></field></form>"
    )
    assert run(document, "noinput").prompts == ["b"]


def test_an_event_in_a_forms_filled_is_handled_by_the_form() -> None:
    body = f"<form><field name='f'>{ONE}{says('item', 'a')}</field>{says('form', 'a')}<filled><throw event='a'/></filled></form>"
    assert run(vxml(body), "1").logs == ["form"]


def test_an_event_in_an_items_filled_is_handled_by_the_item() -> None:
    body = f"<form><field name='f'>{ONE}{says('item', 'a')}<filled><throw event='a'/></filled></field>{says('form', 'a')}</form>"
    assert run(vxml(body), "1").logs == ["item"]


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ("<assign name='nobody' expr='1'/>", "error.semantic"),
        ("<log expr='1 +'/>", "error.semantic"),
        ("<assign name='session.x' expr='1'/>", "error.semantic"),
        ("<goto next='missing.vxml'/>", "error.badfetch.http.404"),
        ("<goto next='#missing'/>", "error.badfetch"),
        ("<script src='missing.js'/>", "error.badfetch.http.404"),
        ("<submit next='missing.vxml'/>", "error.badfetch.http.404"),
        ("<submit next='missing.vxml' namelist='nobody'/>", "error.semantic"),
        ("<goto expr=\"'http://['\"/>", "error.badfetch"),
        ("<submit expr=\"'http://['\"/>", "error.badfetch"),
        ("<var name='x' expr='1'/><submit expr=\"'http://['\" namelist='x'/>", "error.badfetch"),
        ("<data srcexpr=\"'http://['\"/>", "error.badfetch"),
        ("<script srcexpr=\"'http://['\"/>", "error.badfetch"),
        ("<return/>", "error.semantic"),
        ("<var name='a.b' expr='1'/>", "error.semantic"),
        ("<clear namelist='nobody'/>", "error.semantic"),
    ],
)
def test_the_event_of_a_fault(body: str, event: str) -> None:
    ended = run(vxml(f"<form><block>{body}</block><catch><log expr='_event'/><exit/></catch></form>"))
    assert ended.logs[:1] == [event] or ended.lines[0].startswith("error: error.badfetch")


def test_an_uncaught_error_is_the_last_line_and_the_status() -> None:
    ended = run(block("<log expr='nobody'/>"))
    assert ended.status == 1
    assert ended.lines[-1].startswith("error: error.semantic")


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5).map(".".join))
def test_every_prefix_of_an_event_is_counted_once(event: str) -> None:
    counters: Counter[str] = Counter()
    count_event(counters, event)
    assert set(counters.values()) == {1}
    assert next(iter(counters)) == event
    assert all(event.startswith(name) for name in counters)


@given(st.text(alphabet="ab.", max_size=12))
def test_any_name_has_prefixes_and_a_default(event: str) -> None:
    assert list(prefixes(event))[-1] == ""
    assert default_handler(event)


def test_a_condition_may_ask_for_the_event() -> None:
    handlers = "<catch event='a' cond=\"_event == 'a.b'\"><log>no</log></catch><catch event='a'><log>yes</log></catch>"
    assert run(vxml(f"<form>{handlers}<block><throw event='a.c'/></block></form>")).logs == ["yes"]


@pytest.mark.parametrize("where", ["<noinput>{}</noinput>", "<filled>{}</filled>"])
def test_an_item_that_does_not_exist_is_an_event_of_the_dialog(where: str) -> None:
    caught = "<catch event='error.badfetch'><log>{}</log><exit/></catch>"
    body = where.format("<goto nextitem='nobody'/>")
    document = vxml(
        f"<form>{caught.format('form')}<field name='f'>{caught.format('field')}{body}{key('1')}</field></form>"
    )
    assert run(document, "noinput" if "noinput" in where else "1").logs == ["form"]
