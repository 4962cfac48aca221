from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.api.form import FormError, Part, parse, read_body

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=xyz"


def part(head: str, value: str = "v") -> str:
    return f"--xyz\r\n{head}\r\n\r\n{value}\r\n"


def named(name: str, value: str = "v") -> str:
    return part(f'Content-Disposition: form-data; name="{name}"', value)


def test_a_urlencoded_form_is_taken_apart() -> None:
    parts = parse(b"login=user&call_parameters=a%3D1%26b+c&empty=\r\n", URLENCODED + "; charset=utf-8")
    assert parts == (Part("login", b"user"), Part("call_parameters", b"a=1&b c"), Part("empty", b""))


def test_a_multipart_form_is_taken_apart() -> None:
    file = part('Content-Disposition: form-data; name="f"; filename="a.csv"\r\nContent-Type: text/csv', "1,2\r\n3")
    body = named("login", "usér") + file + "--xyz--\r\n"
    assert parse(body.encode(), MULTIPART) == (Part("login", "usér".encode()), Part("f", b"1,2\r\n3", "a.csv"))


def test_names_without_quotes_and_a_boundary_with_them_are_fine() -> None:
    body = (
        part("Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=login", "u") + "--xyz--"
    )
    assert parse(body.encode(), 'multipart/form-data; boundary="xyz"') == (Part("login", b"u"),)


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        ("x=1", "application/json", "application/x-www-form-urlencoded or multipart/form-data"),
        ("x=1", "", "say so in Content-Type"),
        ("x=1", "multipart/form-data", "without its boundary"),
        ("garbage", MULTIPART, "malformed"),
        ("", MULTIPART, "breaks off"),
        (named("login"), MULTIPART, "breaks off"),
        (part("Content-Type: text/plain") + "--xyz--", MULTIPART, "has no name"),
        (part("Content-Disposition: attachment") + "--xyz--", MULTIPART, "has no name"),
        (
            part('Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64') + "--xyz--",
            MULTIPART,
            "Content-Transfer-Encoding",
        ),
        ("".join(named(f"f{n}") for n in range(65)) + "--xyz--", MULTIPART, "more than 64 fields"),
        ("&".join(f"f{n}=" for n in range(65)), URLENCODED, "more than 64 fields"),
        ("&" * 1000, URLENCODED, "more than 64 fields"),
        ("x" * 129 + "=1", URLENCODED, "name is longer"),
        ("%ff=1", URLENCODED, "name is not UTF-8"),
    ],
)
def test_what_is_no_form_is_refused(body: str, content_type: str, said: str) -> None:
    with pytest.raises(FormError, match=said):
        parse(body.encode(), content_type)


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 1000


async def test_a_body_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(FormError, match="larger than 65536 bytes"):
        await read_body(endless())


@given(st.lists(st.tuples(st.text(min_size=1, max_size=20), st.text(max_size=50)), max_size=20))
def test_a_form_reads_back(fields: list[tuple[str, str]]) -> None:
    body = urlencode(fields).encode()
    assert [(each.name, each.data.decode()) for each in parse(body, URLENCODED)] == fields


@given(st.binary(max_size=400), st.sampled_from([URLENCODED, MULTIPART]))
def test_any_bytes_are_a_form_or_refused(body: bytes, content_type: str) -> None:
    for whole in (body, b"--xyz\r\n" + body + b"\r\n--xyz--"):
        with contextlib.suppress(FormError):
            parse(whole, content_type)
