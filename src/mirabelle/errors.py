"""The root of every error that Mirabelle raises on purpose."""

from __future__ import annotations


class MirabelleError(Exception):
    """Something went wrong that the reader of the message can act on.

    Every package derives its own errors from this one. The message is a sentence for a person: what happened,
    and what to do next.
    """
