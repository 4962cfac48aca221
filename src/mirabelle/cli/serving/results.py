"""The part of a server that posts results."""

from __future__ import annotations

from mirabelle.callbacks.outbox import Outbox
from mirabelle.cli.serving.part import STOP_SECONDS, Part


def posting(outbox: Outbox) -> Part:
    """An outbox to be run; it ends after the dialer, whose last results it still posts."""

    def in_hand() -> str:
        return f"{outbox.in_progress} results" if outbox.in_progress else ""

    return Part(name="outbox", run=outbox.run, drain=outbox.drain, in_hand=in_hand, patience=STOP_SECONDS)
