"""Bearer keys: how they look, and how they are kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

PREFIX: Final = "mk_"
"""What every key begins with, so that one that leaked can be found by search."""

_BYTES: Final = 32


def new_key() -> str:
    """A key that cannot be guessed: `mk_` and 43 characters that a URL can hold (256 bits)."""
    return f"{PREFIX}{secrets.token_urlsafe(_BYTES)}"


def hash_key(key: str) -> str:
    """The key as the ledger keeps it, its SHA-256 in hexadecimal.

    Nobody can try out 256 bits, so it needs no slow hash as a PIN does, and each request can be looked up by it.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
