from __future__ import annotations

import pytest

from mirabelle.speech.synthesizer import LanguageError
from mirabelle.speech.voices import choose

KNOWN = {"en-us": "English (America)", "en-gb": "English (Great Britain)", "fr": "French", "cmn": "Mandarin", "nb": "N"}


@pytest.mark.parametrize(
    ("language", "default", "voice"),
    [
        ("", "en-us+f3", "English (America)+f3"),
        ("", "Somebody+f3", "Somebody+f3"),
        ("en-US", "en-us+f3", "English (America)+f3"),
        ("en_US", "en-us", "English (America)"),
        ("en", "en-us+f3", "English (America)+f3"),
        ("en-AU", "en-us", "English (America)"),
        ("en-GB", "en-us", "English (Great Britain)"),
        ("fr-CA", "en-us", "French"),
        ("fr-x-odd", "en-us", "French"),
        ("zh-CN", "en-us", "Mandarin"),
        ("no", "en-us", "N"),
        ("fr-FR", "fr+m2", "French+m2"),
        ("eng-US", "en-us+f3", "English (America)+f3"),
        ("fra", "en-us", "French"),
    ],
)
def test_a_language_finds_its_voice(language: str, default: str, voice: str) -> None:
    assert choose(language, default, KNOWN) == voice


@pytest.mark.parametrize("language", ["tlh", "x-private", "-", "!" * 500])
def test_a_language_that_nobody_speaks_is_refused(language: str) -> None:
    with pytest.raises(LanguageError, match="No voice speaks"):
        choose(language, "en-us", KNOWN)
