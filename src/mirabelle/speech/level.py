"""Speech at the level of the telephone."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from mirabelle.speech.resample import resample

PEAK: Final = 10 ** (-3.5 / 20) * 32768
"""Where the loudest sample of a clip lies: 3.5 dB under full scale."""

MOST_GAIN: Final = 10 ** (4.0 / 20)
"""Raised no further than this, so that what was meant to be soft stays soft."""


def to_telephone(samples: npt.NDArray[np.int16], rate: int) -> bytes:
    """16-bit samples of any rate as PCM at 8 kHz, never clipped.

    Args:
        samples: mono.
        rate: samples a second.
    """
    signal = resample(samples.astype(np.float32), rate)
    peak = float(np.abs(signal).max(initial=0.0))
    if peak > 0:
        signal = signal * min(PEAK / peak, MOST_GAIN)
    return np.rint(signal).astype("<i2").tobytes()
