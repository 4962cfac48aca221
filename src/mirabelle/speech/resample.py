"""From the rate of a recording to the 8,000 samples a second of the telephone, without aliases."""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import Final

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float32]

TELEPHONE_RATE: Final = 8000
LOWEST_RATE: Final = 4000
HIGHEST_RATE: Final = 192_000

_STOP_DB: Final = 60.0
_PASS: Final = 0.84
"""The passband ends at this part of the lower Nyquist frequency; the stopband begins at the whole of it."""
_MOST_COEFFICIENTS: Final = 4_000_000
_BLOCK: Final = 4096


def resample(signal: Signal, rate: int, to: int = TELEPHONE_RATE) -> Signal:
    """Change the sampling rate with a polyphase FIR low-pass (a Kaiser window, 60 dB down in the stopband).

    Args:
        signal: samples, any scale.
        rate: samples a second now.
        to: samples a second wanted.

    Raises:
        ValueError: a rate outside 4,000 to 192,000, or a ratio of rates too odd to be filtered.
    """
    if not (LOWEST_RATE <= rate <= HIGHEST_RATE and LOWEST_RATE <= to <= HIGHEST_RATE):
        raise ValueError(f"a rate of {rate} samples a second cannot be used")
    if rate == to or not len(signal):
        return signal
    divisor = gcd(rate, to)
    up, down = to // divisor, rate // divisor
    filters = _filters(rate, to)
    taps = filters.shape[1]
    padded = np.concatenate([np.zeros(taps // 2, np.float32), signal, np.zeros(taps, np.float32)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps)
    length = -(-len(signal) * up // down)
    out = np.empty(length, np.float32)
    for start in range(0, length, _BLOCK):
        position = np.arange(start, min(start + _BLOCK, length), dtype=np.int64) * down
        np.einsum("ij,ij->i", windows[position // up], filters[position % up], out=out[start : start + len(position)])
    return out


@lru_cache(maxsize=8)
def _filters(rate: int, to: int) -> Signal:
    """One filter a phase: the low-pass seen from each place an output sample can have between two input samples."""
    phases = to // gcd(rate, to)
    nyquist = min(rate, to) / 2
    width = nyquist * (1 - _PASS) / rate
    taps = 2 * int(np.ceil((_STOP_DB - 7.95) / (14.36 * width) / 2))
    if phases * taps > _MOST_COEFFICIENTS:
        raise ValueError(f"a rate of {rate} samples a second cannot be turned into {to}")
    beta = 0.1102 * (_STOP_DB - 8.7)
    cutoff = nyquist * (1 + _PASS) / 2 / rate * 2
    # Tap j looks at the sample (j - taps / 2) places after the base; the output lies `phase / phases` after it.
    offset = np.arange(taps)[None, :] - taps // 2 - (np.arange(phases) / phases)[:, None]
    edge = np.clip(1 - (offset / (taps / 2)) ** 2, 0, None)
    kernel = np.sinc(cutoff * offset) * np.i0(beta * np.sqrt(edge))
    filters: Signal = (kernel / kernel.sum(axis=1, keepdims=True)).astype(np.float32)
    return filters
