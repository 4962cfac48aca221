"""What is said where an expression is no time."""

from __future__ import annotations

from mirabelle.errors import MirabelleError


class WhenError(MirabelleError):
    """Words that are no time; the message says which of them was not understood.

    The parts of the parser say what is wrong with a word (`is a second date`); the word is put before it in the end.
    """
