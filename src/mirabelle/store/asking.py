"""What steps ask of a store: statements, and loads of many rows at once."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

from mirabelle.store.rows import Row
from mirabelle.store.spool import Spool

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """One statement to run.

    Attributes:
        statement: portable, or a store's own.
        values: its parameters by name; several sets of them run it once for each and return no rows.
    """

    statement: sa.Executable
    values: Mapping[str, Any] | Sequence[Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Load:
    """New calls to store the fastest way that the store has. Answered with no rows.

    Attributes:
        spool: the calls, as `mirabelle.store.rows.batches_of` made them.
        account_id: whose they are.
        campaign_id: where they belong.
    """

    spool: Spool
    account_id: int
    campaign_id: int


Steps: TypeAlias = Generator[Ask | Load, Sequence[Row], T]
"""Statements out, rows in, and the result in the end."""
