from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirabelle import g711
from mirabelle.media.inband import BLOCK, KEYS, WINDOW, KeyTracker, decide, windows_of
from mirabelle.media.telephone_event import Pressed
from mirabelle.media.tones import COLUMNS, LAYOUT, ROWS

Audio = np.ndarray[tuple[int], np.dtype[np.float64]]


def tone(
    key: str, ms: float, *, drift: float = 0.0, twist_db: float = 0.0, level: float = 4000, phase: float = 0.0
) -> Audio:
    row = next(index for index, keys in enumerate(LAYOUT) if key in keys)
    time = np.arange(round(8 * ms)) / 8000
    low, high = (hertz * (1 + drift) for hertz in (ROWS[row], COLUMNS[LAYOUT[row].index(key)]))
    gain = 10 ** (twist_db / 20)
    return level * (np.sin(2 * np.pi * low * time + phase) + gain * np.sin(2 * np.pi * high * time + 2 * phase))


def quiet(ms: float) -> Audio:
    return np.zeros(round(8 * ms))


def hear(audio: Audio) -> list[Pressed]:
    """Everything a tracker makes of audio that went through u-law."""
    codes = g711.encode(np.clip(audio, -32768, 32767).astype(np.int16), "PCMU")
    samples = np.append(g711.decode(codes, "PCMU"), np.zeros(BLOCK + -len(codes) % BLOCK, np.int16)).astype(np.float32)
    tracker, tail, pressed = KeyTracker(), np.zeros((1, WINDOW), np.float32), list[Pressed]()
    for start in range(0, len(samples), BLOCK):
        block = samples[None, start : start + BLOCK]
        for key in decide(windows_of(tail, block)).tolist():
            pressed += tracker.step(key, start / 8000)
        tail = block[:, -WINDOW:]
    return pressed + tracker.let_go()


def keys(audio: Audio) -> str:
    return "".join(pressed.key for pressed in hear(audio))


@pytest.mark.parametrize("key", list(KEYS))
def test_each_key_is_heard(key: str) -> None:
    assert keys(np.concatenate((quiet(33), tone(key, 60), quiet(50)))) == key


@settings(max_examples=60, deadline=None)
@given(
    st.text(KEYS, max_size=6),
    st.floats(45, 200),
    st.floats(45, 200),
    st.floats(-0.015, 0.015),
    st.floats(-4, 4),
    st.floats(0, 6),
)
def test_keys_of_any_telephone_are_heard_once_each(
    digits: str, on: float, off: float, drift: float, twist: float, phase: float
) -> None:
    audio = [part for key in digits for part in (tone(key, on, drift=drift, twist_db=twist, phase=phase), quiet(off))]
    assert keys(np.concatenate([quiet(20), *audio])) == digits


@pytest.mark.parametrize("drift", [-0.035, 0.035])
@pytest.mark.parametrize("key", list(KEYS))
def test_tones_beside_the_pitch_are_no_keys(key: str, drift: float) -> None:
    assert keys(tone(key, 200, drift=drift)) == ""


def test_a_key_says_for_how_long_it_was_held() -> None:
    (pressed,) = hear(np.concatenate((quiet(100), tone("5", 200), quiet(100))))
    assert pressed.duration_ms == pytest.approx(200, abs=15)
    assert pressed.at == pytest.approx(0.1, abs=0.03)


def test_a_key_is_heard_through_noise() -> None:
    noise = np.random.default_rng(3).normal(0, 1000, 800)
    assert keys(np.concatenate((quiet(20), tone("9", 100) + noise, quiet(50)))) == "9"


@pytest.mark.parametrize("level", [150, 12_000])
def test_faint_and_loud_keys_are_heard(level: float) -> None:
    assert keys(np.concatenate((tone("1", 80, level=level), quiet(50)))) == "1"


@pytest.mark.parametrize(
    "audio",
    [
        quiet(400),
        tone("5", 15),
        tone("5", 200, drift=0.05),
        tone("5", 200, twist_db=14),
        tone("5", 200, level=20),
        4000 * np.sin(np.arange(3200) * 2 * np.pi * 1000 / 8000),
        4000 * (np.sin(np.arange(3200) * 2 * np.pi * 440 / 8000) + np.sin(np.arange(3200) * 2 * np.pi * 480 / 8000)),
        4000 * (np.sin(np.arange(3200) * 2 * np.pi * 350 / 8000) + np.sin(np.arange(3200) * 2 * np.pi * 440 / 8000)),
        tone("1", 200) + tone("0", 200),
        np.random.default_rng(5).normal(0, 6000, 80_000),
    ],
    ids=["silence", "blip", "off pitch", "lopsided", "whisper", "1 kHz", "ringback", "dial tone", "two keys", "noise"],
)
def test_what_is_no_key_is_not_heard(audio: Audio) -> None:
    assert keys(audio) == ""
