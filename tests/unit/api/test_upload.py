from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import pytest

from mirabelle.api import upload
from mirabelle.api.form import FormError
from mirabelle.api.upload import Upload, receive

LIST = b"+16175550123,ref\n" * 1_000
FORM = "application/x-www-form-urlencoded"


async def pieces(body: bytes, size: int = 1_000) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


def multipart(files: Iterable[tuple[str, Any]]) -> tuple[bytes, str]:
    request = httpx.Request("POST", "http://mirabelle.test", files=list(files))
    return request.read(), request.headers["content-type"]


async def received(body: bytes, content_type: str, clock: Any, *, most: int = 1_000_000, size: int = 1_000) -> Upload:
    return await receive(pieces(body, size), content_type, most=most, clock=clock)


def content(found: Upload) -> bytes | None:
    if found.file is None:
        return None
    with found.file as file:
        return file.read()


@pytest.mark.parametrize("name", ["phone_list", "phone_number_list", "phone_numbers", "file", "upload"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("size", [7, 100_000])
async def test_the_list_goes_to_a_file_wherever_it_stands(clock: Any, name: str, first: bool, size: int) -> None:
    file, field = (name, ("list.csv", LIST)), ("login", (None, "user"))
    found = await received(*multipart([file, field] if first else [field, file]), clock, size=size)
    assert [(part.name, part.data) for part in found.parts] == [("login", b"user")]
    assert content(found) == LIST
    assert not found.form_text


async def test_a_list_in_a_text_field_does_as_well(clock: Any) -> None:
    found = await received(*multipart([("phone_list", (None, LIST))]), clock)
    assert content(found) == LIST


async def test_a_urlencoded_list_does_as_well(clock: Any) -> None:
    found = await received(b"login=user&phone_list=%2B1%0D%0A%2B2", FORM, clock)
    assert (content(found), found.form_text) == (b"+1\r\n+2", True)
    assert [part.name for part in found.parts] == ["login"]


async def test_no_list_is_no_file(clock: Any) -> None:
    assert content(await received(b"login=user", FORM, clock)) is None


@pytest.mark.parametrize("size", [100, 1_000_000])
async def test_two_lists_are_refused(clock: Any, size: int) -> None:
    with pytest.raises(FormError, match="more than one list"):
        await received(*multipart([("file", ("a", b"1")), ("upload", ("b", b"2"))]), clock, size=size)
    with pytest.raises(FormError, match="more than one list"):
        await received(b"file=1&upload=2", FORM, clock)


async def test_a_body_that_is_too_large_is_refused_where_it_becomes_so(clock: Any) -> None:
    with pytest.raises(FormError, match="larger than 5000 bytes"):
        await received(*multipart([("file", ("a", LIST))]), clock, most=5_000)


async def test_a_urlencoded_form_has_a_limit_of_its_own(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_FORM_TEXT", 1_000)
    with pytest.raises(FormError, match="larger than 1000 bytes"):
        await received(b"phone_list=" + b"1" * 2_000, FORM, clock)


async def test_fields_beside_the_list_stay_small(clock: Any) -> None:
    with pytest.raises(FormError, match="larger than 65536 bytes together"):
        await received(*multipart([("login", (None, "x" * 70_000))]), clock)


async def test_headers_of_a_part_stay_small(clock: Any) -> None:
    body = b"--b\r\nContent-Disposition: form-data; name=a; x=" + b"x" * 70_000
    with pytest.raises(FormError, match=r"larger than|malformed"):
        await received(body, "multipart/form-data; boundary=b", clock)


async def test_a_form_that_breaks_off_is_refused(clock: Any) -> None:
    body, content_type = multipart([("file", ("a", LIST))])
    with pytest.raises(FormError, match="breaks off"):
        await received(body[:-30], content_type, clock)


async def test_a_client_that_falls_silent_is_given_up(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "CHUNK_SECONDS", 0.01)

    async def silent() -> AsyncIterator[bytes]:
        yield b"login=user"
        await asyncio.Event().wait()

    with pytest.raises(FormError, match="Nothing more"):
        await receive(silent(), FORM, most=1_000, clock=clock)


async def test_a_client_that_drips_is_given_up(clock: Any) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        while True:
            clock.seconds += 20
            yield b"x"

    with pytest.raises(FormError, match="bytes a second"):
        await receive(dripping(), FORM, most=1_000_000, clock=clock)
