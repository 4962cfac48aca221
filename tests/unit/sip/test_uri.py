from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.sip.error import SipError
from mirabelle.sip.uri import hostport, parse, sip_uri


@pytest.mark.parametrize(
    ("text", "user", "host", "port"),
    [
        ("sip:example.com", "", "example.com", None),
        ("SIP:bob@EXAMPLE.com:5070", "bob", "example.com", 5070),
        ("sips:bob:secret@example.com;transport=tcp?subject=x", "bob", "example.com", None),
        ("sip:+16175550123;ext=5@example.com;user=phone", "+16175550123;ext=5", "example.com", None),
        ("sip:a?b,c/d;;*:&it@192.0.2.1", "a?b,c/d;;*", "192.0.2.1", None),
        ("sip:bob@[2001:db8::1]:5060;lr", "bob", "[2001:db8::1]", 5060),
        ("sip:sips%3Auser%40example.com@example.net", "sips%3Auser%40example.com", "example.net", None),
    ],
)
def test_a_sip_uri_yields_its_parts(text: str, user: str, host: str, port: int | None) -> None:
    uri = parse(text)
    assert (uri.user, uri.host, uri.port) == (user, host, port)


def test_parameters_match_in_any_case_and_escaped() -> None:
    uri = parse("sip:a@b;LR;%6C%72x=v%41;n=")
    assert uri.parameter("lr") == ""
    assert uri.parameter("lrx") == "vA"
    assert uri.parameter("n") == ""
    assert uri.parameter("none") is None


@pytest.mark.parametrize(
    "text", ["tel:+1-617", "isbn:2983792873", "http://example.com/a", "soap.beep://192.0.2.103:3002"]
)
def test_another_scheme_is_kept_as_it_is(text: str) -> None:
    uri = parse(text)
    assert not uri.is_sip
    assert str(uri) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bob",
        "sip:",
        "sip:@example.com",
        "sip:bob@",
        "sip:bob@ex ample",
        "<sip:a@b>",
        "sip:a@b:99999",
        "sip:a@b:x",
        "tel:",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(SipError):
        parse(text)


def test_a_user_that_needs_escapes_gets_them() -> None:
    assert str(sip_uri("a b@c<", "2001:db8::1", 5060)) == "sip:a%20b%40c%3C@[2001:db8::1]:5060"
    assert sip_uri("a b", "h").unescaped_user == "a b"


@pytest.mark.parametrize(("text", "found"), [("a.b", ("a.b", None)), ("A:1", ("a", 1)), ("[::1]:2", ("[::1]", 2))])
def test_a_host_may_have_a_port(text: str, found: tuple[str, int | None]) -> None:
    assert hostport(text) == found


@given(st.text(max_size=60))
def test_any_text_is_a_uri_or_an_error(text: str) -> None:
    try:
        uri = parse(text)
    except SipError:
        return
    assert parse(str(uri)) == uri
