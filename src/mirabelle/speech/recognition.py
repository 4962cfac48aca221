"""Which recogniser the settings ask for."""

from __future__ import annotations

from mirabelle.settings.speech import RecognitionSettings
from mirabelle.speech.http_recogniser import HttpRecogniser
from mirabelle.speech.sphinx_recogniser import SphinxRecogniser


def open_recogniser(settings: RecognitionSettings) -> HttpRecogniser | SphinxRecogniser | None:
    """Make the recogniser that the settings ask for; None where they ask for none.

    Raises:
        SpeechError: it is not installed.
    """
    if settings.engine == "pocketsphinx":
        return SphinxRecogniser(processes=settings.processes, timeout=settings.timeout)
    if not settings.url:
        return None
    token = settings.token.get_secret_value()
    return HttpRecogniser(settings.url, token=token, timeout=settings.timeout, most=settings.most)
