from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle import g711
from mirabelle.speech.audio import AudioError, decode, encode, encode_wav

TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)).astype("<i2")
WAV = "audio/x-wav"
URL = "http://example.com/prompt.wav"


def wave(tag: int, channels: int, rate: int, bits: int, data: bytes, *before: bytes) -> bytes:
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    parts = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"".join(before)
    return b"RIFF" + struct.pack("<I", 0) + parts + b"data" + struct.pack("<I", len(data)) + data


def samples(pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


@given(st.binary(max_size=400).map(lambda data: data[: len(data) & ~1]))
def test_what_is_written_is_read_again(pcm: bytes) -> None:
    assert decode(encode_wav(pcm), WAV, URL) == pcm


LINEAR24 = b"".join((int(x) * 256).to_bytes(3, "little", signed=True) for x in TONE)


@pytest.mark.parametrize(
    ("data", "most_error"),
    [
        (wave(1, 1, 8000, 16, TONE.tobytes()), 0),
        (wave(1, 1, 8000, 8, (TONE // 256 + 128).astype(np.uint8).tobytes()), 256),
        (wave(1, 1, 8000, 24, LINEAR24), 0),
        (wave(1, 1, 8000, 32, (TONE.astype("<i4") * 65536).tobytes()), 0),
        (wave(3, 1, 8000, 32, (TONE / 32767).astype("<f4").tobytes()), 1),
        (wave(7, 1, 8000, 8, g711.from_pcm(TONE.tobytes(), "PCMU")), 300),
        (wave(6, 1, 8000, 8, g711.from_pcm(TONE.tobytes(), "PCMA")), 300),
        (wave(1, 2, 8000, 16, np.repeat(TONE, 2).tobytes()), 0),
        (wave(1, 1, 8000, 16, TONE.tobytes(), b"LIST\x03\x00\x00\x00abc\x00"), 0),
        (b".snd" + struct.pack(">5I", 24, 0xFFFFFFFF, 3, 8000, 1) + TONE.astype(">i2").tobytes(), 0),
        (b".snd" + struct.pack(">5I", 24, 8000, 1, 8000, 1) + g711.from_pcm(TONE.tobytes(), "PCMU"), 300),
    ],
)
def test_each_coding_sounds_the_same(data: bytes, most_error: int) -> None:
    assert np.abs(samples(decode(data, WAV, URL)) - TONE).max() <= most_error


@pytest.mark.parametrize(
    ("content_type", "url", "codec"),
    [
        ("audio/basic", "http://x/a", "PCMU"),
        ("audio/x-mulaw", "http://x/a", "PCMU"),
        ("audio/x-alaw-basic", "http://x/a", "PCMA"),
        ("AUDIO/PCMA;rate=8000", "http://x/a", "PCMA"),
        ("application/octet-stream", "http://x/a.ul?v=2", "PCMU"),
        ("", "file:///a.AL", "PCMA"),
    ],
)
def test_a_headerless_recording_is_known_by_its_type_or_ending(content_type: str, url: str, codec: g711.Codec) -> None:
    codes = g711.from_pcm(TONE.tobytes(), codec)
    assert decode(codes, content_type, url) == g711.to_pcm(codes, codec)


def test_l16_is_big_endian_and_names_its_rate() -> None:
    pcm = decode(np.repeat(TONE, 2).astype(">i2").tobytes(), "audio/L16; rate=16000", "http://x/a")
    assert len(pcm) == len(TONE) * 2


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000])
def test_any_rate_becomes_eight_thousand_with_the_tone_unchanged(rate: int) -> None:
    tone = 8000 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    heard = samples(decode(wave(1, 1, rate, 16, tone.astype("<i2").tobytes()), WAV, URL))
    expected = 8000 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    assert len(heard) == 8000
    assert np.abs(heard - expected)[200:-200].max() < 40


@pytest.mark.parametrize(
    ("data", "content_type", "says"),
    [
        (b"ID3\x04rest", "audio/mpeg", "MP3"),
        (b"<html>", "text/html", "page of text"),
        (b"abc", "text/plain", "does not say"),
        (b"", "", "no media type"),
        (b"RIFF\x00\x00\x00\x00WAVE", WAV, "holds no sound"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt \x02\x00\x00\x00ab", WAV, "cut off"),
        (b".snd\x00", "audio/basic", "cut off"),
        (wave(85, 1, 8000, 0, b"x"), WAV, "format 85"),
        (wave(1, 1, 1, 16, TONE.tobytes()), WAV, "1 samples a second"),
        (wave(1, 1, 191_999, 16, TONE.tobytes()), WAV, "191999"),
        (wave(1, 0, 8000, 16, TONE.tobytes()), WAV, "0 channels"),
        (wave(1, 99, 8000, 16, TONE.tobytes()), WAV, "99 channels"),
    ],
)
def test_what_cannot_be_played_says_what_it_is(data: bytes, content_type: str, says: str) -> None:
    with pytest.raises(AudioError, match=says) as caught:
        decode(data, content_type, "http://x/thing")
    assert str(caught.value).startswith("http://x/thing: ")


def test_a_stream_that_was_cut_plays_what_came() -> None:
    assert decode(wave(1, 1, 8000, 16, TONE.tobytes())[:-101], WAV, URL) == TONE.tobytes()[:-102]


@given(st.binary(max_size=200), st.sampled_from(["audio/basic", "audio/L16;rate=44100", WAV, ""]))
def test_no_bytes_break_it(data: bytes, content_type: str) -> None:
    for head in (b"", b"RIFF\x00\x00\x00\x00WAVEfmt ", b".snd", wave(1, 1, 8000, 16, b"")):
        with contextlib.suppress(AudioError):
            assert len(decode(head + data, content_type, URL)) % 2 == 0


@pytest.mark.parametrize(
    ("media_type", "most_error"), [("audio/x-wav", 0), ("audio/basic", 300), ("audio/x-alaw-basic", 300)]
)
def test_a_recording_is_kept_as_the_application_asked(media_type: str, most_error: int) -> None:
    again = decode(encode(TONE.tobytes(), media_type), media_type, URL)
    assert np.abs(samples(again) - TONE).max() <= most_error


def test_a_recording_of_another_kind_is_refused() -> None:
    with pytest.raises(AudioError, match="audio/mpeg"):
        encode(b"", "audio/mpeg")
