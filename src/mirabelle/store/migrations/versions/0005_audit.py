"""The audit of decisions about dialling, which nothing changes but its seal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEPT = ("audit_id", "at", "owner", "call_id", "attempt_id", "decision", "reason", "detail")

SAID = "The audit is append-only; nothing in it is changed or removed."


def upgrade() -> None:
    """Make the table and what guards it."""
    _table()
    if op.get_context().dialect.name == "sqlite":
        _open("CAST(strftime('%s', 'now') AS INTEGER) * 1000000")
        _guard_sqlite()
    else:
        _open("CAST(extract(epoch FROM now()) * 1000000 AS BIGINT)")
        _guard_postgresql()


def downgrade() -> None:
    """Take the table away: what it held is lost."""
    op.drop_table("audit")
    if op.get_context().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_refuse()")


def _table() -> None:
    sealed = sa.text("sequence IS NOT NULL")
    unsealed = sa.text("sequence IS NULL")
    of_call = sa.text("call_id IS NOT NULL")
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="{}", nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.CheckConstraint("(sequence IS NULL) = (hash IS NULL)", name=op.f("audit_sealed_check")),
        sa.CheckConstraint("length(owner) <= 255", name=op.f("audit_owner_check")),
        sa.CheckConstraint("length(decision) <= 32", name=op.f("audit_decision_check")),
        sa.CheckConstraint("length(reason) <= 1000", name=op.f("audit_reason_check")),
        sa.CheckConstraint("length(detail) <= 4096", name=op.f("audit_detail_check")),
        sa.CheckConstraint("length(hash) <= 64", name=op.f("audit_hash_check")),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("audit_pkey")),
        sqlite_autoincrement=True,
    )
    for name, column, where, unique in (
        ("audit_sequence", ["sequence"], sealed, True),
        ("audit_unsealed", ["audit_id"], unsealed, False),
        ("audit_call_id", ["call_id", "audit_id"], of_call, False),
    ):
        op.create_index(name, "audit", column, unique=unique, sqlite_where=where, postgresql_where=where)


def _open(now: str) -> None:
    op.execute(
        "INSERT INTO audit (at, owner, decision, detail)"  # noqa: S608 - no value comes from outside
        f" SELECT {now}, '', 'opened', '{{\"last_attempt\":' || coalesce(max(attempt_id), 0) || '}}' FROM attempts"
    )


def _unless_sealed(same: str) -> str:
    kept = " AND ".join(f"NEW.{column} {same} OLD.{column}" for column in _KEPT)
    bare, sealed = "OLD.sequence IS NULL AND OLD.hash IS NULL", "NEW.sequence IS NOT NULL AND NEW.hash IS NOT NULL"
    return f"NOT ({bare} AND {sealed} AND {kept})"


def _guard_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
    # REPLACE removes rows without asking the trigger of DELETE.
    known = "EXISTS (SELECT 1 FROM audit WHERE audit_id = NEW.audit_id)"
    for trigger in (
        "audit_removed BEFORE DELETE ON audit",
        f"audit_changed BEFORE UPDATE ON audit WHEN {_unless_sealed('IS')}",
        f"audit_added BEFORE INSERT ON audit WHEN NEW.sequence IS NOT NULL OR NEW.hash IS NOT NULL OR {known}",
    ):
        op.execute(f"CREATE TRIGGER {trigger} {refuse}")


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN RAISE EXCEPTION '{SAID}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    changed = _unless_sealed("IS NOT DISTINCT FROM")
    for trigger in (
        "audit_removed BEFORE DELETE ON audit FOR EACH ROW",
        "audit_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT",
        f"audit_changed BEFORE UPDATE ON audit FOR EACH ROW WHEN ({changed})",
        "audit_added BEFORE INSERT ON audit FOR EACH ROW WHEN (NEW.sequence IS NOT NULL OR NEW.hash IS NOT NULL)",
    ):
        op.execute(f"CREATE TRIGGER {trigger} EXECUTE FUNCTION audit_refuse()")
