from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.sip.digest import Challenge, Credentials, answer, authorization, parse_challenge, strongest
from mirabelle.sip.error import SipError
from mirabelle.sip.headers import Headers
from mirabelle.sip.message import Request, Response

MUFASA = Credentials("Mufasa", "Circle of Life")


def response_of(value: str) -> str:
    return value.split('response="')[1].split('"')[0]


def test_the_example_of_rfc_7616_for_md5() -> None:
    challenge = Challenge(
        "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "MD5", ("auth", "auth-int"), "FQhe/qaU"
    )
    value = authorization(
        challenge,
        MUFASA,
        method="GET",
        uri="/dir/index.html",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert response_of(value) == "8ca523f5e9506fed4657c9700eebdbec"


def test_the_example_of_rfc_7616_for_sha_256() -> None:
    challenge = Challenge(
        "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "SHA-256", ("auth",), "FQhe/qaU"
    )
    value = authorization(
        challenge,
        MUFASA,
        method="GET",
        uri="/dir/index.html",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert response_of(value) == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"


def test_the_example_of_rfc_2617() -> None:
    challenge = Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "MD5", ("auth",), "5ccc")
    value = authorization(
        challenge, Credentials("Mufasa", "Circle Of Life"), method="GET", uri="/dir/index.html", cnonce="0a4f113b"
    )
    assert response_of(value) == "6629fae49393a05397450978507c4ef1"


def test_a_session_algorithm_mixes_nonce_and_cnonce_into_the_secret() -> None:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    value = authorization(
        Challenge("r", "n", "MD5-SESS", ("auth",)),
        Credentials("u", "p"),
        method="BYE",
        uri="sip:x",
        cnonce="c",
        count=2,
    )
    secret = md5(md5("u:r:p") + ":n:c")
    assert response_of(value) == md5(f"{secret}:n:00000002:c:auth:{md5('BYE:sip:x')}")
    assert "algorithm=MD5-sess" in value
    assert "nc=00000002" in value


def test_without_a_quality_the_old_form_is_used() -> None:
    value = authorization(Challenge("r", "n"), Credentials("u", "p"), method="BYE", uri="sip:x", cnonce="c")
    assert "qop" not in value
    assert "cnonce" not in value


def test_auth_int_covers_the_body() -> None:
    challenge = Challenge("r", "n", "MD5", ("auth-int",))
    values = {
        authorization(challenge, Credentials("u", "p"), method="A", uri="b", cnonce="c", body=body)
        for body in (b"", b"x")
    }
    assert len(values) == 2


def test_a_challenge_yields_its_parts() -> None:
    text = 'Digest realm="a, \\"b\\"", nonce="n=1" ,stale=TRUE, algorithm=md5, qop="auth,auth-int", opaque=""'
    assert parse_challenge(text) == Challenge('a, "b"', "n=1", "MD5", ("auth", "auth-int"), "", True)


@pytest.mark.parametrize("text", ["Basic realm=x", "Digest realm=x", "", "NoOneKnowsThisScheme opaque-data=here"])
def test_what_is_no_digest_challenge_is_refused(text: str) -> None:
    with pytest.raises(SipError):
        parse_challenge(text)


def test_the_strongest_algorithm_is_chosen() -> None:
    offered = [Challenge("r", "n", name) for name in ("MD5", "SHA-512-256", "SHA-256", "MD5-SESS")]
    chosen = strongest(offered)
    assert chosen is not None
    assert chosen.algorithm == "SHA-256"


def test_what_we_cannot_compute_is_not_chosen() -> None:
    assert strongest([Challenge("r", "n", "SHA-999"), Challenge("r", "n", "MD5", ("auth-conf",))]) is None


def challenged(*values: tuple[str, str]) -> Response:
    return Response(Headers(values), b"", 401, "Unauthorized")


REQUEST = Request(Headers(), b"", "INVITE", "sip:x@y")


def test_each_realm_is_answered_in_its_own_field() -> None:
    response = challenged(
        ("WWW-Authenticate", 'Digest realm="a", nonce="1", algorithm=SHA-256'),
        ("WWW-Authenticate", 'Digest realm="a", nonce="2"'),
        ("Proxy-Authenticate", 'Digest realm="b", nonce="3"'),
        ("WWW-Authenticate", 'Basic realm="c"'),
    )
    fields, realms = answer(REQUEST, response, MUFASA, "c", refused=frozenset())
    assert [name for name, _ in fields] == ["Authorization", "Proxy-Authorization"]
    assert 'nonce="1"' in fields[0][1]
    assert realms == {"a", "b"}


def test_challenges_that_share_a_field_are_read_one_by_one() -> None:
    response = challenged(
        (
            "WWW-Authenticate",
            'NTLM, Basic realm="x, Digest y=1", Digest\trealm="a", nonce="1", Digest realm="b", nonce="2"',
        ),
    )
    fields, realms = answer(REQUEST, response, MUFASA, "c", refused=frozenset())
    assert ['nonce="1"' in fields[0][1], 'nonce="2"' in fields[1][1]] == [True, True]
    assert realms == {"a", "b"}


@given(st.text('Digest nonce=,"\\a1\t', max_size=80))
def test_any_challenge_is_answered_or_passed_over(text: str) -> None:
    fields, _ = answer(REQUEST, challenged(("WWW-Authenticate", text)), MUFASA, "c", refused=frozenset())
    assert all(value.startswith("Digest ") for _, value in fields)


def test_a_second_challenge_means_a_wrong_password_unless_the_nonce_was_stale() -> None:
    again = challenged(("WWW-Authenticate", 'Digest realm="a", nonce="2"'))
    stale = challenged(("WWW-Authenticate", 'Digest realm="a", nonce="2", stale=true'))
    assert not answer(REQUEST, again, MUFASA, "c", refused=frozenset({"a"}))[0]
    assert answer(REQUEST, stale, MUFASA, "c", refused=frozenset({"a"}))[0]


def test_a_password_is_never_shown() -> None:
    assert "Circle" not in repr(MUFASA)
