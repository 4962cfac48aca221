"""Times in words, as PHP's `strtotime` understands them: `tomorrow 9:30`, `+2 weekdays`, `first monday of may`.

A scanner cuts the words into the longest forms that the grammar knows, each form says something about the time, and
arithmetic makes an instant of it. What is not understood is refused, never guessed.
"""

from __future__ import annotations

from mirabelle.calls.when.error import WhenError
from mirabelle.calls.when.expression import MOST_CHARACTERS, Understood, explain, parse, seconds

__all__ = ["MOST_CHARACTERS", "Understood", "WhenError", "explain", "parse", "seconds"]
