from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from mirabelle.grammar.automaton import Arc
from mirabelle.speech.frame import HEADER, Kind
from mirabelle.speech.hearing import Heard, Hearing
from mirabelle.speech.sphinx_worker import Span, Sphinx, confidence, is_filler, prepared
from mirabelle.speech.worker import serve

SPEECH = [Span(0, 20, -10, filler=True), Span(20, 60, -10), Span(60, 80, -10), Span(80, 100, -10, filler=True)]
"""Two sounds, and silence around them."""


def words(score: float, *, end: int = 80) -> list[Span]:
    return [Span(0, 20, -10, filler=True), Span(20, end, score), Span(end, 100, -10, filler=True)]


def test_words_that_fit_nearly_as_well_as_any_sounds_are_sure() -> None:
    assert confidence(words(-60), SPEECH) > 0.9


def test_words_that_fit_much_worse_are_not() -> None:
    assert confidence(words(-400), SPEECH) < 0.1


def test_words_that_leave_much_of_the_speech_uncovered_are_not() -> None:
    assert confidence(words(-60, end=30), SPEECH) < 0.5


def test_silence_alone_is_no_word() -> None:
    assert confidence([Span(0, 100, -10, filler=True)], SPEECH) == 0


@pytest.mark.parametrize("word", ["<sil>", "<s>", "[NOISE]", "++BREATH++", "(NULL)", "SIL"])
def test_silence_and_noise_are_fillers(word: str) -> None:
    assert is_filler(word)
    assert not is_filler("coffee")


@pytest.mark.parametrize("level", [30, 3000, 32767])
def test_an_utterance_is_heard_at_the_same_level_however_loud_it_was(level: int) -> None:
    tone = (level * np.sin(np.arange(8000) / 3)).astype("<i2").tobytes()
    wide = np.frombuffer(prepared(tone), "<i2")
    assert len(wide) == 16_000
    assert np.abs(wide).max() == pytest.approx(0.3 * 32767, rel=0.05)


def test_there_is_some_hiss_above_what_a_telephone_carries() -> None:
    tone = (3000 * np.sin(np.arange(8000) / 3)).astype("<i2").tobytes()
    spectrum = np.abs(np.fft.rfft(np.frombuffer(prepared(tone), "<i2")))
    assert np.median(spectrum[5000:8000]) > 100


def test_silence_to_the_last_sample_can_be_heard() -> None:
    assert len(prepared(bytes(1601))) == 3200


def test_what_crosses_arrives_as_it_was() -> None:
    hearing = Hearing((Arc(0, 1, "café"),), frozenset({1}), b"\x01\x02\x03\x04")
    assert Hearing.decode(hearing.encode()) == hearing
    heard = Heard(("café",), 0.75, ("1",))
    assert Heard.decode(heard.encode()) == heard


def test_without_the_engine_it_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    answers = io.BytesIO()
    serve(Sphinx, io.BytesIO(), answers)
    kind, _ = HEADER.unpack(answers.getvalue()[: HEADER.size])
    assert kind == Kind.FAILED
    assert b"pip install 'mirabelle[pocketsphinx]'" in answers.getvalue()
