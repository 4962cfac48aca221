from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.sip.error import SipError
from mirabelle.sip.fields import CSeq, NameAddr, split_values
from mirabelle.sip.headers import Headers
from mirabelle.sip.message import MalformedRequest, Request, Response, parse

INVITE = (
    b"INVITE sip:bob@example.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\n"
    b"Max-Forwards: 70\r\n"
    b'From: "Alice, A." <sip:alice@example.com>;tag=a1\r\n'
    b"To: <sip:bob@example.com>\r\n"
    b"Call-ID: id@example.com\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Contact: <sip:alice@192.0.2.1>\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"body"
)


def request(data: bytes) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def test_a_request_yields_its_fields() -> None:
    message = request(INVITE)
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:bob@example.com", b"body")
    assert (message.via.transport, message.via.host, message.via.port) == ("UDP", "192.0.2.1", 5060)
    assert message.via.branch == "z9hG4bK1"
    assert message.from_ == NameAddr("sip:alice@example.com", "Alice, A.", {"tag": "a1"})
    assert message.to.tag == ""
    assert message.cseq == CSeq(1, "INVITE")
    assert message.contact == NameAddr("sip:alice@192.0.2.1")


def test_a_response_yields_status_and_phrase() -> None:
    message = parse(INVITE.replace(b"INVITE sip:bob@example.com SIP/2.0", b"SIP/2.0 486 Busy Here", 1))
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (486, "Busy Here")


@pytest.mark.parametrize("line", [b"SIP/2.0 200 ", b"SIP/2.0 200", b"sip/2.0  200"])
def test_a_phrase_may_be_missing(line: bytes) -> None:
    message = parse(INVITE.replace(b"INVITE sip:bob@example.com SIP/2.0", line, 1))
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (200, "")


@pytest.mark.parametrize(
    ("written", "name"),
    [("v", "Via"), ("f", "from"), ("T", "TO"), ("i", "Call-Id"), ("m", "contact"), ("l", "content-length")],
)
def test_compact_names_are_names_in_any_case(written: str, name: str) -> None:
    headers = Headers([(written, "x")])
    assert headers.get(name) == "x"
    assert headers[written.swapcase()] == "x"
    assert name in headers


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\r\n", b"\n"),
        (b"From: ", b"From  :\t"),
        (b"From: ", b"f:"),
        (b"CSeq: 1 INVITE", b"cseq: 0001\r\n   INVITE"),
        (b"Via: SIP/2.0/UDP ", b"v:  SIP  / 2.0 /\r\n UDP  "),
        (b";branch=z9hG4bK1", b" ;\r\n\tbranch  =  z9hG4bK1 "),
        (b"INVITE sip", b"\r\n\r\nINVITE sip"),
        (b"Content-Length: 4\r\n", b""),
        (b"Content-Length: 4", b"Content-Length: 4\r\nContent-Length:4"),
        (b"Content-Length: 4", b"junk without a colon\r\nContent-Length: 4"),
        (b"body", b"bodyand more that is dropped"),
        (b"To: ", b"X-Bytes: \xff\xfe\x00\r\nTo: "),
        (b";tag=a1", b" ; tag = a1 ;;"),
    ],
)
def test_careless_writing_is_read_all_the_same(before: bytes, after: bytes) -> None:
    message = request(INVITE.replace(before, after, 1 if before != b"\r\n" else -1))
    assert message.via.branch == "z9hG4bK1"
    assert message.from_.tag == "a1"
    assert message.cseq.number == 1
    assert message.body[:4] == b"body"


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia", 505),
        (b"CSeq: 1 INVITE", b"CSeq: 1 ACK", 400),
        (b"CSeq: 1 INVITE", b"CSeq: 4294967296 INVITE", 400),
        (b"CSeq: 1 INVITE", b"CSeq: one INVITE", 400),
        (b"CSeq: 1 INVITE", b"CSeq: 1 INVITE\r\nCSeq: 2 INVITE", 400),
        (b"Call-ID: id@example.com\r\n", b"", 400),
        (b"To: <sip:bob@example.com>\r\n", b"", 400),
        (b"From: ", b'From: "unterminated ', 400),
        (b"Content-Length: 4", b"Content-Length: 5", 400),
        (b"Content-Length: 4", b"Content-Length: -1", 400),
        (b"Content-Length: 4", b"Content-Length: 4\r\nl: 3", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 256", 400),
        (b"Via: ", b"X-Via: ", 400),
        (b"Via: SIP/2.0/UDP 192.0.2.1:5060", b"Via: SIP/2.0/UDP 192.0.2.1:65536", 400),
        (b"sip:bob@example.com SIP", b"<sip:bob@example.com> SIP", 400),
        (b"sip:bob@example.com SIP", b"sip:bob@example.com; lr SIP", 400),
        (b"sip:bob@example.com SIP", b" sip:bob@example.com  SIP", 400),
        (b"SIP/2.0\r\nVia", b"SIP/2.0 \r\nVia", 400),
        (b"sip:bob@example.com SIP", b"sip:bob@example.com?Route=%3Csip:example.com%3E SIP", 400),
        (b"Contact: <sip:alice@192.0.2.1>", b"Contact: sip:alice@192.0.2.1?Route=x", 400),
    ],
)
def test_a_broken_request_says_how_to_answer_it(before: bytes, after: bytes, status: int) -> None:
    with pytest.raises(MalformedRequest) as caught:
        parse(INVITE.replace(before, after, 1))
    assert caught.value.status == status
    assert caught.value.request.method == "INVITE"


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"hello", b"GET / HTTP/1.1\r\n\r\n", b"SIP/2.0 99 x\r\n\r\n", b"SIP/2.0 700 x\r\n\r\n"]
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(SipError):
        parse(data)


