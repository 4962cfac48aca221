"""The process that listens: PocketSphinx behind two pipes (`python -m mirabelle.speech.sphinx_worker`).

It searches an utterance twice: for what the grammars accept, and for any sounds in any order. How much worse the words
fit than the sounds do, and how much of them they cover, says how sure the words are.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np

from mirabelle.grammar.automaton import Arc
from mirabelle.speech import worker
from mirabelle.speech.frame import Kind
from mirabelle.speech.hearing import Heard, Hearing
from mirabelle.speech.resample import TELEPHONE_RATE, Signal, resample
from mirabelle.speech.synthesizer import SpeechError

FIX: Final = "Install it with: pip install 'mirabelle[pocketsphinx]', or name a server in [recognition] url."

RATE: Final = 16_000
"""Samples a second that the model was made from."""

_PEAK: Final = 0.3
"""Of full scale; all utterances are heard at this level."""
_HISS: Final = 0.001
"""Of full scale. A telephone has nothing above 4 kHz, and the model takes the logarithm of what is there."""

_FIT: Final = 2.2
"""How much a loss of one (in natural logarithms, a frame) weighs,"""
_COVER: Final = 2.0
"""how much the logarithm of the part of the speech that the words cover,"""
_EVEN: Final = 4.05
"""and what is even with both."""

_SCALE: Final = 1024
"""What the engine divides the scores of sounds by; those of words are whole."""
_EDGES: Final = ("<s>", "</s>", "(NULL)")
"""Marks in a path of words that take no time, and repeat the score before them."""


class Sphinx:
    """The engine, loaded and ready.

    Raises:
        SpeechError: it is not installed, or does not start.
    """

    ordered = Kind.HEAR
    answered = Kind.HEARD

    def __init__(self) -> None:
        try:
            import pocketsphinx
        except ImportError as error:
            raise SpeechError(f"PocketSphinx cannot be loaded ({error}). {FIX}") from error
        try:
            self._decoder: Any = pocketsphinx.Decoder(lm=None, loglevel="FATAL")
            self._decoder.add_allphone_file("sounds", None)
        except (RuntimeError, ValueError) as error:
            raise SpeechError(f"PocketSphinx does not start ({error}). {FIX}") from error

    def greeting(self) -> bytes:
        """See `mirabelle.speech.worker.Engine`: nothing."""
        return b""

    def answer(self, payload: bytes) -> bytes:
        """See `mirabelle.speech.worker.Engine`: an utterance, and what it was."""
        return self.hear(Hearing.decode(payload)).encode()

    def hear(self, hearing: Hearing) -> Heard:
        """Understand one utterance.

        Raises:
            SpeechError: the engine refuses what may be said, or the sound.
        """
        known: dict[str, bool] = {arc.word: self._knows(arc.word) for arc in hearing.arcs}
        unknown = tuple(word for word in known if not known[word])
        arcs = [arc for arc in hearing.arcs if known[arc.word]]
        if not arcs or not hearing.pcm:
            return Heard((), 0.0, unknown)
        try:
            self._listen_for(arcs, hearing.finals)
            sound = prepared(hearing.pcm)
            words, said = self._search("words", sound, 1)
            if not words:
                return Heard((), 0.0, unknown)
            _, sounds = self._search("sounds", sound, _SCALE)
        except (RuntimeError, ValueError) as error:
            raise SpeechError(f"PocketSphinx failed: {error}") from error
        return Heard(tuple(words), confidence(said, sounds), unknown)

    def _knows(self, word: str) -> bool:
        return word[0] not in "<[+(" and self._decoder.lookup_word(word) is not None

    def _listen_for(self, arcs: Sequence[Arc], finals: Iterable[int]) -> None:
        ways: dict[int, int] = {}
        for arc in arcs:
            ways[arc.source] = ways.get(arc.source, 0) + 1
        end = max(chain(finals, (max(arc.source, arc.target) for arc in arcs))) + 1
        moves: list[tuple[object, ...]] = [(arc.source, arc.target, 1 / ways[arc.source], arc.word) for arc in arcs]
        moves += [(final, end, 1.0) for final in finals]
        self._decoder.add_fsg("words", self._decoder.create_fsg("words", 0, end, moves))

    def _search(self, name: str, sound: bytes, scale: int) -> tuple[list[str], list[Span]]:
        decoder = self._decoder
        decoder.activate_search(name)
        decoder.start_utt()
        decoder.process_raw(sound, full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        if found is None:
            return [], []
        spans = [
            Span(each.start_frame, each.end_frame + 1, _logarithm(each.ascore) * scale, is_filler(each.word))
            for each in decoder.seg()
            if each.word not in _EDGES
        ]
        return found.hypstr.split(), spans


@dataclass(frozen=True, slots=True)
class Span:
    """A word or sound that was found.

    Attributes:
        first: frame of 10 ms.
        end: the frame after its last.
        score: the logarithm of how well it fits.
        filler: whether it is silence or noise.
    """

    first: int
    end: int
    score: float
    filler: bool = False


def confidence(said: Sequence[Span], sounds: Sequence[Span]) -> float:
    """How sure words are, 0.0 to 1.0.

    Two things tell words that were said from those that merely fit best: they fit hardly worse than any sounds in any
    order, and they last as long as somebody speaks; silence fits what is no word of the grammar, too.

    It is fitted, over many voices on a telephone line, to be above a half for what a grammar accepts and below it for
    what it does not: a probability it is not. See docs/decisions/016-pocketsphinx-on-the-telephone.md.

    Args:
        said: the words, with the silence around them.
        sounds: the best sounds for the same time.
    """
    of_words, of_speech = _frames(said), _frames(sounds)
    if not of_words or not of_speech:
        return 0.0
    loss = (sum(span.score for span in said) - sum(span.score for span in sounds)) / max(span.end for span in sounds)
    evidence = _FIT * loss + _COVER * math.log(of_words / of_speech) + _EVEN
    return 1 / (1 + math.exp(-min(max(evidence, -50.0), 50.0)))


def _frames(spans: Sequence[Span]) -> int:
    return sum(span.end - span.first for span in spans if not span.filler)


def is_filler(word: str) -> bool:
    """Tell whether a word of the engine's is silence or noise."""
    return word[:1] in ("<", "[", "+", "(") or word == "SIL"


def _logarithm(share: float) -> float:
    return math.log(max(share, sys.float_info.min))


def prepared(pcm: bytes) -> bytes:
    """An utterance of the telephone as the model wants it: 16,000 samples a second, loud enough, with some hiss.

    Args:
        pcm: 16-bit little-endian samples, 8,000 a second.
    """
    signal: Signal = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
    loudest = float(np.abs(signal).max(initial=0.0))
    wide = resample(signal * (_PEAK / loudest) if loudest else signal, TELEPHONE_RATE, RATE)
    # The same each time: what was understood once is understood again.
    hiss = np.random.default_rng(0).standard_normal(len(wide), np.float32) * _HISS
    return (np.clip(wide + hiss, -1, 1) * 32767).astype("<i2").tobytes()


if __name__ == "__main__":
    worker.run(Sphinx)
