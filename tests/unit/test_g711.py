from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle import g711

CODECS: tuple[g711.Codec, ...] = ("PCMU", "PCMA")


@pytest.mark.parametrize(
    ("codec", "code", "sample"),
    [
        ("PCMU", 0xFF, 0),
        ("PCMU", 0x7F, 0),
        ("PCMU", 0x80, 32124),
        ("PCMU", 0x00, -32124),
        ("PCMU", 0xFE, 8),
        ("PCMU", 0xEF, 132),
        ("PCMU", 0x6F, -132),
        ("PCMA", 0xD5, 8),
        ("PCMA", 0x55, -8),
        ("PCMA", 0xAA, 32256),
        ("PCMA", 0x2A, -32256),
        ("PCMA", 0xD4, 24),
    ],
)
def test_a_code_decodes_to_the_sample_of_the_recommendation(codec: g711.Codec, code: int, sample: int) -> None:
    assert int(g711.decode(bytes([code]), codec)[0]) == sample


@pytest.mark.parametrize("codec", CODECS)
def test_every_code_survives_decoding_and_encoding(codec: g711.Codec) -> None:
    codes = np.arange(256, dtype=np.uint8)
    back = g711.encode(g711.decode(codes, codec), codec)
    assert np.array_equal(g711.decode(back, codec), g711.decode(codes, codec))


@pytest.mark.parametrize("codec", CODECS)
def test_the_error_of_any_sample_stays_within_half_a_step_of_its_segment(codec: g711.Codec) -> None:
    samples = np.arange(-32768, 32768, dtype=np.int16)
    back = g711.decode(g711.encode(samples, codec), codec).astype(int)
    error = np.abs(back - samples.astype(int))
    assert np.all(error <= np.maximum(16, (np.abs(samples.astype(int)) + 132) / 32))


@pytest.mark.parametrize("codec", CODECS)
def test_a_louder_sample_never_decodes_quieter(codec: g711.Codec) -> None:
    samples = np.arange(-32768, 32768, dtype=np.int16)
    back = g711.decode(g711.encode(samples, codec), codec).astype(int)
    assert np.all(np.diff(back) >= 0)


@pytest.mark.parametrize("codec", CODECS)
def test_silence_is_the_code_of_zero(codec: g711.Codec) -> None:
    assert g711.from_pcm(b"\0\0", codec) == bytes([g711.silence(codec)])


@given(st.binary(max_size=400), st.sampled_from(CODECS))
def test_any_bytes_decode_to_twice_as_many(data: bytes, codec: g711.Codec) -> None:
    assert len(g711.to_pcm(data, codec)) == 2 * len(data)


@given(st.binary(max_size=401), st.sampled_from(CODECS))
def test_an_odd_last_byte_of_pcm_is_dropped(pcm: bytes, codec: g711.Codec) -> None:
    assert len(g711.from_pcm(pcm, codec)) == len(pcm) // 2
