"""What the handlers of the JSON API work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from argon2 import PasswordHasher

from mirabelle.api.admission import Admission
from mirabelle.calls.clock import Clock
from mirabelle.settings import Settings
from mirabelle.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The rest of the server, as the handlers see it.

    Attributes:
        ledger: the store.
        clock: where the time comes from.
        settings: `api`, `http`, `server` and `compat` are looked at.
        admission: who looks at addresses.
        on_queued: called when a call was stored, so that the dialer need not wait for its next look.
        hasher: the argon2 parameters, where they are not the usual ones.
    """

    ledger: Ledger
    clock: Clock
    settings: Settings
    admission: Admission
    on_queued: Callable[[], None]
    hasher: PasswordHasher | None = None
