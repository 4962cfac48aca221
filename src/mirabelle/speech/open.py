"""The synthesiser that the settings ask for."""

from __future__ import annotations

from mirabelle.settings import SpeechSettings
from mirabelle.speech.cache import CachedSynthesizer
from mirabelle.speech.espeak import EspeakSynthesizer


def open_synthesizer(settings: SpeechSettings) -> CachedSynthesizer:
    """Build it; its process starts with the first text.

    Args:
        settings: the section `[speech]`.
    """
    match settings.engine:
        case "espeak":
            engine = EspeakSynthesizer(voice=settings.voice)
    return CachedSynthesizer(engine, most_bytes=settings.cache_mb * 1_000_000)
