from __future__ import annotations

import importlib.util

import pytest

from mirabelle.settings.speech import RecognitionSettings
from mirabelle.speech.http_recogniser import HttpRecogniser
from mirabelle.speech.recognition import open_recogniser
from mirabelle.speech.synthesizer import SpeechError


def test_without_settings_there_is_no_recogniser() -> None:
    assert open_recogniser(RecognitionSettings()) is None


async def test_an_address_makes_one_behind_http() -> None:
    made = open_recogniser(RecognitionSettings(url="http://127.0.0.1:9000/"))
    assert isinstance(made, HttpRecogniser)
    await made.aclose()


def test_an_engine_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SpeechError, match=r"pip install 'mirabelle\[pocketsphinx\]'"):
        open_recogniser(RecognitionSettings(engine="pocketsphinx"))
