"""Recordings of customers as the PCM that a call plays, and PCM as a file."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import numpy as np

from mirabelle import g711
from mirabelle.speech.resample import TELEPHONE_RATE, Signal, resample
from mirabelle.speech.wav import WIDTH, AudioError, Encoding, Recording, encode_wave, parse_sun, parse_wave

__all__ = ["AudioError", "decode", "encode", "encode_wav"]

MOST_BYTES: Final = 50_000_000
MOST_CHANNELS: Final = 8

_BY_TYPE: Final = {
    "audio/basic": Encoding.ULAW,
    "audio/ulaw": Encoding.ULAW,
    "audio/mulaw": Encoding.ULAW,
    "audio/pcmu": Encoding.ULAW,
    "audio/alaw": Encoding.ALAW,
    "audio/alaw-basic": Encoding.ALAW,
    "audio/pcma": Encoding.ALAW,
    "audio/l16": Encoding.LINEAR16_BIG,
}
"""Headerless formats by media type, an `x-` left out (VoiceXML 2.0 Appendix E, RFC 3551, RFC 2586)."""

_BY_ENDING: Final = {
    "ul": Encoding.ULAW,
    "ulaw": Encoding.ULAW,
    "mulaw": Encoding.ULAW,
    "al": Encoding.ALAW,
    "alaw": Encoding.ALAW,
    "l16": Encoding.LINEAR16_BIG,
}
_OTHERS: Final = (
    (b"ID3", "MP3"),
    (b"\xff\xfb", "MP3"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"FORM", "AIFF"),
    (b"<", "a page of text"),
)


def decode(data: bytes, content_type: str, url: str) -> bytes:
    """Turn a recording into what a call plays.

    The content decides; where it has no header, its media type; where that says nothing, the ending of the URL.

    Args:
        data: WAV (PCM, float, u-law, A-law; any rate; channels are mixed), .au, or headerless u-law, A-law or L16.
        content_type: as the server named it; may be empty.
        url: where it came from, for its ending and for the error.

    Returns:
        16-bit little-endian PCM, mono, 8,000 samples a second.

    Raises:
        AudioError: it is something else, or cannot be read.
    """
    if len(data) > MOST_BYTES:
        raise AudioError(f"{url[:200]}: the recording is larger than {MOST_BYTES} bytes.")
    try:
        return _pcm(_parse(data, content_type, url))
    except (AudioError, ValueError) as error:
        raise AudioError(f"{url[:200]}: {error}") from error


def encode_wav(pcm: bytes) -> bytes:
    """16-bit little-endian mono PCM at 8 kHz as a WAV file."""
    return encode_wave(pcm, TELEPHONE_RATE)


def encode(pcm: bytes, media_type: str) -> bytes:
    """A recording as the file that an application asked for (VoiceXML 2.0 Appendix E).

    Args:
        pcm: 16-bit little-endian mono at 8 kHz.
        media_type: `audio/x-wav`, `audio/wav`, `audio/basic` or `audio/x-alaw-basic`.

    Raises:
        AudioError: another type.
    """
    match media_type.lower().partition(";")[0].strip().replace("/x-", "/"):
        case "audio/wav" | "audio/wave":
            return encode_wav(pcm)
        case "audio/basic":
            return g711.from_pcm(pcm, "PCMU")
        case "audio/alaw-basic":
            return g711.from_pcm(pcm, "PCMA")
    raise AudioError(f"Nothing is recorded as '{media_type[:60]}'; ask for audio/x-wav or audio/basic.")


def _parse(data: bytes, content_type: str, url: str) -> Recording:
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return parse_wave(data)
    if data[:4] == b".snd":
        return parse_sun(data)
    for start, name in _OTHERS:
        if data.startswith(start):
            raise AudioError(f"This is {name}; send WAV (16-bit PCM or u-law, 8,000 samples a second is best).")
    kind, _, parameters = content_type.lower().partition(";")
    ending = urlsplit(url).path.lower().rpartition(".")[2]
    encoding = _BY_TYPE.get(kind.strip().replace("/x-", "/")) or _BY_ENDING.get(ending)
    if encoding is None:
        named = content_type or "no media type"
        raise AudioError(f"This is no WAV file, and '{named[:60]}' does not say what else; send WAV or audio/basic.")
    rate = _parameter(parameters, "rate", TELEPHONE_RATE)
    return Recording(encoding, rate, _parameter(parameters, "channels", 1), data)


def _parameter(parameters: str, name: str, default: int) -> int:
    match = re.search(rf"(?:\A|;)\s*{name}\s*=\s*\"?([0-9]{{1,7}})(?![0-9])", parameters)
    return int(match.group(1)) if match else default


def _pcm(recording: Recording) -> bytes:
    if not 1 <= recording.channels <= MOST_CHANNELS:
        raise AudioError(f"{recording.channels} channels cannot be played; send one.")
    signal = _signal(recording)
    if recording.channels > 1:
        signal = signal[: len(signal) // recording.channels * recording.channels]
        signal = signal.reshape(-1, recording.channels).mean(axis=1)
    return np.rint(np.clip(resample(signal, recording.rate), -32768, 32767)).astype("<i2").tobytes()


def _signal(recording: Recording) -> Signal:
    """Samples on the scale of 16 bits; half a sample at the end is dropped."""
    width = WIDTH.get(recording.encoding, 1)
    data = recording.data[: len(recording.data) // width * width]
    match recording.encoding:
        case Encoding.UNSIGNED8:
            return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) * 256
        case Encoding.SIGNED8:
            return np.frombuffer(data, np.int8).astype(np.float32) * 256
        case Encoding.LINEAR16:
            return np.frombuffer(data, "<i2").astype(np.float32)
        case Encoding.LINEAR16_BIG:
            return np.frombuffer(data, ">i2").astype(np.float32)
        case Encoding.LINEAR24:
            octets = np.frombuffer(data, np.uint8).reshape(-1, 3)
            # The lowest octet lies under what 16 bits can hold.
            return np.ascontiguousarray(octets[:, 1:]).view("<i2")[:, 0].astype(np.float32)
        case Encoding.LINEAR32:
            return (np.frombuffer(data, "<i4") / 65536).astype(np.float32)
        case Encoding.FLOAT32:
            signal: Signal = np.nan_to_num(np.frombuffer(data, "<f4"), posinf=1.0, neginf=-1.0)
            return (signal.clip(-1, 1) * 32767).astype(np.float32)
        case Encoding.ULAW:
            return g711.decode(data, "PCMU").astype(np.float32)
        case Encoding.ALAW:
            return g711.decode(data, "PCMA").astype(np.float32)
