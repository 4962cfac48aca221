"""What is said where an expression is no time."""

from __future__ import annotations

from mirabelle.errors import MirabelleError


class WhenError(MirabelleError):
    """Words that are no time; the message says which of them was not understood."""
