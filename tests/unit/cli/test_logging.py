from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from mirabelle.cli.logging import _TALKATIVE, HIDDEN, LogFormat, configure, discretion, guard


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    "text",
    [
        "dialled +16175550123 now",
        "tel:617-555-0123",
        "INVITE sip:6175550123@10.0.0.1",
        "+1 (617) 555-0123",
        "number 6175550123",
        "GET /start?phone_number=%2B16175550123",
    ],
)
def test_a_number_in_a_text_is_hidden(text: str) -> None:
    event = guard(log_numbers=True)(None, "info", {"event": text})
    assert HIDDEN in event["event"]
    assert "555" not in event["event"]


@pytest.mark.parametrize("text", ["call 112850593 ended", "127.0.0.1:5060", "2026-11-23T12:00:00.123456Z", "4f2a1c88"])
def test_other_figures_stay(text: str) -> None:
    assert guard(log_numbers=True)(None, "info", {"event": text})["event"] == text


def test_a_tagged_number_stays_unless_numbers_are_not_to_be_logged() -> None:
    event = {"event": "call_queued", "phone_number": "+16175550123"}
    assert guard(log_numbers=True)(None, "info", dict(event)) == event
    assert guard(log_numbers=False)(None, "info", dict(event)) == {"event": "call_queued"}


def test_secrets_never_come_out() -> None:
    event = guard(log_numbers=True)(
        None, "info", {"pin": "98765432", "form": {"pin": "98765432"}, "url": "http://joe:swordfish@example.com/"}
    )
    assert "98765432" not in str(event)
    assert "swordfish" not in str(event)


def test_what_signs_results_never_comes_out() -> None:
    event = guard(log_numbers=True)(
        None, "info", {"signing_secret": "c2VjcmV0", "error": "Bad secret 'whsec_c2Vj/mV0='"}
    )
    assert event == {"signing_secret": "(hidden)", "error": "Bad secret '(hidden)'"}


def test_an_event_is_one_line_of_logfmt() -> None:
    stream = io.StringIO()
    configure(stream)
    structlog.get_logger("mirabelle.api").info("call_queued", call_id=7, phone_number="+16175550123")
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("timestamp=")
    assert "level=info logger=mirabelle.api event=call_queued" in line
    assert "call_id=7" in line
    assert "phone_number=+16175550123" in line


def test_an_event_is_one_line_of_json() -> None:
    stream = io.StringIO()
    configure(stream, log_format=LogFormat.JSON, log_numbers=False)
    structlog.get_logger("mirabelle.api").info("call_queued", call_id=7, phone_number="+16175550123")
    event = json.loads(stream.getvalue())
    assert (event["event"], event["call_id"], event["level"]) == ("call_queued", 7, "info")
    assert "phone_number" not in event


def test_the_libraries_log_the_same_way() -> None:
    stream = io.StringIO()
    configure(stream, log_format=LogFormat.JSON)
    logging.getLogger("uvicorn").warning("cannot reach %s", "+16175550123")
    event = json.loads(stream.getvalue())
    assert (event["event"], event["logger"]) == (f"cannot reach {HIDDEN}", "uvicorn")


@pytest.mark.parametrize(("level", "lines"), [("DEBUG", 1), ("INFO", 0), ("ERROR", 0)])
def test_the_libraries_are_quiet_unless_everything_is_wanted(level: str, lines: int) -> None:
    stream = io.StringIO()
    configure(stream, level=level)
    logging.getLogger("uvicorn.error").info("Started server process")
    assert len(stream.getvalue().splitlines()) == lines


def test_a_traceback_is_on_the_line_and_clean() -> None:
    stream = io.StringIO()
    configure(stream)
    try:
        raise RuntimeError("no answer from +16175550123")
    except RuntimeError:
        structlog.get_logger("mirabelle").exception("broken")
    (line,) = stream.getvalue().splitlines()
    assert "RuntimeError: no answer from (hidden)" in line


def test_what_is_below_the_level_is_not_logged() -> None:
    stream = io.StringIO()
    configure(stream, level="WARNING")
    structlog.get_logger("mirabelle").info("quiet")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("event", "hidden"),
    [
        ({"event": "digit", "key": "4"}, {"event": "digit", "key": HIDDEN}),
        ({"event": "prompt", "text": "Hello Ann"}, {"event": "prompt", "text": HIDDEN}),
        ({"event": "submit", "text": "POST http://x/ card=4111"}, {"event": "submit", "text": HIDDEN}),
        ({"event": "fetch", "url": "http://x/?card=4111"}, {"event": "fetch", "url": f"http://x/?{HIDDEN}"}),
        ({"event": "fetch", "url": "http://x/start"}, {"event": "fetch", "url": "http://x/start"}),
        ({"event": "thrown", "text": "noinput"}, {"event": "thrown", "text": "noinput"}),
    ],
)
def test_what_is_said_and_pressed_on_a_call_is_hidden(event: dict[str, str], hidden: dict[str, str]) -> None:
    assert discretion(None, "info", dict(event)) == hidden


def test_the_conversation_is_logged_only_where_that_is_wanted() -> None:
    for wanted in (True, False):
        stream = io.StringIO()
        configure(stream, log_format=LogFormat.JSON, log_content=wanted)
        structlog.get_logger("x").info("digit", key="4")
        assert json.loads(stream.getvalue())["key"] == ("4" if wanted else HIDDEN)
