"""What ends a recording of the caller (VoiceXML 2.0, 2.3.6). Pure: time is a number of milliseconds that is given."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from mirabelle.dialer.key_input import patient
from mirabelle.grammar import Mode
from mirabelle.vxml.collector import Matched
from mirabelle.vxml.matching import match_keys
from mirabelle.vxml.platform import Input, Record

TONE_BEGINS: Final = 100
"""Milliseconds by which the tone of a key may be heard, as sound, before it is told of as a key."""


class Cause(enum.Enum):
    """Why a recording ended."""

    MAXTIME = enum.auto()
    """It is as long as it may be."""

    FINAL_SILENCE = enum.auto()
    """The caller spoke, and then no more."""

    NOTHING_SAID = enum.auto()
    """The caller did not begin to speak in time."""

    KEY = enum.auto()
    """A key that ends any recording."""

    INPUT = enum.auto()
    """Keys that an active grammar accepts."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a recording.

    Attributes:
        cause: why.
        key: the last key pressed, where keys ended it.
        input: what the keys mean, where a grammar accepts them.
        unspoken: keys ended it before the caller had said anything.
    """

    cause: Cause
    key: str = ""
    input: Input | None = None
    unspoken: bool = False


class Recorder:
    """Watches the time, the keys and the voice of one recording, until one of them ends it.

    Call `key` for every key and `voice_began` and `voice_ended` as they are heard, and `tick` when `deadline` is
    reached. Keys that no active grammar accepts end the recording where the request says `dtmfterm`; else they are
    passed over.

    Args:
        request: what ends the recording.
        now: when it begins.
    """

    def __init__(self, request: Record, now: int) -> None:
        self._request = request
        self._keyed = [each for each in request.grammars if each.mode is Mode.DTMF]
        self._maxtime = now + request.maxtime_ms
        timeout = request.properties.timeout_ms
        self._nothing_said: int | None = now + timeout
        self._final_silence: int | None = None
        self._collector = patient(self._keyed, self._request.properties, now)
        self._last_key = ""
        self._spoke_at: int | None = None
        self._pressed_at = now

    def deadline(self) -> int:
        """When `tick` is wanted."""
        deadlines = [self._maxtime, self._collector.deadline()]
        if not self._collector.keys:
            deadlines += [self._nothing_said, self._final_silence]
        return min(each for each in deadlines if each is not None)

    def voice_began(self, at: int) -> None:
        """The caller speaks since then."""
        if self._spoke_at is None:
            self._spoke_at = at
        self._nothing_said = self._final_silence = None

    def voice_ended(self, at: int) -> None:
        """The caller spoke until then."""
        # No final silence is how an application says that only a key or the time shall end it.
        if self._request.finalsilence_ms > 0:
            self._final_silence = at + self._request.finalsilence_ms

    def key(self, key: str, now: int, pressed: int) -> End | None:
        """Take a key that was pressed a moment ago."""
        if not self._collector.keys:
            self._pressed_at = pressed
        self._last_key = key
        self._collector.key(key, now)
        return self._by_keys(now)

    def tick(self, now: int) -> End | None:
        """Let time pass."""
        self._collector.tick(now)
        ended = self._by_keys(now)
        return ended or self._by_time(now)

    def _by_time(self, now: int) -> End | None:
        keying = bool(self._collector.keys)
        if not keying and self._nothing_said is not None and now >= self._nothing_said:
            return End(Cause.NOTHING_SAID)
        if not keying and self._final_silence is not None and now >= self._final_silence:
            return End(Cause.FINAL_SILENCE)
        return End(Cause.MAXTIME) if now >= self._maxtime else None

    def _by_keys(self, now: int) -> End | None:
        decision = self._collector.decision
        if decision is None:
            return None
        if isinstance(decision, Matched):
            found = match_keys(decision.keys, self._request.grammars, self._request.properties)
            if isinstance(found, Input):
                return End(Cause.INPUT, self._last_key, found, unspoken=self._unspoken())
        if self._request.dtmfterm:
            return End(Cause.KEY, self._last_key, unspoken=self._unspoken())
        self._collector = patient(self._keyed, self._request.properties, now)
        return None

    def _unspoken(self) -> bool:
        # The tone of a key is taken for a voice that began with it.
        return self._spoke_at is None or self._spoke_at > self._pressed_at - TONE_BEGINS
