from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import pytest

from mirabelle.api import preflight
from mirabelle.api.preflight import Preflight, PreflightBusy, judged, read
from mirabelle.fetch.request import FetchError, Request, Response

START, RESULT = "http://example.com/start", "http://example.com/result"
GOOD = b'<?xml version="1.0"?><vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form/></vxml>'
BAD = b'<?xml version="1.0"?>\n<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">\n<formm/>\n</vxml>'


class Hours:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        raise AssertionError("nobody needs the date")

    def monotonic(self) -> float:
        return self.seconds


def response(url: str, status: int = 200, body: bytes = GOOD) -> Response:
    return Response(url=url, status=status, content_type="text/xml", body=body, headers={})


class Web:
    """Answers, and writes down what it was asked; `gate` holds answers back."""

    def __init__(self, answer: Callable[[str], Response] = response) -> None:
        self.asked: list[Request] = []
        self.answer = answer
        self.arrived = asyncio.Semaphore(0)
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, request: Request) -> Response:
        self.asked.append(request)
        self.arrived.release()
        await self.gate.wait()
        return self.answer(request.url)


@pytest.fixture
def hours() -> Hours:
    return Hours()


def checks(web: Web, hours: Hours) -> Preflight:
    return Preflight(web, hours, timeout=5)


class TestWhatAnAnswerMeans:
    def test_200_is_fine(self) -> None:
        assert judged("start_url", START, response(START), 0.1).good

    @pytest.mark.parametrize("status", [204, 301, 404, 500])
    def test_any_other_status_is_a_fault_with_address_status_and_time(self, status: int) -> None:
        (fault,) = judged("start_url", START, response(START, status), 0.25).faults
        assert fault.field == "start_url"
        assert fault.reason == f"GET {START} was answered with HTTP status {status} after 0.2 s; 200 is needed."

    def test_where_a_redirect_led_is_told(self) -> None:
        (fault,) = judged("result_url", RESULT, response("http://example.com/moved", 404), 1).faults
        assert "404 at http://example.com/moved after 1.0 s" in fault.reason

    def test_no_answer_is_a_fault_with_address_reason_and_time(self) -> None:
        error = FetchError(START, "timeout", "no complete answer within 5 s.")
        (fault,) = judged("start_url", START, error, 5.0).faults
        assert fault.reason == f"GET {START} failed after 5.0 s: no complete answer within 5 s."

    def test_a_document_is_no_warning(self) -> None:
        assert read(GOOD, START) == preflight.Finding()

    def test_what_is_no_document_is_a_warning_with_its_line(self) -> None:
        (warning,) = read(BAD, START).warnings
        assert (warning.field, warning.line) == ("start_url", 3)
        assert "formm" in warning.reason

    @pytest.mark.parametrize("body", [b"", b"OK", b"\xff\xfe", b"<a>" * 5_000])
    def test_anything_at_all_is_read_without_an_exception(self, body: bytes) -> None:
        assert read(body, START).warnings


async def test_both_are_asked_once_with_get_and_no_variables(hours: Hours) -> None:
    web = Web()
    finding = await checks(web, hours).check(START, RESULT)
    assert (finding.faults, finding.warnings) == ((), ())
    assert [(each.url, each.method, each.form, each.body, each.timeout) for each in web.asked] == [
        (START, "GET", None, None, 5),
        (RESULT, "GET", None, None, 5),
    ]


async def test_both_are_asked_at_once(hours: Hours) -> None:
    web = Web()
    web.gate.clear()
    running = asyncio.create_task(checks(web, hours).check(START, RESULT))
    await web.arrived.acquire()
    await web.arrived.acquire()
    web.gate.set()
    assert (await running).good


async def test_an_empty_result_url_is_not_asked(hours: Hours) -> None:
    web = Web()
    await checks(web, hours).check(START, "")
    assert [each.url for each in web.asked] == [START]


async def test_what_result_url_says_is_not_read(hours: Hours) -> None:
    web = Web(lambda url: response(url, body=GOOD if url == START else b"thanks"))
    assert (await checks(web, hours).check(START, RESULT)).warnings == ()


async def test_faults_of_both_are_told(hours: Hours) -> None:
    web = Web(lambda url: response(url, 500))
    finding = await checks(web, hours).check(START, RESULT)
    assert [fault.field for fault in finding.faults] == ["start_url", "result_url"]


async def test_a_burst_asks_once(hours: Hours) -> None:
    web = Web()
    checker = checks(web, hours)
    web.gate.clear()
    burst = [asyncio.create_task(checker.check(START, "")) for _ in range(50)]
    await asyncio.sleep(0)
    web.gate.set()
    await asyncio.gather(*burst)
    await checker.check(START, "")
    assert len(web.asked) == 1


async def test_a_warning_is_remembered_too(hours: Hours) -> None:
    web = Web(lambda url: response(url, body=BAD))
    checker = checks(web, hours)
    first, second = await checker.check(START, ""), await checker.check(START, "")
    assert first.warnings == second.warnings
    assert len(first.warnings) == len(web.asked) == 1


async def test_a_warning_is_forgotten_sooner(hours: Hours) -> None:
    web = Web(lambda url: response(url, body=BAD))
    checker = checks(web, hours)
    await checker.check(START, "")
    web.answer = response
    hours.seconds = preflight.WARNED_SECONDS + 1
    assert (await checker.check(START, "")).warnings == ()


async def test_after_a_while_it_is_asked_again(hours: Hours) -> None:
    web = Web()
    checker = checks(web, hours)
    await checker.check(START, "")
    hours.seconds = preflight.REMEMBERED_SECONDS + 1
    await checker.check(START, "")
    assert len(web.asked) == 2


async def test_a_failure_is_not_remembered(hours: Hours) -> None:
    web = Web(lambda url: response(url, 503))
    checker = checks(web, hours)
    assert not (await checker.check(START, "")).good
    web.answer = response
    assert (await checker.check(START, "")).good


async def test_one_who_gives_up_takes_nobody_with_him(hours: Hours) -> None:
    web = Web()
    checker = checks(web, hours)
    web.gate.clear()
    first, second = (asyncio.create_task(checker.check(START, "")) for _ in range(2))
    await web.arrived.acquire()
    first.cancel()
    web.gate.set()
    assert (await second).good


async def test_what_is_remembered_is_bounded(hours: Hours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "MOST_REMEMBERED", 2)
    web = Web()
    checker = checks(web, hours)
    for url in ("http://a/", "http://b/", "http://c/", "http://a/"):
        await checker.check(url, "")
    assert [each.url for each in web.asked] == ["http://a/", "http://b/", "http://c/", "http://a/"]


async def test_how_many_are_asked_at_once_is_bounded(hours: Hours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "MOST_AT_ONCE", 1)
    web = Web()
    checker = checks(web, hours)
    web.gate.clear()
    first = asyncio.create_task(checker.check("http://a/", ""))
    await web.arrived.acquire()
    with pytest.raises(PreflightBusy, match="in a moment"):
        await checker.check("http://b/", "")
    web.gate.set()
    assert (await first).good
    assert (await checker.check("http://b/", "")).good
