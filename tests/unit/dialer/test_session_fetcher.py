from email import message_from_bytes

import pytest

from mirabelle.dialer.session_fetcher import SessionFetcher, content, multipart
from mirabelle.fetch.request import FetchError, Request, Response
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed


class Web:
    """Answers every request alike, and remembers it."""

    def __init__(self, error: FetchError | None = None) -> None:
        self.asked: list[Request] = []
        self._error = error

    async def fetch(self, request: Request) -> Response:
        self.asked.append(request)
        if self._error is not None:
            raise self._error
        return Response(url=request.url, status=200, content_type="text/xml", body=b"<vxml/>", headers={})


async def test_a_form_is_posted_urlencoded() -> None:
    web = Web()
    reply = await SessionFetcher(web).fetch(
        Fetch("http://example.org/", method="post", fields=(("a", "1 2"), ("b", "é&")))
    )
    assert reply == Fetched("http://example.org/", 200, "text/xml", b"<vxml/>")
    assert (web.asked[0].method, web.asked[0].body) == ("POST", b"a=1+2&b=%C3%A9%26")


async def test_cookies_belong_to_one_session() -> None:
    web = Web()
    first, second = SessionFetcher(web), SessionFetcher(web)
    for fetcher in (first, first, second):
        await fetcher.fetch(Fetch("http://example.org/"))
    jars = [request.cookies for request in web.asked]
    assert jars[0] is jars[1]
    assert jars[0] is not jars[2]


@pytest.mark.parametrize(
    ("reason", "timeout", "unsupported"), [("timeout", True, False), ("scheme", False, True), ("refused", False, False)]
)
async def test_a_failure_is_a_reply(reason: str, timeout: bool, unsupported: bool) -> None:
    web = Web(FetchError("http://example.org/", reason, "it is away."))  # type: ignore[arg-type]
    reply = await SessionFetcher(web).fetch(Fetch("http://example.org/"))
    assert isinstance(reply, FetchFailed)
    assert (reply.timeout, reply.unsupported) == (timeout, unsupported)


def test_a_get_has_no_body() -> None:
    assert content(Fetch("http://example.org/?a=1", fields=(("a", "1"),))) == (None, "")


def test_a_body_of_the_applications_own_goes_as_it_is() -> None:
    request = Fetch("http://example.org/", method="post", body=b"{}", enctype="application/json")
    assert content(request) == (b"{}", "application/json")


def test_a_recording_makes_the_form_multipart() -> None:
    body, kind = content(Fetch("http://example.org/", method="post", fields=(("a", "1"), ("said", b"\x00\r\n\xff"))))
    assert body is not None
    parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body).get_payload()
    assert isinstance(parts, list)
    found = [(part.get_param("name", header="Content-Disposition"), part.get_payload(decode=True)) for part in parts]  # type: ignore[union-attr]
    assert found == [("a", b"1"), ("said", b"\x00\r\n\xff")]


def test_a_name_cannot_break_out_of_its_header() -> None:
    body, _ = multipart((('a"\r\nX: y', "1"),), boundary="b")
    assert b'name="a%22%0D%0AX: y"' in body
