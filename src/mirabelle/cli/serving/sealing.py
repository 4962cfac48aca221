"""The part of a server that seals the audit."""

from __future__ import annotations

from mirabelle.cli.serving.part import Part
from mirabelle.cli.serving.voice import Voice
from mirabelle.dialer.sealing import keep_sealed
from mirabelle.store.ledger import Ledger


def sealing(ledger: Ledger, voice: Voice) -> Part:
    """Seals what is written into the audit; any number of processes may do so at once."""
    return Part(name="sealing", run=lambda: keep_sealed(ledger, voice.store_failed))
