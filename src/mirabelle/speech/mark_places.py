"""Where the marks of a text are in its sound, from what espeak-ng tells while it speaks. Pure.

It tells of most marks, but of none between the end of a sentence and the next word (1.52). Such a mark is where that
word begins, and one behind the last word is at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_MARK: Final = re.compile(r'<mark name="([0-9]{1,6})"/>')


@dataclass(slots=True)
class MarkPlaces:
    """What was told of one text.

    Attributes:
        marks: when each mark was told of, in milliseconds from the beginning, by its name.
        words: for each word, where it begins in the text (the first character is 1), and when.
    """

    marks: dict[str, int] = field(default_factory=dict)
    words: list[tuple[int, int]] = field(default_factory=list)

    def of(self, ssml: str, end_ms: int) -> tuple[int, ...]:
        """When each mark of a text comes, in milliseconds; never before one that is in front of it.

        Args:
            ssml: the text, as `mirabelle.speech.ssml.prepare` wrote it.
            end_ms: how long its sound is.
        """
        places: list[int] = []
        for mark in _MARK.finditer(ssml):
            told = self.marks.get(mark[1])
            at = told if told is not None else self._word_behind(mark.end(), end_ms)
            places.append(min(end_ms, max(at, places[-1] if places else 0)))
        return tuple(places)

    def _word_behind(self, offset: int, end_ms: int) -> int:
        return next((at for place, at in self.words if place > offset), end_ms)
