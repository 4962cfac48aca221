from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.speech.level import MOST_GAIN, PEAK, to_telephone
from mirabelle.speech.resample import resample


def gain_db(frequency: float, rate: int) -> float:
    tone = np.sin(2 * np.pi * frequency * np.arange(rate) / rate).astype(np.float32)
    out = resample(tone, rate)[500:-500]
    return float(20 * np.log10(np.sqrt(2 * np.mean(out**2)) + 1e-9))


@pytest.mark.parametrize("frequency", [100, 440, 1000, 2500, 3300])
def test_the_band_of_the_telephone_passes_unchanged(frequency: float) -> None:
    assert abs(gain_db(frequency, 22050)) < 0.1


@pytest.mark.parametrize("frequency", [4050, 4700, 6000, 8000, 10000])
def test_what_would_alias_is_taken_out(frequency: float) -> None:
    assert gain_db(frequency, 22050) < -55


def test_a_ratio_too_odd_to_filter_is_refused() -> None:
    with pytest.raises(ValueError, match="191999"):
        resample(np.zeros(10, np.float32), 191_999)


@given(st.integers(0, 3000), st.sampled_from([8000, 11025, 16000, 22050, 44100]))
def test_the_duration_stays_the_same(length: int, rate: int) -> None:
    assert len(resample(np.ones(length, np.float32), rate)) == -(-length * 8000 // rate)


@given(st.lists(st.integers(-32768, 32767), max_size=400), st.sampled_from([8000, 22050]))
def test_speech_is_never_clipped(values: list[int], rate: int) -> None:
    out = np.frombuffer(to_telephone(np.array(values, np.int16), rate), "<i2")
    assert np.abs(out.astype(int)).max(initial=0) <= PEAK + 1


def test_soft_speech_stays_softer_than_loud() -> None:
    out = np.frombuffer(to_telephone(np.full(100, 1000, np.int16), 8000), "<i2")
    assert out.max() == round(1000 * MOST_GAIN)