def test_a_datagram_can_be_too_large() -> None:
    with pytest.raises(SipError, match="longer than 65536 bytes"):
        parse(INVITE + b"x" * 65_536)


def test_a_message_can_have_too_many_fields() -> None:
    with pytest.raises(SipError, match="more than 512"):
        parse(INVITE.replace(b"Max", b"X: 1\r\n" * 512 + b"Max", 1))


def test_several_values_may_stand_in_one_field_or_in_several() -> None:
    headers = Headers([("Route", '<sip:a;lr>, "b, c" <sip:b>'), ("route", "<sip:d,e>")])
    assert headers.values("ROUTE") == ["<sip:a;lr>", '"b, c" <sip:b>', "<sip:d,e>"]
    assert headers.all("route") == ['<sip:a;lr>, "b, c" <sip:b>', "<sip:d,e>"]


@pytest.mark.parametrize("text", ['"open', "<sip:a", 'x, "a\\"'])
def test_an_open_quote_or_bracket_is_an_error(text: str) -> None:
    with pytest.raises(SipError):
        split_values(text)


def test_a_line_break_cannot_be_smuggled_into_a_field() -> None:
    with pytest.raises(SipError):
        Headers().add("Subject", "x\r\nVia: forged")


def test_set_replaces_every_field_of_that_name() -> None:
    headers = Headers([("Via", "1"), ("To", "x"), ("v", "2")])
    headers.set("Via", "3")
    assert list(headers) == [("Via", "3"), ("To", "x")]


def test_a_quoted_name_keeps_its_escapes_apart() -> None:
    message = request(INVITE.replace(b'"Alice, A."', b'"J \\\\\\" <x>, y"', 1))
    assert message.from_.display == 'J \\" <x>, y'
    assert message.from_.uri == "sip:alice@example.com"


_TOKEN = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=12)
_VALUE = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=40).map(
    lambda text: text.strip()
)


@given(
    method=_TOKEN,
    fields=st.lists(st.tuples(_TOKEN.map("X-".__add__), _VALUE), max_size=8),
    body=st.binary(max_size=200),
    display=_VALUE,
)
def test_what_is_written_is_read_again(method: str, fields: list[tuple[str, str]], body: bytes, display: str) -> None:
    headers = Headers([("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")])
    headers.add("From", str(NameAddr("sip:a@example.com", display, {"tag": "1"})))
    headers.add("To", "<sip:b@example.com>")
    headers.add("Call-ID", "x")
    headers.add("CSeq", f"7 {method}")
    for name, value in fields:
        headers.add(name, value)
    message = Request(headers, body, method, "sip:b@example.com;x=y")
    again = request(message.encode())
    assert (again.method, again.uri, again.body) == (method, message.uri, body)
    assert list(again.headers)[:-1] == list(headers)
    assert again.from_.tag == "1"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    with suppress(SipError):
        parse(data)


@given(st.data())
def test_a_damaged_message_is_a_message_or_an_error(data: st.DataObject) -> None:
    damaged = bytearray(INVITE)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        message = parse(bytes(damaged))
    except SipError:
        return
    parse(message.encode())


@pytest.mark.parametrize(
    "value",
    [
        b"x" + b" " * 60_000 + b'"<',
        b"<" + b" " * 60_000,
        b'"' + b"\\" * 60_000,
        b"<sip:a@b>" + b";" * 60_000 + b"=",
        b"<sip:a@b>;" + b" " * 60_000 + b'"',
        b"sip:" + b"a:" * 30_000,
        b'"a" ' * 15_000,
        b"a" * 60_000 + b"\r\n" + b" " * 1000,
    ],
)
@pytest.mark.parametrize("name", [b"From", b"Via", b"Contact", b"CSeq", b"X"])
@pytest.mark.timeout(5)
def test_no_long_field_takes_long_to_read(name: bytes, value: bytes) -> None:
    with suppress(SipError):
        parse(INVITE.replace(b"\r\n" + name + b": ", b"\r\n" + name + b": " + value, 1))
