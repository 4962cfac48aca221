"""Tones as WAV files, and how much of a tone there is in one."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

RATE = 8000


def tone(hertz: float, seconds: float) -> bytes:
    """A WAV file with a sine, 16-bit mono at 8 kHz."""
    samples = 8000 * np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def seconds_of(hertz: float, recording: bytes | Path) -> float:
    """How long a recording is mostly that tone: tenths of a second with nine tenths of their energy near it."""
    source = io.BytesIO(recording) if isinstance(recording, bytes) else str(recording)
    with wave.open(source, "rb") as reader:
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(float)
    block = RATE // 10
    blocks = samples[: len(samples) // block * block].reshape(-1, block)
    energy = np.abs(np.fft.rfft(blocks * np.hanning(block), axis=1)) ** 2
    near = np.abs(np.fft.rfftfreq(block, 1 / RATE) - hertz) <= 30
    loud = energy.sum(axis=1) > 1e6
    return float((loud & (energy[:, near].sum(axis=1) > 0.9 * energy.sum(axis=1))).sum()) / 10
