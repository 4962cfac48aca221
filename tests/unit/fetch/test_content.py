from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.fetch.content import Content
from mirabelle.fetch.request import FetchError

URL = "http://example.com/"


def bare_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def decoded(coding: str, data: bytes, piece: int = 7, most: int = 10_000) -> bytes:
    content = Content(URL, coding, most)
    for start in range(0, len(data), piece):
        content.add(data[start : start + piece])
    return content.finish()


@given(st.binary(max_size=2000), st.integers(1, 300))
def test_each_coding_brings_back_what_was_sent(data: bytes, piece: int) -> None:
    assert decoded("", data, piece) == data
    assert decoded("gzip", gzip.compress(data), piece) == data
    assert decoded("deflate", zlib.compress(data), piece) == data


def test_the_bare_deflate_of_some_servers_is_understood() -> None:
    assert decoded("deflate", bare_deflate(b"prompt" * 50), piece=64) == b"prompt" * 50


@pytest.mark.parametrize("piece", [1, 100, 1_000_000])
def test_a_bomb_stops_at_the_limit(piece: int) -> None:
    with pytest.raises(FetchError) as caught:
        decoded("gzip", gzip.compress(bytes(50_000_000)), piece)
    assert caught.value.reason == "too_large"


def test_a_body_of_exactly_the_limit_is_taken() -> None:
    assert len(decoded("gzip", gzip.compress(bytes(10_000)))) == 10_000


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", b"no gzip at all"),
        ("gzip", gzip.compress(b"half of it is missing")[:-12]),
        ("br", b""),
        ("gzip, gzip", b""),
    ],
)
def test_content_that_cannot_be_decoded_is_an_error(coding: str, data: bytes) -> None:
    with pytest.raises(FetchError) as caught:
        decoded(coding, data)
    assert caught.value.reason == "encoding"
