"""The tones of the telephone keys, for a far end that takes no telephone events. ITU-T Recommendation Q.23."""

from __future__ import annotations

from typing import Final

import numpy as np

from mirabelle import g711
from mirabelle.media.telephone_event import PACE

ROWS: Final = (697, 770, 852, 941)
COLUMNS: Final = (1209, 1336, 1477, 1633)
LAYOUT: Final = ("123A", "456B", "789C", "*0#D")

_AMPLITUDE: Final = 8000
"""Of each of the two tones: about -9 dBm0, within what networks ask of a telephone."""


def key_tone(key: str, samples: int) -> g711.Samples:
    """The two tones of a key, as linear samples."""
    row = next(index for index, keys in enumerate(LAYOUT) if key in keys)
    time = np.arange(samples) / g711.SAMPLE_RATE
    waves = [np.sin(2 * np.pi * hertz * time) for hertz in (ROWS[row], COLUMNS[LAYOUT[row].index(key)])]
    return np.asarray(np.rint(_AMPLITUDE * (waves[0] + waves[1])), np.int16)


def keys() -> dict[str, g711.Samples]:
    """All sixteen, as long as the sender holds a key."""
    return {key: key_tone(key, PACE.tone * PACE.interval) for keys in LAYOUT for key in keys}
