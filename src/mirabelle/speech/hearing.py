"""What crosses between Mirabelle and the process that listens."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Final

from mirabelle.grammar.automaton import Arc, Automaton

_LENGTH: Final = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Hearing:
    """An utterance to understand.

    Attributes:
        arcs: what may be said; it begins in state 0.
        finals: the states in which it may end.
        pcm: 16-bit little-endian samples, mono, 8,000 a second.
    """

    arcs: tuple[Arc, ...]
    finals: frozenset[int]
    pcm: bytes = field(repr=False)

    @staticmethod
    def of(made: Automaton, pcm: bytes) -> Hearing:
        """An utterance that is one of the inputs of an automaton."""
        return Hearing(made.arcs, made.finals, pcm)

    def encode(self) -> bytes:
        """As a payload."""
        arcs = [(arc.source, arc.target, arc.word) for arc in self.arcs]
        wanted = json.dumps([arcs, sorted(self.finals)]).encode()
        return _LENGTH.pack(len(wanted)) + wanted + self.pcm

    @staticmethod
    def decode(payload: bytes) -> Hearing:
        """From a payload."""
        (length,) = _LENGTH.unpack_from(payload)
        arcs, finals = json.loads(payload[_LENGTH.size : _LENGTH.size + length])
        return Hearing(tuple(Arc(*arc) for arc in arcs), frozenset(finals), payload[_LENGTH.size + length :])


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it.

    Attributes:
        words: what was said; none where it was nothing that may be said.
        confidence: how sure that is, 0.0 to 1.0.
        unknown: words that may be said and that the engine has no pronunciation of.
    """

    words: tuple[str, ...]
    confidence: float
    unknown: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """As a payload."""
        return json.dumps([self.words, self.confidence, self.unknown]).encode()

    @staticmethod
    def decode(payload: bytes) -> Heard:
        """From a payload."""
        words, confidence, unknown = json.loads(payload)
        return Heard(tuple(words), confidence, tuple(unknown))
