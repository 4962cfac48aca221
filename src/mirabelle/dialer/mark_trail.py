"""Which mark of the prompts was passed last, and how long before they ended (VoiceXML 2.1, 4). Pure.

Times are seconds of the clock of the media processes; what is told is milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from mirabelle.speech.synthesizer import SpokenMark
from mirabelle.vxml.platform import Input, NoInput, NoMatch, Recorded, Transferred

Marked = TypeVar("Marked")


@dataclass(frozen=True, slots=True)
class Passed:
    """A mark that was passed.

    Attributes:
        name: of the mark.
        since_ms: from then until the prompts ended or were interrupted.
    """

    name: str
    since_ms: int


@dataclass(slots=True)
class _Play:
    """One piece of the prompts, with the marks in it and those right behind it."""

    marks: Sequence[SpokenMark] = ()
    behind: list[str] = field(default_factory=list)
    began: float | None = None
    ended: float | None = None
    whole: bool = False


class MarkTrail:
    """Follows the marks of the prompts of one input, recording or transfer.

    Call `begin`; `place` and `queue` as the pieces are handed over; `started` and `finished` as they are played; and
    `stop` where they are broken off.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget what was; other prompts follow."""
        self._front = _Play(whole=True)
        self._plays: dict[int, _Play] = {}
        self._last = self._front
        self._stopped: float | None = None

    def place(self, name: str) -> None:
        """A mark stands behind the last piece."""
        self._last.behind.append(name)

    def queue(self, play_id: int, marks: Sequence[SpokenMark]) -> None:
        """A piece was handed over to be played.

        Args:
            play_id: names it.
            marks: those in it.
        """
        self._last = self._play(play_id)
        self._last.marks = marks

    def started(self, play_id: int, at: float) -> None:
        """A piece begins to be heard; of which one may hear before it is known here."""
        self._play(play_id).began = at

    def finished(self, play_id: int, *, completed: bool, played_ms: int) -> None:
        """A piece is over: to its end, or broken off."""
        play = self._plays.get(play_id)
        if play is not None and play.began is not None:
            play.ended, play.whole = play.began + played_ms / 1000, completed

    def stop(self, at: float) -> None:
        """What was not heard until then will not be."""
        if self._stopped is None:
            self._stopped = at

    def passed(self) -> Passed | None:
        """The last mark that was passed; None where none was."""
        heard = [each for each in self._plays.values() if each.began is not None]
        beginning = heard[0].began if heard else None
        end = self._end(heard)
        last: tuple[str, float] | None = None
        for name in self._front.behind:
            # It is passed when what follows begins; where nothing follows, at once.
            if beginning is not None or (not self._plays and self._stopped is None):
                last = name, end if beginning is None else beginning
        for play in heard:
            for name, at in _instants(play):
                if at <= end:
                    last = name, at
        return None if last is None else Passed(last[0], max(0, round((end - last[1]) * 1000)))

    def _play(self, play_id: int) -> _Play:
        return self._plays.setdefault(play_id, _Play())

    def _end(self, heard: Sequence[_Play]) -> float:
        if self._stopped is not None:
            return self._stopped
        return max((each.ended for each in heard if each.ended is not None), default=0.0)


def _instants(play: _Play) -> Sequence[tuple[str, float]]:
    """The marks of a piece that is heard, with the instants at which they are passed."""
    assert play.began is not None
    inside = [(mark.name, play.began + mark.at_ms / 1000) for mark in play.marks]
    end = play.ended
    return inside if end is None or not play.whole else [*inside, *((name, end) for name in play.behind)]


def marked(reply: Marked, passed: Passed | None) -> Marked:
    """A reply to a session that says which mark was passed, where it is one that can."""
    if passed is None or not isinstance(reply, Input | NoInput | NoMatch | Recorded | Transferred):
        return reply
    return replace(reply, markname=passed.name, marktime_ms=passed.since_ms)
