# ruff: noqa: E501 - a document reads better in one piece
"""Transfers, recordings and the end of a call (VoiceXML 2.0, 1.5.4, 2.3.6, 2.3.7; 2.1, 7 and 8)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mirabelle.vxml.platform import Fetch, HungUp, NoInput, Record, Recorded
from mirabelle.vxml.session import Session
from mirabelle.vxml.text import TextPlatform, session_variables
from mirabelle.vxml.turns import Turns
from tests.unit.vxml.running import BASE, Shelf, block, key, run, vxml

ONE = key("1")


def transfer(attributes: str, body: str = "") -> str:
    return vxml(
        f"<form><transfer name='t' dest='tel:+1' {attributes}>{body}<filled><log expr='t'/></filled></transfer>"
        "<block><log>on</log></block><catch event='connection.disconnect'><log expr='_event'/><log expr='typeof t'/><exit/></catch></form>"
    )


@pytest.mark.parametrize(
    ("attributes", "far_end", "inputs", "logs"),
    [
        ("bridge='true'", "busy", "", ["busy", "on"]),
        ("bridge='true'", "noanswer", "", ["noanswer", "on"]),
        ("bridge='true'", "network_busy", "", ["network_busy", "on"]),
        ("bridge='true'", "answer:5", "", ["far_end_disconnect", "on"]),
        ("bridge='true' maxtime='3s'", "answer:5", "", ["maxtime_disconnect", "on"]),
        ("type='bridge'", "answer:5", "hangup", ["connection.disconnect.hangup", "undefined"]),
        ("bridge='false'", "answer:5", "", ["connection.disconnect.transfer", "undefined"]),
        ("type='blind'", "busy", "", ["connection.disconnect.transfer", "undefined"]),
        ("type='consultation'", "answer:5", "", ["connection.disconnect.transfer", "undefined"]),
        ("type='consultation'", "busy", "", ["busy", "on"]),
        ("type='blind'", "answer:5", "hangup", ["connection.disconnect.hangup", "undefined"]),
        ("type='consultation'", "answer:5", "hangup", ["connection.disconnect.hangup", "undefined"]),
        ("bridge='true'", "noanswer", "hangup", ["connection.disconnect.hangup", "undefined"]),
        ("bridge='true'", "busy", "hangup", ["busy", "on"]),
    ],
)
def test_a_transfer(attributes: str, far_end: str, inputs: str, logs: list[str]) -> None:
    assert run(transfer(attributes), inputs, far_end=far_end).logs == logs


def test_a_hot_word_ends_a_bridge() -> None:
    document = transfer("bridge='true'", ONE).replace(
        "<log expr='t'/>", "<log expr='t + t$.utterance + t$.inputmode'/>"
    )
    assert run(document, "9,1", far_end="answer:60").logs == ["near_end_disconnect1dtmf", "on"]


def test_the_shadow_variable_has_the_duration_in_seconds() -> None:
    document = transfer("bridge='true'").replace("<log expr='t'/>", "<log expr='t$.duration'/>")
    assert run(document, far_end="answer:5").logs[0] == "5"


def test_the_destination_may_be_computed() -> None:
    document = vxml("<form><transfer name='t' bridge='true' destexpr=\"'tel:' + 7\"/></form>")
    assert run(document, far_end="busy").of("transfer")[0] == "bridge tel:7"


@pytest.mark.parametrize(
    ("element", "event"),
    [
        ("<transfer name='t' dest='http://x/'/>", "error.unsupported.uri"),
        ("<transfer name='t' dest='tel:'/>", "error.connection.baddestination"),
        ("<transfer name='t'/>", "error.badfetch"),
        ("<transfer name='t' dest='tel:1' type='blind' bridge='true'/>", "error.badfetch"),
    ],
)
def test_a_transfer_that_cannot_be(element: str, event: str) -> None:
    assert run(vxml(f"<form>{element}</form>")).lines[-1].startswith(f"error: {event}")


def record(attributes: str = "", more: str = "", logs: str = "String(r$.duration) + r$.termchar + r$.maxtime") -> str:
    return vxml(f"<form><record name='r' {attributes}>say<filled><log expr='{logs}'/></filled>{more}</record></form>")


@pytest.mark.parametrize(
    ("attributes", "inputs", "log"),
    [
        ("", "text:hello", "1000undefinedfalse"),
        ("", "#", "1000#false"),
        ("maxtime='1s'", "text:hello", "1000undefinedtrue"),
    ],
)
def test_a_recording(attributes: str, inputs: str, log: str) -> None:
    assert run(record(attributes), inputs).logs == [log]


class Hasty(TextPlatform):
    """A platform whose caller presses a key before there is any sound, and speaks when asked again."""

    async def record(self, request: Record) -> Recorded | NoInput | HungUp:
        first = self.asked == 0
        self.asked += 1
        self._show(request.prompts)
        return Recorded(b"", request.type, 0, termchar="#") if first else Recorded(b"sound", request.type, 2000)

    asked = 0


async def test_a_key_before_any_sound_fills_nothing_and_the_caller_is_asked_again() -> None:
    prompts = "<prompt>speak</prompt><prompt count='2'>again <value expr='application.lastresult$.utterance + typeof r$.duration'/></prompt>"
    filled = "<filled><log expr='r$.duration'/></filled><noinput><log>never</log></noinput>"
    form = f"<form><var name='v' expr='1'/><record name='r'>{prompts}{filled}</record><filled mode='any'><log expr='typeof r$.duration'/></filled></form>"
    lines: list[str] = []
    line = Hasty(Shelf({"start.vxml": vxml(form)}), lines.append, ())
    with ThreadPoolExecutor(1) as executor:
        await Session(Fetch(BASE + "start.vxml"), line, session_variables(), Turns(executor)).run()
    assert lines[:2] == ["prompt: speak", "record: r 0 ms, 0 bytes"]
    assert lines[2:] == ["prompt: again #undefined", "record: r 2000 ms, 5 bytes", "log: 2000", "log: number"]


def test_silence_instead_of_a_recording_is_noinput() -> None:
    assert run(record(more="<noinput><log>nothing</log></noinput>"), "noinput,#").logs[0] == "nothing"


def test_a_recording_is_kept_when_the_caller_hangs_up() -> None:
    more = "<catch event='connection.disconnect.hangup'><submit next='to' method='post' namelist='r'/></catch>"
    asked = run(record(more=more), "hangup").shelf.asked[1]
    assert asked.enctype == "multipart/form-data"
    [(name, data)] = asked.fields
    assert name == "r"
    assert bytes(data, "ascii") if isinstance(data, str) else data.startswith(b"RIFF")


def test_a_recording_can_be_played() -> None:
    document = vxml("<form><record name='r'/><block><audio expr='r'/></block></form>")
    assert run(document, "#").prompts == ["[audio recorded:1]"]


def test_a_recording_of_an_unknown_type_is_unsupported() -> None:
    assert run(record("type='audio/ogg'")).lines[-1].startswith("error: error.unsupported.format")


def test_hanging_up_throws_and_the_handler_may_still_submit() -> None:
    documents = {
        "start.vxml": vxml(
            f"<catch event='connection.disconnect.hangup'><submit next='to.vxml' namelist=''/></catch><form><field name='f'>{ONE}</field></form>"
        ),
        "to.vxml": block("<log>bye</log>"),
    }
    assert run(documents, "hangup").lines == ["input: hangup", "submit: GET http://test/to.vxml", "log: bye"]


def test_final_processing_ends_where_the_caller_would_be_waited_for() -> None:
    document = vxml(
        f"<catch event='connection.disconnect'><log>gone</log></catch><form><field name='f'>{ONE}</field></form>"
    )
    ended = run(document, "hangup")
    assert (ended.logs, ended.status) == (["gone"], 0)


def test_nobody_hears_prompts_after_the_call() -> None:
    document = vxml(f"<catch event='connection.disconnect'>too late</catch><form><field name='f'>{ONE}</field></form>")
    assert run(document, "hangup").prompts == []


def test_disconnect_throws_and_goes_on() -> None:
    document = vxml(
        "<catch event='connection.disconnect.hangup'><log>gone</log></catch><form><block>bye<disconnect/></block><block><log>still</log></block></form>"
    )
    assert run(document).lines == ["prompt: bye", "disconnect", "log: gone", "log: still"]


def test_disconnect_tells_the_platform_its_namelist() -> None:
    assert run(block("<var name='x' expr='1'/><disconnect namelist='x'/>")).lines == ["disconnect x=1"]


def test_when_the_list_is_used_up_the_caller_hangs_up() -> None:
    assert run(vxml(f"<form><field name='f'>{ONE}</field></form>")).lines == ["input: hangup"]


def test_a_handler_of_hang_ups_that_hangs_up_ends_the_session() -> None:
    handler = "<catch event='connection.disconnect'><log>gone</log><disconnect/></catch>"
    ended = run(vxml(f"{handler}<form><field name='f'>{ONE}</field></form>"), "hangup")
    assert (ended.logs, ended.status) == (["gone"], 0)


@pytest.mark.parametrize(("method", "names"), [("get", []), ("post", ["r"])])
def test_a_recording_is_submitted_unasked_only_where_there_is_a_body(method: str, names: list[str]) -> None:
    document = vxml(f"<form><record name='r'/><block><submit next='to' method='{method}'/></block></form>")
    assert [name for name, _ in run(document, "#").shelf.asked[1].fields] == names
