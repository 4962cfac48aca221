"""The portable statements of the audit; see `mirabelle.store.statements`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from mirabelle.store.schema import ATTEMPTS, AUDIT

_COLUMNS: Final = "at, owner, call_id, attempt_id, decision, reason, detail"
_MOST: Final = sa.bindparam("most", type_=sa.Integer)

NOTE: Final = sa.text(
    f"INSERT INTO audit ({_COLUMNS}) VALUES (:at, :owner, :call_id, :attempt_id, :decision, :reason, :detail)"  # noqa: S608
)
# Always true; it lets both stores take the index of what is sealed.
_SEALED: Final = AUDIT.c.sequence > sa.literal_column("0")
HEAD: Final = (
    sa.select(AUDIT.c.sequence, AUDIT.c.hash).where(_SEALED).order_by(AUDIT.c.sequence.desc()).limit(sa.literal(1))
)
UNSEALED: Final = (
    sa.select(*AUDIT.c)
    .where(AUDIT.c.sequence.is_(sa.null()), AUDIT.c.audit_id > sa.bindparam("after", type_=sa.BigInteger))
    .order_by(AUDIT.c.audit_id)
    .limit(_MOST)
)
UNSEALED_COUNT: Final = sa.select(sa.func.count().label("entries")).where(AUDIT.c.sequence.is_(sa.null()))
SEAL: Final = sa.text(
    "UPDATE audit SET sequence = :sequence, hash = :hash WHERE audit_id = :sealed AND sequence IS NULL"
)

CHAIN: Final = (
    sa.select(
        *AUDIT.c,
        ATTEMPTS.c.call_id.label("dialled_call_id"),
        ATTEMPTS.c.number,
        ATTEMPTS.c.trunk,
        ATTEMPTS.c.sip_call_id,
        ATTEMPTS.c.outcome,
        ATTEMPTS.c.sip_status,
    )
    .join_from(AUDIT, ATTEMPTS, ATTEMPTS.c.attempt_id == AUDIT.c.attempt_id, isouter=True)
    .where(AUDIT.c.sequence > sa.bindparam("after", type_=sa.BigInteger))
    .order_by(AUDIT.c.sequence)
    .limit(_MOST)
)
"""Sealed entries in their order, each with the attempt that it names."""

NEWEST: Final = sa.select(*AUDIT.c).order_by(AUDIT.c.audit_id.desc()).limit(_MOST)
OF_CALL: Final = (
    sa.select(*AUDIT.c)
    .where(AUDIT.c.call_id == sa.bindparam("call_id", type_=sa.Integer))
    .order_by(AUDIT.c.audit_id.desc())
    .limit(_MOST)
)


def _entries(decision: str) -> sa.ScalarSelect[int]:
    """How many entries of a kind an attempt has."""
    return (
        sa.select(sa.func.count())
        .where(
            AUDIT.c.call_id == ATTEMPTS.c.call_id,
            AUDIT.c.attempt_id == ATTEMPTS.c.attempt_id,
            AUDIT.c.decision == sa.literal_column(f"'{decision}'"),
        )
        .correlate(ATTEMPTS)
        .scalar_subquery()
    )


ATTEMPTS_AUDITED: Final = (
    sa.select(
        ATTEMPTS.c.attempt_id,
        ATTEMPTS.c.call_id,
        ATTEMPTS.c.state,
        _entries("dial").label("begun"),
        _entries("ended").label("ended"),
    )
    .where(ATTEMPTS.c.attempt_id > sa.bindparam("after", type_=sa.BigInteger))
    .order_by(ATTEMPTS.c.attempt_id)
    .limit(_MOST)
)
"""Attempts, with how many entries tell that each began, and that it ended."""
